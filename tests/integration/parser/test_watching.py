"""The parser process: what it tells the daemon at the start and when files change."""

from __future__ import annotations

import os
import shutil
import socket
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from queuack import protocol
from queuack.engine import spec
from queuack.errors import DaemonUnreachable
from queuack.home import Home
from queuack.parser.main import run

Start = Callable[[], Any]


def write_dag(home: Home, name: str, dag_id: str | None = None, text: str = "") -> Any:
    path = home.dags / name
    path.parent.mkdir(parents=True, exist_ok=True)
    dag_id = dag_id or path.stem
    path.write_text(f"{text}\nfrom airflow import DAG\ndag = DAG({dag_id!r}, schedule=None)\n")
    return path


def dag_ids(parsed: protocol.Parsed) -> list[str]:
    return [spec.decode(document).dag_id for document in parsed.documents]


def test_tells_every_file_and_then_that_it_is_done(home: Home, daemon: Start) -> None:
    write_dag(home, "a.py")
    write_dag(home, "below/b.py")
    broken = home.dags / "broken.py"
    broken.write_text("import airflow  # dag\n1 / 0\n")
    parser = daemon()
    said = {parser.next().relative_fileloc for _ in range(3)}
    assert said == {"a.py", "below/b.py", "broken.py"}
    assert parser.next() == protocol.ScanDone(["a.py", "below/b.py", "broken.py"])
    assert [(hello.role, hello.name) for hello in parser.hellos] == [("parser", "parser-1")]


def test_parses_the_latest_file_first(home: Home, daemon: Start) -> None:
    home.settings_file.write_text("[dag_processor]\nparsing_processes = 1\n")
    for age, name in enumerate(["new.py", "middle.py", "old.py"]):
        path = write_dag(home, name)
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    parser = daemon()
    assert [parser.next().relative_fileloc for _ in range(3)] == ["new.py", "middle.py", "old.py"]


def test_an_empty_folder_is_done_at_once(home: Home, daemon: Start) -> None:
    assert daemon().next() == protocol.ScanDone([])


def test_a_folder_that_appears_later_is_watched(home: Home, daemon: Start) -> None:
    shutil.rmtree(home.dags)
    parser = daemon()
    assert parser.next() == protocol.ScanDone([])
    write_dag(home, "late.py")
    assert dag_ids(parser.parsed("late.py")) == ["late"]
    write_dag(home, "later.py")
    assert dag_ids(parser.parsed("later.py")) == ["later"]


def test_new_changed_and_deleted_files(home: Home, daemon: Start) -> None:
    parser = daemon()
    parser.scan_done()
    path = write_dag(home, "x.py", "one")
    first = parser.parsed("x.py")
    assert dag_ids(first) == ["one"]
    write_dag(home, "x.py", "two")
    second = parser.parsed("x.py")
    assert dag_ids(second) == ["two"]
    assert second.file_hash != first.file_hash
    assert second.source == path.read_text()
    path.unlink()
    assert parser.next() == protocol.Gone("x.py")


def test_an_editor_that_renames_over_the_file_causes_no_gap(home: Home, daemon: Start) -> None:
    path = write_dag(home, "x.py", "one")
    parser = daemon()
    parser.scan_done()
    for number in range(5):
        draft = home.dags / "x.py~"
        draft.write_text(path.read_text().replace("one", f"one{number}"))
        path.unlink()
        draft.rename(path)
        path.write_text("")
        write_dag(home, "x.py", f"version{number}")
    message = parser.next()
    assert isinstance(message, protocol.Parsed), "the file was said to be gone"
    while dag_ids(message) != ["version4"]:
        assert dag_ids(message), "an empty file was parsed"
        message = parser.next()
        assert isinstance(message, protocol.Parsed), "the file was said to be gone"


def test_a_changed_helper_module_reparses_its_dependents_only(home: Home, daemon: Start) -> None:
    (home.dags / "settings_of_mine.py").write_text("NAME = 'one'\n")
    write_dag(home, "alone.py")
    (home.dags / "uses.py").write_text(
        "import settings_of_mine\nfrom airflow import DAG\ndag = DAG(settings_of_mine.NAME, schedule=None)\n"
    )
    parser = daemon()
    assert dag_ids(parser.parsed("uses.py")) == ["one"]
    parser.scan_done()
    (home.dags / "settings_of_mine.py").write_text("NAME = 'two'\n")
    message = parser.next()
    assert (message.relative_fileloc, dag_ids(message)) == ("uses.py", ["two"])


def test_a_missing_helper_that_appears_mends_the_file(home: Home, daemon: Start) -> None:
    write_dag(home, "uses.py", text="import comes_later\n")
    parser = daemon()
    assert parser.parsed("uses.py").failures[0].message == "ModuleNotFoundError: No module named 'comes_later'"
    parser.scan_done()
    (home.dags / "comes_later.py").write_text("")
    assert dag_ids(parser.parsed("uses.py")) == ["uses"]


