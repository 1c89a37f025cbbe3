"""Timetables whose runs cover the time between points. Airflow: ``airflow.timetables.interval``, ``airflow.sdk``."""

from __future__ import annotations

from typing import Any

from queuack.authoring.timetables.base import BuiltInTimetable
from queuack.authoring.timetables.cron_points import CronPoints
from queuack.authoring.timetables.delta_points import DeltaPoints
from queuack.authoring.timetables.encoding import Length, Zone, decode_length, delta_of, encode_length, encode_zone
from queuack.schedule import timetables as schedule


class CronDataIntervalTimetable(CronPoints, BuiltInTimetable):
    """Data intervals between the points of a cron expression; a run comes at the end of its interval.

    ``cron``: 5 or 6 fields or a preset like ``@daily`` (``expression`` is another name for it); ``timezone``: where its
    clock hangs. Raises TypeError when either is missing.
    """

    def __init__(self, cron: str | None = None, timezone: Zone | None = None, *, expression: str | None = None) -> None:
        self._set_points(cron or expression, timezone)

    @property
    def _schedule(self) -> schedule.Timetable:
        return schedule.CronDataIntervalTimetable(self.expression, self._zone_name)

    def serialize(self) -> dict[str, Any]:
        return {"expression": self.expression, "timezone": encode_zone(self.timezone)}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> CronDataIntervalTimetable:
        return cls(data["expression"], cls._decode_zone(data["timezone"]))


class DeltaDataIntervalTimetable(DeltaPoints, BuiltInTimetable):
    """Data intervals of length ``delta``, one after the other; a run comes at the end of its interval."""

    def __init__(self, delta: Length) -> None:
        self.delta = delta

    @property
    def _schedule(self) -> schedule.Timetable:
        return schedule.DeltaDataIntervalTimetable(delta_of(self.delta))

    def serialize(self) -> dict[str, Any]:
        return {"delta": encode_length(self.delta)}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> DeltaDataIntervalTimetable:
        return cls(decode_length(data["delta"]))
