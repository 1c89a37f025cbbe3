"""Family: how runs of SubDAGs hang together: which run a task runs, and which task runs a run. It finds, and
decides nothing but what a run has from the one above.

A finished run of a SubDAG stays in memory while some run above it is unfinished: a retry or a clearing of the task
above goes on with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from queuack.engine import states
from queuack.engine.run import Run
from queuack.engine.world import World


def link(world: World, run: Run) -> None:
    """A run came into memory; that of a SubDAG is to be found from the one above."""
    if run.parent is not None:
        dag_id, run_id, task_id, map_index = run.parent
        world.children.setdefault((dag_id, run_id), {})[task_id, map_index] = run


def unlink(world: World, run: Run) -> None:
    """A run leaves memory."""
    if run.parent is None:
        return
    dag_id, run_id, task_id, map_index = run.parent
    siblings = world.children.get((dag_id, run_id), {})
    if siblings.get((task_id, map_index)) is run:
        del siblings[task_id, map_index]
    if not siblings:
        world.children.pop((dag_id, run_id), None)


def children_of(world: World, run: Run) -> list[Run]:
    """The runs of the SubDAGs directly below a run."""
    return list(world.children.get((run.dag_id, run.run_id), {}).values())


def child_of(world: World, run: Run, i: int) -> Run | None:
    """The run that the instance at position ``i`` runs or ran."""
    found = world.children.get((run.dag_id, run.run_id))
    if found is None:
        return None
    return found.get((run.plan.task_ids[run.task_of[i]], run.map_indexes[i]))


def parent_of(world: World, run: Run) -> tuple[Run, int] | None:
    """The run above and the position of the instance that runs this one; None: there is none, or not in memory."""
    if run.parent is None:
        return None
    above = world.by_id.get((run.parent.dag_id, run.parent.run_id))
    if above is None:
        return None
    i = above.position(run.parent.task_id, run.parent.map_index)
    return None if i is None else (above, i)


def waits_for_parent(world: World, run: Run) -> bool:
    """Whether the task above is still to begin, or to go on: it decides then when this run runs."""
    found = parent_of(world, run)
    return found is not None and not found[0].is_finished and not states.IS_FINISHED[found[0].states[found[1]]]


def hand_down(world: World, child: Run) -> None:
    """A run takes the type and conf that the run above has by now."""
    found = parent_of(world, child)
    if found is None:
        return
    run, i = found
    child.run_type, child.triggered_by = run.run_type, run.triggered_by
    child.conf = conf_below(run, i)
    world.dirty_runs[child] = None


def conf_below(run: Run, i: int) -> dict[str, Any]:
    """The conf for the run of the instance at ``i``: that of its run, with the operator's on top."""
    subdag = run.plan.task(run.task_of[i]).subdag
    return run.conf if subdag is None else {**run.conf, **subdag.conf}


def is_kept(world: World, run: Run) -> bool:
    """Whether a run above is unfinished."""
    above = None if run.parent is None else world.by_id.get((run.parent.dag_id, run.parent.run_id))
    return above is not None and (not above.is_finished or is_kept(world, above))


def dags_below(world: World, dag_id: str) -> Iterator[str]:
    """Ids of the SubDAGs of a DAG, to any depth; they are in its file."""
    for other in sorted(world.files.get(world.dags[dag_id].relative_fileloc, ())):
        if world.dags[other].document.parent_dag_id == dag_id:
            yield other
            yield from dags_below(world, other)
