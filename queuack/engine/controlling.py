"""Controlling: what people change by hand: states of task instances and runs, clearing, pools.

https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html#re-run-dag
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from queuack.engine import deadlines, expansion, states
from queuack.engine.branches import skip_what_was_skipped
from queuack.engine.choosing import Chosen, downstream_of, downstream_of_task, named, new_tasks, to_clear, to_mark
from queuack.engine.closing import close
from queuack.engine.deferral import recount
from queuack.engine.effects import InstanceHistoryRow, PoolDeleted, PoolRow
from queuack.engine.events import Choose, ClearTasks, DeletePool, SetPool, SetRunState, SetTaskState
from queuack.engine.notes import checked, note_instances
from queuack.engine.restoring import recall
from queuack.engine.run import Run
from queuack.engine.states import DagRunState, Move
from queuack.engine.stopping import stop
from queuack.engine.versions import revised, take_latest
from queuack.engine.world import DEFAULT_POOL, World
from queuack.errors import InvalidRequest, NotFound, TasksRunning

_MARKS = {"success": Move.MARK_SUCCESS, "failed": Move.MARK_FAILED, "skipped": Move.MARK_SKIPPED}


def set_task_state(world: World, event: SetTaskState) -> str:
    """Mark one instance, or all of a mapped task, with what is before or after it; what failed downstream is cleared,
    as in Airflow. Gives the state."""
    recall(world, event.recall)
    run = world.run(event.dag_id, event.run_id)
    move = _MARKS.get(event.state)
    if move is None:
        raise InvalidRequest(f"A task instance can be marked success, failed or skipped, not {event.state!r}.")
    checked(event.note)
    asked = named(run, event.task_id, event.map_index)
    marked = to_mark(run, event)
    for i in marked:
        _mark(world, run, i, move)
    after = downstream_of(run, asked[0]) if len(asked) == 1 else downstream_of_task(run, event.task_id)
    failed = sorted(i for i in after if run.states[i] in states.FAILED_LIKE and i not in marked)
    if failed:
        _clear(world, run, failed)
    else:
        _look_anew(world, run)
    for i in marked:
        world.log_task(run, i, f"patch_task_instance {event.state}", extra=said_by(event.user))
    if event.note is not None:
        note_instances(world, run, marked or asked, event.note, event.user)
    return event.state


def set_run_state(world: World, event: SetRunState) -> str:
    """Mark a run. Unfinished teardowns still run before it ends. Returns the state."""
    recall(world, event.recall)
    run = world.run(event.dag_id, event.run_id)
    if event.state not in ("success", "failed", "queued"):
        raise InvalidRequest(f"A run can be marked success, failed or queued, not {event.state!r}.")
    world.log("patch_dag_run", run.dag_id, run_id=run.run_id, owner=event.user, extra={"state": event.state})
    if event.state == "queued":
        if run.is_finished:
            _reopen(world, run)
            _look_anew(world, run)
        return event.state
    if run.is_finished:
        if run.state != event.state:
            run.state = event.state
            world.dirty_runs[run] = None
        return event.state
    _end_by_hand(world, run, DagRunState(event.state))
    return event.state


def clear_tasks(world: World, event: ClearTasks) -> list[str]:
    """Forget outcomes so that the tasks run again. Returns the task ids, in order. Raises TasksRunning when one of them
    is running and the request says to prevent that."""
    recall(world, event.recall)
    run = world.run(event.dag_id, event.run_id)
    checked(event.note)
    chosen = to_clear(run, event)
    if event.prevent_running and (running := [i for i in chosen if run.states[i] == states.RUNNING]):
        raise TasksRunning(f"Running: {', '.join(map(run.name, running))}. Nothing was cleared.")
    new = new_tasks(run) if event.only_new else []
    task_ids = new or [run.plan.task_ids[task] for task in sorted({run.task_of[i] for i in chosen})]
    if not task_ids:
        return []
    if event.on_latest_version or event.only_new:
        chosen, run = _on_latest(world, run, chosen)
    _clear(world, run, chosen, reopen=event.reopen)
    skip_what_was_skipped(world, run, chosen, event.choices)
    if event.note is not None:
        note_instances(world, run, chosen, event.note, event.user)
    said = {"task_ids": task_ids} | ({"map_indexes": event.instances} if event.instances else {})
    world.log("post_clear_task_instances", run.dag_id, run_id=run.run_id, owner=event.user, extra=said)
    return task_ids


def choose(world: World, event: Choose) -> list[Chosen]:
    """The instances that a request means. Raises what the request would raise."""
    asked = event.of
    recall(world, asked.recall)
    run = world.run(asked.dag_id, asked.run_id)
    if isinstance(asked, ClearTasks) and asked.only_new:
        return [Chosen(0, task_id, -1, None) for task_id in new_tasks(run)]
    found = to_clear(run, asked) if isinstance(asked, ClearTasks) else to_mark(run, asked)
    ids = run.plan.task_ids
    return [Chosen(run.ti_ids[i], ids[run.task_of[i]], run.map_indexes[i], states.NAMES[run.states[i]]) for i in found]


def _on_latest(world: World, run: Run, chosen: list[int]) -> tuple[list[int], Run]:
    """The run in the DAG's newest version, and where in it the chosen instances are, as far as it has them."""
    ids = {run.ti_ids[i] for i in chosen}
    run = take_latest(world, run)
    here = [i for i, ti_id in enumerate(run.ti_ids) if ti_id in ids]
    if here:
        revised(world, run, here)
    return here, run


