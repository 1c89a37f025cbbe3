"""What every timetable gives and takes: intervals, restrictions, runs to come, and the base of the timetable structs.

Decides nothing about any schedule; the timetables themselves are in the modules beside it.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec


class InvalidSchedule(ValueError):
    """A schedule that cannot be kept: the message has the expression and what is wrong with it."""


class NoMoreDates(InvalidSchedule):
    """The expression is well formed and matches no date in the fifty years looked at."""


class Interval(msgspec.Struct, frozen=True):
    """A data interval: start ≤ end, aware UTC."""

    start: datetime
    end: datetime


class NextRun(msgspec.Struct, frozen=True):
    """A run to come: its logical date, the earliest moment it may be created, its data interval."""

    logical_date: datetime
    run_after: datetime
    data_interval: Interval

    @classmethod
    def spanning(cls, start: datetime, end: datetime) -> NextRun:
        """The run over ``[start, end)``: it has the start for logical date and may be created at the end."""
        return cls(start, end, Interval(start, end))


class Restriction(msgspec.Struct, frozen=True):
    """Bounds on the logical date: the DAG's start and end date, and whether to catch up."""

    earliest: datetime | None
    latest: datetime | None
    catchup: bool


class TimetableBase(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """What every timetable answers."""

    can_be_scheduled: ClassVar[bool] = True
    """False: runs come from outside only."""
    periodic: ClassVar[bool] = True
    active_runs_limit: ClassVar[int | None] = None
    """The most runs the DAG may have active at once, whatever it asks for; None = no such limit."""

    def next_run(self, last: Interval | None, restriction: Restriction, now: datetime) -> NextRun | None:
        """The run after the automated run with data interval ``last`` (None: the first); None = never again.

        Unless said otherwise a schedule makes no run by itself.
        """
        return None

    def manual_interval(self, run_after: datetime) -> Interval:
        """The data interval of a run triggered by hand at ``run_after``: that instant, unless said otherwise."""
        return Interval(run_after, run_after)

    @property
    def summary(self) -> str:
        """Short form for lists, as Airflow's ``timetable_summary``."""
        raise NotImplementedError

    @property
    def type_name(self) -> str:
        """The name of a built-in class, the import path of any other."""
        return type(self).__name__

    @property
    def description(self) -> str:
        """In words, as Airflow's ``timetable_description``."""
        return ""

    def validate(self) -> None:
        """Raises InvalidSchedule when no run could ever be computed from it."""
