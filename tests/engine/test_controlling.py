"""Changes by hand: marking, clearing, ending runs; on runs in memory and on runs recalled from the store."""

from __future__ import annotations

import pytest

from queuack.engine import effects as fx
from queuack.engine.events import ClearTasks, SetRunState, SetTaskState
from queuack.errors import DagRunNotFound, InvalidRequest, TaskNotFound
from tests.engine.driver import DAY, START, Driver, dag, parsed, task


def chain(**options: object) -> Driver:
    return Driver(dag(task("a", "b"), task("b", "c"), task("c"), **options))


def mark(driver: Driver, task_id: str, state: str) -> None:
    driver.ask(SetTaskState(dag_id="d", run_id="one", task_id=task_id, state=state))


def test_marking_a_running_task_cancels_it_and_goes_on() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.start(key, "a")
    mark(driver, "a", "success")
    assert [c.reason for c in driver.taken(fx.Cancel)] == ["marked by hand"]
    assert driver.states(key) == {"a": "success", "b": "queued", "c": None}
    assert driver.engine.outstanding()[0][0] == driver.store.rows(key)["b"].id


def test_marking_failed_stops_what_follows() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    mark(driver, "a", "failed")
    assert driver.states(key) == {"a": "failed", "b": "upstream_failed", "c": "upstream_failed"}
    assert driver.run_state(key) == "failed"


def test_marking_success_clears_what_failed_after_it() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "failed"})
    driver.engine.recall(driver.store.run_snapshot(driver.store.runs[key]))
    mark(driver, "a", "success")
    assert driver.states(key) == {"a": "success", "b": "queued", "c": None}
    assert driver.run_state(key) == "running"
    assert driver.store.runs[key].clear_number == 1
    driver.finish(key, {"b": "success", "c": "success"})
    assert driver.run_state(key) == "success"


@pytest.mark.parametrize("restart", [False, True])
def test_clearing_a_finished_run(restart: bool) -> None:
    driver = chain()
    driver.step()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success", "b": "failed"})
    with pytest.raises(DagRunNotFound):
        driver.ask(ClearTasks(dag_id="d", run_id="one"))
    driver.engine.recall(driver.store.run_snapshot(driver.store.runs[key]))
    assert driver.ask(ClearTasks(dag_id="d", run_id="one", only_failed=True)) == ["b", "c"]
    row = driver.store.rows(key)["b"]
    assert (row.state, row.try_number, row.max_tries) == ("queued", 2, 1)
    assert [h.row.state for h in driver.store.history] == ["failed"]
    if restart:
        driver.restart()
    driver.finish(key, {"b": "success", "c": "success"})
    run = driver.store.runs[key]
    assert (run.state, run.clear_number) == ("success", 1)


def test_clearing_with_relatives_in_a_running_run() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "success", "b": "success"})
    driver.start(key, "c")
    reply = driver.ask(ClearTasks(dag_id="d", run_id="one", task_ids=("b",), downstream=True))
    assert reply == ["b", "c"]
    assert [c.reason for c in driver.taken(fx.Cancel)] == ["cleared"]
    assert driver.states(key) == {"a": "success", "b": "queued", "c": None}
    driver.finish(key, {"b": "success", "c": "success"})
    assert driver.run_state(key) == "success"
    assert driver.store.rows(key)["c"].try_number == 2
    driver.engine.recall(driver.store.run_snapshot(driver.store.runs[key]))
    with pytest.raises(TaskNotFound):
        driver.ask(ClearTasks(dag_id="d", run_id="one", task_ids=("ghost",)))
    assert not driver.engine.runs


def test_a_recalled_run_that_nothing_happens_to_is_dropped() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "failed"})
    driver.engine.recall(driver.store.run_snapshot(driver.store.runs[key]))
    assert driver.codes(key, "a") == ["task_finished"]
    driver.step()
    assert not driver.engine.runs


@pytest.mark.parametrize(("state", "running"), [("success", "success"), ("failed", "failed")])
def test_marking_a_run(state: str, running: str) -> None:
    driver = chain(has_on_success_callback=True, has_on_failure_callback=True)
    key = driver.trigger(run_id="one")
    driver.start(key, "a")
    driver.ask(SetRunState(dag_id="d", run_id="one", state=state))
    assert driver.states(key) == {"a": running, "b": "skipped", "c": "skipped"}
    assert driver.run_state(key) == state
    assert len(driver.taken(fx.Cancel)) == 1


def test_marking_a_run_lets_its_teardowns_run() -> None:
    driver = Driver(
        dag(task("setup", "work", "down", is_setup=True), task("work", "down"),
            task("down", is_teardown=True, trigger_rule="all_done_setup_success"))
    )  # fmt: skip
    key = driver.trigger(run_id="one")
    driver.finish(key, {"setup": "success"})
    driver.start(key, "work")
    driver.ask(SetRunState(dag_id="d", run_id="one", state="failed"))
    assert driver.states(key) == {"setup": "success", "work": "failed", "down": "queued"}
    driver.finish(key, {"down": "success"})
    assert driver.run_state(key) == "failed"


