"""Deferral: what an interrupted try waits for, how it goes on, and what ends the waiting."""

from __future__ import annotations

import json
from typing import Any

import pytest

from queuack.engine import deferral
from queuack.engine import effects as fx
from queuack.engine.events import (
    AttemptFinished,
    ClearTasks,
    DeleteDag,
    DeletePool,
    InputAsked,
    InputGiven,
    SetPaused,
    SetPool,
    SetRunState,
    SetTaskState,
    TriggerAsked,
    TriggerFailed,
    TriggerFired,
)
from queuack.engine.spec import CallbackFlags, Expansion, MapInput, StartTrigger
from queuack.errors import AlreadyExists, InvalidRequest
from tests.engine.driver import SECOND, START, Driver, dag, task

ASKED = TriggerAsked("pkg.Trigger", '{"delta":1}', None)


def defer(driver: Driver, key: int, task_id: str = "a", **options: Any) -> int:
    """The attempt says that it waits. Returns the trigger's id."""
    given = {"trigger": ASKED, "next_method": "go_on", "next_kwargs": b'{"n":1}', **options}
    driver.finish(key, {task_id: "deferred"}, **given)
    return max(driver.store.triggers, default=0)


def fire(driver: Driver, trigger_id: int, payload: bytes = b'"yes"', **options: Any) -> fx.Step:
    return driver.step(TriggerFired(trigger_id=trigger_id, at=driver.now, payload=payload, **options))


def waiting(driver: Driver, key: int, task_id: str = "a") -> fx.DeferralRow:
    return driver.store.deferrals[driver.live(key, task_id)[0]]


def test_a_deferred_try_goes_on_when_its_trigger_fires() -> None:
    driver = Driver(dag(task("a", "b"), task("b")))
    key = driver.trigger()
    driver.start(key, "a")
    driver.dispatched()
    driver.now += SECOND
    trigger_id = defer(driver, key)
    row = driver.store.rows(key)["a"]
    assert (row.state, row.try_number, row.start_date, row.end_date) == ("deferred", 1, START, None)
    assert driver.taken(fx.StartTrigger)[0].trigger_id == trigger_id
    assert driver.store.triggers[trigger_id].classpath == "pkg.Trigger"
    assert (waiting(driver, key).trigger_id, waiting(driver, key).next_method) == (trigger_id, "go_on")
    assert not driver.engine.outstanding()
    assert driver.codes(key, "a") == ["deferred"]
    driver.now += 60 * SECOND
    fire(driver, trigger_id)
    dispatch = driver.dispatched()["a"]
    assert (dispatch.try_number, dispatch.next_method, dispatch.begun_us) == (1, "go_on", START)
    assert json.loads(dispatch.next_kwargs) == {"n": 1, "event": "yes"}
    assert not driver.store.triggers
    assert [c.killed for c in driver.taken(fx.StopTrigger)] == [False]
    assert not driver.store.cleared, "the XComs of before stay"
    driver.finish(key, {"a": "success"})
    row = driver.store.rows(key)["a"]
    assert (row.state, row.try_number, row.start_date) == ("success", 1, START)
    assert waiting(driver, key) == fx.DeferralRow(id=row.id)
    driver.finish(key, {"b": "success"})
    assert driver.run_state(key) == "success"


def test_it_may_defer_again_and_again() -> None:
    driver = Driver(dag(task("a")))
    key = driver.trigger()
    first = defer(driver, key)
    fire(driver, first)
    second = defer(driver, key, next_method="third", next_kwargs=b"")
    assert second > first
    assert not fire(driver, first).writes, "an event of a trigger that is gone"
    fire(driver, second, b"3")
    assert driver.dispatched()["a"].next_method == "third"


def test_a_deferred_task_holds_no_slot() -> None:
    driver = Driver(dag(task("a", pool="small"), task("b", pool="small"), max_active_tasks=1))
    driver.ask(SetPool(pool="small", slots=1))
    key = driver.trigger()
    assert list(driver.dispatched()) == ["a"]
    trigger_id = defer(driver, key)
    assert list(driver.dispatched()) == ["b"]
    fire(driver, trigger_id)
    assert driver.states(key) == {"a": "scheduled", "b": "running"} or driver.states(key)["a"] == "scheduled"
    driver.finish(key, {"b": "success"})
    assert list(driver.dispatched()) == ["a"]


