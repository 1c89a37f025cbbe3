"""``airflow.utils.dates`` as 1.10 and 2.x had it: dates relative to today, cron presets, time units."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pendulum
from dateutil.relativedelta import relativedelta

from queuack.authoring import timezone
from queuack.schedule.cron import PRESETS, cron_line

__all__ = [
    "cron_presets",
    "date_range",
    "datetime",
    "days_ago",
    "infer_time_unit",
    "parse_execution_date",
    "relativedelta",
    "round_time",
    "scale_time_units",
    "timedelta",
    "timezone",
]

cron_presets = dict(PRESETS)

_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}


def days_ago(n: int, hour: int = 0, minute: int = 0, second: int = 0, microsecond: int = 0) -> pendulum.DateTime:
    """Midnight UTC ``n`` days ago, or that time of the day. Prefer a fixed ``start_date``: this one moves."""
    moment = timezone.utcnow().replace(hour=hour, minute=minute, second=second, microsecond=microsecond)
    return moment.subtract(days=n)


def date_range(
    start_date: datetime,
    end_date: datetime | None = None,
    num: int | None = None,
    delta: str | timedelta | relativedelta | None = None,
) -> list[datetime]:
    """Dates from ``start_date`` in steps of a cron expression or a difference, up to ``end_date`` or ``num`` of them.

    Raises ValueError when both or neither bound is given, or when ``end_date`` is before ``start_date``.
    """
    if not delta:
        return []
    if (end_date is None) == (num is None):
        raise ValueError("date_range needs either end_date or num")
    if end_date is not None and start_date > end_date:
        raise ValueError("date_range needs start_date <= end_date")
    wanted = abs(num) if num is not None else None
    dates: list[datetime] = []
    current = cron_line(delta).next(start_date - timedelta(microseconds=1)) if isinstance(delta, str) else start_date
    while (len(dates) < wanted) if wanted is not None else (end_date is not None and current <= end_date):
        dates.append(current)
        current = cron_line(delta).next(current) if isinstance(delta, str) else current + delta
    return dates


def round_time(dt: datetime, delta: str | timedelta | relativedelta, start_date: datetime | None = None) -> datetime:
    """``dt`` rounded to the nearest step of ``delta`` counted from ``start_date``."""
    start = start_date or timezone.make_aware(datetime.min.replace(year=1970))
    if isinstance(delta, str):
        previous = cron_line(delta).previous(dt)
        return start if previous < start else previous
    before = start
    while before + delta <= dt:
        before += delta
    return before if dt - before < (before + delta) - dt else before + delta


def infer_time_unit(time_seconds_arr: list[float]) -> str:
    """The unit that suits the largest of some seconds."""
    longest = max(time_seconds_arr, default=0)
    if longest <= 120:
        return "seconds"
    if longest <= 7200:
        return "minutes"
    return "hours" if longest <= 172800 else "days"


def scale_time_units(time_seconds_arr: list[float], unit: str) -> list[float]:
    """Seconds in another unit."""
    return [seconds / _UNITS.get(unit, 1) for seconds in time_seconds_arr]


def parse_execution_date(execution_date_str: str) -> Any:
    """An ISO 8601 text as an aware datetime. Raises ValueError."""
    return timezone.parse(execution_date_str)
