"""What has changed since somebody last asked, by subject: so that pages know when to look again.

It tells no content, only that there is something new; those who hear it ask as they would have anyway. Told a moment
after the commit, when readers see it (ADR 0006), and several commits at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from queuack.daemon.loop import FOLD_SECONDS
from queuack.engine import asset_effects
from queuack.engine import effects as fx
from queuack.engine.effects import Write

PAUSE = FOLD_SECONDS + 0.1
"""Seconds from a commit until it is told."""

INTEREST = 60.0
"""Seconds after the last question for which commits are looked at."""

LONGEST_WAIT = 25.0
"""Seconds after which a question is answered with nothing."""

SUBJECTS: dict[type[Write], str] = {
    fx.RunRow: "runs",
    fx.NewInstances: "runs",
    fx.InstanceRow: "runs",
    fx.InstancesExpanded: "runs",
    fx.RunDeleted: "runs",
    fx.InstanceDeleted: "runs",
    fx.DagRow: "dags",
    fx.DagVersionRow: "dags",
    fx.ImportErrorRows: "dags",
    asset_effects.AssetEventRow: "assets",
    asset_effects.AssetQueueRow: "assets",
    asset_effects.AssetQueueEmptied: "assets",
    asset_effects.AssetDequeued: "assets",
    fx.VariableRow: "configuration",
    fx.VariableDeleted: "configuration",
    fx.ConnectionRow: "configuration",
    fx.ConnectionDeleted: "configuration",
    fx.UserRow: "users",
    fx.UserDeleted: "users",
    fx.PoolRow: "pools",
    fx.PoolDeleted: "pools",
}


class Changes:
    """For the event loop's thread."""

    def __init__(self) -> None:
        self._number = 1
        self._numbers: dict[str, int] = {}
        self._gathered: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._asked = 0.0
        self._news = asyncio.Event()

    def committed(self, writes: Sequence[Write]) -> None:
        """As the loop's other observers."""
        if time.monotonic() - self._asked > INTEREST:
            self._number += 1  # whoever asks later is told to look at everything
            return
        self._gathered |= {SUBJECTS[type(write)] for write in writes if type(write) in SUBJECTS}
        if self._gathered and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PAUSE, self._tell)

    async def since(self, number: int) -> tuple[int, list[str]]:
        """A number to ask with next, and the subjects that changed after ``number``; 0: nothing is known yet.

        Waits for something to tell, at most ``LONGEST_WAIT`` seconds."""
        lapsed = time.monotonic() - self._asked > INTEREST
        self._asked = time.monotonic()
        if number == 0 or lapsed or number > self._number:
            return self._number, sorted(set(SUBJECTS.values())) if number else []
        if not self._changed(number):
            try:
                await asyncio.wait_for(self._news.wait(), LONGEST_WAIT)
            except TimeoutError:
                pass
        self._asked = time.monotonic()
        return self._number, self._changed(number)

    def _changed(self, number: int) -> list[str]:
        return sorted(subject for subject, at in self._numbers.items() if at > number)

    def _tell(self) -> None:
        self._timer = None
        self._number += 1
        self._numbers |= dict.fromkeys(self._gathered, self._number)
        self._gathered = set()
        self._news.set()
        self._news = asyncio.Event()