def test_a_pool_may_count_the_deferred() -> None:
    driver = Driver(dag(task("a", pool="small"), task("b", pool="small")))
    driver.ask(SetPool(pool="small", slots=1, include_deferred=True))
    key = driver.trigger()
    driver.dispatched()
    trigger_id = defer(driver, key)
    assert not driver.dispatched()
    assert driver.codes(key, "b") == ["pool_full"]
    driver.restart()
    assert not driver.dispatched()
    driver.ask(SetPool(pool="small", slots=1, include_deferred=False))
    assert list(driver.dispatched()) == ["b"]
    driver.ask(SetPool(pool="small", slots=1, include_deferred=True))
    driver.finish(key, {"b": "success"})
    fire(driver, trigger_id)
    assert list(driver.dispatched()) == ["a"]
    driver.finish(key, {"a": "success"})
    assert driver.run_state(key) == "success"


def test_a_pool_that_is_deleted_counts_no_deferred_and_a_restart_agrees() -> None:
    driver = Driver(dag(task("a", pool="small")))
    driver.ask(SetPool(pool="small", slots=1, include_deferred=True))
    key = driver.trigger()
    defer(driver, key)
    assert driver.engine._world.admission.pool("small").used == 1
    driver.ask(DeletePool(pool="small"))
    assert driver.engine._world.admission.pool("small").used == 0
    driver.restart()
    assert driver.engine._world.admission.pool("small").used == 0


def test_the_limits_of_the_task_count_the_deferred() -> None:
    driver = Driver(dag(task("a", max_active_tis_per_dag=1), max_active_runs=2))
    first, second = driver.trigger(run_id="one"), driver.trigger(run_id="two")
    trigger_id = defer(driver, first)
    driver.dispatched()
    assert driver.states(second) == {"a": "scheduled"}
    driver.restart()
    assert driver.states(second) == {"a": "scheduled"}
    fire(driver, trigger_id)
    assert list(driver.dispatched()) == ["a"]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("limit", ["task", "pool"])
def test_instances_of_a_mapped_task_wait_each_for_their_own(limit: str, restarted: bool) -> None:
    options: dict[str, Any] = {"max_active_tis_per_dag": 2} if limit == "task" else {"pool": "two"}
    literal = Expansion((MapInput(kind="literal", length=4),))
    driver = Driver(dag(task("a"), task("m", "z", expansion=literal, **options), task("z")))
    driver.ask(SetPool(pool="two", slots=2, include_deferred=True))
    key = driver.trigger()
    triggers = {}
    for number in (0, 1):
        triggers[number] = defer(driver, key, f"m[{number}]", next_kwargs=f'{{"n":{number}}}'.encode())
    driver.dispatched()
    if restarted:
        driver.restart()
    assert [driver.states(key)[f"m[{number}]"] for number in range(4)] == ["deferred", "deferred", *["scheduled"] * 2]
    fire(driver, triggers[1])
    dispatch = driver.dispatched()
    assert {name: json.loads(found.next_kwargs) for name, found in dispatch.items()} == {
        "m[1]": {"n": 1, "event": "yes"}
    }
    driver.finish(key, {"m[1]": "success"})
    assert list(driver.dispatched()) == ["m[2]"]
    fire(driver, triggers[0])
    driver.finish(key, {"m[0]": "success", "m[2]": "success", "m[3]": "success", "a": "success", "z": "success"})
    assert driver.run_state(key) == "success"
    assert not driver.store.triggers
    second = driver.trigger(run_id="second")  # no slot has been lost
    assert sorted(state or "" for state in driver.states(second).values()) == ["", *["queued"] * 3, *["scheduled"] * 2]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_trigger_that_takes_too_long(restarted: bool) -> None:
    driver = Driver(dag(task("a")))
    key = driver.trigger()
    defer(driver, key, wait_timeout=10 * SECOND)
    assert waiting(driver, key).trigger_timeout == START + 10 * SECOND
    if restarted:
        driver.restart()
    assert driver.engine.next_wakeup() == START + 10 * SECOND
    driver.dispatched()
    driver.advance(9)
    assert driver.states(key) == {"a": "deferred"}
    driver.advance(1)
    dispatch = driver.dispatched()["a"]
    assert (dispatch.next_method, json.loads(dispatch.next_kwargs)) == ("__fail__", {"error": "Trigger timeout"})
    assert [c.killed for c in driver.taken(fx.StopTrigger)] == [False]
    assert not driver.store.triggers