def test_a_changed_data_file_and_a_listed_folder_reparse(home: Home, daemon: Start) -> None:
    (home.dags / "many").mkdir()
    (home.dags / "many" / "one.yaml").write_text("a")
    (home.dags / "factory.py").write_text(
        "from pathlib import Path\nfrom airflow import DAG\n"
        "for path in sorted(Path(__file__).with_name('many').iterdir()):\n"
        "    globals()[path.stem] = DAG(f'{path.stem}_{path.read_text()}', schedule=None)\n"
    )
    parser = daemon()
    assert dag_ids(parser.parsed("factory.py")) == ["one_a"]
    parser.scan_done()
    (home.dags / "many" / "one.yaml").write_text("b")
    parser.until(lambda m: dag_ids(m) == ["one_b"])
    (home.dags / "many" / "two.yaml").write_text("c")
    parser.until(lambda m: dag_ids(m) == ["one_b", "two_c"])


def test_a_changed_plugin_reparses_everything(home: Home, daemon: Start) -> None:
    (home.plugins / "mine.py").write_text("VALUE = 'one'\n")
    write_dag(home, "a.py")
    (home.dags / "b.py").write_text("import mine\nfrom airflow import DAG\ndag = DAG(mine.VALUE, schedule=None)\n")
    parser = daemon()
    parser.scan_done()
    (home.plugins / "mine.py").write_text("VALUE = 'two'\n")
    assert dag_ids(parser.parsed("b.py")) == ["two"]


def test_a_zip_archive(home: Home, daemon: Start) -> None:
    archive = home.dags / "bundle.zip"
    with zipfile.ZipFile(archive, "w") as writing:
        writing.writestr(
            "in_zip.py", "import neighbour\nfrom airflow import DAG\ndag = DAG(neighbour.ID, schedule=None)\n"
        )
        writing.writestr("neighbour.py", "ID = 'zipped'\n")
        writing.writestr("below/deep.py", "from airflow import DAG\ndag = DAG('deep', schedule=None)\n")
    parser = daemon()
    parsed = parser.parsed("bundle.zip/in_zip.py")
    assert dag_ids(parsed) == ["zipped"]
    assert parsed.source.startswith("import neighbour")
    assert parser.scan_done() == ["bundle.zip/in_zip.py"]
    archive.unlink()
    assert parser.next() == protocol.Gone("bundle.zip/in_zip.py")


def test_reparse_tells_again_what_is_the_same(home: Home, daemon: Start) -> None:
    write_dag(home, "a.py")
    write_dag(home, "b.py")
    parser = daemon()
    parser.scan_done()
    parser.say(protocol.Reparse("a.py"))
    assert parser.next().relative_fileloc == "a.py"
    parser.say(protocol.Reparse())
    assert {parser.next().relative_fileloc, parser.next().relative_fileloc} == {"a.py", "b.py"}


def test_variables_and_connections_come_from_the_daemon(home: Home, daemon: Start) -> None:
    home.token_file.write_text("secret")
    home.settings_file.write_text("[dag_processor]\nmin_file_process_interval = 1\n")
    write_dag(
        home,
        "asks.py",
        text=(
            "from queuack.authoring.runtime import current_runtime\n"
            "print('airflow dag')\n"
            "value = current_runtime().variable_get('v')\n"
            "conn = current_runtime().connection_get('c')\n"
            "from airflow import DAG\n"
            "other = DAG(f\"{value}_{conn['host']}\", schedule=None)\n"
        ),
    )
    parser = daemon()
    parser.answers = {"variable_get:v": "hello", "connection_get:c": {"conn_id": "c", "host": "h1"}}
    assert "hello_h1" in dag_ids(parser.parsed("asks.py"))
    client = next(hello for hello in parser.hellos if hello.role == "client")
    assert client.token == "secret"
    parser.answers["variable_get:v"] = "changed"  # noticed when the file is parsed again at its interval
    assert "changed_h1" in dag_ids(parser.parsed("asks.py"))


def test_stop_ends_it_and_what_it_runs(home: Home, daemon: Start, hostile: Callable[..., None]) -> None:
    parser = daemon()
    parser.scan_done()
    hostile("hangs", "good")
    parser.parsed("good.py")
    parser.say(protocol.Stop())
    assert parser.wait() == 0


def test_it_ends_with_the_daemons_connection(home: Home, daemon: Start) -> None:
    parser = daemon()
    parser.scan_done()
    parser._parser.shutdown(socket.SHUT_RDWR)
    assert parser.wait() == 0


def test_a_refusal_is_an_error(home: Home, daemon: Start, capfd: pytest.CaptureFixture[str]) -> None:
    parser = daemon()
    parser.scan_done()
    parser.say(protocol.Refused("wrong token"))
    assert parser.wait() == 1
    assert "wrong token" in capfd.readouterr().err


def test_without_a_daemon(home: Home) -> None:
    with pytest.raises(DaemonUnreachable):
        run(home, "parser-1")
