"""Cleaning: what scheduling depends on stays, what goes can be read in the archive, a crash leaves no half."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from queuack import app, config
from queuack.cli.cleaning import DEPENDENT
from queuack.daemon.loop import DirectLoop
from queuack.daemon.port import DirectPort
from queuack.daemon.services import cleaning
from queuack.engine.engine import Engine
from queuack.engine.spec import DagDocument, TaskDocument
from queuack.home import Home
from queuack.store import clean
from queuack.store.database import Database
from queuack.store.queries.sql import run_sql
from queuack.store.snapshot import load_snapshot
from queuack.store.writer import Writer
from tests.store.sample import NOW, dag, instance, instances, run, version, xcom

DAY = 86_400_000_000
COUNTED = ("dag_run", "task_instance", "xcom")


@pytest.fixture
def port(database: Database, tmp_path: Path) -> DirectPort:
    """Two DAGs of forty daily runs, three tasks each; every seventh failed, the last is running; runs by hand."""
    config.configure(config.load(Home(tmp_path / "home")))
    writer = Writer(database)
    writer.commit(
        [
            dag("d", max_consecutive_failed_dag_runs=3),
            dag("e"),
            version(1, "d", document=document("d")),
            version(2, "e", document=document("e")),
        ],
        fold=True,
    )
    for number in range(40):
        for key, name in ((2 * number + 1, "d"), (2 * number + 2, "e")):
            state = "running" if number == 39 else "failed" if number % 7 == 0 else "success"
            at = NOW + number * DAY
            kind = "manual" if number % 9 == 0 else "scheduled"
            row = run(key, name, state, logical_date=at, run_after=at, start_date=at, end_date=at + 5, run_type=kind)
            row = msgspec.structs.replace(row, dag_version_id=1 if name == "d" else 2)
            task_states = [None if state == "running" else "success"] * 3
            if state == "running":
                row = msgspec.structs.replace(row, end_date=None)
            writer.commit([row, instances(key, key * 10, 3, name)], fold=True)
            writer.commit([*(instance(key * 10 + task, state) for task, state in enumerate(task_states))], fold=True)
            writer.commit([msgspec.structs.replace(xcom(key, "t0"), dag_id=name)], fold=True)
    made = live(database, writer)
    made.loop.round()  # what a step does by itself, it does now
    return made


def document(dag_id: str) -> DagDocument:
    tasks = tuple(
        TaskDocument(task_id=f"t{number}", task_type="EmptyOperator", depends_on_past=True) for number in range(3)
    )
    return DagDocument(dag_id=dag_id, fileloc="/dags/a.py", relative_fileloc="a.py", tasks=tasks)


def live(database: Database, writer: Writer) -> DirectPort:
    engine = Engine.restore(app.engine_settings(dormant=True), load_snapshot(database), NOW + 50 * DAY)
    return DirectPort(DirectLoop(engine, writer), database, writer)


def everything(port: DirectPort, before: int, **more: Any) -> dict[str, int]:
    rows: dict[str, int] = {}
    after: int | None = 0
    while after is not None:
        done = cleaning.clean_runs(port, before, after=after, **more)
        after = done["after"]
        for table, number in done["rows"].items():
            rows[table] = rows.get(table, 0) + number
    return rows


def counts(port: DirectPort, prefix: str = "") -> list[int]:
    archive = config.current().home.archive
    with port.reader() as reader:
        return [
            run_sql(reader, f"SELECT count(*) FROM {prefix}{table}", archive=archive).rows[0][0] for table in COUNTED
        ]


def remembered(snapshot: Any) -> dict[str, Any]:
    """What a restart finds; of the runs which they are, as the running ones go on."""
    found = msgspec.structs.asdict(snapshot)
    return {**found, "runs": [(run.row.id, len(run.instances)) for run in snapshot.runs]}


def test_a_restart_finds_the_same_and_the_archive_has_the_rest(port: DirectPort, database: Database) -> None:
    before, memory = counts(port), load_snapshot(database)
    expected = cleaning.runs_to_clean(port, NOW + 100 * DAY)
    rows = everything(port, NOW + 100 * DAY, batch_size=20)
    assert (rows["dag_run"], rows["task_instance"]) == (expected["dag_runs"], expected["task_instances"])
    assert rows["dag_run"] > 60
    assert remembered(load_snapshot(database)) == remembered(memory)
    assert [left + archived for left, archived in zip(counts(port), counts(port, "archived_"), strict=True)] == before
    assert len(list(config.current().home.archive.glob("dag_run/*.parquet"))) > 3
    assert everything(port, NOW + 100 * DAY) == {}


def test_age_and_dags_choose(port: DirectPort) -> None:
    assert cleaning.runs_to_clean(port, NOW)["dag_runs"] == 0
    everything(port, NOW + 10 * DAY, dag_ids=["d"])
    everything(port, NOW + 5 * DAY, exclude_dag_ids=["d"], skip_archive=True)
    with port.reader() as reader:
        query = (
            "SELECT dag_id, count(*), count(*) FILTER (epoch_us(logical_date) < ?) FROM dag_run GROUP BY ALL ORDER BY 1"
        )
        found = {row[0]: row[1:] for row in run_sql(reader, query, [NOW + 5 * DAY]).rows}
    assert found == {"d": [30, 0], "e": [35, 0]}
    assert counts(port, "archived_") == [10, 30, 10]


def test_a_run_that_the_engine_holds_stays(port: DirectPort) -> None:
    with port.reader() as reader:
        taken = clean.candidates(reader, clean.Wanted(NOW + 100 * DAY))[3][0]
    port.loop.engine.runs[taken] = next(iter(port.loop.engine.runs.values()))
    everything(port, NOW + 100 * DAY)
    with port.reader() as reader:
        assert run_sql(reader, f"SELECT count(*) FROM task_instance WHERE dag_run_id = {taken}").rows == [[3]]


def test_ids_are_never_used_again(port: DirectPort, database: Database) -> None:
    """Also where the newest rows are among those that went."""
    newest = load_snapshot(database)
    with database.reader() as reader:
        reader.execute("UPDATE dag_run SET state = 'success', end_date = run_after WHERE id = 79")
        reader.execute("UPDATE dag_run SET run_type = 'manual', logical_date = NULL WHERE id IN (79, 77)")
    everything(live(database, Writer(database)), NOW + 100 * DAY)
    later = load_snapshot(database)
    assert (later.next_run_key, later.next_ti_id) == (newest.next_run_key, newest.next_ti_id)


@pytest.mark.parametrize("committed", [True, False])
def test_a_crash_between_files_and_commit_is_settled(port: DirectPort, committed: bool, monkeypatch: Any) -> None:
    before = counts(port)

    class Crash(BaseException):
        pass

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        if committed:
            patched.setattr(clean, "keep", crash)
        else:
            patched.setattr(port, "write", crash)
        with pytest.raises(Crash):
            cleaning.clean_runs(port, NOW + 100 * DAY)
    archive = config.current().home.archive
    assert list(archive.glob("*/*.pending"))
    everything(port, NOW)  # any later cleaning settles it
    assert not list(archive.glob("*/*.pending"))
    left = counts(port)
    if committed:
        assert [a + b for a, b in zip(left, counts(port, "archived_"), strict=True)] == before
    else:
        assert left == before
        assert not list(archive.glob("*/*.parquet"))


def test_the_command_knows_the_tables() -> None:
    assert {"dag_run", *DEPENDENT} == set(clean.TABLES)
