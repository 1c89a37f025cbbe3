"""Which timetable ``DAG(schedule=…)`` means. Airflow page: authoring-and-scheduling/cron, timetable."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dateutil.relativedelta import relativedelta

from queuack.authoring.timetables.assets import asset_timetable
from queuack.authoring.timetables.base import Timetable
from queuack.authoring.timetables.encoding import Zone
from queuack.authoring.timetables.interval import CronDataIntervalTimetable, DeltaDataIntervalTimetable
from queuack.authoring.timetables.simple import ContinuousTimetable, NullTimetable, OnceTimetable
from queuack.authoring.timetables.trigger import CronTriggerTimetable, DeltaTriggerTimetable


def timetable_for(
    schedule: Any,
    timezone: Zone,
    *,
    create_cron_data_intervals: bool | None = None,
    create_delta_data_intervals: bool | None = None,
) -> Timetable:
    """The timetable for a DAG's ``schedule``; cron expressions run by the clock of ``timezone``.

    The flags choose data intervals over triggers for cron expressions and deltas; None: as ``[scheduler]`` says (both
    False unless set). Nothing is checked here: ``Timetable.validate`` and ``.document`` do. Raises ValueError for what
    is no schedule.
    """
    if isinstance(schedule, Timetable):
        return schedule
    if schedule is None:
        return NullTimetable()
    if schedule == "@once":
        return OnceTimetable()
    if schedule == "@continuous":
        return ContinuousTimetable()
    if isinstance(schedule, str):
        if _setting("create_cron_data_intervals", create_cron_data_intervals):
            return CronDataIntervalTimetable(schedule, timezone)
        return CronTriggerTimetable(schedule, timezone)
    if isinstance(schedule, timedelta | relativedelta):
        if _setting("create_delta_data_intervals", create_delta_data_intervals):
            return DeltaDataIntervalTimetable(schedule)
        return DeltaTriggerTimetable(schedule)
    if (assets := asset_timetable(schedule)) is not None:
        return assets
    raise ValueError(f"{schedule!r} is not a valid schedule.")


def _setting(key: str, given: bool | None) -> bool:
    if given is not None:
        return given
    from queuack import config  # reads files and environment: only when it is asked

    return config.get_boolean("scheduler", key)
