"""Backfills in the engine: which runs come, in which order, within which limits, and what a crash leaves."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queuack import errors
from queuack.engine import effects as fx
from queuack.engine.engine import Engine, EngineSettings
from queuack.engine.events import (
    AttemptFinished,
    AttemptReturned,
    BackfillDate,
    CancelBackfill,
    ClearTasks,
    CreateBackfill,
    DeleteDag,
    RunsFound,
    SetBackfillPaused,
    SetPaused,
    SetRunState,
    SetTaskState,
    TriggerRun,
)
from queuack.engine.instants import iso
from queuack.engine.spec import DagDocument
from queuack.schedule.timetables import CronTriggerTimetable
from tests.engine.driver import DAY, START, Driver, dag, parsed, task

DAILY = CronTriggerTimetable("0 0 * * *")
FIRST = START - 100 * DAY


def daily(*tasks: Any, **options: Any) -> DagDocument:
    options = {"max_active_runs": 1, "start_date": START - 400 * DAY} | options
    return dag(*(tasks or (task("t"),)), timetable=DAILY, **options)


def dates(count: int, first: int = FIRST) -> list[BackfillDate]:
    days = [first + n * DAY for n in range(count)]
    return [BackfillDate(run_after=day, logical_date=day, start=day, end=day) for day in days]


def request(count: int = 3, *, first: int = FIRST, **options: Any) -> CreateBackfill:
    found = dates(count, first)
    ordered = found[::-1] if options.get("run_backwards") else found
    return CreateBackfill(dag_id="d", from_date=first, to_date=first + count * DAY, dates=ordered, **options)


class Backfiller(Driver):
    """Answers the engine's questions about runs from the store."""

    def look(self) -> None:
        while questions := self.taken(fx.FindRuns):
            for question in questions:
                self.step(self.store.find_runs(question))

    def backfill(self, count: int = 3, **options: Any) -> int:
        backfill_id = int(self.ask(request(count, **options)))
        self.look()
        return backfill_id

    def running(self) -> list[str]:
        return [run.run_id for run in self.store.runs.values() if run.state == "running"]

    def end_run(self, run_id: str, outcome: str = "success") -> None:
        self.finish(self.store.run(run_id).id, {"t": outcome})


def name(n: int) -> str:
    return f"backfill__{iso(FIRST + n * DAY)}"


def scheduled(driver: Driver) -> fx.RunRow:
    """The one run that the schedule made."""
    return next(run for run in driver.store.runs.values() if run.run_type == "scheduled")


# ── order and limits ─────────────────────────────────────────────────────────────────────────────────
def test_runs_come_in_order_within_the_limit_of_the_backfill_and_not_of_the_dag() -> None:
    driver = Backfiller(daily())
    assert driver.running() == [scheduled(driver).run_id]  # and with it the DAG is full
    backfill_id = driver.backfill(5, max_active_runs=2)
    assert driver.store.outcomes(backfill_id) == [name(n) for n in range(5)]
    assert driver.running()[1:] == [name(0), name(1)]
    waiting = driver.store.run(name(2))
    assert driver.codes(waiting.id, "t") == ["backfill_max_active_runs"]
    driver.end_run(name(1))
    assert driver.running()[1:] == [name(0), name(2)]
    run = driver.store.run(name(2))
    assert (run.run_type, run.triggered_by, run.backfill_id) == ("backfill", "backfill", backfill_id)
    for n in (0, 2, 3, 4):
        assert driver.store.backfills[backfill_id].completed_at is None
        driver.end_run(name(n))
    assert driver.store.backfills[backfill_id].completed_at == driver.now
    assert [row.event for row in driver.store.log if "backfill" in row.event] == ["create_backfill"]


def test_a_backfill_does_not_hold_up_the_schedule() -> None:
    driver = Backfiller(daily())
    driver.end_run(scheduled(driver).run_id)
    driver.backfill(5, max_active_runs=3)
    driver.advance(86_400)
    assert [run.run_type for run in driver.store.runs.values() if run.state == "running"].count("scheduled") == 1


def test_backwards_the_latest_comes_first_also_after_a_restart() -> None:
    driver = Backfiller(daily())
    driver.backfill(3, max_active_runs=1, run_backwards=True)
    assert driver.running()[1:] == [name(2)]
    driver.restart()
    driver.end_run(name(2))
    assert driver.running()[1:] == [name(1)]


