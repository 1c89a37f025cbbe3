"""What the daemon does now and then: a table of name, interval and function."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from queuack import clock, config
from queuack.daemon.services import backup
from queuack.engine.asset_effects import TaskStateExpired
from queuack.errors import QueuackError

log = logging.getLogger("queuack.daemon")

BACKUP_RETRY_SECONDS = 60.0
"""Pause after a scheduled backup that could not be made."""

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


@dataclass
class BackUp:
    """Make a backup when the setting wants one, in a thread of its own; scheduling goes on."""

    not_before: float = 0.0
    """After a failure: when to try again, by the loop's clock."""

    async def __call__(self, daemon: Daemon) -> None:
        loop = asyncio.get_running_loop()
        if config.get_float("database", "backup_interval") <= 0 or loop.time() < self.not_before:
            return
        if not await loop.run_in_executor(None, backup.is_due, clock.now_us()):
            return
        try:
            made = await loop.run_in_executor(None, backup.backup_by_the_clock, daemon.server.port)
        except QueuackError as error:
            self.not_before = loop.time() + BACKUP_RETRY_SECONDS
            log.error("The database could not be backed up: %s", error.message)
        else:
            log.info("The database is backed up: %s", made["file"])


CHORES = (
    Chore("checkpoint", 5.0, checkpoint),
    Chore("back up the database", 1.0, BackUp()),
    Chore("forget expired task state", 3_600.0, forget_expired_state),
)
