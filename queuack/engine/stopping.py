"""Stopping: an instance that somebody has in hand is decided otherwise; its slots are free at once."""

from __future__ import annotations

from queuack.engine import deferral, states
from queuack.engine.effects import Cancel
from queuack.engine.run import Run
from queuack.engine.world import World


def stop(world: World, run: Run, i: int, reason: str) -> None:
    """Cancel an attempt whose instance has been decided otherwise; call before the state changes."""
    deferral.forget(world, run, i, killed=True)
    if run.states[i] not in states.RUNNING_LIKE:
        return
    world.live.pop(run.ti_ids[i], None)
    world.admission.give(run, i)
    world.commands.append(Cancel(ti_id=run.ti_ids[i], try_number=run.tries[i], reason=reason))
