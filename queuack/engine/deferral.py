"""Deferral: a try that is interrupted and gives its worker back: what it waits for, how long, and how it goes on.

A deferred instance waits for a trigger, one in ``awaiting_input`` for a person; neither takes a slot (but see pools
with ``include_deferred``). What its event does is ``firing``'s decision; where triggers run is nobody's here.
https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/deferring.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from queuack.engine import questions, states, timers
from queuack.engine.effects import DeferralRow, StartTrigger, StopTrigger, TriggerDeleted, TriggerRow
from queuack.engine.events import TriggerAsked, TriggersResealed
from queuack.engine.instants import SECOND
from queuack.engine.run import Run
from queuack.engine.snapshot import InstanceSnapshot
from queuack.engine.states import Move

if TYPE_CHECKING:
    from queuack.engine.world import World

FAIL = "__fail__"
"""The next method of an instance that goes on only to fail; ``error`` among its arguments says why."""
TIMED_OUT = b'{"error":"Trigger timeout"}'

Watcher = Callable[["World", "Trigger", bytes], None]
"""What takes the payload of an event that no task waits for."""


class Deferral:
    """Of one try: what it waits for, or, when that is over, how it goes on once a worker has it."""

    __slots__ = ("holds_pool", "next_kwargs", "next_method", "timeout_at", "trigger_id")

    def __init__(self, next_method: str | None, next_kwargs: bytes) -> None:
        self.next_method = next_method
        self.next_kwargs = next_kwargs
        self.trigger_id: int | None = None
        """None when it waits for something else, or no more."""
        self.timeout_at: int | None = None
        self.holds_pool = False
        """Its slots in the pool are occupied while it waits."""


class Trigger:
    """One trigger that is to run. An instance waits for it, or ``on_event`` takes what it fires, again and again."""

    __slots__ = ("on_event", "position", "row", "run")

    def __init__(self, row: TriggerRow, run: Run | None = None, position: int = 0) -> None:
        self.row = row
        self.run = run
        self.position = position
        self.on_event: Watcher | None = None


# ── beginning to wait ────────────────────────────────────────────────────────────────────────────────
def defer(world: World, run: Run, i: int, asked: TriggerAsked, found: Deferral, timeout: int | None) -> None:
    """The try waits for a trigger; ``timeout``: at most so many microseconds."""
    run.move(i, Move.DEFER)
    trigger = _start(world, asked)
    trigger.run, trigger.position = run, i
    found.trigger_id = trigger.row.id
    found.timeout_at = _deadline(world, run, i, timeout)
    _wait(world, run, i, found)
    world.log_task(run, i, "deferred")


def await_input(world: World, run: Run, i: int, found: Deferral, timeout: int | None) -> None:
    """The try waits for what the event ``InputGiven`` says, or has said while it still ran."""
    run.move(i, Move.AWAIT)
    found.timeout_at = None if timeout is None else world.now + timeout
    _wait(world, run, i, found)
    world.log_task(run, i, "awaiting_input")
    question = questions.of(run, i)
    if question is not None and question.answer is not None:
        resume(world, run, i, with_event(found, questions.payload(question.answer)))


def begin_in_triggerer(world: World, run: Run, i: int) -> bool:
    """A task with ``start_from_trigger`` begins its try without a worker. False when it is not such a task."""
    start = run.plan.document.tasks[run.task_of[i]].start_trigger
    if start is None:
        return False
    detail = run.detail(i)
    if run.states[i] != states.UP_FOR_RESCHEDULE:
        run.tries[i] += 1
        detail.start_date, detail.reschedules = world.now, 0
    detail.end_date, detail.retry_at = None, None
    asked = TriggerAsked(start.classpath, start.kwargs)
    timeout = None if start.timeout is None else round(start.timeout * SECOND)
    defer(world, run, i, asked, Deferral(start.next_method, start.next_kwargs.encode()), timeout)
    return True


def begin_subdag(world: World, run: Run, i: int) -> bool:
    """A SubDagOperator begins its try by waiting for its child. False when the task is none. See ``subdags``."""
    task = run.plan.document.tasks[run.task_of[i]]
    if task.subdag is None:
        return False
    run.tries[i] += 1
    detail = run.detail(i)
    detail.start_date, detail.end_date, detail.retry_at, detail.reschedules = world.now, None, None, 0
    run.move(i, Move.DEFER)
    found = Deferral(None, b"")
    timeout = None if task.subdag.timeout is None else round(task.subdag.timeout * SECOND)
    found.timeout_at = _deadline(world, run, i, timeout)
    _wait(world, run, i, found)
    world.to_begin[run, i] = None
    world.log_task(run, i, "deferred")
    if task.callbacks.execute:
        world.call_back(run, "execute", "The task begins to wait for its SubDAG.", i)
    return True


def _deadline(world: World, run: Run, i: int, timeout: int | None) -> int | None:
    """The trigger's own timeout, or the end of the task's execution_timeout, which covers the whole try."""
    ends = [] if timeout is None else [world.now + timeout]
    limit, begun = run.plan.document.tasks[run.task_of[i]].execution_timeout, run.detail(i).start_date
    if limit is not None and begun is not None:
        ends.append(begun + round(limit * SECOND))
    return min(ends, default=None)


def _wait(world: World, run: Run, i: int, found: Deferral) -> None:
    detail = run.detail(i)
    detail.deferral = found
    detail.end_date = None
    _hold(world, run, i, found)
    if found.timeout_at is not None:
        world.timers.set(found.timeout_at, timers.WAIT, (run, i))
    world.change(run, i)
    _write(world, run, i, found)


def _hold(world: World, run: Run, i: int, found: Deferral) -> None:
    task = run.task_of[i]
    if run.plan.task_limited[task]:
        world.task_limit(run, task)
    pool = world.admission.pool(run.plan.pools[task])
    is_subdag = run.plan.document.tasks[task].subdag is not None
    found.holds_pool = pool.include_deferred and run.states[i] == states.DEFERRED and not is_subdag
    world.admission.hold(run, i, pool=found.holds_pool)


def _write(world: World, run: Run, i: int, found: Deferral) -> None:
    world.writes.append(
        DeferralRow(
            id=run.ti_ids[i],
            trigger_id=found.trigger_id,
            trigger_timeout=found.timeout_at,
            next_method=found.next_method,
            next_kwargs=found.next_kwargs or None,
        )
    )


# ── the end of waiting ───────────────────────────────────────────────────────────────────────────────
def resume(world: World, run: Run, i: int, found: Deferral) -> None:
    """A waiting instance goes on, the same try, as soon as the limits admit it: in ``found.next_method``."""
    stop_waiting(world, run, i)
    run.move(i, Move.RESUME)
    detail = run.detail(i)
    detail.deferral = found
    detail.scheduled_dttm = world.now
    world.change(run, i)
    _write(world, run, i, found)
    world.admission.offer(run, i)


def with_event(found: Deferral, payload: bytes) -> Deferral:
    """How it goes on with an event. Raises msgspec.DecodeError when one of the two is not JSON."""
    arguments = msgspec.json.decode(found.next_kwargs or b"{}", type=dict[str, msgspec.Raw])
    arguments["event"] = msgspec.Raw(payload)
    return Deferral(found.next_method, msgspec.json.encode(arguments))


def is_due(run: Run, i: int, when: int) -> bool:
    """Whether a timer of kind WAIT still means something."""
    detail = run.details[i]
    return (
        run.states[i] in states.WAITING
        and not run.is_finished
        and detail is not None
        and detail.deferral is not None
        and detail.deferral.timeout_at == when
    )


def time_out(world: World, run: Run, i: int) -> None:
    """It has waited for too long: it goes on to fail, or, when a person was asked, with the defaults if there are."""
    found = run.detail(i).deferral
    assert found is not None
    if run.states[i] == states.AWAITING_INPUT:
        resume(world, run, i, with_event(found, questions.unanswered(world, run, i)))
    else:
        resume(world, run, i, Deferral(FAIL, TIMED_OUT))


def stop_waiting(world: World, run: Run, i: int, *, killed: bool = False) -> None:
    """Free what a waiting instance holds, stop its trigger. Call before its state changes."""
    detail = run.details[i]
    found = None if detail is None else detail.deferral
    if found is None or run.states[i] not in states.WAITING:
        return
    world.admission.let_go(run, i, pool=found.holds_pool)
    if found.trigger_id is not None:
        drop(world, found.trigger_id, killed=killed)
        found.trigger_id = None


def forget(world: World, run: Run, i: int, *, killed: bool = False) -> None:
    """Whatever the instance waits for, or was to go on with, is void. Call before its state changes."""
    detail = run.details[i]
    if detail is None or detail.deferral is None:
        return
    stop_waiting(world, run, i, killed=killed)
    detail.deferral = None
    world.writes.append(DeferralRow(id=run.ti_ids[i]))


# ── triggers ─────────────────────────────────────────────────────────────────────────────────────────
def _start(world: World, asked: TriggerAsked) -> Trigger:
    row = TriggerRow(
        id=world.next_trigger_id,
        classpath=asked.classpath,
        kwargs=asked.kwargs,
        created_date=world.now,
        queue=asked.queue,
    )
    world.next_trigger_id += 1
    trigger = world.triggers[row.id] = Trigger(row)
    world.writes.append(row)
    world.commands.append(StartTrigger(trigger_id=row.id))
    return trigger


def watch(world: World, asked: TriggerAsked, on_event: Watcher) -> int:
    """Run a trigger that no task waits for; ``on_event`` takes each of its events, once. Returns its id."""
    trigger = _start(world, asked)
    trigger.on_event = on_event
    return trigger.row.id


def drop(world: World, trigger_id: int, *, killed: bool = False) -> None:
    """A trigger is not wanted any more. ``killed``: because of what a person did to the task that waited."""
    if world.triggers.pop(trigger_id, None) is not None:
        world.writes.append(TriggerDeleted(id=trigger_id))
        world.commands.append(StopTrigger(trigger_id=trigger_id, killed=killed))


def resealed(world: World, event: TriggersResealed) -> bool:
    """The arguments of triggers in another form. Those that run are not disturbed."""
    for trigger_id, (before, after) in event.kwargs.items():
        trigger = world.triggers.get(trigger_id)
        if trigger is not None and trigger.row.kwargs == before:
            trigger.row = msgspec.structs.replace(trigger.row, kwargs=after)
            world.writes.append(trigger.row)
    return True


def drop_unused(world: World) -> None:
    """After a restore: triggers that nothing waits for are not wanted any more."""
    for trigger in list(world.triggers.values()):
        if trigger.run is None and trigger.on_event is None:
            del world.triggers[trigger.row.id]
            world.unsaid.append(TriggerDeleted(id=trigger.row.id))


# ── pools, restoring ─────────────────────────────────────────────────────────────────────────────────
def recount(world: World, pool: str) -> None:
    """Whether a pool counts the deferred may have changed: let those in it hold slots accordingly."""
    for trigger in world.triggers.values():
        run, i = trigger.run, trigger.position
        if run is None or run.plan.pools[run.task_of[i]] != pool:
            continue
        found = run.detail(i).deferral
        if found is not None and run.states[i] == states.DEFERRED:
            world.admission.let_go(run, i, pool=found.holds_pool)
            _hold(world, run, i, found)


def restore(world: World, run: Run, i: int, row: InstanceSnapshot) -> None:
    """What the store says of one instance of an unfinished run."""
    if row.next_method is None and row.trigger_id is None and run.states[i] not in states.WAITING:
        return
    found = run.detail(i).deferral = Deferral(row.next_method, row.next_kwargs or b"")
    if run.states[i] not in states.WAITING:
        return
    found.timeout_at = row.trigger_timeout
    found.trigger_id = row.trigger_id
    if row.trigger_id in world.triggers:
        trigger = world.triggers[row.trigger_id]
        trigger.run, trigger.position = run, i
    _hold(world, run, i, found)
    if found.timeout_at is not None:
        world.timers.set(found.timeout_at, timers.WAIT, (run, i))
    if run.plan.document.tasks[run.task_of[i]].subdag is not None:
        world.to_begin[run, i] = None
