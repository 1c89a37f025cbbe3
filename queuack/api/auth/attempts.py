"""How often somebody may try a password: after some failures, only after a pause that doubles. Kept in memory."""

from __future__ import annotations

import time
from collections import OrderedDict

FREE = 5
"""Failures without a pause."""
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
REMEMBERED = 10_000
"""Names and addresses; the longest unseen is forgotten first."""


class Attempts:
    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def pause(self, *keys: str) -> float:
        """Seconds that must pass before the next try by any of ``keys``; 0: now."""
        now = time.monotonic()
        return max((self._until(key) - now for key in keys), default=0.0)

    def failed(self, *keys: str) -> None:
        for key in keys:
            count = self._failures.pop(key, (0, 0.0))[0] + 1
            self._failures[key] = (count, time.monotonic())
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, *keys: str) -> None:
        for key in keys:
            self._failures.pop(key, None)

    def _until(self, key: str) -> float:
        count, last = self._failures.get(key, (0, 0.0))
        over = count - FREE
        return last + min(FIRST_PAUSE * 2.0**over, LONGEST_PAUSE) if over >= 0 else 0.0
