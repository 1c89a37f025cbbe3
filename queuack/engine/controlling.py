"""Controlling: what people change by hand: states of task instances and runs, clearing, pools.

https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html#re-run-dag
"""

from __future__ import annotations

from collections.abc import Iterable

from queuack.engine import states
from queuack.engine.attempts import stop
from queuack.engine.closing import close
from queuack.engine.effects import InstanceHistoryRow, PoolDeleted, PoolRow
from queuack.engine.events import ClearTasks, DeletePool, SetPool, SetRunState, SetTaskState
from queuack.engine.plan import reachable
from queuack.engine.restoring import recall
from queuack.engine.run import Run
from queuack.engine.states import DagRunState, Move
from queuack.engine.world import DEFAULT_POOL, World
from queuack.errors import InvalidRequest, NotFound, TaskNotFound

_MARKS = {"success": Move.MARK_SUCCESS, "failed": Move.MARK_FAILED, "skipped": Move.MARK_SKIPPED}


def set_task_state(world: World, event: SetTaskState) -> str:
    """Mark one instance; what failed downstream of it is cleared, as in Airflow. Returns the state."""
    recall(world, event.recall)
    run = world.run(event.dag_id, event.run_id)
    i = _position(run, event.task_id, event.map_index)
    move = _MARKS.get(event.state)
    if move is None:
        raise InvalidRequest(f"A task instance can be marked success, failed or skipped, not {event.state!r}.")
    _mark(world, run, i, move)
    failed = [t for t in sorted(reachable([i], run.plan.downstream)) if run.states[t] in states.FAILED_LIKE]
    if failed:
        _clear(world, run, failed)
    else:
        _look_anew(world, run)
    world.log_task(run, i, f"patch_task_instance {event.state}")
    return event.state


def set_run_state(world: World, event: SetRunState) -> str:
    """Mark a run. Unfinished teardowns still run before it ends. Returns the state."""
    recall(world, event.recall)
    run = world.run(event.dag_id, event.run_id)
    if event.state not in ("success", "failed", "queued"):
        raise InvalidRequest(f"A run can be marked success, failed or queued, not {event.state!r}.")
    world.log("patch_dag_run", run.dag_id, run_id=run.run_id, extra={"state": event.state})
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
    """Forget outcomes so that the tasks run again. Returns the task ids, in order."""
    recall(world, event.recall)
    run = world.run(event.dag_id, event.run_id)
    plan = run.plan
    if event.task_ids is None:
        chosen = set(range(plan.size))
    else:
        named = [_position(run, task_id, -1) for task_id in event.task_ids]
        chosen = set(named)
        if event.upstream:
            chosen |= reachable(named, plan.upstream)
        if event.downstream:
            chosen |= reachable(named, plan.downstream)
    chosen = {i for i in chosen if run.states[i] != states.ABSENT}
    if event.only_failed:
        chosen = {i for i in chosen if run.states[i] in states.FAILED_LIKE}
    task_ids = [plan.task_ids[i] for i in sorted(chosen)]
    if chosen:
        _clear(world, run, sorted(chosen))
        world.log("post_clear_task_instances", run.dag_id, run_id=run.run_id, extra={"task_ids": task_ids})
    return task_ids


def set_pool(world: World, event: SetPool) -> str:
    """Create or change a pool. Returns its name."""
    if event.slots < -1:
        raise InvalidRequest("A pool has 0 or more slots, or -1 for no limit.")
    row = PoolRow(
        pool=event.pool, slots=event.slots, description=event.description, include_deferred=event.include_deferred
    )
    world.set_pool(row)
    world.writes.append(row)
    return event.pool


def delete_pool(world: World, event: DeletePool) -> str:
    """What names the pool waits until it is created again. Returns its name. Raises NotFound, InvalidRequest."""
    if event.pool == DEFAULT_POOL:
        raise InvalidRequest("default_pool cannot be deleted.")
    pool = world.admission.pools.get(event.pool)
    if pool is None or pool.is_missing:
        raise NotFound(f"There is no pool {event.pool!r}.")
    pool.capacity, pool.is_missing = 0, True
    world.writes.append(PoolDeleted(pool=event.pool))
    return event.pool


def _position(run: Run, task_id: str, map_index: int) -> int:
    i = run.plan.index.get(task_id)
    if i is None or map_index != -1 or run.states[i] == states.ABSENT:
        raise TaskNotFound(
            f"Run {run.run_id!r} of DAG {run.dag_id!r} has no task {task_id!r} with map index {map_index}."
        )
    return i


def _mark(world: World, run: Run, i: int, move: Move) -> None:
    stop(world, run, i, "marked by hand")
    run.move(i, move)
    detail = run.detail(i)
    detail.start_date = world.now if detail.start_date is None else detail.start_date
    detail.end_date = world.now
    detail.retry_at = None
    world.change(run, i)


def _look_anew(world: World, run: Run) -> None:
    """Finished states changed by hand: count again, and look at every task."""
    run.recount()
    run.held.clear()
    run.past_waiting.clear()
    world.touched[run] = None
    if run.state == DagRunState.RUNNING:
        world.look_at(run, range(run.plan.size))
    for other in run.dag.active.values():
        if other is not run and other.past_waiting:
            world.look_at(other, sorted(other.past_waiting))


def _clear(world: World, run: Run, chosen: Iterable[int]) -> None:
    for i in chosen:
        detail = run.detail(i)
        if run.states[i] in (states.SUCCESS, states.FAILED, states.RUNNING) and run.tries[i]:
            history = run.instance_row(i, world.now)
            if run.states[i] == states.RUNNING:
                history.state, history.end_date = "failed", world.now
            world.writes.append(InstanceHistoryRow(row=history))
        if run.states[i] == states.SCHEDULED:
            run.tries[i] -= 1  # nobody has heard of this attempt
        stop(world, run, i, "cleared")
        run.move(i, Move.CLEAR)
        run.max_tries[i] = run.tries[i] + run.plan.retries[i]
        detail.retry_at = detail.start_date = detail.end_date = None
        detail.scheduled_dttm = detail.queued_dttm = detail.pid = None
        detail.worker_id = ""
        detail.reschedules = 0
        world.change(run, i)
    if run.is_finished:
        _reopen(world, run)
    else:
        run.queued_at = world.now
    run.clear_number += 1
    world.dirty_runs[run] = None
    _look_anew(world, run)


def _reopen(world: World, run: Run) -> None:
    """A finished run is queued again."""
    run.turn("queue")
    run.queued_at, run.start_date, run.end_date = world.now, None, None
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
        if run.plan.is_teardown[i]:
            teardowns_left = True
            continue
        stop(world, run, i, f"the run was marked {state}")
        run.move(i, ending if before in (states.RUNNING, states.UP_FOR_RESCHEDULE) else Move.ABANDON)
        detail = run.detail(i)
        detail.end_date, detail.retry_at = world.now, None
        world.change(run, i)
    _look_anew(world, run)
    if not teardowns_left:
        close(world, run, state, "marked")