def test_pausing_lets_what_runs_go_on_and_nothing_start() -> None:
    driver = Backfiller(daily())
    backfill_id = driver.backfill(3, max_active_runs=1)
    assert driver.ask(SetBackfillPaused(backfill_id=backfill_id, paused=True))
    assert not driver.ask(SetBackfillPaused(backfill_id=backfill_id, paused=True))
    driver.end_run(name(0))
    assert name(1) not in driver.running()
    assert driver.codes(driver.store.run(name(1)).id, "t") == ["backfill_paused"]
    driver.restart()
    assert name(1) not in driver.running()
    driver.ask(SetBackfillPaused(backfill_id=backfill_id, paused=False))
    assert name(1) in driver.running()


def test_cancelling_fails_what_is_queued_and_leaves_what_runs() -> None:
    driver = Backfiller(daily())
    backfill_id = driver.backfill(3, max_active_runs=1)
    assert driver.ask(CancelBackfill(backfill_id=backfill_id)) == 2
    assert [driver.store.run(name(n)).state for n in range(3)] == ["running", "failed", "failed"]
    assert driver.states(driver.store.run(name(2)).id) == {"t": None}
    row = driver.store.backfills[backfill_id]
    assert row.is_paused
    assert row.completed_at == driver.now
    driver.end_run(name(0))
    assert driver.store.run(name(0)).state == "success"
    for event in (CancelBackfill(backfill_id=backfill_id), SetBackfillPaused(backfill_id=backfill_id, paused=False)):
        with pytest.raises(errors.BackfillAlreadyCompleted):
            driver.ask(event)
    with pytest.raises(errors.BackfillNotFound):
        driver.ask(CancelBackfill(backfill_id=7))
    assert driver.backfill(2, first=FIRST + 50 * DAY) == backfill_id + 1  # and another may come


def test_a_run_of_a_cancelled_backfill_can_be_cleared_and_counts_for_the_dag() -> None:
    driver = Backfiller(daily(max_active_runs=2))
    backfill_id = driver.backfill(3, max_active_runs=1)
    driver.ask(CancelBackfill(backfill_id=backfill_id))
    again = driver.store.run(name(2))
    driver.ask(ClearTasks(dag_id="d", run_id=again.run_id, recall=driver.store.recall(again.id)))
    assert driver.run_state(again.id) == "queued"
    assert driver.codes(again.id, "t") == ["max_active_runs"]
    driver.restart()
    driver.end_run(name(0))
    assert driver.run_state(again.id) == "running"


def test_a_run_cleared_while_its_backfill_goes_on_belongs_to_it() -> None:
    driver = Backfiller(daily())
    backfill_id = driver.backfill(3, max_active_runs=1)
    driver.end_run(name(0), "failed")
    first = driver.store.run(name(0))
    driver.ask(ClearTasks(dag_id="d", run_id=first.run_id, recall=driver.store.recall(first.id)))
    assert driver.codes(first.id, "t") == ["backfill_max_active_runs"]
    driver.end_run(name(1))
    assert name(0) in driver.running()  # its place in the order is before the third
    driver.end_run(name(0))
    driver.end_run(name(2))
    assert driver.store.backfills[backfill_id].completed_at is not None


def test_a_dag_with_a_backfill_can_be_deleted() -> None:
    driver = Backfiller(daily())
    driver.backfill(3)
    for run_id in driver.running():
        ti_id, number = driver.live(driver.store.run(run_id).id, "t")
        driver.step(AttemptReturned(ti_id=ti_id, try_number=number))
    driver.ask(DeleteDag(dag_id="d"))
    assert not driver.engine.backfills
    driver.step(parsed(daily()))
    driver.step()


# ── what is there already ────────────────────────────────────────────────────────────────────────────
def test_runs_that_are_active_are_left_alone() -> None:
    driver = Backfiller(daily())
    key = driver.trigger(logical_date=FIRST)
    backfill_id = driver.backfill(2, reprocess_behavior="completed")
    assert driver.store.outcomes(backfill_id) == ["in flight", name(1)]
    assert driver.store.runs[key].backfill_id is None


