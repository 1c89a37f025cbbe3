"""Attempts: what workers say about them, and what that makes of the task instance: done, retried, rescheduled, failed.

Every fact is taken once: one about another attempt than the present, or about an instance that is finished, changes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from queuack.engine import deferral, expansion, states, timers
from queuack.engine.assets import task_succeeded
from queuack.engine.backoff import retry_delay
from queuack.engine.deferral import Deferral
from queuack.engine.effects import InstanceHistoryRow, RenderedMapIndexRow, RescheduleRow, RetryOverrideRow
from queuack.engine.events import AttemptFinished, AttemptLost, AttemptReturned, AttemptStarted
from queuack.engine.instants import SECOND
from queuack.engine.run import Run
from queuack.engine.scheduling import settle
from queuack.engine.states import Move
from queuack.engine.stopping import stop
from queuack.engine.world import World

_SETTLING = {"success": Move.SUCCEED, "skipped": Move.SKIP_ITSELF}


def _find(world: World, ti_id: int, try_number: int, queued_dttm: int | None = None) -> tuple[Run, int] | None:
    """The run and position of a live attempt; None when the fact is stale.

    A try that is interrupted (deferred, rescheduled) is handed out again under its old number: a worker that outlived
    a daemon may say once more how the part before ended. ``queued_dttm`` tells the parts apart.
    """
    found = world.live.get(ti_id)
    if found is None or found[0].tries[found[1]] != try_number:
        return None
    if queued_dttm is not None and found[0].detail(found[1]).queued_dttm != queued_dttm:
        return None
    return found


def started(world: World, event: AttemptStarted) -> None:
    found = _find(world, event.ti_id, event.try_number, event.queued_dttm)
    if found is None or found[0].states[found[1]] != states.QUEUED:
        return
    _start(world, *found, event, event.at)


def _start(world: World, run: Run, i: int, event: AttemptStarted | AttemptFinished, at: int) -> None:
    run.move(i, Move.START)
    detail = run.detail(i)
    if detail.start_date is None:  # a rescheduled attempt keeps its first start
        detail.start_date = at
    detail.end_date = None
    if run.tries[i] > 1 and run.plan.task(run.task_of[i]).has_retry_policy:
        world.writes.append(RetryOverrideRow(id=run.ti_ids[i]))
    _place(run, i, event)
    world.dirty[event.ti_id] = (run, i)
    world.log_task(run, i, "running")


def _place(run: Run, i: int, event: AttemptStarted | AttemptFinished) -> None:
    detail = run.detail(i)
    detail.pid = event.pid if event.pid is not None else detail.pid
    detail.hostname = event.hostname or detail.hostname
    detail.unixname = event.unixname or detail.unixname
    detail.worker_id = event.worker_id or detail.worker_id


def finished(world: World, event: AttemptFinished) -> None:
    found = _find(world, event.ti_id, event.try_number, event.queued_dttm)
    if found is None:
        return
    run, i = found
    if run.states[i] == states.QUEUED:
        _start(world, run, i, event, event.at if event.started_at is None else event.started_at)
    _release(world, run, i, event.at)
    if event.rendered_map_index is not None:
        world.writes.append(RenderedMapIndexRow(id=event.ti_id, rendered_map_index=event.rendered_map_index))
    if event.outcome in ("deferred", "awaiting_input"):
        _interrupt(world, run, i, event)
    elif event.outcome == "up_for_reschedule" and event.reschedule_at is not None:
        _reschedule(world, run, i, event, event.reschedule_at)
    elif (move := _SETTLING.get(event.outcome)) is not None:
        if event.skip_tasks:
            skip_tasks(world, run, event.skip_tasks)
        if event.skip_instances:
            skip_instances(world, run, event.skip_instances)
        if event.map_length is not None and event.outcome == "success":
            expansion.returned(world, run, i, event.map_length)
        settle(world, run, i, move)
        world.log_task(run, i, event.outcome)
        if event.outlets and event.outcome == "success":
            task_succeeded(world, run, i, event)
    else:
        delay, reason = event.retry_delay, event.retry_reason
        fail_or_retry(world, run, i, can_retry=not event.fail_without_retry, delay=delay, reason=reason)


def lost(world: World, event: AttemptLost) -> None:
    found = _find(world, event.ti_id, event.try_number)
    if found is None:
        return
    run, i = found
    if run.states[i] == states.QUEUED:
        _queue_again(world, run, i)
        return
    _release(world, run, i, event.at)
    world.log_task(run, i, "worker lost", extra=event.reason)
    will_retry = fail_or_retry(world, run, i)
    callbacks = run.plan.task(run.task_of[i]).callbacks
    is_wanted = callbacks.retry if will_retry else callbacks.failure
    if is_wanted or "on_task_instance_failed" in world.listened:
        world.call_back(run, "retry" if will_retry else "failure", event.reason, i)


def returned(world: World, event: AttemptReturned) -> None:
    found = _find(world, event.ti_id, event.try_number)
    if found is not None and found[0].states[found[1]] == states.QUEUED:
        _queue_again(world, *found)


def _queue_again(world: World, run: Run, i: int) -> None:
    """It was handed out and never begun: back into the queue, same attempt."""
    world.live.pop(run.ti_ids[i], None)
    world.admission.give(run, i)
    run.move(i, Move.RETURN)
    run.detail(i).queued_dttm = None
    world.change(run, i)
    world.admission.offer(run, i)


def _release(world: World, run: Run, i: int, at: int) -> None:
    """The attempt is over: nobody holds it, its slots are free."""
    del world.live[run.ti_ids[i]]
    world.admission.give(run, i)
    detail = run.detail(i)
    detail.end_date = at
    if detail.deferral is not None:
        deferral.forget(world, run, i)


def _interrupt(world: World, run: Run, i: int, event: AttemptFinished) -> None:
    """The worker gave it back: it waits for a trigger or a person."""
    found = Deferral(event.next_method, event.next_kwargs)
    if event.outcome == "awaiting_input":
        deferral.await_input(world, run, i, found, event.wait_timeout)
    elif event.trigger is not None:
        deferral.defer(world, run, i, event.trigger, found, event.wait_timeout)
    else:
        fail_or_retry(world, run, i)


def _reschedule(world: World, run: Run, i: int, event: AttemptFinished, at: int) -> None:
    run.move(i, Move.RESCHEDULE)
    detail = run.detail(i)
    detail.reschedules += 1
    begun = detail.start_date if event.started_at is None else event.started_at
    world.writes.append(
        RescheduleRow(
            ti_id=event.ti_id,
            run_key=run.key,
            try_number=event.try_number,
            start_date=event.at if begun is None else begun,
            end_date=event.at,
            reschedule_date=at,
        )
    )
    _wait_until(world, run, i, at)
    world.log_task(run, i, "up_for_reschedule")


def _wait_until(world: World, run: Run, i: int, at: int) -> None:
    run.detail(i).retry_at = at
    world.timers.set(at, timers.RETRY, (run, i))
    world.change(run, i)


def fail_or_retry(
    world: World,
    run: Run,
    i: int,
    *,
    can_retry: bool = True,
    delay: float | None = None,
    reason: str | None = None,
) -> bool:
    """A running attempt failed. Returns whether there will be another. ``delay`` (seconds) and ``reason``: what a retry
    policy said."""
    if can_retry and run.tries[i] <= run.max_tries[i]:
        history = run.instance_row(i, world.now)
        history.state = "failed"
        world.writes.append(InstanceHistoryRow(row=history, retry_delay_override=delay, retry_reason=reason))
        run.move(i, Move.RETRY)
        end = run.detail(i).end_date
        pause = _usual_delay(world, run, i) if delay is None else round(delay * SECOND)
        if delay is not None or reason is not None:
            row = RetryOverrideRow(id=run.ti_ids[i], retry_delay_override=delay, retry_reason=reason)
            world.writes.append(row)
        _wait_until(world, run, i, (world.now if end is None else end) + pause)
        world.log_task(run, i, "up_for_retry")
        return True
    settle(world, run, i, Move.FAIL)
    world.log_task(run, i, "failed")
    if run.plan.document.fail_fast:
        _stop_the_rest(world, run, i)
    return False


def _usual_delay(world: World, run: Run, i: int) -> int:
    task, limit = run.plan.task(run.task_of[i]), world.settings.max_task_retry_delay
    return retry_delay(task, run.dag_id, run.logical_date, run.tries[i], limit)


def _stop_the_rest(world: World, run: Run, cause: int) -> None:
    """``fail_fast``: the running fail, the others are skipped; teardowns still run."""
    for i, state in enumerate(run.states):
        if i == cause or run.plan.is_teardown[run.task_of[i]] or state not in states.UNFINISHED:
            continue
        if state == states.RUNNING:
            world.log_task(run, i, "fail task", extra="Failed because another task failed and the DAG has fail_fast.")
            stop(world, run, i, "fail_fast")
            run.detail(i).end_date = world.now
            settle(world, run, i, Move.KILL)
        else:
            world.log_task(run, i, "skip task", extra="Skipped because a task failed and the DAG has fail_fast.")
            stop(world, run, i, "fail_fast")
            settle(world, run, i, Move.ABANDON)


def skip_tasks(world: World, run: Run, task_ids: tuple[str, ...]) -> None:
    """A branch passes these over. What runs or is finished stays as it is."""
    for task_id in task_ids:
        task = run.plan.index.get(task_id)
        if task is not None:
            for i in run.instances(task):
                _pass_over(world, run, i)


def skip_instances(world: World, run: Run, instances: Iterable[tuple[str, int]]) -> None:
    """As ``skip_tasks``, of single instances (task id, map index): a branch in a mapped group. A task that is not
    expanded yet is expanded for it."""
    for task_id, map_index in instances:
        task = run.plan.index.get(task_id)
        spread = run.spread
        if (
            task is not None
            and map_index >= 0
            and spread is not None
            and task not in spread.positions
            and task in spread.mapping.expansions
            and states.IS_SCHEDULABLE[run.states[task]]
        ):
            expansion.expand(world, run, spread, task)
        i = run.position(task_id, map_index)
        if i is not None:
            _pass_over(world, run, i)


def _pass_over(world: World, run: Run, i: int) -> None:
    state = run.states[i]
    if states.IS_SCHEDULABLE[state] or state in (states.SCHEDULED, states.QUEUED):
        stop(world, run, i, "skipped")
        run.detail(i).start_date = run.detail(i).end_date = world.now
        settle(world, run, i, Move.SKIP)
