"""The timetable of somebody's own class, as data: which class, and what it serialized itself to.

It cannot be computed here: the class is user code. The engine has a process with plugins asked (``engine.asking``);
whoever else needs an answer does the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NoReturn

from queuack.schedule.base import Interval, NextRun, Restriction, TimetableBase


class MustBeAsked(TypeError):
    """The behaviour of a custom timetable was wanted where only its data is known."""


class CustomTimetable(TimetableBase, frozen=True, tag="custom", kw_only=True):
    """An instance of a class that a plugin registers."""

    importable: str
    """``module.Class``, as registered."""
    data: dict[str, Any] = {}
    """What ``serialize()`` gave; ``deserialize()`` makes the timetable of it."""
    can_be_scheduled: bool = True  # type: ignore[misc]  # each class of its own, where built-in ones are all alike
    periodic: bool = True  # type: ignore[misc]
    active_runs_limit: int | None = None  # type: ignore[misc]
    label: str = ""
    """Its ``summary``."""
    words: str = ""
    """Its ``description``."""

    def next_run(self, last: Interval | None, restriction: Restriction, now: datetime) -> NextRun | None:
        self._refuse()

    def manual_interval(self, run_after: datetime) -> Interval:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise MustBeAsked(f"{self.importable} is user code: its answers come from a process that has plugins loaded.")

    @property
    def type_name(self) -> str:
        return self.importable

    @property
    def summary(self) -> str:
        return self.label

    @property
    def description(self) -> str:
        return self.words
