"""Choosing: which instances of a run a request means: by task, by map index, with what is up or down from them.

It looks and changes nothing. From one instance in a mapped group the way up and down stays in its map index as far as
the group reaches.
https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html#re-run-dag
"""

from __future__ import annotations

from collections.abc import Iterable

from queuack.engine import states
from queuack.engine.events import ClearTasks
from queuack.engine.plan import Indices, reachable
from queuack.engine.relevance import related
from queuack.engine.run import Run
from queuack.errors import TaskNotFound


def named(run: Run, task_id: str, map_index: int) -> list[int]:
    """Positions of one instance; of all instances of the task when it has been expanded and no index is given (-1).

    Raises TaskNotFound.
    """
    task = run.plan.index.get(task_id)
    if task is not None and map_index == -1 and run.states[task] != states.ABSENT:
        return list(run.instances(task))
    found = run.position(task_id, map_index)
    if found is None:
        raise TaskNotFound(
            f"Run {run.run_id!r} of DAG {run.dag_id!r} has no task {task_id!r} with map index {map_index}."
        )
    return [found]


def to_clear(run: Run, event: ClearTasks) -> list[int]:
    """Positions of the instances that the request clears, in order. Raises TaskNotFound."""
    plan = run.plan
    if event.task_ids is None and not event.instances:
        chosen = set(range(len(run.states)))
    else:
        chosen = {i for task_id in event.task_ids or () for i in named(run, task_id, -1)}
        single = [i for task_id, map_index in event.instances for i in named(run, task_id, map_index)]
        chosen.update(single)
        whole = [plan.index[task_id] for task_id in event.task_ids or ()]
        if event.upstream:
            chosen |= _along(run, whole, single, plan.upstream)
        if event.downstream:
            chosen |= _along(run, whole, single, plan.downstream)
    chosen = {i for i in chosen if run.states[i] != states.ABSENT}
    if event.only_failed:
        chosen = {i for i in chosen if run.states[i] in states.FAILED_LIKE}
    return sorted(chosen)


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
