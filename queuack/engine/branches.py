"""Branches: what a branch had decided still holds for what is cleared after it, while the branch itself is not.

Airflow's dependency "Not Previously Skipped".
"""

from __future__ import annotations

from collections.abc import Iterable

from queuack.engine import states
from queuack.engine.events import BranchChoice
from queuack.engine.run import Run
from queuack.engine.scheduling import settle
from queuack.engine.states import Move
from queuack.engine.world import World


def skip_what_was_skipped(world: World, run: Run, cleared: Iterable[int], choices: Iterable[BranchChoice]) -> None:
    """Skip again, of the instances just cleared, what a finished branch directly above them had passed over."""
    by_place = {(one.task_id, one.map_index): one for one in choices}
    if not by_place:
        return
    ids = run.plan.task_ids
    for i in cleared:
        if run.states[i] != states.NONE:
            continue
        task = run.task_of[i]
        for branch in run.plan.upstream[task]:
            at = run.position(ids[branch], run.map_indexes[i])
            if at is None:
                at = run.position(ids[branch], -1)
            if at is None or not states.IS_FINISHED[run.states[at]]:
                continue
            choice = by_place.get((ids[branch], run.map_indexes[at]))
            if choice is not None and choice.skips(ids[task]):
                run.detail(i).start_date = run.detail(i).end_date = world.now
                settle(world, run, i, Move.SKIP)
                break
