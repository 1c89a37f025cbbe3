"""Timetables as data with behaviour: what a DAG's schedule is, and when its next run comes.

Each is an immutable struct with a ``type`` tag, so it travels in a DagDocument. Everything takes
and gives aware UTC datetimes; ``now`` is an argument.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class Interval(msgspec.Struct, frozen=True):
    """A data interval: start ≤ end, aware UTC."""

    start: datetime
    end: datetime


class NextRun(msgspec.Struct, frozen=True):
    """A run to come: its logical date, the earliest moment it may be created, its data interval."""

    logical_date: datetime
    run_after: datetime
    data_interval: Interval


class Restriction(msgspec.Struct, frozen=True):
    """Bounds on the logical date: the DAG's start and end date, and whether to catch up."""

    earliest: datetime | None
    latest: datetime | None
    catchup: bool


class TimetableBase(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """What every timetable answers."""

    def next_run(self, last: Interval | None, restriction: Restriction, now: datetime) -> NextRun | None:
        """The run after the automated run with data interval ``last`` (None: the first); None = never again."""
        raise NotImplementedError

    def manual_interval(self, run_after: datetime) -> Interval:
        """The data interval of a run triggered by hand at ``run_after``."""
        raise NotImplementedError

    @property
    def summary(self) -> str:
        """Short form for lists, as Airflow's ``timetable_summary``."""
        raise NotImplementedError

    @property
    def description(self) -> str:
        """In words, as Airflow's ``timetable_description``."""
        return ""


class NullTimetable(TimetableBase, frozen=True, tag="null"):
    """``schedule=None``: runs only when triggered."""

    def next_run(self, last: Interval | None, restriction: Restriction, now: datetime) -> NextRun | None:
        return None

    def manual_interval(self, run_after: datetime) -> Interval:
        return Interval(run_after, run_after)

    @property
    def summary(self) -> str:
        return "None"


Timetable = NullTimetable