def test_the_execution_timeout_covers_the_waiting() -> None:
    driver = Driver(dag(task("a", execution_timeout=30.0)))
    key = driver.trigger()
    driver.start(key, "a")
    driver.now += 10 * SECOND
    ti_id, number = driver.live(key, "a")
    driver.step(
        AttemptFinished(
            ti_id=ti_id, try_number=number, at=driver.now, outcome="deferred", trigger=ASKED, next_method="go_on",
            wait_timeout=600 * SECOND,
        )
    )  # fmt: skip
    assert waiting(driver, key).trigger_timeout == START + 30 * SECOND


def test_a_trigger_that_fails() -> None:
    driver = Driver(dag(task("a", retries=1, retry_delay=0.0)))
    key = driver.trigger()
    trigger_id = defer(driver, key)
    driver.dispatched()
    driver.step(TriggerFailed(trigger_id=trigger_id, at=driver.now, traceback=("Traceback", "ValueError: no")))
    dispatch = driver.dispatched()["a"]
    assert dispatch.next_method == "__fail__"
    assert json.loads(dispatch.next_kwargs) == {
        "error": "Trigger failure",
        "traceback": ["Traceback", "ValueError: no"],
    }
    driver.finish(key, {"a": "failed"})
    again = driver.dispatched()["a"]
    assert (again.try_number, again.next_method, again.begun_us) == (2, None, None)


def test_an_event_may_end_the_task() -> None:
    driver = Driver(dag(task("a", "b", callbacks=CallbackFlags(success=True)), task("b")))
    key = driver.trigger()
    trigger_id = defer(driver, key)
    driver.dispatched()
    driver.now += SECOND
    fire(driver, trigger_id, ends="success", xcoms=(("return_value", "json", b"1"),))
    row = driver.store.rows(key)["a"]
    assert (row.state, row.end_date) == ("success", START + SECOND)
    assert [(x.task_id, x.key, x.value) for x in driver.store.xcoms] == [("a", "return_value", b"1")]
    assert [(c.kind, c.task_id) for c in driver.store.callbacks.values()] == [("success", "a")]
    assert list(driver.dispatched()) == ["b"]


def test_an_event_may_skip_or_fail_the_task() -> None:
    driver = Driver(dag(task("a", callbacks=CallbackFlags(retry=True, failure=True), retries=1, retry_delay=1.0)))
    key = driver.trigger()
    fire(driver, defer(driver, key), ends="failed", xcoms=(("k", "json", b"1"),))
    assert driver.states(key) == {"a": "up_for_retry"}
    assert not driver.store.xcoms
    assert [row.row.state for row in driver.store.history] == ["failed"]
    driver.advance(1)
    fire(driver, defer(driver, key), ends="failed")
    assert driver.states(key) == {"a": "failed"}
    assert [c.kind for c in driver.store.callbacks.values()] == ["retry", "failure"]
    other = Driver(dag(task("a")))
    key = other.trigger()
    fire(other, defer(other, key), ends="skipped")
    assert (other.states(key), other.run_state(key)) == ({"a": "skipped"}, "success")


def test_clearing_ends_the_waiting() -> None:
    driver = Driver(dag(task("a")))
    key = driver.trigger(run_id="r")
    trigger_id = defer(driver, key)
    driver.dispatched()
    driver.ask(ClearTasks(dag_id="d", run_id="r"))
    assert [(c.trigger_id, c.killed) for c in driver.taken(fx.StopTrigger)] == [(trigger_id, True)]
    assert [row.row.state for row in driver.store.history] == ["failed"]
    again = driver.dispatched()["a"]
    assert (again.try_number, again.next_method) == (2, None)
    assert not fire(driver, trigger_id).writes


@pytest.mark.parametrize("state", ["success", "failed", "skipped"])
def test_marking_ends_the_waiting(state: str) -> None:
    driver = Driver(dag(task("a")))
    key = driver.trigger(run_id="r")
    defer(driver, key)
    driver.ask(SetTaskState(dag_id="d", run_id="r", task_id="a", state=state))
    assert driver.states(key) == {"a": state}
    assert [c.killed for c in driver.taken(fx.StopTrigger)] == [True]
    assert not driver.store.triggers


@pytest.mark.parametrize("state", ["success", "failed"])
def test_marking_the_run_ends_the_waiting(state: str) -> None:
    driver = Driver(dag(task("a")))
    key = driver.trigger(run_id="r")
    defer(driver, key)
    driver.ask(SetRunState(dag_id="d", run_id="r", state=state))
    assert driver.states(key) == {"a": state}
    assert not driver.store.triggers


