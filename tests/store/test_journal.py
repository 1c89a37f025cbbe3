"""What waits in the journal: durable at once, in its table later, kept by a death in between."""

from __future__ import annotations

from queuack.engine import effects as fx
from queuack.store.database import Database
from queuack.store.queries import instances, runs
from queuack.store.writer import Writer
from tests.store import sample as make

LOOK = fx.RescheduleRow(ti_id=1, run_key=1, try_number=1, start_date=make.NOW, end_date=make.NOW, reschedule_date=1)
ATTEMPT = [make.instance(1, "running"), LOOK, fx.LogRow(event="running", at=make.NOW), make.xcom(1, "t0")]


def state(database: Database) -> object:
    with database.reader() as reader:
        row = instances.get_instance(reader, "d", "r1", "t0")
    return row and row["state"]


def test_changes_of_attempts_wait_until_a_commit_folds(database: Database) -> None:
    writer = Writer(database)
    writer.commit([make.run(1), make.instances(1, 1, 1)])
    writer.commit(ATTEMPT)
    assert (state(database), writer.waiting) == (None, len(ATTEMPT))
    assert writer.xcom(("d", "r1", "t0", -1), "return_value") == make.xcom(1, "t0")
    writer.commit((), fold=True)
    assert (state(database), writer.waiting) == ("running", 0)


def test_the_end_of_a_run_brings_everything_before_it_into_the_tables(database: Database) -> None:
    writer = Writer(database)
    writer.commit([make.run(1), make.instances(1, 1, 1)])
    writer.commit([make.instance(1)])
    writer.commit([make.run(1, state="success", end_date=make.NOW)])
    assert state(database) == "success"


def test_a_writer_takes_over_what_one_that_died_left(database: Database) -> None:
    writer = Writer(database)
    writer.commit([make.run(1), make.instances(1, 1, 1)])
    writer.commit(ATTEMPT)
    assert Writer(database).waiting == 0
    assert state(database) == "running"
    with database.reader() as reader:
        assert runs.run_key(reader, "d", "r1") == 1
        assert reader.execute("SELECT count(*) FROM task_reschedule").fetchall() == [(1,)]
