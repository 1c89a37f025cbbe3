"""A plugin that knows working days: two macros for templates, and a timetable for DAGs.

A plugin is a class below `plugins/`; Queuack finds it at start and whenever the file changes (`queuack plugins` lists
it). This one is used in templates as

    {{ macros.business_day.previous_business_day(ds) }}     2026-01-02 for Monday, 2026-01-05
    {{ macros.business_day.is_business_day(ds) }}           True or False

(`dags/etl_duckdb.py` does so) and in DAG files as

    from business_day import BusinessDayTimetable

    with DAG("report", schedule=BusinessDayTimetable(hour=7), start_date=datetime(2026, 1, 1)):
        ...

The same file works in Airflow's plugins folder.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable
from pendulum import UTC, DateTime

HOLIDAYS = {(1, 1), (12, 25), (12, 26)}
"""(month, day) of days off that come every year."""


def is_business_day(ds: str) -> bool:
    """Whether a day (`YYYY-MM-DD`) is neither on a weekend nor a holiday."""
    day = date.fromisoformat(ds)
    return day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS


def previous_business_day(ds: str) -> str:
    """The last business day before a day, both as `YYYY-MM-DD`."""
    day = date.fromisoformat(ds) - timedelta(days=1)
    while not is_business_day(day.isoformat()):
        day -= timedelta(days=1)
    return day.isoformat()


class BusinessDayTimetable(Timetable):
    """A run on every business day at `hour` (UTC), about the time since the run before."""

    def __init__(self, hour: int = 0) -> None:
        self.hour = hour
        self.description = f"On business days at {hour:02}:00 UTC"

    @property
    def summary(self) -> str:
        """What lists show as the schedule."""
        return f"business days {self.hour:02}:00"

    def serialize(self) -> dict[str, Any]:
        """The arguments, as JSON: the schedule is stored, and made again with `deserialize`."""
        return {"hour": self.hour}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> BusinessDayTimetable:
        return cls(data["hour"])

    def _at_hour(self, moment: DateTime) -> DateTime:
        return moment.in_timezone(UTC).replace(hour=self.hour, minute=0, second=0, microsecond=0)

    def _on_or_after(self, moment: DateTime) -> DateTime:
        day = self._at_hour(moment)
        while day < moment or not is_business_day(day.to_date_string()):
            day = day.add(days=1)
        return day

    def _before(self, moment: DateTime) -> DateTime:
        day = self._at_hour(moment)
        while day >= moment or not is_business_day(day.to_date_string()):
            day = day.subtract(days=1)
        return day

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        """A run by hand is about what the last run was about, or would have been."""
        end = self._before(run_after.add(seconds=1))
        return DataInterval(start=self._before(end), end=end)

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The run after the last one; None: there is none at present."""
        if last_automated_data_interval is not None:
            earliest = last_automated_data_interval.end.add(seconds=1)
        elif restriction.earliest is not None:
            earliest = restriction.earliest
        else:
            return None
        if not restriction.catchup:
            earliest = max(earliest, self._before(DateTime.now(UTC)))
        end = self._on_or_after(earliest)
        if restriction.latest is not None and end > restriction.latest:
            return None
        return DagRunInfo.interval(start=self._before(end), end=end)


class BusinessDayPlugin(AirflowPlugin):
    """The name is what templates write after `macros.`."""

    name = "business_day"
    macros = [is_business_day, previous_business_day]
    timetables = [BusinessDayTimetable]