def test_the_end_of_the_run_ends_the_waiting() -> None:
    driver = Driver(dag(task("a"), dagrun_timeout=5.0))
    key = driver.trigger()
    defer(driver, key)
    driver.advance(5)
    assert (driver.states(key), driver.run_state(key)) == ({"a": "skipped"}, "failed")
    assert not driver.store.triggers


def test_fail_fast_ends_the_waiting() -> None:
    driver = Driver(dag(task("a"), task("b"), fail_fast=True))
    key = driver.trigger()
    defer(driver, key)
    driver.finish(key, {"b": "failed"})
    assert driver.states(key) == {"a": "skipped", "b": "failed"}
    assert not driver.store.triggers


def test_deleting_the_dag_ends_the_waiting() -> None:
    driver = Driver(dag(task("a")))
    defer(driver, driver.trigger())
    driver.ask(DeleteDag(dag_id="d"))
    assert not driver.store.triggers
    assert not driver.engine.triggers


def test_a_paused_dag_goes_on_when_it_is_unpaused() -> None:
    driver = Driver(dag(task("a")))
    key = driver.trigger()
    trigger_id = defer(driver, key)
    driver.dispatched()
    driver.ask(SetPaused(dag_id="d", paused=True))
    fire(driver, trigger_id)
    assert driver.states(key) == {"a": "scheduled"}
    driver.restart()
    driver.ask(SetPaused(dag_id="d", paused=False))
    dispatch = driver.dispatched()["a"]
    assert (dispatch.next_method, json.loads(dispatch.next_kwargs)) == ("go_on", {"n": 1, "event": "yes"})


def test_a_restart_while_it_waits() -> None:
    driver = Driver(dag(task("a")))
    key = driver.trigger()
    trigger_id = defer(driver, key)
    driver.restart()
    assert list(driver.engine.triggers) == [trigger_id]
    fire(driver, trigger_id)
    driver.dispatched()
    driver.restart()
    driver.finish(key, {"a": "success"})
    assert driver.run_state(key) == "success"
    assert defer(driver, driver.trigger(run_id="next")) > trigger_id, "an id is not used twice"


def test_a_trigger_that_nothing_waits_for_is_dropped_at_restart() -> None:
    driver = Driver(dag(task("a")))
    driver.store.triggers[9] = fx.TriggerRow(id=9, classpath="x", kwargs="{}", created_date=START)
    driver.restart()
    assert not driver.store.triggers
    assert not driver.engine.triggers


def test_starting_from_the_trigger() -> None:
    start = StartTrigger(classpath="pkg.T", kwargs='{"a":1}', next_method="go_on", next_kwargs='{"b":2}', timeout=9.0)
    driver = Driver(dag(task("a", start_trigger=start, retries=1, retry_delay=0.0)))
    key = driver.trigger()
    assert not driver.dispatched()
    row = driver.store.rows(key)["a"]
    assert (row.state, row.try_number, row.start_date) == ("deferred", 1, START)
    (trigger,) = driver.store.triggers.values()
    assert (trigger.classpath, trigger.kwargs) == ("pkg.T", '{"a":1}')
    assert waiting(driver, key).trigger_timeout == START + 9 * SECOND
    fire(driver, trigger.id)
    dispatch = driver.dispatched()["a"]
    assert (dispatch.next_method, json.loads(dispatch.next_kwargs)) == ("go_on", {"b": 2, "event": "yes"})
    driver.finish(key, {"a": "failed"})
    driver.step()
    assert driver.store.rows(key)["a"].try_number == 2
    assert driver.states(key) == {"a": "deferred"}


BOB = {"id": "1", "name": "bob"}


def question(ti_id: int, **more: Any) -> InputAsked:
    return InputAsked(ti_id=ti_id, options=["yes", "no"], subject="Well?", **more)


def answer(key: str, task_id: str = "a", **more: Any) -> InputGiven:
    return InputGiven(
        dag_id="d", run_id=key, task_id=task_id, **{"chosen_options": ["yes"], "responded_by": BOB, **more}
    )


def event_of(driver: Driver) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(driver.dispatched()["a"].next_kwargs)["event"]
    return found


