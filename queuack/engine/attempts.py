"""Attempts: what workers say about them, and what that makes of the task instance: done, retried, rescheduled, failed.

Every fact is taken once: one about another attempt than the present, or about an instance that is finished, changes
nothing.
"""

from __future__ import annotations

from queuack.engine import states, timers
from queuack.engine.backoff import retry_delay
from queuack.engine.effects import Cancel, InstanceHistoryRow, RescheduleRow
from queuack.engine.events import AttemptFinished, AttemptLost, AttemptReturned, AttemptStarted
from queuack.engine.run import Run
from queuack.engine.scheduling import settle
from queuack.engine.states import Move
from queuack.engine.world import World

_SETTLING = {"success": Move.SUCCEED, "skipped": Move.SKIP_ITSELF}


def _find(world: World, ti_id: int, try_number: int) -> tuple[Run, int] | None:
    """The run and position of a live attempt; None when the fact is stale."""
    found = world.live.get(ti_id)
    if found is None or found[0].tries[found[1]] != try_number:
        return None
    return found


def started(world: World, event: AttemptStarted) -> None:
    found = _find(world, event.ti_id, event.try_number)
    if found is None or found[0].states[found[1]] != states.QUEUED:
        return
    _start(world, *found, event, event.at)


def _start(world: World, run: Run, i: int, event: AttemptStarted | AttemptFinished, at: int) -> None:
    run.move(i, Move.START)
    detail = run.detail(i)
    if detail.start_date is None:  # a rescheduled attempt keeps its first start
        detail.start_date = at
    detail.end_date = None
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
    found = _find(world, event.ti_id, event.try_number)
    if found is None:
        return
    run, i = found
    if run.states[i] == states.QUEUED:
        _start(world, run, i, event, event.at if event.started_at is None else event.started_at)
    _release(world, run, i, event.at)
    if event.outcome == "up_for_reschedule" and event.reschedule_at is not None:
        _reschedule(world, run, i, event, event.reschedule_at)
    elif (move := _SETTLING.get(event.outcome)) is not None:
        if event.skip_tasks:
            skip_tasks(world, run, event.skip_tasks)
        settle(world, run, i, move)
        world.log_task(run, i, event.outcome)
    else:
        fail_or_retry(world, run, i, can_retry=not event.fail_without_retry)


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
    callbacks = run.plan.task(i).callbacks
    if callbacks.retry if will_retry else callbacks.failure:
        world.call_back(run, "retry" if will_retry else "failure", event.reason, run.plan.task_ids[i])


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
    run.detail(i).end_date = at


def stop(world: World, run: Run, i: int, reason: str) -> None:
    """Cancel an attempt whose instance has been decided otherwise; call before the state changes."""
    if run.states[i] not in states.RUNNING_LIKE:
        return
    world.live.pop(run.ti_ids[i], None)
    world.admission.give(run, i)
    world.commands.append(Cancel(ti_id=run.ti_ids[i], try_number=run.tries[i], reason=reason))


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


def fail_or_retry(world: World, run: Run, i: int, *, can_retry: bool = True) -> bool:
    """A running attempt failed. Returns whether there will be another."""
    if can_retry and run.tries[i] <= run.max_tries[i]:
        history = run.instance_row(i, world.now)
        history.state = "failed"
        world.writes.append(InstanceHistoryRow(row=history))
        run.move(i, Move.RETRY)
        end = run.detail(i).end_date
        delay = retry_delay(
            run.plan.task(i), run.dag_id, run.logical_date, run.tries[i], world.settings.max_task_retry_delay
        )
        _wait_until(world, run, i, (world.now if end is None else end) + delay)
        world.log_task(run, i, "up_for_retry")
        return True
    settle(world, run, i, Move.FAIL)
    world.log_task(run, i, "failed")
    if run.plan.document.fail_fast:
        _stop_the_rest(world, run, i)
    return False


def _stop_the_rest(world: World, run: Run, cause: int) -> None:
    """``fail_fast``: the running fail, the others are skipped; teardowns still run."""
    for i, state in enumerate(run.states):
        if i == cause or run.plan.is_teardown[i] or state not in states.UNFINISHED:
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
        i = run.plan.index.get(task_id)
        if i is None:
            continue
        state = run.states[i]
        if states.IS_SCHEDULABLE[state] or state in (states.SCHEDULED, states.QUEUED):
            stop(world, run, i, "skipped")
            run.detail(i).start_date = run.detail(i).end_date = world.now
            settle(world, run, i, Move.SKIP)