@pytest.mark.parametrize("latest", [True, False])
def test_a_cleared_run_takes_the_newest_version_or_keeps_its_own(latest: bool) -> None:
    driver = Backfiller(daily(task("t", "gone"), task("gone"), max_active_runs=9))
    key = driver.trigger(logical_date=FIRST, conf={"x": 1})
    driver.finish(key, {"t": "success", "gone": "success"})
    driver.step(parsed(daily(task("t", "new"), task("new"), max_active_runs=9), file_hash="2"))
    backfill_id = driver.backfill(1, reprocess_behavior="completed", run_on_latest_version=latest)
    assert driver.store.outcomes(backfill_id) == [driver.store.runs[key].run_id]
    driver.restart()
    driver.finish(key, {"t": "success", ("new" if latest else "gone"): "success"})
    row = driver.store.runs[key]
    assert (row.state, row.run_type, row.clear_number, row.conf) == ("success", "backfill", 1, {"x": 1})
    gone = {"gone": "removed", "new": "success"} if latest else {"gone": "success"}
    assert driver.states(key) == {"t": "success"} | gone
    assert driver.store.rows(key)["t"].try_number == 2
    assert driver.store.backfills[backfill_id].completed_at is not None


def test_queued_runs_take_a_new_version_when_they_start() -> None:
    driver = Backfiller(daily())
    driver.backfill(2, max_active_runs=1)
    step = driver.step(parsed(daily(task("t"), task("u")), file_hash="2"))
    assert not [write for write in step.writes if isinstance(write, fx.NewInstances)]  # not ten thousand at once
    driver.end_run(name(0))
    assert driver.states(driver.store.run(name(1)).id) == {"t": "queued", "u": "queued"}


def test_a_run_that_changed_while_it_was_looked_up_is_looked_up_again() -> None:
    driver = Backfiller(daily())
    driver.ask(request(1, reprocess_behavior="failed"))
    (question,) = driver.taken(fx.FindRuns)
    key = driver.trigger(logical_date=FIRST)
    driver.end_run(scheduled(driver).run_id)
    driver.finish(key, {"t": "failed"})
    driver.step(RunsFound(backfill_id=1, number=question.number, runs=[]))  # outdated: nothing was there
    driver.look()
    assert driver.store.outcomes(1) == [driver.store.runs[key].run_id]
    assert driver.store.runs[key].backfill_id == 1


def test_the_schedule_makes_no_second_run_of_a_date_that_a_backfill_made() -> None:
    driver = Backfiller(daily())
    driver.end_run(scheduled(driver).run_id)
    ahead = BackfillDate(run_after=START, logical_date=START + DAY, start=START + DAY, end=START + DAY)
    driver.ask(CreateBackfill(dag_id="d", from_date=FIRST, to_date=START, dates=[ahead]))
    driver.look()
    driver.restart()
    driver.advance(86_400)
    assert [run.run_type for run in driver.store.runs.values()] == ["scheduled", "backfill"]


def test_partitions_get_a_new_run_beside_the_old_one() -> None:
    driver = Backfiller(daily(max_active_runs=9))
    one = BackfillDate(run_after=FIRST, partition_key="k", partition_date=FIRST)
    event = {"dag_id": "d", "from_date": FIRST, "to_date": FIRST, "dates": [one]}
    driver.ask(CreateBackfill(**event))
    driver.look()
    (first,) = [run for run in driver.store.runs.values() if run.run_type == "backfill"]
    assert first.run_id.startswith(f"backfill__{iso(FIRST)}__k__")
    assert (first.logical_date, first.partition_key, first.partition_date) == (None, "k", FIRST)
    driver.finish(first.id, {"t": "failed"})
    driver.ask(CreateBackfill(**event))
    driver.look()
    assert driver.store.outcomes(2) == ["already exists"]
    driver.ask(CreateBackfill(**event, reprocess_behavior="failed"))
    driver.look()
    (again,) = driver.store.outcomes(3)
    assert again != first.run_id
    assert driver.store.run(again).backfill_id == 3


def test_a_partition_of_the_future_waits_for_its_time_and_holds_up_no_other() -> None:
    driver = Backfiller(daily())
    tomorrow = BackfillDate(run_after=START + DAY, partition_key="b", partition_date=START + DAY)
    today = BackfillDate(run_after=START, partition_key="a", partition_date=START)
    driver.ask(
        CreateBackfill(dag_id="d", from_date=FIRST, to_date=START + DAY, dates=[tomorrow, today], max_active_runs=1)
    )
    driver.look()
    assert len(driver.running()) == 2
    running = driver.store.run(driver.running()[1])
    assert running.partition_key == "a"
    driver.finish(running.id, {"t": "success"})
    assert driver.engine.next_wakeup() == START + DAY
    driver.advance(86_400)
    assert driver.store.runs[running.id - 1].state == "running"


