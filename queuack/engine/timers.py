"""Timers: a heap of instants at which time alone changes something. Entries are never removed, only found out of date.

Whether an entry still holds is asked of the caller, who knows the state; nothing here decides what is done when it is
due.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import Any

RETRY, NEXT_RUN, RUN_START, RUN_TIMEOUT = range(4)
"""Kinds. Subjects: (run, index), dag state, dag state, run."""
WAIT = 101
"""The time of a deferred instance is up. Subject: (run, position)."""
DEADLINE = 102
"""A run should have succeeded by now. Subject: deadline."""
ASK = 100
"""A custom timetable is to be asked again. Subject: dag state."""

Entry = tuple[int, int, int, Any]
"""(when, serial, kind, subject)."""


class Timers:
    """``is_current(when, kind, subject)`` says whether an entry still means something."""

    __slots__ = ("_heap", "_is_current", "_serial")

    def __init__(self, is_current: Callable[[int, int, Any], bool]) -> None:
        self._heap: list[Entry] = []
        self._serial = 0
        self._is_current = is_current

    def set(self, when: int, kind: int, subject: Any) -> None:
        self._serial += 1
        heapq.heappush(self._heap, (when, self._serial, kind, subject))

    def due(self, now: int) -> Iterator[tuple[int, Any]]:
        """Take out what is due and current: (kind, subject), in order of time."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            when, _, kind, subject = heapq.heappop(heap)
            if self._is_current(when, kind, subject):
                yield kind, subject

    def next(self) -> int | None:
        """The earliest instant that means something."""
        heap = self._heap
        while heap:
            when, _, kind, subject = heap[0]
            if self._is_current(when, kind, subject):
                return when
            heapq.heappop(heap)
        return None
