"""Deadlines: when they are, what becomes of them, who is called; all of it across a restart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from queuack.engine import effects as fx
from queuack.engine.deadline_spec import DeadlineDocument
from queuack.engine.events import CallbackFinished, ClearTasks, DeleteDag, TriggerFired
from tests.engine.driver import SECOND, START, Driver, dag, task

HOUR = 3600 * SECOND


def alert(kind: str, interval: float | None = 60.0, *, is_async: bool = False, **options: Any) -> DeadlineDocument:
    callback = {"type": "AsyncCallback" if is_async else "SyncCallback", "path": "m.f", "kwargs": {"a": 1}}
    known = {name: options.pop(name) for name in ("variable", "name") if name in options}
    return DeadlineDocument(
        reference={"reference_type": kind, **options}, interval=interval, callback=callback, **known
    )


QUEUED = "DagRunQueuedAtDeadline"


def times(driver: Driver) -> list[tuple[int, bool]]:
    return [(row.deadline_time - START, row.missed) for row in driver.store.deadlines.values()]


def test_references_that_the_run_itself_answers() -> None:
    alerts = (
        alert("DagRunLogicalDateDeadline"),
        alert(QUEUED, 30.0),
        alert("FixedDatetimeDeadline", 0.0, datetime=START / SECOND + 3600),
    )
    driver = Driver(dag(task("a"), deadlines=alerts))
    key = driver.trigger(logical_date=START - HOUR)
    assert times(driver) == [(-HOUR + 60 * SECOND, True), (30 * SECOND, False), (HOUR, False)]
    driver.trigger(run_id="other")
    assert len(times(driver)) == 5  # no logical date, no deadline
    driver.finish(key, {"a": "success"})
    assert len(times(driver)) == 3  # what was missed stays


@pytest.mark.parametrize("restarts", [False, True])
def test_a_miss_calls_a_worker_once(restarts: bool) -> None:
    driver = Driver(dag(task("a"), deadlines=(alert(QUEUED),)))
    key = driver.trigger()
    if restarts:
        driver.restart()
    assert driver.engine.next_wakeup() == START + 60 * SECOND
    driver.advance(61)
    if restarts:
        driver.restart()
        (row,) = driver.engine.callbacks.values()
    else:
        row = driver.taken(fx.RunCallback)[0].callback
    assert (row.kind, row.runner) == ("deadline", "executor")
    data = json.loads(row.data)
    assert (data["path"], data["kwargs"], data["deadline"]["at"]) == ("m.f", {"a": 1}, START + 60 * SECOND)
    assert (data["dag_run"]["dag_run_id"], data["dag_run"]["state"]) == (driver.store.runs[key].run_id, "running")
    assert driver.store.deadlines[int(data["deadline"]["id"])].callback_id == row.id
    driver.step(CallbackFinished(callback_id=row.id, state="failed", output="E: no"))
    assert [(done.state, done.output) for done in driver.store.callbacks_done] == [("failed", "E: no")]
    driver.advance(3600)
    assert not driver.taken(fx.RunCallback)[1:]
    driver.finish(key, {"a": "success"})
    assert not driver.engine.runs


@pytest.mark.parametrize("restarts", [False, True])
def test_a_miss_calls_in_the_triggerer(restarts: bool) -> None:
    driver = Driver(dag(task("a"), deadlines=(alert(QUEUED, is_async=True),)))
    driver.trigger()
    driver.advance(61)
    if restarts:
        driver.restart()
    assert not driver.taken(fx.RunCallback)
    (trigger_id,) = driver.engine.triggers
    row = driver.store.triggers[trigger_id]
    assert row.classpath == "queuack.triggers.callback.CallbackTrigger"
    assert json.loads(row.kwargs)["callback_path"] == "m.f"
    (callback,) = driver.store.callbacks.values()
    assert (callback.runner, callback.state, callback.trigger_id) == ("triggerer", "queued", trigger_id)
    for seq, payload in enumerate((b'{"state":"running"}', b'{"state":"success","body":"ok"}'), 1):
        driver.step(TriggerFired(trigger_id=trigger_id, at=driver.now, payload=payload, source="t", seq=seq))
    assert not driver.engine.triggers
    assert not driver.store.triggers
    assert [(done.state, done.output) for done in driver.store.callbacks_done] == [("success", "ok")]


def test_a_run_that_failed_has_still_missed_it() -> None:
    driver = Driver(dag(task("a"), deadlines=(alert(QUEUED),)))
    key = driver.trigger()
    driver.finish(key, {"a": "failed"})
    driver.restart()
    driver.advance(61)
    (command,) = driver.taken(fx.RunCallback)
    assert json.loads(command.callback.data)["dag_run"]["state"] == "failed"
    driver.step(CallbackFinished(callback_id=command.callback.id))
    assert not driver.engine.runs


def test_clearing_counts_anew_from_the_queueing() -> None:
    driver = Driver(dag(task("a"), deadlines=(alert(QUEUED), alert("DagRunLogicalDateDeadline", 90.0))))
    key = driver.trigger(logical_date=START)
    driver.start(key, "a")
    driver.advance(50)
    driver.ask(ClearTasks(dag_id="d", run_id=driver.store.runs[key].run_id))
    assert times(driver) == [(110 * SECOND, False), (90 * SECOND, False)]
    driver.advance(11)
    assert not driver.taken(fx.RunCallback)


@pytest.mark.parametrize("restarts", [False, True])
def test_a_worker_is_asked_for_what_the_engine_does_not_know(restarts: bool) -> None:
    wanted = (alert("AverageRuntimeDeadline", max_runs=2, min_runs=1), alert(QUEUED, None, variable="v"))
    driver = Driver(dag(task("a"), deadlines=wanted))
    driver.trigger()
    asked = [command.callback for command in driver.taken(fx.RunCallback)]
    assert [(row.kind, row.reason) for row in asked] == [
        ("deadline_reference", "AverageRuntimeDeadline"),
        ("deadline_reference", QUEUED),
    ]
    assert not driver.store.deadlines
    if restarts:
        driver.restart()
        asked = list(driver.engine.callbacks.values())
    driver.step(CallbackFinished(callback_id=asked[0].id, output=None))
    driver.step(CallbackFinished(callback_id=asked[1].id, output=str(START + 5 * SECOND)))
    assert times(driver) == [(5 * SECOND, False)]
    driver.advance(6)
    assert [command.callback.kind for command in driver.taken(fx.RunCallback)] == ["deadline"]


def test_a_dag_that_is_deleted_leaves_none() -> None:
    driver = Driver(dag(task("a"), deadlines=(alert(QUEUED), alert(QUEUED, 10.0, is_async=True))))
    driver.trigger()
    driver.advance(11)
    driver.ask(DeleteDag(dag_id="d"))
    driver.advance(100)
    assert not driver.taken(fx.RunCallback)
    assert not driver.store.deadlines
    assert not driver.engine.triggers
