"""Timetables as data with behaviour: what a DAG's schedule is, and when its next run comes.

Each is an immutable struct with a ``type`` tag, so it travels in a DagDocument. Everything takes
and gives aware UTC datetimes; ``now`` is an argument. This module is the package's face.
"""

from __future__ import annotations

from queuack.schedule.base import (
    Interval,
    InvalidSchedule,
    NextRun,
    NoMoreDates,
    Restriction,
    TimetableBase,
)
from queuack.schedule.delta_grid import Delta, RelativeDelta
from queuack.schedule.recurring import (
    CronDataIntervalTimetable,
    CronTriggerTimetable,
    DeltaDataIntervalTimetable,
    DeltaTriggerTimetable,
    MultipleCronTriggerTimetable,
    RunImmediately,
)
from queuack.schedule.simple import ContinuousTimetable, EventsTimetable, NullTimetable, OnceTimetable

__all__ = [
    "ContinuousTimetable",
    "CronDataIntervalTimetable",
    "CronTriggerTimetable",
    "Delta",
    "DeltaDataIntervalTimetable",
    "DeltaTriggerTimetable",
    "EventsTimetable",
    "Interval",
    "InvalidSchedule",
    "MultipleCronTriggerTimetable",
    "NextRun",
    "NoMoreDates",
    "NullTimetable",
    "OnceTimetable",
    "RelativeDelta",
    "Restriction",
    "RunImmediately",
    "Timetable",
    "TimetableBase",
]

Timetable = (
    NullTimetable
    | OnceTimetable
    | ContinuousTimetable
    | CronDataIntervalTimetable
    | CronTriggerTimetable
    | MultipleCronTriggerTimetable
    | DeltaDataIntervalTimetable
    | DeltaTriggerTimetable
    | EventsTimetable
)
"""Any timetable, as a tagged union for msgspec."""
