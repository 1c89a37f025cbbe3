"""A cron schedule whose runs each have a partition key instead of a logical date.

Airflow page: authoring-and-scheduling/assets, "Asset partitioning".
"""

from __future__ import annotations

from datetime import UTC, datetime

from queuack.schedule.base import Interval
from queuack.schedule.recurring import CronTriggerTimetable
from queuack.schedule.zones import instant_of, zone

DEFAULT_KEY_FORMAT = "%Y-%m-%dT%H:%M:%S"


class CronPartitionTimetable(CronTriggerTimetable, frozen=True, tag="cron_partition"):
    """A run at each point; its partition is the point ``run_offset`` points later (below 0: earlier).

    What ``next_run`` gives is the point itself: the run has neither logical date nor data interval.
    """

    run_offset: int = 0
    key_format: str = DEFAULT_KEY_FORMAT

    def partition(self, point: datetime) -> tuple[datetime, str]:
        """(partition date in UTC, partition key) of the run at ``point``."""
        date = point
        for _ in range(abs(self.run_offset)):
            date = self.grid.next(date) if self.run_offset > 0 else self.grid.previous(date)
        return date, date.astimezone(zone(self.timezone)).strftime(self.key_format)

    def partition_date(self, key: str) -> datetime | None:
        """The date that ``key`` was made of. Raises ValueError for a key of another format."""
        moment = datetime.strptime(key, self.key_format)
        return moment.astimezone(UTC) if moment.tzinfo is not None else instant_of(moment, zone(self.timezone))

    def manual_interval(self, run_after: datetime) -> Interval:
        return Interval(run_after, run_after)
