"""Timetables without parameters. Airflow: ``airflow.timetables.simple``, ``airflow.sdk``."""

from __future__ import annotations

from queuack.authoring.timetables.base import BuiltInTimetable
from queuack.schedule import timetables as schedule


class NullTimetable(BuiltInTimetable):
    """``schedule=None``: runs only when triggered."""

    can_be_scheduled = False
    periodic = False
    run_ordering = ("logical_date",)

    @property
    def _schedule(self) -> schedule.Timetable:
        return schedule.NullTimetable()


class OnceTimetable(BuiltInTimetable):
    """``schedule="@once"``: one run, at the start date or else as soon as possible."""

    periodic = False
    run_ordering = ("logical_date",)

    @property
    def _schedule(self) -> schedule.Timetable:
        return schedule.OnceTimetable()


class ContinuousTimetable(BuiltInTimetable):
    """``schedule="@continuous"``: the next run as soon as the one before it has ended."""

    periodic = False
    run_ordering = ("logical_date",)
    active_runs_limit = 1

    @property
    def _schedule(self) -> schedule.Timetable:
        return schedule.ContinuousTimetable()
