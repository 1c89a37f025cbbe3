"""Timetables as data with behaviour: what a DAG's schedule is, and when its next run comes.

Each is an immutable struct with a ``type`` tag, so it travels in a DagDocument. Everything takes
and gives aware UTC datetimes; ``now`` is an argument. This module is the package's face.
"""

from __future__ import annotations

from datetime import datetime

from queuack.schedule.assets import (
    AssetTriggeredTimetable,
    MapperChoice,
    PartitionedAssetTimetable,
    PartitionedAtRuntime,
)
from queuack.schedule.base import (
    Interval,
    InvalidSchedule,
    NextRun,
    NoMoreDates,
    Restriction,
    TimetableBase,
)
from queuack.schedule.conditions import Condition
from queuack.schedule.cron_partitions import CronPartitionTimetable
from queuack.schedule.custom import CustomTimetable, MustBeAsked
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
    "AssetOrTimeTimetable",
    "AssetTriggeredTimetable",
    "Condition",
    "ContinuousTimetable",
    "CronDataIntervalTimetable",
    "CronPartitionTimetable",
    "CronTriggerTimetable",
    "CustomTimetable",
    "Delta",
    "DeltaDataIntervalTimetable",
    "DeltaTriggerTimetable",
    "EventsTimetable",
    "Interval",
    "InvalidSchedule",
    "MapperChoice",
    "MultipleCronTriggerTimetable",
    "MustBeAsked",
    "NextRun",
    "NoMoreDates",
    "NullTimetable",
    "OnceTimetable",
    "PartitionedAssetTimetable",
    "PartitionedAtRuntime",
    "RelativeDelta",
    "Restriction",
    "RunImmediately",
    "Timetable",
    "TimetableBase",
    "asked_part",
]


class AssetOrTimeTimetable(TimetableBase, frozen=True, tag="assets_or_time"):
    """Runs by a timetable, and whenever an asset condition is met. Here, because it holds any other timetable."""

    condition: Condition
    timetable: Timetable

    @property
    def active_runs_limit(self) -> int | None:  # type: ignore[override]
        return self.timetable.active_runs_limit

    def next_run(self, last: Interval | None, restriction: Restriction, now: datetime) -> NextRun | None:
        return self.timetable.next_run(last, restriction, now)

    def manual_interval(self, run_after: datetime) -> Interval:
        return self.timetable.manual_interval(run_after)

    @property
    def summary(self) -> str:
        return f"Asset or {self.timetable.summary}"

    @property
    def description(self) -> str:
        return f"Triggered by assets or {self.timetable.description}"

    def validate(self) -> None:
        self.timetable.validate()


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
    | CustomTimetable
    | AssetTriggeredTimetable
    | AssetOrTimeTimetable
    | PartitionedAssetTimetable
    | PartitionedAtRuntime
    | CronPartitionTimetable
)
"""Any timetable, as a tagged union for msgspec."""


def asked_part(timetable: TimetableBase) -> CustomTimetable | None:
    """What of a timetable is user code and must be asked; None: everything is computed here."""
    if isinstance(timetable, AssetOrTimeTimetable):
        timetable = timetable.timetable
    return timetable if isinstance(timetable, CustomTimetable) else None
