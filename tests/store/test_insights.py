"""What is read for insights, over rows written as SQL: durations, waiting, slots in use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from queuack.store.database import Database
from queuack.store.queries import insights
from queuack.store.reader import Reader

HOUR = 3_600_000_000
RUNS = """
INSERT INTO dag_run (id, dag_id, run_id, run_type, state, run_after, start_date, end_date, clear_number)
SELECT i, 'd', 'r' || i, 'manual', 'success', make_timestamptz(i * 3600000000), make_timestamptz(i * 3600000000),
    make_timestamptz(i * 3600000000 + 30000000), 0
FROM range(1, 21) t(i)
"""
INSTANCES = """
INSERT INTO task_instance (
    id, dag_run_id, dag_id, run_id, task_id, map_index, state, try_number, max_tries, scheduled_dttm, queued_dttm,
    start_date, end_date, duration, pool, pool_slots
)
SELECT
    i * 10 + n, i, 'd', 'r' || i, 't' || n, -1, CASE WHEN i = 20 AND n = 1 THEN 'failed' ELSE 'success' END, 1, 0,
    make_timestamptz(began), make_timestamptz(began + 2000000), make_timestamptz(began + 3000000),
    make_timestamptz(began + 3000000 + took * 1000000), took, 'default_pool', n
FROM (
    SELECT i, n, i * 3600000000 + n * 60000000 AS began, CASE WHEN n = 1 AND i > 15 THEN 30 ELSE 10 END AS took
    FROM range(1, 21) a(i), range(1, 3) b(n)
)
"""


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Database.open() as database, database.reader() as reader:
        reader.execute(RUNS)
        reader.execute(INSTANCES)
        yield reader


def test_the_latest_quarter_stands_beside_the_rest(reader: Reader) -> None:
    first, second = insights.trends(reader)
    assert (first["task_id"], first["n"], first["earlier"], first["recent"]) == ("t1", 19, 10.0, 30.0)
    assert (second["task_id"], second["n"], second["p50"], second["p95"]) == ("t2", 20, 10.0, 10.0)
    assert insights.work_of_dags(reader) == {"d": pytest.approx(10 + (15 * 10 + 4 * 30) / 19)}
    assert insights.lengths_of_runs(reader) == {"d": 30.0}


def test_durations_come_by_task_oldest_first(reader: Reader) -> None:
    found = insights.durations_of_dag(reader, "d", 2)
    assert [(row["task_id"], row["run_id"], row["state"]) for row in found] == [
        ("t1", "r19", "success"),
        ("t1", "r20", "failed"),
        ("t2", "r19", "success"),
        ("t2", "r20", "success"),
    ]


def test_waiting_is_split_at_the_queue(reader: Reader) -> None:
    (row,) = insights.waiting(reader)
    assert (row["pool"], row["n"], row["for_slot"], row["for_worker"]) == ("default_pool", 40, [2.0] * 3, [1.0] * 3)


def test_slots_in_use_are_shared_out_over_the_stretches(reader: Reader) -> None:
    used, known_from = insights.slots_in_use(reader, since=HOUR * 20, now=HOUR * 20 + 120_000_000, width=60_000_000)
    # t1 holds 1 slot from second 63 to 93, t2 holds 2 from 123 on, which has not come yet
    assert used == {1: pytest.approx(0.5)}
    assert known_from is None


def test_a_run_is_told_by_its_last_instances(reader: Reader) -> None:
    tasks = insights.tasks_of_run(reader, "d", "r1")
    assert [(row["task_id"], (row["end_us"] - row["start_us"]) / 1e6) for row in tasks] == [("t1", 10.0), ("t2", 10.0)]
    assert insights.tasks_of_run(reader, "d", "nothing") == []
