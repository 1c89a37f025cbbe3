"""Expansion: when what a task is mapped over is known, its one instance becomes as many as there are elements.

It makes and removes instances, and says who has to be looked at when one of them finishes. Whether a task may be
expanded now its trigger rule decides, like whether any other may run (``scheduling``).
https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/dynamic-task-mapping.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from queuack.engine import states
from queuack.engine.effects import InstancesExpanded, TaskMapRow
from queuack.engine.relevance import seeing
from queuack.engine.run import Run
from queuack.engine.snapshot import RunSnapshot
from queuack.engine.spread import Spread
from queuack.engine.states import Move
from queuack.engine.stopping import stop
from queuack.engine.trigger_rules import RUN, SKIP, UPSTREAM_FAIL
from queuack.engine.world import World


def expand(world: World, run: Run, spread: Spread, task: int) -> int:
    """Expand a task that has one instance without map index. Returns what comes of that instance: RUN (it is one of
    those that are left to be looked at), SKIP (nothing to map over), UPSTREAM_FAIL (there is no telling)."""
    count = spread.count_of(task)
    if count is None:
        return UPSTREAM_FAIL
    if count < 1:
        return SKIP
    run.held.discard(task)
    run.past_waiting.discard(task)
    _make(world, run, spread, task, count)
    world.look_at(run, run.instances(task))
    beside = [t for t in spread.mapping.inner_downstream.get(task, ()) if t not in spread.positions]
    world.look_at(run, beside)
    return RUN


def expand_literals(world: World, run: Run) -> None:
    """At the creation of a run: what is mapped over literals only is expanded at once."""
    spread = run.spread
    if spread is None:
        return
    for task in spread.mapping.expansions:
        if run.states[task] != states.ABSENT and (count := spread.count_of(task)):
            _make(world, run, spread, task, count)


def _make(world: World, run: Run, spread: Spread, task: int, count: int) -> None:
    """Give the task instances up to ``count``."""
    known = len(spread.positions.get(task, ())) or 1
    first = world.next_ti_id
    world.next_ti_id += count - known
    world.writes.append(
        InstancesExpanded(
            ti_id=run.ti_ids[task],
            first_id=first,
            first_index=known,
            count=count - known,
            max_tries=run.plan.retries[task],
            at=world.now,
        )
    )
    run.add_instances(task, range(first, first + count - known))
    spread.expanded_to[task] = count


def is_outdated(spread: Spread, task: int) -> bool:
    """Whether an expanded task would be expanded otherwise today: what it is mapped over was cleared and ran again."""
    count = spread.count_of(task)
    return count is not None and spread.expanded_to[task] != count


def cleared(run: Run, i: int) -> None:
    """An instance runs again: see anew how many there have to be."""
    if run.spread is not None and run.task_of[i] in run.spread.expanded_to:
        run.spread.expanded_to[run.task_of[i]] = -1


def revise(world: World, run: Run, spread: Spread, task: int) -> None:
    """Make the instances that an expanded task lacks, remove those that are too many."""
    count = spread.count_of(task)
    assert count is not None
    known = spread.positions[task]
    if len(known) < count:
        size = len(known)
        _make(world, run, spread, task, count)
        world.look_at(run, spread.positions[task][size:])
    spread.expanded_to[task] = count
    too_many = [i for i in known[count:] if run.states[i] != states.REMOVED]
    if not too_many:
        return
    for i in too_many:
        stop(world, run, i, "removed: there is less to map over")
        run.move(i, Move.SHRINK)
        run.held.discard(i)
        run.past_waiting.discard(i)
        run.detail(i).retry_at = None
        world.change(run, i)
    run.recount()
    world.touched[run] = None
    world.look_at(run, range(len(run.states)))


def settled(world: World, run: Run, spread: Spread, i: int, state: int, *, decided: bool) -> None:
    """An instance reached a finished state: leave those that look at it to be looked at.

    ``decided``: by its own upstream, not by a worker; those that expand over it are looked at first, as in Airflow.
    """
    task = run.task_of[i]
    mapping = spread.mapping
    outer = mapping.outer_downstream[task]
    readers: Sequence[int] = mapping.readers.get(task, ())
    if readers:
        readers = () if spread.unfinished(task) else [r for r in readers if decided or r not in outer]
    if decided:
        _look_at_schedulable(world, run, run.all_instances(readers))
    world.look_at(run, outer, state)
    inner = mapping.inner_downstream.get(task)
    if inner:
        _look_at_schedulable(world, run, (p for other in inner for p in seeing(run, spread, i, other)))
    if not decided:
        _look_at_schedulable(world, run, run.all_instances(readers))
    watchers = run.plan.watchers.get(task)
    if watchers:
        _look_at_schedulable(world, run, (p for watcher in watchers for p in _watching(run, spread, i, watcher)))


def _watching(run: Run, spread: Spread, i: int, watcher: int) -> Iterable[int]:
    if spread.mapping.common(run.task_of[i], watcher) is None:
        return run.instances(watcher)
    return seeing(run, spread, i, watcher)


def _look_at_schedulable(world: World, run: Run, positions: Iterable[int]) -> None:
    world.look_at(run, [p for p in positions if states.IS_SCHEDULABLE[run.states[p]]])


# ── what is mapped over ──────────────────────────────────────────────────────────────────────────────
def returned(world: World, run: Run, i: int, length: int) -> None:
    """An instance returned something that long, and others are mapped over it."""
    if run.spread is None:
        return
    task, map_index = run.task_of[i], run.map_indexes[i]
    run.spread.take_length(task, map_index, length)
    world.writes.append(_row(run, task, map_index, length))


def runs_again(world: World, run: Run, i: int) -> None:
    """What an instance of a mapped task returned is forgotten: it is handed out again."""
    spread = run.spread
    if spread is not None and spread.drop_length(run.task_of[i], run.map_indexes[i]):
        world.writes.append(_row(run, run.task_of[i], run.map_indexes[i], None))


def _row(run: Run, task: int, map_index: int, length: int | None) -> TaskMapRow:
    return TaskMapRow(
        run_key=run.key,
        dag_id=run.dag_id,
        run_id=run.run_id,
        task_id=run.plan.task_ids[task],
        map_index=map_index,
        length=length,
    )


# ── memory ───────────────────────────────────────────────────────────────────────────────────────────
def restore_lengths(run: Run, spread: Spread, found: RunSnapshot) -> None:
    """Take in what the instances had returned."""
    for task_id, map_index, length in found.lengths:
        task = run.plan.index.get(task_id)
        if task is not None:
            spread.take_length(task, map_index, length)


def restore_expansions(run: Run, spread: Spread) -> None:
    """How many instances each expanded task was found to need: so many as are not at its end and removed."""
    for task, positions in spread.positions.items():
        count = len(positions)
        while count and run.states[positions[count - 1]] == states.REMOVED:
            count -= 1
        spread.expanded_to[task] = count
