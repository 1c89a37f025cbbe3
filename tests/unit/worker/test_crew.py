"""The executor's policy: who gets the next attempt, when more workers are started."""

from __future__ import annotations

import os

import pytest

from queuack.executors.crew import (
    LEAST_SECONDS,
    LONGEST_PATIENCE,
    PREFETCH_SECONDS,
    SLOW_SECONDS,
    Handed,
    Worker,
    choose,
    wanted,
)
from queuack.executors.durations import Durations
from queuack.protocol import RunInfo, Workload


def worker(name, *expected, slow=False, ready=True):
    connection = object() if ready else None
    entries = {(index, 1): Handed((index, 1), None, seconds) for index, seconds in enumerate(expected)}
    return Worker(name, connection=connection, queue=entries, slow=slow)


def workload(task_id="t", ti_id=1, expected=None):
    run = RunInfo(
        dag_id="d",
        run_id="r",
        run_type="manual",
        logical_date=0,
        data_interval_start=0,
        data_interval_end=0,
        run_after=0,
    )
    return Workload(
        ti_id=ti_id,
        task_id=task_id,
        fileloc="",
        relative_fileloc="",
        file_hash="",
        version_id=1,
        run=run,
        expected_duration=expected,
    )


class TestChoose:
    def test_an_idle_worker_first(self):
        busy, idle = worker("a", 0.001), worker("b")
        assert choose([busy, idle], 0.001) is idle

    def test_then_the_one_with_the_least_work(self):
        more, less = worker("a", 0.002, 0.002), worker("b", 0.003)
        assert choose([more, less], 0.001) is less

    def test_never_behind_a_slow_task(self):
        assert choose([worker("a", 0.001, slow=True)], 0.001) is None
        assert choose([worker("a", SLOW_SECONDS * 2)], 0.001) is None

    def test_of_unknown_duration_one_waits(self):
        assert choose([worker("a", None)], None) is not None
        assert choose([worker("a", None, None)], None) is None
        assert choose([worker("a", 0.001, None)], 0.001) is None

    def test_no_more_than_the_prefetch(self):
        count = 0
        one = worker("a")
        while choose([one], 0.001) is one:
            one.queue[count, 1] = Handed((count, 1), None, 0.001)
            count += 1
        assert count == pytest.approx(PREFETCH_SECONDS / 0.001, abs=1)

    def test_the_shortest_tasks_cost_something(self):
        one = worker("a", *[0.0] * int(PREFETCH_SECONDS / LEAST_SECONDS))
        assert choose([one], 0.0) is None

    def test_nobody_who_starts_or_leaves(self):
        leaving = worker("b")
        leaving.leaving = True
        assert choose([worker("a", ready=False), leaving], None) is None


class TestWanted:
    def test_nothing_waits(self):
        assert wanted([worker("a")], [], Durations(), 32, 100.0) == 0

    def test_long_tasks_get_their_own(self):
        backlog = [workload(ti_id=index, expected=5.0) for index in range(5)]
        assert wanted([worker("a", 5.0)], backlog, Durations(), 32, 100.0) == 5

    def test_parallelism_is_the_limit(self):
        backlog = [workload(ti_id=index, expected=5.0) for index in range(50)]
        assert wanted([worker("a", 5.0)], backlog, Durations(), 4, 100.0) == 3

    def test_everyone_is_stuck_the_crew_doubles(self):
        backlog = [workload(ti_id=index) for index in range(9)]
        assert wanted([worker("a", None, slow=True)], backlog, Durations(), 32, 100.0) == 1
        stuck = [worker(name, None, slow=True) for name in "abcd"]
        assert wanted(stuck, backlog, Durations(), 32, 100.0) == 4

    def test_short_tasks_behind_a_hiccup_get_one(self):
        backlog = [workload(ti_id=index, expected=0.001) for index in range(30)]
        assert wanted([worker("a", 0.001, slow=True)], backlog, Durations(), 32, 100.0) == 1

    def test_the_more_there_are_the_longer_a_hiccup_is_sat_out(self):
        backlog = [workload(ti_id=index, expected=0.001) for index in range(30)]
        many = [worker(str(index), 0.001, slow=True) for index in range((os.cpu_count() or 1) + 3)]
        for one in many:
            one.head_since = 100.0
        assert wanted(many, backlog, Durations(), 32, 100.0 + SLOW_SECONDS * 2) == 0
        assert wanted(many, backlog, Durations(), 32, 100.0 + LONGEST_PATIENCE) == 1
        backlog.append(workload(ti_id=99, expected=5.0))
        assert wanted(many, backlog, Durations(), 32, 100.0) == 1

    def test_a_file_that_is_being_loaded_gets_none(self):
        backlog = [workload(ti_id=index) for index in range(9)]
        busy = worker("a", None, slow=True)
        busy.queue[(0, 1)].workload = workload()
        busy.loading = True
        assert wanted([busy], backlog, Durations(), 32, 100.0) == 0

    def test_those_that_start_count(self):
        backlog = [workload(ti_id=index) for index in range(3)]
        workers = [worker("a", None, slow=True), worker("b", ready=False)]
        assert wanted(workers, backlog, Durations(), 32, 100.0) == 1

    def test_a_few_short_tasks_get_none(self):
        backlog = [workload(ti_id=index, expected=0.001) for index in range(20)]
        assert wanted([worker("a", 0.001)], backlog, Durations(), 32, 100.0) == 0


class TestDurations:
    def test_history_then_experience(self):
        durations = Durations()
        assert durations.expect(workload()) is None
        assert durations.expect(workload(expected=2.0)) == 2.0
        durations.learn(workload(expected=2.0), 1.0)
        assert 1.0 < durations.expect(workload()) < 2.0

    def test_another_task_of_the_dag_says_something(self):
        durations = Durations()
        durations.learn(workload("a"), 3.0)
        assert durations.expect(workload("b")) == 3.0

    def test_one_hiccup_says_little(self):
        durations = Durations()
        for seconds in (0.001, 0.001, 5.0):
            durations.learn(workload(), seconds)
        assert durations.expect(workload()) < 0.003
