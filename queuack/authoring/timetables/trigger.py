"""Timetables that run at points in time. Airflow: ``airflow.timetables.trigger``, ``airflow.sdk``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from queuack.authoring.timetables.base import BuiltInTimetable
from queuack.authoring.timetables.cron_points import CronPoints
from queuack.authoring.timetables.delta_points import DeltaPoints
from queuack.authoring.timetables.encoding import (
    Length,
    Zone,
    decode_length,
    delta_of,
    encode_length,
    encode_zone,
)
from queuack.schedule import timetables as schedule

RunImmediately = bool | timedelta | None
"""When a DAG without start date and runs begins: with the point just passed (True), with it when it passed no longer
ago than this (timedelta), or no longer ago than a tenth of the distance to the next or five minutes (False, None)."""

_ZERO = timedelta()


class DeltaTriggerTimetable(DeltaPoints, BuiltInTimetable):
    """A run every ``delta``; its data interval is the ``interval`` before it (default: the moment itself)."""

    def __init__(self, delta: Length, *, interval: Length = _ZERO) -> None:
        self.delta = delta
        self.interval = interval

    @property
    def _interval(self) -> Length:
        return self.interval

    @property
    def _schedule(self) -> schedule.Timetable:
        return schedule.DeltaTriggerTimetable(delta_of(self.delta), delta_of(self.interval))

    def serialize(self) -> dict[str, Any]:
        return {"delta": encode_length(self.delta), "interval": encode_length(self.interval)}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> DeltaTriggerTimetable:
        return cls(decode_length(data["delta"]), interval=decode_length(data["interval"]))


class CronTriggerTimetable(CronPoints, BuiltInTimetable):
    """A run at each point of a cron expression, as cron itself does it.

    ``cron``: 5 or 6 fields or a preset (``expression`` is another name for it); ``timezone``: where its clock hangs;
    ``interval``: the length of the data interval that ends at the point, default 0; ``run_immediately``: see
    ``RunImmediately``. Raises TypeError when expression or time zone is missing.
    """

    def __init__(
        self,
        cron: str | None = None,
        timezone: Zone | None = None,
        *,
        interval: Length = _ZERO,
        run_immediately: RunImmediately = False,
        expression: str | None = None,
    ) -> None:
        self._set_points(cron or expression, timezone)
        self.interval = interval
        self.run_immediately = run_immediately

    @property
    def _interval(self) -> Length:
        return self.interval

    @property
    def _run_immediately(self) -> RunImmediately:
        return self.run_immediately

    @property
    def _schedule(self) -> schedule.Timetable:
        return schedule.CronTriggerTimetable(
            self.expression, self._zone_name, delta_of(self.interval), plain_grace(self.run_immediately)
        )

    def serialize(self) -> dict[str, Any]:
        return {
            "expression": self.expression,
            "timezone": encode_zone(self.timezone),
            "interval": encode_length(self.interval),
            "run_immediately": encode_grace(self.run_immediately),
        }

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> CronTriggerTimetable:
        return cls(
            data["expression"],
            cls._decode_zone(data["timezone"]),
            interval=decode_length(data["interval"]),
            run_immediately=_decode(data.get("run_immediately", False)),
        )


class MultipleCronTriggerTimetable(BuiltInTimetable):
    """A run whenever one of several cron expressions has a point, one when several have it at once.

    Parameters as ``CronTriggerTimetable``. Raises ValueError without an expression.
    """

    def __init__(
        self,
        *crons: str,
        timezone: Zone,
        interval: Length = _ZERO,
        run_immediately: RunImmediately = False,
    ) -> None:
        if not crons:
            raise ValueError("cron expression required")
        self.timetables = [
            CronTriggerTimetable(cron, timezone, interval=interval, run_immediately=run_immediately) for cron in crons
        ]

    @property
    def _timetables(self) -> list[CronTriggerTimetable]:
        return self.timetables

    @property
    def _schedule(self) -> schedule.Timetable:
        first = self.timetables[0]
        return schedule.MultipleCronTriggerTimetable(
            tuple(each.expression for each in self.timetables),
            first._zone_name,
            delta_of(first.interval),
            plain_grace(first.run_immediately),
        )

    def _describe(self) -> str:
        return ", ".join(each.description for each in self.timetables)

    def serialize(self) -> dict[str, Any]:
        data = self.timetables[0].serialize()
        del data["expression"]
        return {"expressions": [each.expression for each in self.timetables], **data}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> MultipleCronTriggerTimetable:
        return cls(
            *data["expressions"],
            timezone=CronPoints._decode_zone(data["timezone"]),
            interval=decode_length(data["interval"]),
            run_immediately=_decode(data["run_immediately"]),
        )


def plain_grace(value: RunImmediately) -> RunImmediately:
    """Of a pendulum Duration only the seconds go on."""
    return timedelta(seconds=value.total_seconds()) if isinstance(value, timedelta) else value


def encode_grace(value: RunImmediately) -> bool | float | None:
    return value.total_seconds() if isinstance(value, timedelta) else value


def _decode(value: bool | float | None) -> RunImmediately:
    return timedelta(seconds=value) if isinstance(value, float) else None if value is None else bool(value)
