"""The XComs of a task's instances, by index: in the tables, in the journal, and in both."""

from __future__ import annotations

from typing import Any

import pytest

from queuack.daemon.port import DirectPort
from queuack.daemon.runtime_service import xcom_count, xcom_slice
from queuack.engine import effects as fx
from queuack.store.database import Database
from queuack.store.writer import Writer
from tests.store import sample as make

TASK = ("d", "r1", "t", "return_value")


def results(*values: int, first: int = 0) -> list[fx.XComRow]:
    return [make.xcom(1, "t", value=str(value).encode(), map_index=i) for i, value in enumerate(values, first)]


@pytest.fixture
def journaling(database: Database) -> Writer:
    writer = Writer(database)
    writer.commit([make.run(1), make.instances(1, 1, 1)])
    return writer


def looks(database: Database, writer: Writer) -> tuple[Any, Any]:
    """Functions that read a slice and the count."""
    port = DirectPort(None, database, writer)  # type: ignore[arg-type]  # reads need no loop

    def part(start: int = 0, stop: int | None = None, max_bytes: int | None = None) -> list[int]:
        return [int(row["value"]) for row in xcom_slice(port, *TASK, start=start, stop=stop, max_bytes=max_bytes)]

    return part, lambda: xcom_count(port, *TASK)


def test_slices(database: Database, journaling: Writer) -> None:
    part, count = looks(database, journaling)
    assert (part(), count()) == ([], 0)
    elsewhere = [make.xcom(1, "t", key="other"), make.xcom(1, "u"), make.xcom(2, "t")]
    journaling.commit([*results(*range(10)), *elsewhere], fold=True)
    assert (part(), count()) == ([*range(10)], 10)
    assert (part(2, 4), part(8), part(0, 0), part(5, 3), part(10, 20)) == ([2, 3], [8, 9], [], [], [])


def test_what_waits_in_the_journal_counts(database: Database, journaling: Writer) -> None:
    part, count = looks(database, journaling)
    journaling.commit(results(0, 1, 2, 3), fold=True)
    journaling.commit(results(7, first=5))
    assert (part(), part(3, 5), count()) == ([0, 1, 2, 3, 7], [3, 7], 5)
    cleared = fx.XComsCleared(dag_id="d", run_id="r1", task_id="t", map_index=1, key=None)
    again = fx.XComsCleared(dag_id="d", run_id="r1", task_id="t", map_index=2, key="return_value")
    journaling.commit([cleared, again, *results(9, first=2)])
    assert (part(), count()) == ([0, 9, 3, 7], 4)
    journaling.commit([], fold=True)
    assert (part(), count()) == ([0, 9, 3, 7], 4)


def test_a_run_that_is_not_there(database: Database, journaling: Writer) -> None:
    port = DirectPort(None, database, journaling)  # type: ignore[arg-type]
    assert xcom_slice(port, "d", "gone", "t", "return_value") == []
    assert xcom_count(port, "d", "gone", "t", "return_value") == 0


def test_no_more_than_so_many_bytes(database: Database, journaling: Writer) -> None:
    part, _ = looks(database, journaling)
    journaling.commit(results(*range(10, 90)), fold=True)
    assert (part(0, 3, 1), part(0, 3, 4), part(78, 300, 1000)) == ([10], [10, 11], [88, 89])
    assert (part(0, 80, 1000), part(0, 80, 20)) == ([*range(10, 90)], [*range(10, 20)])
    journaling.commit(results(90, first=80))
    assert (part(70, 200, 6), part(0, 200, 1000)) == ([80, 81, 82], [*range(10, 91)])


def test_runs_before_count_too(database: Database, journaling: Writer) -> None:
    """By map index, of one index the earlier run's first; later runs, and what a clear took, are left out."""
    runs = [make.run(2, logical_date=200), make.run(3, logical_date=300), make.run(4, logical_date=400)]
    kept = [make.xcom(key, "t", value=f"{key}{i}".encode(), map_index=i) for key in (2, 3, 4) for i in (0, 1)]
    journaling.commit([*runs, *kept], fold=True)
    gone = fx.XComsCleared(dag_id="d", run_id="r3", task_id="t", map_index=1, key=None)
    journaling.commit([gone, make.xcom(3, "t", value=b"new", map_index=0)])
    port = DirectPort(None, database, journaling)  # type: ignore[arg-type]

    def values(run_id: str, **bounds: int) -> list[bytes]:
        place = ("d", run_id, "t", "return_value")
        return [row["value"] for row in xcom_slice(port, *place, include_prior_dates=True, **bounds)]

    assert values("r3") == [b"20", b"new", b"21"]
    assert values("r3", start=1, stop=2) == [b"new"]
    assert values("r2") == [b"20", b"21"]
