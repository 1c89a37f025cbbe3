"""A cron expression in a time zone: the instants it names, across changes of the clocks.

Airflow's rules. An expression that runs in every hour counts elapsed time, so it runs in both passes of a repeated hour
and never doubles over a skipped one. Any other names wall times: a repeated one means its second pass, a skipped one is
moved forward by the gap.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from queuack.schedule.cron import cron_line
from queuack.schedule.zones import instant_of, wall_time, zone


class CronGrid:
    """The instants of one expression in one zone. Immutable; share it."""

    __slots__ = ("_line", "_zone", "align_to_next")

    def __init__(self, expression: str, timezone: str) -> None:
        """Raises InvalidSchedule for a bad expression or an unknown zone."""
        self._line = cron_line(expression)
        self._zone = zone(timezone)
        # A DAG's start date is aligned for each of its runs: remember the last few.
        self.align_to_next = lru_cache(maxsize=8)(self._align_to_next)

    def next(self, moment: datetime) -> datetime:
        wall = wall_time(moment, self._zone)
        scheduled = self._line.next(wall)
        if self._line.every_hour:
            return moment + (scheduled - wall)
        return instant_of(scheduled, self._zone)

    def previous(self, moment: datetime) -> datetime:
        wall = wall_time(moment, self._zone)
        scheduled = self._line.previous(wall)
        if self._line.every_hour:
            return moment - (wall - scheduled)
        return instant_of(scheduled, self._zone)

    def _align_to_next(self, moment: datetime) -> datetime:
        following = self.next(moment)
        return moment if self.previous(following) == moment else following

    def align_to_previous(self, moment: datetime) -> datetime:
        preceding = self.previous(moment)
        return moment if self.next(preceding) == moment else preceding

    def latest_start(self, earliest: datetime | None, now: datetime) -> datetime:
        """See ``Grid``. An interval that ends exactly now is complete."""
        start = self.previous(now)
        if self.next(start) > now:
            start = self.previous(start)
        return start if earliest is None else max(start, self.align_to_next(earliest))


@lru_cache(maxsize=4096)
def cron_grid(expression: str, timezone: str) -> CronGrid:
    """Raises InvalidSchedule."""
    return CronGrid(expression, timezone)
