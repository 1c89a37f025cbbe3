"""Attempts that have until a certain moment to end. Decides nothing but when the moment has come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from queuack.executors.base import Attempt


class Deadlines:
    """At most one per attempt."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_deadline: Callable[[Attempt, str], None]) -> None:
        self._loop = loop
        self._on_deadline = on_deadline
        self._handles: dict[Attempt, asyncio.TimerHandle] = {}

    def set(self, key: Attempt, seconds: float, reason: str) -> None:
        """Call ``on_deadline(key, reason)`` in ``seconds``; replaces an earlier deadline of the attempt."""
        self.clear(key)
        self._handles[key] = self._loop.call_later(seconds, self._expire, key, reason)

    def clear(self, key: Attempt) -> None:
        """It has ended in time."""
        handle = self._handles.pop(key, None)
        if handle is not None:
            handle.cancel()

    def clear_all(self) -> None:
        for key in list(self._handles):
            self.clear(key)

    def _expire(self, key: Attempt, reason: str) -> None:
        del self._handles[key]
        self._on_deadline(key, reason)
