"""How runs end: by leaves, deadlock, timeout; the past; callbacks of the DAG; repeated failure."""

from __future__ import annotations

import pytest

from queuack.engine import effects as fx
from queuack.engine.events import CallbackFinished
from tests.engine.driver import DAY, SECOND, START, Driver, dag, parsed, task


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ({"a": "success", "b": "success"}, "success"),
        ({"a": "success", "b": "skipped"}, "success"),
        ({"a": "success", "b": "failed"}, "failed"),
        ({"a": "failed"}, "failed"),
    ],
)
def test_leaves_decide(outcomes: dict[str, str], state: str) -> None:
    driver = Driver(dag(task("a", "b"), task("b")))
    key = driver.trigger()
    driver.finish(key, outcomes)
    assert driver.run_state(key) == state


def test_a_failure_that_a_leaf_made_good_does_not_fail_the_run() -> None:
    driver = Driver(dag(task("a", "b"), task("b", trigger_rule="all_done")))
    key = driver.trigger()
    driver.finish(key, {"a": "failed", "b": "success"})
    assert driver.run_state(key) == "success"


def test_a_run_without_tasks_succeeds() -> None:
    driver = Driver(dag())
    assert driver.run_state(driver.trigger()) == "success"


def test_a_task_outside_its_dates_has_no_instance_and_what_follows_it_deadlocks() -> None:
    driver = Driver(dag(task("a", "b", end_date=START - DAY), task("b"), task("c"), has_on_failure_callback=True))
    key = driver.trigger(logical_date=START)
    assert driver.states(key) == {"b": None, "c": "queued"}
    driver.finish(key, {"c": "success"})
    assert driver.run_state(key) == "failed"
    assert driver.states(key) == {"b": None, "c": "success"}
    assert [c.callback.reason for c in driver.taken(fx.RunCallback)] == ["all_tasks_deadlocked"]


def test_dagrun_timeout() -> None:
    driver = Driver(dag(task("a", "b"), task("b"), dagrun_timeout=60.0, has_on_failure_callback=True))
    key = driver.trigger()
    driver.start(key, "a")
    assert driver.engine.next_wakeup() == START + 60 * SECOND
    driver.advance(60)
    assert driver.run_state(key) == "failed"
    assert driver.states(key) == {"a": "skipped", "b": "skipped"}
    assert [c.reason for c in driver.taken(fx.Cancel)] == ["dagrun_timeout"]
    (command,) = driver.taken(fx.RunCallback)
    assert (command.callback.kind, command.callback.task_id, command.callback.reason) == ("failure", None, "timed_out")


def test_a_callback_of_the_dag_is_owed_until_it_ran() -> None:
    driver = Driver(dag(task("a"), has_on_success_callback=True))
    key = driver.trigger()
    driver.finish(key, {"a": "success"})
    (command,) = driver.taken(fx.RunCallback)
    assert (command.callback.kind, command.callback.reason) == ("success", "success")
    driver.restart()
    assert list(driver.engine.callbacks) == [command.callback.id]
    driver.step(CallbackFinished(callback_id=command.callback.id))
    driver.step(CallbackFinished(callback_id=command.callback.id))
    assert not driver.store.callbacks


def test_repeated_failure_pauses_the_dag() -> None:
    driver = Driver(dag(task("a"), max_consecutive_failed_dag_runs=2))
    for number, outcome in enumerate(["failed", "success", "failed", "failed"]):
        assert not driver.store.dags["d"].is_paused
        key = driver.trigger(run_id=f"run{number}")
        driver.finish(key, {"a": outcome})
    assert driver.store.dags["d"].is_paused
    assert driver.store.log[-1].event == "paused"
    assert driver.run_state(driver.trigger(run_id="later")) == "queued"


