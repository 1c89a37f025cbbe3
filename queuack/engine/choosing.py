"""Choosing: which instances of a run a request means: by task, by map index, with what is up or down from them.

It looks and changes nothing. From one instance in a mapped group the way up and down stays in its map index as far as
the group reaches.
https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html#re-run-dag
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from queuack.engine import states
from queuack.engine.events import ClearTasks, SetTaskState
from queuack.engine.plan import Indices, Plan, reachable
from queuack.engine.relevance import related
from queuack.engine.run import Run
from queuack.errors import TaskNotFound


class Chosen(NamedTuple):
    """One instance that a request means."""

    ti_id: int
    """0 = there is none yet."""
    task_id: str
    map_index: int
    state: str | None
    dag_id: str
    run_id: str


def named(run: Run, task_id: str, map_index: int) -> list[int]:
    """Positions of one instance; of all instances of the task when it has been expanded and no index is given (-1).

    Raises TaskNotFound.
    """
    task = run.plan.index.get(task_id)
    if task is not None and map_index == -1 and run.states[task] != states.ABSENT:
        return list(run.instances(task))
    found = run.position(task_id, map_index)
    if found is None:
        index = "" if map_index < 0 else f" with map index {map_index}"
        raise TaskNotFound(f"Run {run.run_id!r} of DAG {run.dag_id!r} has no task {task_id!r}{index}.")
    return [found]


def _all_of(run: Run, task_id: str) -> Sequence[int]:
    """Positions of all instances of a task; none when the run has it, but without instance. Raises TaskNotFound."""
    task = run.plan.index.get(task_id)
    if task is not None and run.states[task] == states.ABSENT:
        return ()
    return named(run, task_id, -1)


def to_clear(run: Run, event: ClearTasks) -> list[int]:
    """Positions of the instances that the request clears, in order. Raises TaskNotFound."""
    wanted = states_to_clear(event)
    return sorted(i for i in in_scope(run, event) if run.states[i] in wanted)


def states_to_clear(event: ClearTasks) -> frozenset[int]:
    """The states in which an instance is cleared."""
    if event.only_new:
        return frozenset()
    if not (event.only_failed or event.only_running):
        return states.ALL - {states.ABSENT}
    return (states.FAILED_LIKE if event.only_failed else frozenset()) | (
        {states.RUNNING} if event.only_running else frozenset()
    )


def in_scope(run: Run, event: ClearTasks) -> set[int]:
    """Positions of the instances of the tasks that the request names, in whatever state. Raises TaskNotFound."""
    plan = run.plan
    if event.task_ids is None and not event.instances:
        chosen = set(range(len(run.states)))
    else:
        task_ids, instances = event.task_ids or (), event.instances
        if event.pass_over_unknown:
            task_ids = tuple(task_id for task_id in task_ids if task_id in plan.index)
            instances = tuple(place for place in instances if run.position(*place) is not None)
        chosen = {i for task_id in task_ids for i in _all_of(run, task_id)}
        single = [i for task_id, map_index in instances for i in named(run, task_id, map_index)]
        chosen.update(single)
        whole = [plan.index[task_id] for task_id in task_ids]
        if event.upstream:
            chosen |= _along(run, whole, single, plan.upstream)
        if event.downstream:
            chosen |= _along(run, whole, single, plan.downstream)
        chosen |= _with_their_scopes(run, chosen)
    return {i for i in chosen if run.states[i] != states.ABSENT}


def _with_their_scopes(run: Run, chosen: set[int]) -> set[int]:
    """The setups that the chosen work with and the teardowns of those, whatever the index."""
    plan = run.plan
    if not any(plan.is_setup):
        return set()
    found: set[int] = set()
    for task in {run.task_of[i] for i in chosen}:
        if plan.is_setup[task]:
            found.update(_teardowns(plan, task))
        elif not plan.is_teardown[task]:
            below = {t for t in reachable([task], plan.downstream) if plan.is_teardown[t]}
            for setup in reachable([task], plan.upstream):
                if plan.is_setup[setup] and ((own := _teardowns(plan, setup)) & below or not own):
                    found |= {setup, *own}
    return {i for task in found for i in run.instances(task)}


def _teardowns(plan: Plan, setup: int) -> set[int]:
    return {t for t in plan.downstream[setup] if plan.is_teardown[t]}


def to_mark(run: Run, event: SetTaskState) -> list[int]:
    """Positions of the instances that the request marks, in order: those that are not in that state already.

    Raises TaskNotFound.
    """
    plan = run.plan
    chosen = set(named(run, event.task_id, event.map_index))
    task = plan.index[event.task_id]
    others: set[int] = set()
    if event.upstream:
        others |= reachable([task], plan.upstream)
    if event.downstream:
        others |= {t for t in reachable([task], plan.downstream) if not plan.is_teardown[t]}
    chosen.update(i for other in others for i in run.instances(other))
    return sorted(i for i in chosen if states.NAMES[run.states[i]] not in (event.state, "absent"))


def new_tasks(run: Run) -> list[str]:
    """Ids of the tasks that the DAG's newest version has and the run's version has not, in order."""
    return [task_id for task_id in run.dag.version.plan.task_ids if task_id not in run.plan.index]


def downstream_of(run: Run, i: int) -> set[int]:
    """Positions of everything after an instance."""
    return _along(run, (), (i,), run.plan.downstream)


def downstream_of_task(run: Run, task_id: str) -> set[int]:
    """Positions of everything after a task, whatever the index."""
    return _along(run, (run.plan.index[task_id],), (), run.plan.downstream)


def _along(run: Run, tasks: Iterable[int], single: Iterable[int], edges: list[Indices]) -> set[int]:
    """What can be reached from whole tasks and from single instances."""
    whole = reachable(tasks, edges)
    found: set[int] = set()
    for i in single:
        task = run.task_of[i]
        for other in reachable([task], edges) - whole:
            some = None if run.spread is None else related(run, run.spread, task, run.map_indexes[i], other)
            if some is None:
                whole |= {other, *reachable([other], edges)}
            else:
                found.update(some)
    return found.union(i for task in whole for i in run.instances(task))
