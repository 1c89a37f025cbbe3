"""A plugin that gives templates two macros about working days.

A plugin is a class below `plugins/`; Queuack finds it at start and whenever the file changes. This one is used as

    {{ macros.business_day.previous_business_day(ds) }}     2026-01-02 for Monday, 2026-01-05
    {{ macros.business_day.is_business_day(ds) }}           True or False

`dags/etl_duckdb.py` does so. The same file works in Airflow's plugins folder.
"""

from __future__ import annotations

from datetime import date, timedelta

from airflow.plugins_manager import AirflowPlugin

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


class BusinessDayPlugin(AirflowPlugin):
    """The name is what templates write after `macros.`."""

    name = "business_day"
    macros = [is_business_day, previous_business_day]