def test_a_backfill_reaches_before_the_start_date_of_the_tasks() -> None:
    driver = Backfiller(daily(task("t", start_date=START)))
    driver.backfill(1)
    assert driver.states(driver.store.run(name(0)).id) == {"t": "queued"}


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────
def test_one_at_a_time_and_only_what_makes_sense() -> None:
    driver = Backfiller(daily())
    with pytest.raises(errors.NoBackfillRunsToCreate):
        driver.ask(request(0))
    with pytest.raises(errors.InvalidRequest, match="at least 1"):
        driver.ask(request(max_active_runs=0))
    driver.backfill(2)
    with pytest.raises(errors.AlreadyRunningBackfill, match="backfill cancel 1"):
        driver.ask(request(2))
    with pytest.raises(errors.DagNotFound):
        driver.ask(CreateBackfill(dag_id="x", from_date=1, to_date=2, dates=dates(1)))
    assert len(driver.store.backfills) == 1


# ── size ─────────────────────────────────────────────────────────────────────────────────────────────
def test_a_long_backfill_is_made_in_portions() -> None:
    driver = Backfiller(daily())
    driver.ask(request(1_000, first=START - 2_000 * DAY))
    made = []
    while questions := driver.taken(fx.FindRuns):
        step = driver.step(driver.store.find_runs(questions[0]))
        made.append(sum(isinstance(write, fx.NewInstances) for write in step.writes))
        if len(made) == 2:
            driver.commands.clear()
            driver.restart()
    assert made == [200] * 5
    assert driver.store.outcomes(1) == [name(n - 1_900) for n in range(1_000)]


def test_a_dag_of_many_tasks_is_made_in_smaller_portions() -> None:
    driver = Backfiller(daily(*(task(f"t{n}") for n in range(10))), settings=EngineSettings(evaluations_per_step=50))
    driver.ask(request(20))
    (question,) = driver.taken(fx.FindRuns)
    assert len(question.runs) == 5


