"""What timetables over a cron expression share: expression, zone, words, and the neighbours of a moment."""

from __future__ import annotations

from pendulum import DateTime, instance
from pendulum.tz.timezone import FixedTimezone, Timezone

from queuack.authoring.timetables.base import Timetable, plain_utc
from queuack.authoring.timetables.encoding import Zone, describe_cron, pendulum_zone, zone_name
from queuack.schedule.cron import resolve_preset
from queuack.schedule.cron_grid import CronGrid, cron_grid


class CronPoints(Timetable):
    """Classes derived from Airflow's call the methods with a leading underscore; they are kept for those."""

    expression: str
    """Presets spelled out."""
    timezone: Zone
    """As given."""

    def _set_points(self, expression: str | None, timezone: Zone | None) -> None:
        if expression is None or timezone is None:
            raise TypeError(f"{type(self).__name__} needs a cron expression and a timezone")
        self.expression = resolve_preset(expression)
        self.timezone = timezone
        self._zone_name = zone_name(timezone)

    @staticmethod
    def _decode_zone(data: str | int) -> Zone:
        return data if isinstance(data, str) else pendulum_zone(data)

    def _describe(self) -> str:
        return describe_cron(self.expression)

    @property
    def _expression(self) -> str:
        return self.expression

    @property
    def _timezone(self) -> Timezone | FixedTimezone:
        return pendulum_zone(self.timezone)

    @property
    def _grid(self) -> CronGrid:
        return cron_grid(self.expression, self._zone_name)

    def _get_next(self, current: DateTime) -> DateTime:
        return instance(self._grid.next(plain_utc(current)))

    def _get_prev(self, current: DateTime) -> DateTime:
        return instance(self._grid.previous(plain_utc(current)))

    def _align_to_next(self, current: DateTime) -> DateTime:
        return instance(self._grid.align_to_next(plain_utc(current)))

    def _align_to_prev(self, current: DateTime) -> DateTime:
        return instance(self._grid.align_to_previous(plain_utc(current)))
