"""Parsing without a daemon."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from queuack import protocol
from queuack.engine import spec
from queuack.home import Home
from queuack.parser.scan import scan


class FakeRuntime:
    """Answers as a store would."""

    def variable_get(self, key: str) -> str | None:
        return {"name": "from_the_store"}.get(key)

    def connection_get(self, conn_id: str) -> dict[str, Any] | None:
        raise RuntimeError("the store is closed")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def dag(dag_id: str, before: str = "") -> str:
    return f"{before}\nfrom airflow import DAG\ndag = DAG({dag_id!r}, schedule=None)\n"


def dag_ids(parsed: protocol.Parsed) -> list[str]:
    return [spec.decode(document).dag_id for document in parsed.documents]


def test_all_files_of_a_home(home: Home) -> None:
    write(home.dags / "a.py", dag("one"))
    write(home.dags / "b" / "c.py", dag("two"))
    outcomes = {parsed.relative_fileloc: parsed for parsed in scan(home)}
    assert {name: dag_ids(parsed) for name, parsed in outcomes.items()} == {"a.py": ["one"], "b/c.py": ["two"]}
    document = spec.decode(outcomes["b/c.py"].documents[0])
    assert (document.relative_fileloc, document.fileloc) == ("b/c.py", str(home.dags / "b" / "c.py"))


def test_nothing_to_parse(home: Home) -> None:
    assert list(scan(home)) == []


def test_a_named_file_outside_the_folder_needs_no_heuristic(home: Home) -> None:
    path = write(home.root / "elsewhere.py", "x = 1\n")
    [parsed] = scan(home, files=[path])
    assert (parsed.relative_fileloc, parsed.documents, parsed.failures) == ("elsewhere.py", [], [])


def test_a_missing_file_is_a_failure(home: Home) -> None:
    [parsed] = scan(home, files=[home.dags / "missing.py"])
    assert "No such file" in parsed.failures[0].message


def test_the_runtime_of_the_caller_answers(home: Home) -> None:
    text = "from queuack.authoring.runtime import current_runtime\nname = current_runtime().variable_get('name')\n"
    for number in range(4):
        write(
            home.dags / f"v{number}.py",
            f"{text}from airflow import DAG\ndag = DAG(name + '_{number}', schedule=None)\n",
        )
    found = sorted(dag_id for parsed in scan(home, runtime=FakeRuntime()) for dag_id in dag_ids(parsed))  # type: ignore[arg-type]
    assert found == [f"from_the_store_{number}" for number in range(4)]


def test_an_error_of_the_runtime_is_raised_in_the_file(home: Home) -> None:
    text = "from queuack.authoring.runtime import current_runtime\ncurrent_runtime().connection_get('c')\n"
    write(home.dags / "c.py", dag("c", text))
    [parsed] = scan(home, runtime=FakeRuntime())  # type: ignore[arg-type]
    assert parsed.failures[0].message == "QueuackError: the store is closed"
    assert parsed.failures[0].line == 2


def test_xcoms_are_out_of_reach(home: Home) -> None:
    text = (
        "from queuack.authoring.runtime import current_runtime\n"
        "current_runtime().xcom_get(dag_id='d', run_id='r', task_id='t', map_index=-1, key='k')\n"
    )
    write(home.dags / "x.py", dag("x", text))
    [parsed] = scan(home)
    assert "cannot be had while a DAG file is parsed" in parsed.failures[0].message


def test_ending_early_ends_the_children(home: Home) -> None:
    write(home.dags / "a.py", dag("one"))
    write(home.dags / "hangs.py", dag("two", "while True: pass"))
    outcomes = scan(home)
    assert dag_ids(next(outcomes)) == ["one"]
    outcomes.close()  # type: ignore[attr-defined]
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_failure_in_a_helper_points_into_the_dag_file(home: Home) -> None:
    write(home.dags / "helper_of_mine.py", "def explode():\n    raise ValueError('boom\\nsecond line')\n")
    path = write(home.dags / "x.py", dag("x", "import helper_of_mine\n\nhelper_of_mine.explode()\n"))
    [parsed] = scan(home)
    [failure] = parsed.failures
    assert (failure.message, failure.line) == ("ValueError: boom", 3)
    assert failure.stacktrace.splitlines()[:3] == [
        "Traceback (most recent call last):",
        f'  File "{path}", line 3, in <module>',
        "    helper_of_mine.explode()",
    ]
    assert "importlib" not in failure.stacktrace
    assert f"queuack{os.sep}" not in failure.stacktrace


def test_a_syntax_error_in_a_helper_points_to_the_import(home: Home) -> None:
    write(home.dags / "helper_of_mine.py", "\n\n\ndef (\n")
    write(home.dags / "x.py", dag("x", "\nimport helper_of_mine\n"))
    [parsed] = scan(home)
    assert parsed.failures[0].line == 2
    assert "helper_of_mine.py, line 4" in parsed.failures[0].message


def test_one_bad_dag_leaves_the_good_ones(home: Home) -> None:
    write(
        home.dags / "x.py",
        "from airflow import DAG\n\n\nclass Unprintable:\n    def __iter__(self):\n        1 / 0\n\n\n"
        "good = DAG('good', schedule=None)\nbad = DAG('bad', schedule=None)\n"
        "bad.tags = Unprintable()\n"
        "also = DAG('also', schedule=None)\n",
    )
    [parsed] = scan(home)
    assert dag_ids(parsed) == ["good", "also"]
    assert parsed.failures[0].message == "DAG 'bad': ZeroDivisionError: division by zero"
    assert parsed.failures[0].line == 6


def test_edits_within_a_second_are_never_mixed_up_with_byte_code(home: Home) -> None:
    write(
        home.dags / "x.py",
        "import helper_of_mine\nfrom airflow import DAG\ndag = DAG(helper_of_mine.ID, schedule=None)\n",
    )
    for number in range(3):
        helper = write(home.dags / "helper_of_mine.py", f"ID = 'v{number}'\n")
        os.utime(helper, (1_000_000, 1_000_000))
        [parsed] = scan(home)
        assert dag_ids(parsed) == [f"v{number}"]
    assert not (home.dags / "__pycache__").exists()


def test_what_a_file_prints_is_in_its_log_until_it_is_silent(home: Home) -> None:
    write(home.dags / "x.py", dag("x", "import logging\nprint('hello')\nlogging.getLogger('mine').info('logged')"))
    list(scan(home))
    log = home.logs / "dag_processor" / "x.py.log"
    assert "hello" in log.read_text()
    assert "INFO mine: logged" in log.read_text()
    write(home.dags / "x.py", dag("x"))
    list(scan(home))
    assert not log.exists()
