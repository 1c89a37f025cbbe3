"""Stopping: an instance that somebody has in hand is decided otherwise; its slots are free at once."""

from __future__ import annotations

from queuack.engine import deferral, family, states
from queuack.engine.effects import Cancel
from queuack.engine.run import Run
from queuack.engine.world import World


def stop(world: World, run: Run, i: int, reason: str, *, child: str | None = "failed") -> None:
    """Cancel an attempt whose instance has been decided otherwise; call before the state changes.

    ``child``: in which state the run of a SubDAG ends that the instance waits for; None = it is left alone.
    """
    if child is not None and run.states[i] == states.DEFERRED and (below := family.child_of(world, run, i)) is not None:
        world.to_end[below] = child
    deferral.forget(world, run, i, killed=True)
    if run.states[i] not in states.RUNNING_LIKE:
        return
    world.live.pop(run.ti_ids[i], None)
    world.admission.give(run, i)
    world.commands.append(Cancel(ti_id=run.ti_ids[i], try_number=run.tries[i], reason=reason))
