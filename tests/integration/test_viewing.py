"""What pages ask: portions of logs, XComs as they are shown. Over a file that nobody else has open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from queuack import config
from queuack.app import OfflineService, offline_service
from queuack.errors import TaskNotFound
from queuack.home import Home
from queuack.logpaths import attempt_log
from queuack.store.queries.pages import parquet_head

DAG = """
from datetime import datetime
from airflow.sdk import DAG, task
with DAG("d", schedule=None, start_date=datetime(2026, 1, 1)):
    @task
    def t(): ...
    t()
"""
PLACE = {"dag_id": "d", "run": "r", "task_id": "t"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineService]:
    home = Home(tmp_path_factory.mktemp("home"))
    home.dags.mkdir(parents=True)
    (home.dags / "d.py").write_text(DAG)
    before = config.configure(config.load(home))
    found = offline_service(home)
    found.sync()
    found.call("trigger_run", {"dag_id": "d", "run_id": "r"})
    yield found
    found.close()
    config.configure(before)


@pytest.fixture
def log() -> Iterator[Path]:
    path = config.current().home.logs / attempt_log("d", "r", "t", -1, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    yield path
    for file in path.parent.iterdir():
        file.unlink()


def test_a_log_that_is_not_there_has_no_lines(service: OfflineService) -> None:
    said = service.call("read_log", PLACE)
    assert (said["lines"], said["offset"], said["more"]) == ([], 0, False)


def test_portions_are_whole_lines_and_go_on_where_the_last_ended(service: OfflineService, log: Path) -> None:
    log.write_text("one\ntwo\nthr")
    first = service.call("read_log", PLACE | {"limit": 5})
    assert (first["lines"], first["more"]) == (["one"], True)
    second = service.call("read_log", PLACE | {"offset": first["offset"]})
    assert (second["lines"], second["offset"]) == (["two"], 8)
    log.write_text("one\ntwo\nthree\n")
    third = service.call("read_log", PLACE | {"offset": second["offset"]})
    assert (third["lines"], third["more"]) == (["three"], False)


def test_a_line_longer_than_the_portion_comes_whole(service: OfflineService, log: Path) -> None:
    log.write_text("x" * 100 + "\nnext\n")
    said = service.call("read_log", PLACE | {"limit": 10})
    assert said["lines"] == ["x" * 100]
    assert service.call("read_log", PLACE | {"offset": said["offset"]})["lines"] == ["next"]


def test_the_end_of_a_log_begins_with_a_whole_line(service: OfflineService, log: Path) -> None:
    log.write_text("first\nsecond\nthird\n")
    said = service.call("read_log", PLACE | {"offset": -9})
    assert (said["lines"], said["begin"]) == (["third"], 13)
    assert service.call("read_log", PLACE | {"offset": -900})["lines"] == ["first", "second", "third"]


def test_lines_of_triggers_stand_where_they_belong(service: OfflineService, log: Path) -> None:
    log.write_text(
        '{"timestamp":"2026-01-01T00:00:01.000000Z","event":"a"}\n{"timestamp":"2026-01-01T00:00:03.000000Z","event":"c"}\n'
    )
    trigger = log.with_name(f"{log.name}.trigger.5.log")
    trigger.write_text('{"timestamp":"2026-01-01T00:00:02.000000Z","event":"b"}\n')
    said = service.call("read_log", PLACE)
    assert [line[-3] for line in said["lines"]] == ["a", "b", "c"]
    with trigger.open("a") as file:
        file.write("more\n")
    assert service.call("read_log", PLACE | {"offset": said["offset"]})["lines"] == ["more"]


def test_who_asks_for_another_file_gets_none(service: OfflineService) -> None:
    with pytest.raises(TaskNotFound):
        service.call("read_log", PLACE | {"task_id": "../../../t"})


def test_a_table_is_read_without_the_library_that_wrote_it(service: OfflineService, tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    with service._port.reader() as reader:
        reader.execute(f"COPY (SELECT range AS n, 'x' AS s FROM range(150)) TO '{file}' (FORMAT parquet)")
        for data in (file, file.read_bytes()):
            head = parquet_head(reader, data)
            assert (head["columns"], head["total"], len(head["rows"])) == (["n", "s"], 150, 100)
            assert head["rows"][3] == ("3", "x")