def clear_run(world: World, run: Run) -> None:
    """Forget the outcome of all tasks of a finished run: it is queued again."""
    _clear(world, run, [i for i, state in enumerate(run.states) if state != states.ABSENT])


def set_pool(world: World, event: SetPool) -> str:
    """Create or change a pool. Returns its name."""
    if event.slots < -1:
        raise InvalidRequest("A pool has 0 or more slots, or -1 for no limit.")
    row = PoolRow(
        pool=event.pool, slots=event.slots, description=event.description, include_deferred=event.include_deferred
    )
    world.set_pool(row)
    recount(world, event.pool)
    world.writes.append(row)
    return event.pool


def delete_pool(world: World, event: DeletePool) -> str:
    """What names the pool waits until it is created again. Returns its name. Raises NotFound, InvalidRequest."""
    if event.pool == DEFAULT_POOL:
        raise InvalidRequest("default_pool cannot be deleted.")
    pool = world.admission.pools.get(event.pool)
    if pool is None or pool.is_missing:
        raise NotFound(f"There is no pool {event.pool!r}.")
    pool.capacity, pool.is_missing, pool.include_deferred = 0, True, False
    recount(world, event.pool)
    world.writes.append(PoolDeleted(pool=event.pool))
    return event.pool


def _mark(world: World, run: Run, i: int, move: Move) -> None:
    stop(world, run, i, "marked by hand")
    run.move(i, move)
    detail = run.detail(i)
    detail.start_date = world.now if detail.start_date is None else detail.start_date
    detail.end_date = world.now
    detail.retry_at = None
    world.change(run, i)


def said_by(user: str | None) -> str | None:
    """For the audit row of a task instance, whose owner is the task's."""
    return None if user is None else json.dumps({"user": user})


def _look_anew(world: World, run: Run) -> None:
    """Finished states changed by hand: count again, and look at every task."""
    run.recount()
    run.held.clear()
    run.past_waiting.clear()
    world.touched[run] = None
    if run.state == DagRunState.RUNNING:
        world.look_at(run, range(len(run.states)))
    for other in run.dag.active.values():
        if other is not run and other.past_waiting:
            world.look_at(other, sorted(other.past_waiting))


def _clear(world: World, run: Run, chosen: Iterable[int], *, reopen: bool = True) -> None:
    for i in chosen:
        detail = run.detail(i)
        before = run.states[i]
        begun = before == states.RUNNING or before in states.WAITING
        if (begun or before in (states.SUCCESS, states.FAILED)) and run.tries[i]:
            history = run.instance_row(i, world.now)
            if begun:
                history.state, history.end_date = "failed", world.now
            world.writes.append(InstanceHistoryRow(row=history))
        if run.states[i] == states.SCHEDULED and detail.start_date is None:
            run.tries[i] -= 1  # nobody has heard of this attempt
        stop(world, run, i, "cleared")
        run.move(i, Move.CLEAR)
        expansion.cleared(run, i)
        run.max_tries[i] = run.tries[i] + run.plan.retries[run.task_of[i]]
        detail.retry_at = detail.start_date = detail.end_date = None
        detail.scheduled_dttm = detail.queued_dttm = detail.pid = None
        detail.worker_id = ""
        detail.reschedules = 0
        world.change(run, i)
    if not reopen:
        _look_anew(world, run)
        return
    queued_at = run.queued_at
    if run.is_finished:
        _reopen(world, run)
    else:
        run.queued_at = world.now
    deadlines.queued_again(world, run, queued_at)
    run.clear_number += 1
    world.dirty_runs[run] = None
    _look_anew(world, run)


def _reopen(world: World, run: Run) -> None:
    """A finished run is queued again."""
    run.turn("queue")
    run.limit.capacity = run.dag.document.max_active_tasks  # there may be another version since
    run.queued_at, run.start_date, run.end_date = world.now, None, None
    run.backfill = world.backfills.get(run.backfill_id or 0)
    run.dag.finished.pop(run.key, None)
    run.dag.recent.pop(run.run_id, None)
    run.dag.enqueue(run)
    world.runs[run.key] = run
    world.by_id[run.dag_id, run.run_id] = run
    world.dirty_runs[run] = None
    world.to_plan[run.dag] = None


def _end_by_hand(world: World, run: Run, state: DagRunState) -> None:
    ending = Move.FINISH if state == DagRunState.SUCCESS else Move.KILL
    teardowns_left = False
    for i, before in enumerate(run.states):
        if before not in states.UNFINISHED:
            continue
        if run.plan.is_teardown[run.task_of[i]]:
            teardowns_left = True
            continue
        stop(world, run, i, f"the run was marked {state}")
        begun = before in (states.RUNNING, states.UP_FOR_RESCHEDULE) or before in states.WAITING
        run.move(i, ending if begun else Move.ABANDON)
        detail = run.detail(i)
        detail.end_date, detail.retry_at = world.now, None
        world.change(run, i)
    _look_anew(world, run)
    if not teardowns_left:
        close(world, run, state, "marked")
