"""Controlling: what people change by hand: states of task instances and runs, clearing, pools.

https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html#re-run-dag
"""

from __future__ import annotations

import json

from queuack.engine import family, states
from queuack.engine.branches import skip_what_was_skipped
from queuack.engine.by_hand import clear, end_by_hand, look_anew, mark, on_latest, reopen
from queuack.engine.choosing import Chosen, downstream_of, downstream_of_task, named, to_mark
from queuack.engine.deferral import recount
from queuack.engine.effects import PoolDeleted, PoolRow
from queuack.engine.events import Choose, ClearPartition, ClearTasks, DeletePool, SetPool, SetRunState, SetTaskState
from queuack.engine.notes import checked, note_instances
from queuack.engine.restoring import recall
from queuack.engine.run import Run
from queuack.engine.states import DagRunState, Move
from queuack.engine.tree_control import (
    Part,
    clear_above,
    clear_below,
    hold,
    mark_below,
    parts_to_clear,
    parts_to_mark,
)
from queuack.engine.world import DEFAULT_POOL, World
from queuack.errors import InvalidRequest, NotFound, TasksRunning

_MARKS = {"success": Move.MARK_SUCCESS, "failed": Move.MARK_FAILED, "skipped": Move.MARK_SKIPPED}


def set_task_state(world: World, event: SetTaskState) -> str:
    """Mark one instance, or all of a mapped task, with what is before or after it; what failed downstream is cleared,
    as in Airflow. Gives the state."""
    recall(world, event.recall)
    run = world.run(event.dag_id, event.run_id)
    move = _move(event)
    checked(event.note)
    asked = named(run, event.task_id, event.map_index)
    marked = to_mark(run, event)
    below = parts_to_mark(world, run, marked, move)
    for i in marked:
        mark(world, run, i, move)
    mark_below(world, below, move)
    after = downstream_of(run, asked[0]) if len(asked) == 1 else downstream_of_task(run, event.task_id)
    failed = sorted(i for i in after if run.states[i] in states.FAILED_LIKE and i not in marked)
    if failed:
        clear(world, run, failed)
        clear_below(world, run, failed)
        clear_above(world, run)
    else:
        look_anew(world, run)
    for i in marked:
        world.log_task(run, i, f"patch_task_instance {event.state}", extra=said_by(event.user))
    if event.note is not None:
        note_instances(world, run, marked or asked, event.note, event.user)
    return event.state


def _move(event: SetTaskState) -> Move:
    move = _MARKS.get(event.state)
    if move is None:
        raise InvalidRequest(f"A task instance can be marked success, failed or skipped, not {event.state!r}.")
    return move


def set_run_state(world: World, event: SetRunState) -> str:
    """Mark a run. Unfinished teardowns still run before it ends. Returns the state."""
    recall(world, event.recall)
    run = world.run(event.dag_id, event.run_id)
    if event.state not in ("success", "failed", "queued"):
        raise InvalidRequest(f"A run can be marked success, failed or queued, not {event.state!r}.")
    world.log("patch_dag_run", run.dag_id, run_id=run.run_id, owner=event.user, extra={"state": event.state})
    if event.state == "queued":
        if run.is_finished:
            reopen(world, run)
            look_anew(world, run)
        return event.state
    if run.is_finished:
        if run.state != event.state:
            run.state = event.state
            world.dirty_runs[run] = None
        return event.state
    end_by_hand(world, run, DagRunState(event.state))
    return event.state


def clear_tasks(world: World, event: ClearTasks) -> list[str]:
    """Forget outcomes so that the tasks run again, in the runs of SubDAGs below and above too. Returns the task ids of
    this run, in order. Raises TasksRunning when one of them is running and the request says to prevent that."""
    recall(world, event.recall)
    run = world.run(event.dag_id, event.run_id)
    checked(event.note)
    parts = parts_to_clear(world, run, event)
    if event.prevent_running:
        _check_none_runs(run, parts)
    task_ids = _task_ids(parts[0])
    for part in parts:
        if part.chosen or part.new:
            _clear_part(world, part, event, task_ids if part.run is run else _task_ids(part))
    return task_ids