# ── whatever happens ─────────────────────────────────────────────────────────────────────────────────
class Simulation:
    """Backfills under random treatment: crashes, pauses, cancels, clears, runs by hand, late answers."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        past = rng.random() < 0.3
        self.driver = Backfiller(
            daily(
                task("t", "u", depends_on_past=past, retries=rng.randint(0, 1), retry_delay=0.0),
                task("u"),
                max_active_runs=rng.randint(1, 3),
                catchup=rng.random() < 0.3,
                start_date=START - 3 * DAY,
            ),
            settings=EngineSettings(evaluations_per_step=rng.choice([2, 4, 2_000])),
        )
        self.past = past
        self.open: dict[tuple[int, int], None] = {}
        self.questions: list[fx.FindRuns] = []
        self.collect()

    def collect(self) -> None:
        driver = self.driver
        for command in driver.taken(fx.Cancel):
            self.open.pop((command.ti_id, command.try_number), None)
        for command in driver.taken(fx.Dispatch):
            assert (command.ti_id, command.try_number) not in self.open
            self.open[command.ti_id, command.try_number] = None
        self.questions += driver.taken(fx.FindRuns)
        self.check()

    def ask(self, event: Any) -> None:
        try:
            self.driver.ask(event)
        except errors.QueuackError:
            pass
        self.collect()

    def act(self) -> None:
        rng, driver = self.rng, self.driver
        roll = rng.random()
        ids = [*driver.store.backfills] or [1]
        if roll < 0.08:
            self.ask(
                request(
                    rng.randint(1, 6),
                    first=START - rng.randint(1, 8) * DAY,
                    max_active_runs=rng.randint(1, 3),
                    run_backwards=not self.past and rng.random() < 0.3,
                    reprocess_behavior=rng.choice(
                        ["failed", "completed"] if self.past else ["none", "failed", "completed"]
                    ),
                )
            )
        elif roll < 0.11:
            self.ask(CancelBackfill(backfill_id=max(ids)))
        elif roll < 0.16:
            self.ask(SetBackfillPaused(backfill_id=max(ids), paused=rng.random() < 0.3))
        elif roll < 0.2:
            date = START - rng.randint(1, 8) * DAY
            if all(run.logical_date != date for run in driver.store.runs.values()):  # as the service makes sure
                self.ask(TriggerRun(dag_id="d", run_id=f"by_hand_{len(driver.store.runs)}", logical_date=date))
        elif roll < 0.24:
            self.ask(SetPaused(dag_id="d", paused=rng.random() < 0.3))
        elif roll < 0.3:
            run = rng.choice([*driver.store.runs.values()] or [None])
            if run is not None:
                recall = driver.store.recall(run.id) if run.state in ("success", "failed") else None
                if rng.random() < 0.5:
                    self.ask(ClearTasks(dag_id="d", run_id=run.run_id, recall=recall))
                else:
                    state = rng.choice(["success", "failed"])
                    self.ask(SetRunState(dag_id="d", run_id=run.run_id, state=state, recall=recall))
        elif roll < 0.36:
            self.crash()
        elif roll < 0.6 and self.questions:
            question = self.questions.pop(rng.randrange(len(self.questions)))
            driver.step(driver.store.find_runs(question))
            self.collect()
        elif self.open:
            ti_id, number = rng.choice([*self.open])
            del self.open[ti_id, number]
            outcome = rng.choice(["success", "success", "failed"])
            driver.step(AttemptFinished(ti_id=ti_id, try_number=number, at=driver.now, outcome=outcome))
            self.collect()
        else:
            driver.advance(rng.choice([1, 3_600, 86_400]))
            self.collect()

    def crash(self) -> None:
        driver = self.driver
        driver.engine = Engine.restore(driver.settings, driver.store.snapshot(), driver.now)
        driver.commands = []
        self.questions = []
        self.open = {(ti_id, number): None for ti_id, number, _ in driver.engine.outstanding()}
        driver.step()
        self.collect()

    def check(self) -> None:
        driver = self.driver
        store, engine = driver.store, driver.engine
        again = Engine.restore(driver.settings, store.snapshot(), driver.now)
        assert known(engine) == known(again)
        active = {row.id: row for row in store.backfills.values() if row.completed_at is None}
        assert len(active) <= 1
        assert set(engine.backfills) == set(active)
        running = Counter(run.backfill_id for run in store.runs.values() if run.state == "running")
        for row in active.values():
            assert running[row.id] <= row.max_active_runs
        for row_id, outcome in store.backfill_outcomes.items():
            if outcome.dag_run_id is None:
                continue
            entry = store.backfill_dates[row_id][1]
            assert store.runs[outcome.dag_run_id].logical_date == entry.date.logical_date

    def finish(self) -> None:
        """Left alone, every backfill ends."""
        driver = self.driver
        self.ask(SetPaused(dag_id="d", paused=False))
        for backfill_id in [*driver.engine.backfills]:
            self.ask(SetBackfillPaused(backfill_id=backfill_id, paused=False))
        for _ in range(2_000):
            if not driver.engine.backfills:
                break
            if self.questions:
                driver.step(driver.store.find_runs(self.questions.pop()))
            elif self.open:
                ti_id, number = self.open.popitem()[0]
                driver.step(AttemptFinished(ti_id=ti_id, try_number=number, at=driver.now, outcome="success"))
            else:
                self.mark_what_failed()
                driver.advance(3_600)
            self.collect()
        assert not driver.engine.backfills
        for backfill_id, row in driver.store.backfills.items():
            assert row.completed_at is not None
            assert row.is_paused or "pending" not in driver.store.outcomes(backfill_id)

    def mark_what_failed(self) -> None:
        """Runs that depend on the past wait for it for ever otherwise."""
        for run in list(self.driver.store.runs.values()) if self.past else ():
            rows = self.driver.store.rows(run.id)
            if run.state in ("failed", "queued") and rows["t"].state != "success":
                recall = self.driver.store.recall(run.id) if run.state == "failed" else None
                self.ask(SetTaskState(dag_id="d", run_id=run.run_id, task_id="t", state="success", recall=recall))


def known(engine: Engine) -> Any:
    """What an engine remembers of backfills and of what counts where."""
    backfills = {
        backfill.id: (
            [entry.id for entry in backfill.pending],
            sorted(backfill.open),
            backfill.running,
            backfill.is_paused,
            backfill.ordinals,
            sorted(key for key in backfill.open if backfill.open[key].state == "queued"),
        )
        for backfill in engine.backfills.values()
    }
    waiting = {
        backfill.id: {key for _, key in (*backfill.queued, *backfill.later) if key in backfill.open and backfill.open[key].state == "queued"}
        for backfill in engine.backfills.values()
    }  # fmt: skip
    return backfills, waiting, {dag_id: (dag.running, dag.is_full) for dag_id, dag in engine.dags.items()}


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1))
def test_nothing_is_lost_or_doubled_whatever_happens(seed: int) -> None:
    simulation = Simulation(seed)
    for _ in range(50):
        simulation.act()
    simulation.finish()
