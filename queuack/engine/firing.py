"""Firing: what the event of a trigger, its failure, or a person's answer does to the instance that waits.

An event is taken once: one of a trigger that is gone changes nothing, one of a trigger that fires again and again is
known by its source and number.
"""

from __future__ import annotations

import msgspec

from queuack.engine import deferral, questions, states
from queuack.engine.attempts import fail_or_retry
from queuack.engine.deferral import FAIL, Deferral, Trigger
from queuack.engine.effects import XComRow
from queuack.engine.events import InputAsked, InputGiven, TriggerFailed, TriggerFired
from queuack.engine.run import Run
from queuack.engine.scheduling import settle
from queuack.engine.states import Move
from queuack.engine.world import World
from queuack.errors import AlreadyExists, InvalidRequest

_ENDS = {"success": Move.SUCCEED, "skipped": Move.SKIP_ITSELF}


def fired(world: World, event: TriggerFired) -> None:
    trigger = world.triggers.get(event.trigger_id)
    if trigger is None:
        return
    if trigger.run is None:
        _watched(world, trigger, event)
        return
    run, i = trigger.run, trigger.position
    if event.ends:
        _end(world, run, i, event)
    else:
        found = run.detail(i).deferral
        assert found is not None
        try:
            going_on = deferral.with_event(found, event.payload)
        except msgspec.DecodeError as error:
            going_on = _failing(f"Could not resume the task: {error}", ())
        deferral.resume(world, run, i, going_on)


def failed(world: World, event: TriggerFailed) -> None:
    """The task goes on, in a worker, to fail: it may have callbacks and retries."""
    trigger = world.triggers.get(event.trigger_id)
    if trigger is not None and trigger.run is not None:
        deferral.resume(world, trigger.run, trigger.position, _failing("Trigger failure", event.traceback))


def input_asked(world: World, event: InputAsked) -> bool:
    """A running attempt has a question."""
    found = world.live.get(event.ti_id)
    if found is None:
        raise InvalidRequest(f"No attempt of a task instance with id {event.ti_id} runs.")
    questions.ask(world, *found, event)
    return True


def input_given(world: World, event: InputGiven) -> bool:
    """A person has answered. A task that has asked and still runs finds the answer when it begins to wait."""
    run = world.by_id.get((event.dag_id, event.run_id))
    i = None if run is None or run.is_finished else run.position(event.task_id, event.map_index)
    question = None if run is None or i is None else questions.of(run, i)
    if run is None or i is None or question is None:
        raise InvalidRequest(f"Task {event.task_id!r} of run {event.run_id!r} waits for no answer.")
    if question.answer is not None:
        raise AlreadyExists(f"Task {event.task_id!r} of run {event.run_id!r} has been answered already.")
    if run.states[i] not in states.WAITING | states.RUNNING_LIKE:
        raise InvalidRequest(
            f"Task {event.task_id!r} of run {event.run_id!r} waits for no answer: it is {states.NAMES[run.states[i]]}."
        )
    answer = questions.answer(world, run, i, event.responded_by, event.chosen_options, event.params_input)
    if run.states[i] in states.WAITING and event.responded_by is not None:
        found = run.detail(i).deferral
        assert found is not None
        deferral.resume(world, run, i, deferral.with_event(found, questions.payload(answer)))
    return True


def _failing(error: str, traceback: tuple[str, ...]) -> Deferral:
    return Deferral(FAIL, msgspec.json.encode({"error": error, "traceback": traceback or None}))


def _watched(world: World, trigger: Trigger, event: TriggerFired) -> None:
    row = trigger.row
    if event.source == row.fired_by and event.seq <= row.fired_seq:
        return
    trigger.row = msgspec.structs.replace(row, fired_by=event.source, fired_seq=event.seq)
    world.writes.append(trigger.row)
    if trigger.on_event is not None:
        trigger.on_event(world, trigger, event.payload)


def _end(world: World, run: Run, i: int, event: TriggerFired) -> None:
    """The event ends the task, no worker has it again. XComs of a try that is retried are not pushed."""
    deferral.forget(world, run, i)
    run.detail(i).end_date = max(event.at, run.detail(i).start_date or event.at)
    outcome, will_retry = event.ends, False
    if outcome in _ENDS:
        settle(world, run, i, _ENDS[outcome])
        world.log_task(run, i, outcome)
    else:
        will_retry = fail_or_retry(world, run, i)
    if not will_retry:
        _push(world, run, i, event)
    _call_back(world, run, i, "retry" if will_retry else outcome)


def _push(world: World, run: Run, i: int, event: TriggerFired) -> None:
    for key, encoding, value in event.xcoms:
        world.writes.append(
            XComRow(
                dag_id=run.dag_id,
                run_id=run.run_id,
                task_id=run.plan.task_ids[run.task_of[i]],
                map_index=run.map_indexes[i],
                key=key,
                encoding=encoding,
                value=value,
                at=event.at,
            )
        )


def _call_back(world: World, run: Run, i: int, outcome: str) -> None:
    task = run.plan.task(run.task_of[i])
    flags = task.callbacks
    kind = "failure" if outcome == "failed" else outcome
    if {"success": flags.success, "failure": flags.failure, "retry": flags.retry}.get(kind, False):
        world.call_back(run, kind, f"The trigger ended the task: {outcome}.", i)
