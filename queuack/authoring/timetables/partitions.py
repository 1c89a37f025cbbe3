"""Cron timetables whose runs have partitions. Airflow: ``airflow.sdk.CronPartitionTimetable``."""

from __future__ import annotations

from typing import Any

from queuack.authoring.timetables.encoding import Zone, encode_zone
from queuack.authoring.timetables.trigger import CronTriggerTimetable, RunImmediately, encode_grace, plain_grace
from queuack.schedule import timetables as schedule
from queuack.schedule.cron_partitions import DEFAULT_KEY_FORMAT


class CronPartitionTimetable(CronTriggerTimetable):
    """A run at each point of a cron expression, for the partition ``run_offset`` points later (below 0: earlier).

    The run has a ``partition_key`` (the point, by ``key_format`` in ``timezone``) and a ``partition_date``, no logical
    date and no data interval. Raises ValueError for an offset that is no whole number.
    """

    partitioned = True

    def __init__(
        self,
        cron: str,
        *,
        timezone: Zone,
        run_offset: int | None = None,
        run_immediately: RunImmediately = False,
        key_format: str = DEFAULT_KEY_FORMAT,
    ) -> None:
        super().__init__(cron, timezone=timezone, run_immediately=run_immediately)
        if run_offset is not None and not isinstance(run_offset, int):
            raise ValueError("Run offset other than integer not supported yet.")
        self.run_offset = run_offset or 0
        self.key_format = key_format

    @property
    def _schedule(self) -> schedule.Timetable:
        return schedule.CronPartitionTimetable(
            self.expression,
            self._zone_name,
            run_immediately=plain_grace(self.run_immediately),
            run_offset=self.run_offset,
            key_format=self.key_format,
        )

    def serialize(self) -> dict[str, Any]:
        return {
            "expression": self.expression,
            "timezone": encode_zone(self.timezone),
            "run_immediately": encode_grace(self.run_immediately),
            "run_offset": self.run_offset,
            "key_format": self.key_format,
        }
