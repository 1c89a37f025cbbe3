"""DayOfWeekSensor: waits for a day of the week. Airflow page: howto/operator/weekday."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from queuack.authoring import timezone
from queuack.authoring.weekday import WeekDay
from queuack.sensors.base import BaseSensorOperator

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class DayOfWeekSensor(BaseSensorOperator):
    """Waits until today (in UTC) is ``week_day``: a name, a WeekDay or several of them.

    With ``use_task_logical_date`` the run's logical date (or when it was due) is what is compared.
    """

    def __init__(
        self,
        *,
        week_day: str | Iterable[str] | WeekDay | Iterable[WeekDay],
        use_task_logical_date: bool = False,
        use_task_execution_day: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.week_day = week_day
        self.use_task_logical_date = use_task_logical_date or use_task_execution_day
        self._week_day_num = WeekDay.validate_week_day(week_day)

    def poke(self, context: Context) -> bool:
        day: dt.datetime = timezone.utcnow()
        self.log.info("Poking until weekday is in %s, Today is %s", self.week_day, WeekDay(day.isoweekday()).name)
        if self.use_task_logical_date:
            day = context.get("logical_date") or context["dag_run"].run_after
        return day.isoweekday() in self._week_day_num
