"""Tree control: what is cleared or marked by hand goes through the tree of runs that SubDAGs make: down to the runs
that tasks run, and, of what is cleared, up to the tasks that run a run.

It decides which instances of which runs, before the act and in it alike; what is done to one run is ``by_hand``'s.
https://airflow.apache.org/docs/apache-airflow/2.10.5/core-concepts/dags.html#subdags
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from queuack.engine import by_hand, family, states
from queuack.engine.choosing import downstream_of, in_scope, new_tasks, states_to_clear, to_clear
from queuack.engine.closing import close
from queuack.engine.events import ClearTasks
from queuack.engine.run import Run
from queuack.engine.states import DagRunState, Move
from queuack.engine.world import World


class Part(NamedTuple):
    """What a request means of one run."""

    run: Run
    chosen: list[int]
    """Positions, in order."""
    new: list[str]
    """Ids of tasks that the run does not have yet, with ``only_new``."""
    is_below: bool = False
    """It is the run of a task in a part before this one."""


# ── clearing ─────────────────────────────────────────────────────────────────────────────────────────
def parts_to_clear(world: World, run: Run, event: ClearTasks) -> list[Part]:
    """First what is cleared of the run asked about, maybe nothing; then what of the runs below, each after the one
    above it; then what of those above, with what is below them. Raises TaskNotFound."""
    chosen = set(to_clear(run, event))
    new = new_tasks(run) if event.only_new else []
    below: list[Part] = []
    if event.include_subdags:
        chosen |= _below(world, run, in_scope(run, event), event, below)
    found = [Part(run, sorted(chosen), new), *below]
    if event.include_parentdag and any(part.chosen or part.new for part in found):
        _above(world, run, event, found)
    return found


def _below(world: World, run: Run, tasks: Iterable[int], event: ClearTasks, found: list[Part]) -> set[int]:
    """Add what is cleared below these instances. Returns those of them that have ended although something below is
    cleared: they are cleared too, else nobody would run it."""
    ended = set()
    for i in sorted(tasks):
        child = family.child_of(world, run, i)
        if child is None:
            continue
        wanted = states_to_clear(event)
        chosen = {p for p, state in enumerate(child.states) if state in wanted}
        new = new_tasks(child) if event.only_new else []
        deeper: list[Part] = []
        chosen |= _below(world, child, range(len(child.states)), event, deeper)
        if not chosen and not new and not deeper:
            continue
        found += [Part(child, sorted(chosen), new, is_below=True), *deeper]
        if states.IS_FINISHED[run.states[i]]:
            ended.add(i)
    return ended


def _above(world: World, run: Run, event: ClearTasks, found: list[Part]) -> None:
    """Add the task that runs a run, if it is over, and what comes after it; so up to the root."""
    place = family.parent_of(world, run)
    while place is not None:
        above, i = place
        if above.states[i] in (states.ABSENT, states.REMOVED) or not (
            above.is_finished or states.IS_FINISHED[above.states[i]]
        ):
            return
        after = downstream_of(above, i) - {i}
        chosen = {i} | {p for p in after if above.states[p] in states_to_clear(event)}
        deeper: list[Part] = []
        if event.include_subdags:
            chosen |= _below(world, above, after, event, deeper)
        found += [Part(above, sorted(chosen), []), *deeper]
        place = family.parent_of(world, above)


def hold(world: World, child: Run) -> bool:
    """A run below is about to be cleared: unless its task goes on waiting, it waits until that begins. False when no
    task runs it any more: the newest version of the DAG above has it not."""
    found = family.parent_of(world, child)
    if found is None:
        return False
    above, i = found
    if child.state == DagRunState.RUNNING and above.states[i] != states.DEFERRED:
        child.turn("hold")
        child.dag.count_running(child, -1)
        world.to_plan[child.dag] = None
    return True


def clear_below(world: World, run: Run, chosen: Iterable[int]) -> None:
    """What failed in the runs below these instances, which were just cleared, is cleared."""
    failed = ClearTasks(dag_id=run.dag_id, run_id=run.run_id, only_failed=True)
    found: list[Part] = []
    _below(world, run, chosen, failed, found)
    _clear(world, found)


def clear_above(world: World, run: Run) -> None:
    """Something of the run was just cleared: the task above that runs it is as well, with what comes after."""
    found: list[Part] = []
    _above(world, run, ClearTasks(dag_id=run.dag_id, run_id=run.run_id), found)
    _clear(world, found)


def _clear(world: World, parts: Iterable[Part]) -> None:
    for part in parts:
        if part.chosen and (not part.is_below or hold(world, part.run)):
            by_hand.clear(world, part.run, part.chosen)


# ── marking ──────────────────────────────────────────────────────────────────────────────────────────
def parts_to_mark(world: World, run: Run, marked: Iterable[int], move: Move) -> list[Part]:
    """The runs below these instances, to any depth: what is said of a SubDagOperator holds for all of its child."""
    found: list[Part] = []
    for i in marked:
        child = family.child_of(world, run, i)
        if child is not None:
            already = (states.ABSENT, states.REMOVED, states.MOVES[move][states.NONE])
            chosen = [p for p, state in enumerate(child.states) if state not in already]
            found += [Part(child, chosen, [], is_below=True)]
            found += parts_to_mark(world, child, range(len(child.states)), move)
    return found


def mark_below(world: World, parts: Iterable[Part], move: Move) -> None:
    """Mark the runs that ``parts_to_mark`` found, and end them."""
    state = DagRunState.FAILED if move == Move.MARK_FAILED else DagRunState.SUCCESS
    for child, chosen, _, _ in parts:
        for i in chosen:
            by_hand.mark(world, child, i, move)
        by_hand.look_anew(world, child)
        if not child.is_finished:
            close(world, child, state, "marked")
        elif child.state != state:
            child.state = str(state)
            world.dirty_runs[child] = None