def _check_none_runs(asked: Run, parts: list[Part]) -> None:
    running = [
        part.run.name(i) if part.run is asked else f"{part.run.dag_id}/{part.run.name(i)}"
        for part in parts
        for i in part.chosen
        if part.run.states[i] == states.RUNNING
    ]
    if running:
        raise TasksRunning(f"Running: {', '.join(running)}. Nothing was cleared.")


def _task_ids(part: Part) -> list[str]:
    run = part.run
    return part.new or [run.plan.task_ids[task] for task in sorted({run.task_of[i] for i in part.chosen})]


def _clear_part(world: World, part: Part, event: ClearTasks, task_ids: list[str]) -> None:
    run, chosen = part.run, part.chosen
    if part.is_below and not hold(world, run):
        return
    if event.on_latest_version or event.only_new:
        chosen, run = on_latest(world, run, chosen)
    clear(world, run, chosen, reopens=event.reopen)
    choices = [one for one in event.choices if one.place(event) == (run.dag_id, run.run_id)]
    skip_what_was_skipped(world, run, chosen, choices)
    if event.note is not None:
        note_instances(world, run, chosen, event.note, event.user)
    of_asked = run.dag_id == event.dag_id and run.run_id == event.run_id
    said = {"task_ids": task_ids} | ({"map_indexes": event.instances} if event.instances and of_asked else {})
    world.log("post_clear_task_instances", run.dag_id, run_id=run.run_id, owner=event.user, extra=said)


def choose(world: World, event: Choose) -> list[Chosen]:
    """The instances that a request means, of all runs that it reaches. Raises what the request would raise."""
    asked = event.of
    recall(world, asked.recall)
    run = world.run(asked.dag_id, asked.run_id)
    if isinstance(asked, ClearTasks):
        parts = parts_to_clear(world, run, asked)
    else:
        move, marked = _move(asked), to_mark(run, asked)
        parts = [Part(run, marked, []), *parts_to_mark(world, run, marked, move)]
    return [one for part in parts for one in _chosen(part)]


def _chosen(part: Part) -> list[Chosen]:
    run = part.run
    ids, place = run.plan.task_ids, (run.dag_id, run.run_id)
    there = [
        Chosen(run.ti_ids[i], ids[run.task_of[i]], run.map_indexes[i], states.NAMES[run.states[i]], *place)
        for i in part.chosen
    ]
    return there + [Chosen(0, task_id, -1, None, *place) for task_id in part.new]


def clear_run(world: World, run: Run, *, latest: bool = False) -> None:
    """Forget the outcome of all tasks of a finished run, and of the runs of SubDAGs below, which take its run type and
    conf: it is queued again. ``latest``: those go on in the newest versions of their DAGs; the run itself is of the
    right one already."""
    asked = ClearTasks(dag_id=run.dag_id, run_id=run.run_id, include_parentdag=False)
    for n, part in enumerate(parts_to_clear(world, run, asked)):
        found, chosen = part.run, part.chosen
        if n and not hold(world, found):
            continue
        family.hand_down(world, found)
        if n and latest:
            chosen, found = on_latest(world, found, chosen)
        clear(world, found, chosen)


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


def said_by(user: str | None) -> str | None:
    """For the audit row of a task instance, whose owner is the task's."""
    return None if user is None else json.dumps({"user": user})


def clear_partition(world: World, event: ClearPartition) -> bool:
    """Take a run out of its partition. What it has caused already stays."""
    recall(world, event.recall)
    run = world.run(event.dag_id, event.run_id)
    if run.partition_key is None and run.partition_date is None:
        return False
    extra = {"partition_key": run.partition_key}
    run.partition_key = run.partition_date = None
    world.dirty_runs[run] = None
    world.log("clear_partition", run.dag_id, run_id=run.run_id, owner=event.user, extra=extra)
    return True