def test_queueing_a_finished_run_again() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "failed"})
    driver.engine.recall(driver.store.run_snapshot(driver.store.runs[key]))
    driver.ask(SetRunState(dag_id="d", run_id="one", state="queued"))
    assert driver.run_state(key) == "failed"
    assert not driver.engine.runs


def test_marking_a_queued_run() -> None:
    driver = chain(max_active_runs=1)
    driver.trigger(run_id="zero")
    key = driver.trigger(run_id="one")
    driver.ask(SetRunState(dag_id="d", run_id="one", state="failed"))
    assert driver.run_state(key) == "failed"
    assert driver.states(key) == {"a": "skipped", "b": "skipped", "c": "skipped"}


def test_marks_made_before_a_run_begins_count_when_it_does() -> None:
    driver = chain(max_active_runs=1)
    first = driver.trigger(run_id="zero")
    key = driver.trigger(run_id="one")
    mark(driver, "a", "success")
    driver.ask(SetRunState(dag_id="d", run_id="zero", state="success"))
    assert driver.run_state(first) == "success"
    assert driver.states(key) == {"a": "success", "b": "queued", "c": None}


def test_what_cannot_be_marked() -> None:
    driver = chain()
    driver.trigger(run_id="one")
    for event in (
        SetTaskState(dag_id="d", run_id="one", task_id="a", state="running"),
        SetRunState(dag_id="d", run_id="one", state="paused"),
    ):
        with pytest.raises(InvalidRequest):
            driver.ask(event)
    with pytest.raises(TaskNotFound):
        mark(driver, "ghost", "success")


def test_a_request_brings_the_finished_run_along() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "failed"})
    recall = driver.store.recall(key)
    assert driver.ask(ClearTasks(dag_id="d", run_id="one", only_failed=True, recall=recall)) == ["a", "b", "c"]
    assert driver.states(key) == {"a": "queued", "b": None, "c": None}
    driver.finish(key, {"a": "success", "b": "success", "c": "success"})
    assert (
        driver.ask(SetRunState(dag_id="d", run_id="one", state="failed", recall=driver.store.recall(key))) == "failed"
    )
    assert driver.run_state(key) == "failed"
    event = SetTaskState(dag_id="d", run_id="one", task_id="c", state="skipped", recall=driver.store.recall(key))
    assert driver.ask(event) == "skipped"
    assert driver.states(key)["c"] == "skipped"
    assert not driver.engine.runs


def test_a_finished_run_keeps_the_version_it_ran_with() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "failed"})
    driver.step(parsed(dag(task("other")), file_hash="2"))
    driver.ask(ClearTasks(dag_id="d", run_id="one", recall=driver.store.recall(key)))
    assert driver.states(key) == {"a": "queued", "b": None, "c": None}


def test_an_outdated_recall_is_refused() -> None:
    driver = chain()
    key = driver.trigger(run_id="one")
    driver.finish(key, {"a": "failed"})
    recall = driver.store.recall(key)
    driver.ask(ClearTasks(dag_id="d", run_id="one", recall=recall))
    driver.now += 1
    driver.finish(key, {"a": "failed"})
    with pytest.raises(DagRunNotFound):
        driver.ask(ClearTasks(dag_id="d", run_id="one", recall=recall))
    unfinished = driver.store.recall(driver.trigger(run_id="two"))
    driver.ask(SetRunState(dag_id="d", run_id="two", state="failed"))
    with pytest.raises(DagRunNotFound):
        driver.ask(ClearTasks(dag_id="d", run_id="two", recall=unfinished))
    assert driver.states(key)["a"] == "failed"
    assert not driver.engine.runs


def test_a_cleared_run_of_long_ago_looks_back_at_the_run_before_it() -> None:
    driver = Driver(dag(task("a", depends_on_past=True)))
    keys = [driver.trigger(run_id=f"r{n}", logical_date=START - (9 - n) * DAY) for n in range(4)]
    driver.finish(keys[0], {"a": "failed"})
    for n in (1, 2, 3):
        driver.ask(SetRunState(dag_id="d", run_id=f"r{n}", state="failed"))
    driver.restart()
    assert set(driver.engine.runs) == {keys[3]}
    driver.ask(ClearTasks(dag_id="d", run_id="r1", recall=driver.store.recall(keys[1], keys[0])))
    assert driver.states(keys[1]) == {"a": None}
    assert driver.codes(keys[1], "a") == ["depends_on_past"]
    assert set(driver.engine.runs) == {keys[0], keys[1], keys[3]}
    driver.ask(SetTaskState(dag_id="d", run_id="r0", task_id="a", state="success"))
    assert driver.states(keys[1]) == {"a": "queued"}
    driver.finish(keys[1], {"a": "success"})
    assert set(driver.engine.runs) == {keys[3]}
