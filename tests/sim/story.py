"""The story of a seed: one line an event, and what was violated at its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

KEPT = 400
"""Lines."""


class Violation(AssertionError):
    """Something that must never happen has happened. The message says what; ``story`` how it came to that."""

    story: str = ""


class Crash(BaseException):
    """The daemon ends here, at once. Not an Exception: nothing in the daemon may catch it."""


class Story:
    def __init__(self, wall_us: Callable[[], int]) -> None:
        self._wall_us = wall_us
        self.step = 0
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self._wall_us())
        self.lines.append(f"{self.step:4d}  {at:%m-%d %H:%M:%S.%f}  {text}")
        if len(self.lines) > 4 * KEPT:
            del self.lines[: -KEPT * 2]

    def tell(self, last: int = 60) -> str:
        return "\n".join(self.lines[-last:])
