"""The timetables DAG files write, by Airflow's names, over the pure ones of ``queuack.schedule``."""

from __future__ import annotations

from queuack.authoring.timetables.assets import (
    AssetOrTimeSchedule,
    AssetTriggeredTimetable,
    PartitionedAssetTimetable,
    PartitionedAtRuntime,
)
from queuack.authoring.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable
from queuack.authoring.timetables.choice import timetable_for
from queuack.authoring.timetables.events import EventsTimetable
from queuack.authoring.timetables.interval import CronDataIntervalTimetable, DeltaDataIntervalTimetable
from queuack.authoring.timetables.partitions import CronPartitionTimetable
from queuack.authoring.timetables.simple import ContinuousTimetable, NullTimetable, OnceTimetable
from queuack.authoring.timetables.trigger import (
    CronTriggerTimetable,
    DeltaTriggerTimetable,
    MultipleCronTriggerTimetable,
)

__all__ = [
    "AssetOrTimeSchedule",
    "AssetTriggeredTimetable",
    "ContinuousTimetable",
    "CronDataIntervalTimetable",
    "CronPartitionTimetable",
    "CronTriggerTimetable",
    "DagRunInfo",
    "DataInterval",
    "DeltaDataIntervalTimetable",
    "DeltaTriggerTimetable",
    "EventsTimetable",
    "MultipleCronTriggerTimetable",
    "NullTimetable",
    "OnceTimetable",
    "PartitionedAssetTimetable",
    "PartitionedAtRuntime",
    "TimeRestriction",
    "Timetable",
    "timetable_for",
]
