"""Attempts: start, outcome, retry, reschedule, loss; and that facts are taken once."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from queuack.engine import effects as fx
from queuack.engine.backoff import retry_delay
from queuack.engine.events import (
    AttemptFinished,
    AttemptLost,
    AttemptReturned,
    AttemptStarted,
    CallbackFinished,
    TriggerAsked,
    TriggerFired,
)
from queuack.engine.spec import CallbackFlags
from tests.engine.driver import SECOND, START, Driver, dag, task


def test_rows_of_a_life() -> None:
    driver = Driver(dag(task("a")))
    key = driver.trigger()
    row = driver.store.rows(key)["a"]
    assert (row.state, row.try_number, row.scheduled_dttm, row.queued_dttm) == ("queued", 1, START, START)
    driver.now += SECOND
    driver.start(key, "a")
    row = driver.store.rows(key)["a"]
    assert (row.state, row.start_date, row.pid, row.hostname) == ("running", START + SECOND, 7, "host")
    driver.now += SECOND
    driver.finish(key, {"a": "success"})
    row = driver.store.rows(key)["a"]
    assert (row.state, row.start_date, row.end_date) == ("success", START + SECOND, START + 2 * SECOND)
    run = driver.store.runs[key]
    assert (run.state, run.start_date, run.end_date) == ("success", START, START + 2 * SECOND)
    assert [log.event for log in driver.store.log] == ["trigger_dag_run", "running", "success"]
    assert not driver.engine.runs


def test_a_retry_waits_runs_again_and_leaves_history() -> None:
    driver = Driver(dag(task("a", retries=1, retry_delay=60.0)))
    key = driver.trigger()
    driver.finish(key, {"a": "failed"})
    row = driver.store.rows(key)["a"]
    assert (row.state, row.try_number, row.retry_at) == ("up_for_retry", 1, START + 60 * SECOND)
    assert [(h.row.state, h.row.try_number) for h in driver.store.history] == [("failed", 1)]
    assert driver.engine.next_wakeup() == START + 60 * SECOND
    driver.advance(59)
    assert driver.states(key) == {"a": "up_for_retry"}
    driver.advance(1)
    assert driver.dispatched()["a"].try_number == 2
    assert [(c.task_id, c.map_index) for c in driver.store.cleared] == [("a", -1)]
    driver.finish(key, {"a": "failed"})
    assert driver.states(key) == {"a": "failed"}
    assert driver.run_state(key) == "failed"
    assert len(driver.store.history) == 1


def test_fail_without_retry() -> None:
    driver = Driver(dag(task("a", retries=3)))
    key = driver.trigger()
    driver.finish(key, {"a": "failed"}, fail_without_retry=True)
    assert driver.states(key) == {"a": "failed"}


def test_a_reschedule_keeps_the_try_and_the_first_start() -> None:
    driver = Driver(dag(task("a")))
    key = driver.trigger()
    driver.finish(key, {"a": "up_for_reschedule"}, reschedule_at=START + 30 * SECOND)
    assert driver.store.rows(key)["a"].retry_at == START + 30 * SECOND
    driver.advance(30)
    row = driver.store.rows(key)["a"]
    assert (row.state, row.try_number) == ("queued", 1)
    driver.finish(key, {"a": "success"})
    assert driver.store.rows(key)["a"].start_date == START
    assert not driver.store.history


def test_facts_are_taken_once() -> None:
    driver = Driver(dag(task("a", "b", retries=1, retry_delay=0.0), task("b")))
    key = driver.trigger()
    ti_id, number = driver.live(key, "a")
    started = AttemptStarted(ti_id=ti_id, try_number=number, at=START, pid=1)
    failed = AttemptFinished(ti_id=ti_id, try_number=number, at=START, outcome="failed")
    driver.step(started)
    assert not driver.step(started).writes
    driver.step(failed)
    assert driver.live(key, "a")[1] == 2
    for stale in (started, failed, AttemptLost(ti_id=ti_id, try_number=1, at=START, reason="x"),
                  AttemptReturned(ti_id=ti_id, try_number=1), AttemptReturned(ti_id=999, try_number=1)):  # fmt: skip
        assert driver.step(stale) == fx.Step(writes=[], commands=[], replies={})
    driver.finish(key, {"a": "success"})
    late = AttemptFinished(ti_id=ti_id, try_number=2, at=START, outcome="failed")
    assert not driver.step(late).writes


def test_what_was_handed_out_and_never_begun_is_handed_out_again() -> None:
    driver = Driver(dag(task("a")))
    key = driver.trigger()
    ti_id, _ = driver.live(key, "a")
    driver.dispatched()
    for event in (
        AttemptReturned(ti_id=ti_id, try_number=1),
        AttemptLost(ti_id=ti_id, try_number=1, at=START, reason="the worker died"),
    ):
        driver.step(event)
        assert driver.dispatched()["a"].try_number == 1
    assert not driver.store.history


def test_a_lost_process_is_a_failed_attempt_and_its_callbacks_are_owed() -> None:
    driver = Driver(dag(task("a", retries=1, callbacks=CallbackFlags(failure=True, retry=True), retry_delay=1.0)))
    key = driver.trigger()
    driver.start(key, "a")
    ti_id, _ = driver.live(key, "a")
    driver.step(AttemptLost(ti_id=ti_id, try_number=1, at=START, reason="exit status 137"))
    assert driver.states(key) == {"a": "up_for_retry"}
    driver.advance(1)
    driver.start(key, "a")
    driver.step(AttemptLost(ti_id=ti_id, try_number=2, at=driver.now, reason="exit status 137"))
    assert driver.states(key) == {"a": "failed"}
    owed = [command.callback for command in driver.taken(fx.RunCallback)]
    assert [(row.kind, row.task_id, row.reason) for row in owed] == [
        ("retry", "a", "exit status 137"),
        ("failure", "a", "exit status 137"),
    ]
    assert driver.engine.ended_run("d", driver.store.runs[key].run_id) is not None
    for row in owed:
        driver.step(CallbackFinished(callback_id=row.id))
    assert not driver.store.callbacks
    assert not driver.engine.runs


def test_fail_fast_fails_the_running_and_skips_the_rest() -> None:
    driver = Driver(
        dag(task("a"), task("b", "c"), task("c"), task("down", is_teardown=True, trigger_rule="all_done"),
            task("e", "down"), fail_fast=True, max_active_tasks=2)
    )  # fmt: skip
    key = driver.trigger()
    assert set(driver.dispatched()) == {"b", "e"}
    driver.start(key, "e")
    driver.finish(key, {"b": "failed"})
    assert driver.states(key) == {"a": "skipped", "b": "failed", "c": "skipped", "down": "queued", "e": "failed"}
    assert [c.reason for c in driver.taken(fx.Cancel)] == ["fail_fast"]
    driver.finish(key, {"down": "success"})
    assert driver.run_state(key) == "failed"


@pytest.mark.parametrize(
    ("delay", "multiplier", "most", "number", "dated", "seconds"),
    [
        (300, 0.0, None, 1, True, 300),
        (300, 2.0, None, 1, True, 389),
        (300, 2.0, None, 3, True, 1778),
        (1, 3.0, None, 4, False, 47),
        (0, 2.0, None, 2, True, 1),
        (300, 2.0, 700, 3, True, 700),
        (60, 2.0, None, 40, True, 86_400),
        (60, 2.0, None, 4_000, True, 86_400),
        (0.5, 1.5, None, 2, True, 1),
        (10, 1.0, None, 3, True, 10),
        (10, 0.0, 5, 3, True, 10),
    ],
)
def test_backoff_gives_the_seconds_that_airflow_gives(
    delay: float, multiplier: float, most: float | None, number: int, dated: bool, seconds: float
) -> None:
    one = task("t", retry_delay=delay, retry_exponential_backoff=multiplier, max_retry_delay=most)
    assert retry_delay(one, "d", START if dated else None, number) == seconds * SECOND


def test_empty_operators_succeed_at_once() -> None:
    driver = Driver(dag(task("a", "b", is_empty=True), task("b", "c", is_empty=True), task("c", is_empty=True)))
    key = driver.trigger()
    assert driver.states(key) == {"a": "success", "b": "success", "c": "success"}
    row = driver.store.rows(key)["b"]
    assert (row.try_number, row.start_date, row.end_date, row.queued_dttm) == (1, START, START, None)
    assert driver.run_state(key) == "success"
    assert not driver.dispatched()


def test_a_try_knows_how_often_and_since_when_it_was_put_off() -> None:
    driver = Driver(dag(task("a", retries=1, retry_delay=0.0)))
    key = driver.trigger()
    found = driver.dispatched()["a"]
    assert (found.task_reschedule_count, found.first_reschedule_us) == (0, None)
    for n in (1, 2):
        driver.finish(key, {"a": "up_for_reschedule"}, reschedule_at=driver.now + 30 * SECOND)
        driver.restart()
        driver.advance(30)
        found = driver.dispatched()["a"]
        assert (found.try_number, found.task_reschedule_count, found.first_reschedule_us) == (1, n, START)
    rows = [(row.start_date, row.end_date, row.reschedule_date) for row in driver.store.reschedules]
    assert rows == [(START + n * SECOND, START + n * SECOND, START + (n + 30) * SECOND) for n in (0, 30)]
    driver.finish(key, {"a": "failed"})
    found = driver.dispatched()["a"]
    assert (found.try_number, found.task_reschedule_count, found.first_reschedule_us) == (2, 0, None)


def test_a_crash_between_the_end_of_a_run_and_its_callback_leaves_the_callback_owed() -> None:
    driver = Driver(dag(task("a", "b"), task("b"), has_on_failure_callback=True))
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "failed"})
    (owed,) = [command.callback for command in driver.taken(fx.RunCallback)]
    driver.restart()
    assert driver.engine.callbacks == {owed.id: owed}
    run = driver.engine.ended_run("d", "one")
    assert run is not None
    assert (run.state, run.row) == ("failed", driver.store.runs[key])
    driver.step(CallbackFinished(callback_id=owed.id))
    assert (driver.engine.callbacks, driver.engine.runs, driver.store.callbacks) == ({}, {}, {})


def test_a_retry_policy_says_when_and_why() -> None:
    driver = Driver(dag(task("a", retries=2, retry_delay=300.0, has_retry_policy=True)))
    key = driver.trigger()
    driver.finish(key, {"a": "failed"}, retry_delay=2.5, retry_reason="Rate limit")
    row = driver.store.rows(key)["a"]
    said = driver.store.retry_overrides[row.id]
    assert row.retry_at == START + 2_500_000
    assert (said.retry_delay_override, said.retry_reason) == (2.5, "Rate limit")
    driver.restart()
    driver.advance(2.5)
    driver.start(key, "a")
    said = driver.store.retry_overrides[row.id]
    assert (said.retry_delay_override, said.retry_reason) == (None, None)
    driver.finish(key, {"a": "failed"}, retry_reason="No delay of its own")
    assert driver.store.rows(key)["a"].retry_at == driver.now + 300 * SECOND
    driver.advance(300)
    driver.finish(key, {"a": "failed"}, retry_delay=1.0, retry_reason="Too late")
    assert driver.states(key) == {"a": "failed"}
    history = [(h.retry_delay_override, h.retry_reason) for h in driver.store.history]
    assert history == [(2.5, "Rate limit"), (None, "No delay of its own")]
    said = driver.store.retry_overrides[row.id]
    assert (said.retry_delay_override, said.retry_reason) == (None, None)


@pytest.mark.parametrize("outcome", ["deferred", "up_for_reschedule"])
def test_what_is_said_again_of_a_part_of_a_try_does_not_end_the_next_part(outcome: str) -> None:
    """A worker that outlived the daemon repeats how the first part ended, while the second is in somebody's hands."""
    driver = Driver(dag(task("a")))
    key = driver.trigger()
    first = driver.dispatched()["a"]
    said = AttemptFinished(
        ti_id=first.ti_id, try_number=1, at=driver.now, outcome=outcome, queued_dttm=first.queued_dttm,
        started_at=driver.now, reschedule_at=driver.now, trigger=TriggerAsked("pkg.T", "{}"), next_method="go_on",
    )  # fmt: skip
    driver.step(said)
    driver.step(*(TriggerFired(trigger_id=number, at=driver.now, payload=b"1") for number in driver.engine.triggers))
    second = driver.dispatched()["a"]
    assert (second.ti_id, second.try_number) == (first.ti_id, 1)
    driver.restart()
    driver.step(
        said, AttemptStarted(ti_id=first.ti_id, try_number=1, at=driver.now, pid=1, queued_dttm=first.queued_dttm)
    )
    assert driver.states(key) == {"a": "queued"}
    assert not driver.dispatched()
    driver.step(replace(said, outcome="success", queued_dttm=second.queued_dttm))
    assert driver.states(key) == {"a": "success"}
