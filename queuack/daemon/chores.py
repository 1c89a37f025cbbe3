"""What the daemon does now and then: a table of name, interval and function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from queuack import clock
from queuack.engine.asset_effects import TaskStateExpired

if TYPE_CHECKING:
    from queuack.daemon.daemon import Daemon


@dataclass(frozen=True)
class Chore:
    name: str
    seconds: float
    function: Callable[[Daemon], Awaitable[None]]


async def checkpoint(daemon: Daemon) -> None:
    """Fold the write-ahead log into the file while nothing waits for a commit."""
    if not daemon.loop.engine.outstanding():
        await daemon.loop.in_writer(daemon.database.checkpoint_if_due)


async def forget_expired_state(daemon: Daemon) -> None:
    """Delete what task instances kept and what has outlived its retention. (It is not read any more already.)"""
    daemon.loop.write(TaskStateExpired(at=clock.now_us()))


CHORES = (
    Chore("checkpoint", 5.0, checkpoint),
    Chore("forget expired task state", 3_600.0, forget_expired_state),
)
