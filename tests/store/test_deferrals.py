"""What deferred task instances wait for, and triggers, come back as they were written."""

from __future__ import annotations

from queuack.engine import effects as fx
from queuack.store.database import Database
from queuack.store.snapshot import load_snapshot
from queuack.store.writer import Writer
from tests.store import sample as make

TRIGGER = fx.TriggerRow(id=3, classpath="pkg.T", kwargs='{"a":1}', created_date=make.NOW, queue=None)
WAITING = fx.DeferralRow(
    id=2, trigger_id=3, trigger_timeout=make.NOW + 9, next_method="go_on", next_kwargs=b'{"n":{"__classname__":"x"}}'
)


def begin(writer: Writer) -> None:
    writer.commit(
        [
            make.dag(),
            make.version(),
            make.run(1),
            make.instances(1, 1, 2),
            make.instance(2, "deferred"),
            TRIGGER,
            WAITING,
        ]
    )


def test_they_come_back(database: Database, writer: Writer) -> None:
    begin(writer)
    snapshot = load_snapshot(database)
    assert snapshot.triggers == [TRIGGER]
    plain, waiting = snapshot.runs[0].instances
    assert (plain.trigger_id, plain.next_method, plain.next_kwargs) == (None, None, None)
    names = ("trigger_id", "trigger_timeout", "next_method", "next_kwargs")
    assert [getattr(waiting, name) for name in names] == [getattr(WAITING, name) for name in names]


def test_they_go_and_no_id_is_used_twice(database: Database, writer: Writer) -> None:
    begin(writer)
    writer.commit([fx.TriggerDeleted(id=3), fx.DeferralRow(id=2)])
    snapshot = load_snapshot(database)
    assert snapshot.triggers == []
    assert snapshot.runs[0].instances[1].next_method is None
    assert snapshot.next_trigger_id == 4


def test_one_that_comes_and_goes_in_one_batch(database: Database, writer: Writer) -> None:
    begin(writer)
    writer.commit([fx.TriggerRow(id=8, classpath="x", kwargs="{}", created_date=1), fx.TriggerDeleted(id=8)])
    snapshot = load_snapshot(database)
    assert ([row.id for row in snapshot.triggers], snapshot.next_trigger_id) == ([3], 9)


def test_a_trigger_is_written_anew(database: Database, writer: Writer) -> None:
    begin(writer)
    again = fx.TriggerRow(id=3, classpath="pkg.T", kwargs="{}", created_date=make.NOW, fired_by="t1", fired_seq=7)
    writer.commit([again])
    assert load_snapshot(database).triggers == [again]


def test_they_wait_in_the_journal_and_survive_there(database: Database) -> None:
    writer = Writer(database)
    writer.commit([make.dag(), make.version(), make.run(1), make.instances(1, 1, 2)], fold=True)
    writer.commit([make.instance(2, "deferred"), TRIGGER, WAITING])
    assert writer.waiting == 3
    Writer(database)
    snapshot = load_snapshot(database)
    assert snapshot.triggers == [TRIGGER]
    assert snapshot.runs[0].instances[1].trigger_id == 3