def test_waiting_for_a_person() -> None:
    driver = Driver(dag(task("a")))
    key = driver.trigger()
    ti_id, _ = driver.live(key, "a")
    run_id = driver.engine.runs[key].run_id
    with pytest.raises(InvalidRequest, match="waits for no answer"):
        driver.ask(answer(run_id))
    driver.ask(question(ti_id))
    driver.finish(key, {"a": "awaiting_input"}, next_method="answered", next_kwargs=b'{"n":1}')
    driver.dispatched()
    assert driver.states(key) == {"a": "awaiting_input"}
    assert driver.codes(key, "a") == ["awaiting_input"]
    assert not driver.engine.triggers
    driver.restart()
    assert driver.ask(answer(run_id, params_input={"n": 3})) is True
    dispatch = driver.dispatched()["a"]
    going_on = json.loads(dispatch.next_kwargs)
    assert (dispatch.next_method, going_on["n"]) == ("answered", 1)
    assert {name: going_on["event"][name] for name in ("chosen_options", "params_input", "responded_by_user")} == {
        "chosen_options": ["yes"],
        "params_input": {"n": 3},
        "responded_by_user": BOB,
    }
    with pytest.raises(AlreadyExists):
        driver.ask(answer(run_id))
    assert [row.owner for row in driver.store.log if row.event == "update_hitl_detail"] == ["bob"]


@pytest.mark.parametrize("restarted", [False, True])
def test_nobody_answers_in_time(restarted: bool) -> None:
    driver = Driver(dag(task("a", retries=1, retry_delay=0.0)))
    key = driver.trigger()
    ti_id, _ = driver.live(key, "a")
    params = {"n": {"value": 4, "schema": {}, "description": None}, "m": "x"}
    driver.ask(question(ti_id, defaults=["no"], params=params))
    driver.finish(key, {"a": "awaiting_input"}, next_method="answered", wait_timeout=SECOND)
    if restarted:
        driver.restart()
    driver.advance(1)
    event = event_of(driver)
    assert (event["chosen_options"], event["params_input"], event["timedout"]) == (["no"], {"n": 4, "m": "x"}, True)
    kept = driver.store.questions[ti_id].answer
    assert kept is not None
    assert (kept.chosen_options, kept.responded_by) == (["no"], None)
    driver.finish(key, {"a": "failed"})
    driver.step()
    driver.ask(question(ti_id))  # another try asks anew, without defaults
    driver.finish(key, {"a": "awaiting_input"}, next_method="answered", wait_timeout=SECOND)
    driver.advance(1)
    assert event_of(driver)["error_type"] == "timeout"
    with pytest.raises(InvalidRequest, match="waits for no answer"):
        driver.ask(answer(driver.engine.runs[key].run_id))


def test_an_answer_before_the_task_waits() -> None:
    driver = Driver(dag(task("a")))
    key = driver.trigger()
    ti_id, _ = driver.live(key, "a")
    driver.ask(question(ti_id))
    driver.ask(answer(driver.engine.runs[key].run_id, chosen_options=["no"]))
    driver.restart()
    driver.finish(key, {"a": "awaiting_input"}, next_method="answered")
    assert event_of(driver)["chosen_options"] == ["no"]


def test_events_of_watchers_are_taken_once() -> None:
    driver = Driver(dag(task("a")))
    heard: list[bytes] = []
    world = driver.engine._world
    trigger_id = deferral.watch(world, ASKED, lambda world, trigger, payload: heard.append(payload))
    world.unsaid = [world.triggers[trigger_id].row]
    driver.step()
    fire(driver, trigger_id, b"1", source="t1", seq=4)
    fire(driver, trigger_id, b"1", source="t1", seq=4)
    fire(driver, trigger_id, b"2", source="t1", seq=5)
    fire(driver, trigger_id, b"3", source="t2", seq=1)
    assert heard == [b"1", b"2", b"3"]
    row = driver.store.triggers[trigger_id]
    assert (row.fired_by, row.fired_seq) == ("t2", 1)


def test_a_look_again_of_a_task_that_starts_from_its_trigger_keeps_its_try() -> None:
    """Also its beginning, and how often it has looked: as the store counts it."""
    start = StartTrigger(classpath="pkg.T", next_method="go_on")
    driver = Driver(dag(task("a", start_trigger=start)))
    key = driver.trigger()
    fire(driver, 1)
    driver.finish(key, {"a": "up_for_reschedule"}, reschedule_at=driver.now + SECOND)
    driver.advance(1)
    run = driver.engine.runs[key]
    here = (run.tries[0], run.detail(0).reschedules, run.detail(0).start_date)
    assert here == (1, 1, START)
    driver.restart()
    run = driver.engine.runs[key]
    assert (run.tries[0], run.detail(0).reschedules, run.detail(0).start_date) == here
