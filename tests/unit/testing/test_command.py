"""``dags test``, ``tasks test``, ``tasks render``: finding the DAG, what is said when that fails, exit codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from queuack.client import connect
from queuack.errors import DagNotFound, QueuackError, TaskNotFound, UsageError
from queuack.home import Home
from queuack.testing import render_task, test_dag_target, test_task

pytestmark = pytest.mark.usefixtures("this_process")

GOOD = """
from airflow.sdk import dag, task
from airflow.providers.standard.operators.bash import BashOperator

@dag(schedule=None, dag_id="go" + "od")
def good():
    @task
    def one(n=1):
        return n

    @task
    def double(n):
        return n * 2

    double(one()) >> BashOperator(task_id="shell", bash_command="echo {{ ds }} {{ params.n }}", params={"n": 1})

good()
"""
BAD = """
from airflow.sdk import dag

def deep():
    raise ValueError("broken")

deep()  # good
"""


@pytest.fixture
def write(home: Home) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        path = home.dags / name
        path.write_text(text)
        return path

    return write


def run(home: Home, target: str, **arguments: Any) -> tuple[int, list[Any]]:
    events: list[Any] = []
    code = test_dag_target(home, target, logical_date=None, conf=None, on_event=events.append, **arguments)
    return code, events


@pytest.mark.parametrize("form", ["good", "{file}", "{file}::good"])
def test_a_dag_is_found_by_id_file_or_both(home: Home, write: Any, form: str) -> None:
    file = write("a.py", GOOD)
    write("bad.py", BAD.replace("# good", ""))
    code, events = run(home, form.format(file=file))
    assert code == 0
    assert events[-1]["state"] == "success"


def test_mistakes_say_what_there_is(home: Home, write: Any) -> None:
    file = write("a.py", GOOD)
    for target, kind, text in (
        ("goood", DagNotFound, r"defines a DAG 'goood'\. Did you mean 'good'\?$"),
        (f"{file}::x", DagNotFound, r"defines no DAG 'x'; it defines: good\."),
        ("nope.py", UsageError, r"There is no file nope\.py"),
    ):
        with pytest.raises(kind, match=text):
            run(home, target)
    write("bad.py", BAD.replace("# good", ""))
    with pytest.raises(DagNotFound, match=r"Not imported: bad\.py \(queuack dags list-import-errors\)"):
        run(home, "other")


def test_a_broken_file_is_shown_by_its_own_frames(home: Home, write: Any) -> None:
    file = write("bad.py", BAD)
    for target in (str(file), "good"):
        with pytest.raises(QueuackError) as caught:
            run(home, target)
        head, *lines = caught.value.message.splitlines()
        assert head == f"{file} cannot be imported."
        frames = [line for line in lines if line.startswith("  File")]
        assert [re.sub(r".*line (\d+), in (.*)", r"\1 \2", line) for line in frames] == ["7 <module>", "5 deep"]
        assert all(str(file) in line for line in frames)
        assert lines[-1] == "ValueError: broken"


def test_a_file_that_exits(home: Home, write: Any) -> None:
    with pytest.raises(QueuackError, match="SystemExit: 3"):
        run(home, str(write("bad.py", "import sys  # airflow dag\nsys.exit(3)")))


def test_a_cycle_is_told_in_a_line(home: Home, write: Any) -> None:
    file = write(
        "cycle.py",
        "from airflow.sdk import DAG\n"
        "from airflow.providers.standard.operators.empty import EmptyOperator as E\n"
        "with DAG('round', schedule=None):\n    a, b = E(task_id='a'), E(task_id='b')\n    a >> b >> a\n",
    )
    with pytest.raises(QueuackError, match=r"^DAG 'round' cannot run\. \w+: .*[Cc]ycle"):
        run(home, str(file))


def test_variables_are_there_while_the_file_is_imported(home: Home, write: Any) -> None:
    client = connect(home)
    client.call("set_variable", key="word", value="hello")
    client.close()
    source = "from airflow.sdk import DAG, Variable\nwith DAG(Variable.get('word'), schedule=None): pass\n"
    write("v.py", source)
    assert run(home, "hello")[0] == 0
    client = connect(home)
    client.call("sync")
    assert [row["dag_id"] for row in client.call("list_dags")] == ["hello"]
    client.close()


def test_a_date_before_the_start_is_refused(home: Home, write: Any) -> None:
    write(
        "a.py", GOOD.replace("schedule=None", "schedule=None, start_date=__import__('datetime').datetime(2025, 1, 1)")
    )
    date = datetime(2020, 1, 1, tzinfo=UTC)
    with pytest.raises(QueuackError, match="is before the start_date") as caught:
        test_dag_target(home, "good", logical_date=date, conf=None, on_event=print)
    assert caught.value.exit_code == 1


def test_one_task_alone(home: Home, write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    write("a.py", GOOD.replace("return n\n", "import os; print(os.environ['WORD']); return n\n"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORD", "")
        assert test_task(home, "good", "one", None, env_vars={"WORD": "seen"}) == 0
    assert "seen" in capsys.readouterr().out
    assert test_task(home, "good", "double", "2025-01-01") == 1
    told = capsys.readouterr().err
    assert "TypeError" in told
    assert "Nothing upstream was run: results of other tasks were None." in told
    with pytest.raises(TaskNotFound, match=r"has no task 'on'\. Did you mean 'one'\?"):
        test_task(home, "good", "on", None)


def test_a_task_alone_is_not_bound_to_its_dates(home: Home, write: Any) -> None:
    write(
        "a.py", GOOD.replace("schedule=None", "schedule=None, start_date=__import__('datetime').datetime(2025, 1, 1)")
    )
    assert test_task(home, "good", "one", "2020-01-01") == 0


@pytest.mark.parametrize("moment", ["2025-03-04", "manual__2025-03-04T00:00:00+00:00"])
def test_rendered_fields(home: Home, write: Any, moment: str) -> None:
    write("a.py", GOOD)
    assert render_task(home, "good", "shell", moment)["bash_command"] == "echo 2025-03-04 1"
    with pytest.raises(UsageError, match="neither an ISO 8601 date nor a run id"):
        render_task(home, "good", "shell", "yesterday")