# ── the past ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("restart", [False, True])
def test_depends_on_past(restart: bool) -> None:
    driver = Driver(dag(task("a", "b", depends_on_past=True), task("b")))
    one = driver.trigger(run_id="one", logical_date=START - 2 * DAY)
    two = driver.trigger(run_id="two", logical_date=START - DAY)
    assert driver.states(two) == {"a": None, "b": None}
    assert driver.codes(two, "a") == ["depends_on_past"]
    if restart:
        driver.restart()
    driver.finish(one, {"a": "success"})
    assert driver.states(two)["a"] == "queued"
    driver.finish(one, {"b": "failed"})
    driver.finish(two, {"a": "failed"})
    if restart:
        driver.restart()
    three = driver.trigger(run_id="three", logical_date=START)
    assert driver.states(three) == {"a": None, "b": None}
    assert driver.run_state(three) == "running"


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(("outcome", "then"), [("success", "queued"), ("failed", None)])
def test_a_run_of_an_old_version_still_depends_on_the_past(outcome: str, then: str | None, restart: bool) -> None:
    """Neither the version of the run before nor the newest knows of it."""
    driver = Driver(dag(task("a")))
    one = driver.trigger(run_id="one", logical_date=START - 2 * DAY)
    driver.step(parsed(dag(task("a", depends_on_past=True))))
    two = driver.trigger(run_id="two", logical_date=START - DAY)
    driver.step(parsed(dag(task("a", retries=1))))
    driver.finish(one, {"a": outcome})
    if restart:
        driver.restart()
    assert driver.states(two) == {"a": then}
    assert driver.run_state(two) == "running"


@pytest.mark.parametrize("is_there_before", [False, True])
def test_what_waits_for_the_past_sees_another_past(is_there_before: bool) -> None:
    """A run between comes to be, or takes a version, without the task that has failed before."""
    driver = Driver(dag(task("a", depends_on_past=True), max_active_runs=1))
    driver.finish(driver.trigger(run_id="one", logical_date=START - 3 * DAY), {"a": "failed"})
    three = driver.trigger(run_id="three", logical_date=START - DAY)
    if is_there_before:
        driver.trigger(run_id="two", logical_date=START - 2 * DAY)
    assert driver.codes(three, "a") == ["depends_on_past"]
    driver.step(parsed(dag(task("b"), max_active_runs=1)))
    if not is_there_before:
        driver.trigger(run_id="two", logical_date=START - 2 * DAY)
    assert driver.states(three) == {"a": "queued"}


def test_a_finished_run_is_remembered_for_the_next() -> None:
    driver = Driver(dag(task("a", depends_on_past=True)))
    for day in range(4):
        key = driver.trigger(run_id=f"run{day}", logical_date=START - (4 - day) * DAY)
        if day == 2:
            driver.restart()
        driver.finish(key, {"a": "success"})
        assert driver.run_state(key) == "success"
    assert len(driver.engine.runs) == 1


def test_wait_for_downstream() -> None:
    driver = Driver(dag(task("a", "b", depends_on_past=True, wait_for_downstream=True), task("b")))
    one = driver.trigger(run_id="one", logical_date=START - 2 * DAY)
    two = driver.trigger(run_id="two", logical_date=START - DAY)
    driver.finish(one, {"a": "success"})
    assert driver.states(two)["a"] is None
    driver.finish(one, {"b": "skipped"})
    assert driver.states(two)["a"] == "queued"


def test_a_task_new_to_the_dag_may_start_without_a_past() -> None:
    driver = Driver(dag(task("a", depends_on_past=True)))
    one = driver.trigger(run_id="one", logical_date=START - 2 * DAY)
    driver.finish(one, {"a": "success"})
    driver.step(
        parsed(
            dag(task("a", depends_on_past=True), task("b", depends_on_past=True),
                task("c", depends_on_past=True, ignore_first_depends_on_past=False))
        )
    )  # fmt: skip
    two = driver.trigger(run_id="two", logical_date=START - DAY)
    assert driver.states(two) == {"a": "queued", "b": "queued", "c": None}


def test_a_run_without_logical_date_has_no_past() -> None:
    driver = Driver(dag(task("a", depends_on_past=True)))
    driver.trigger(run_id="one")
    two = driver.trigger(run_id="two")
    assert driver.states(two) == {"a": "queued"}
