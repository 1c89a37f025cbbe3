"""Pendulum's datetimes as the standard library's, for a Python that has no pendulum or another one."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pendulum


def to_standard_datetimes(value: Any) -> Any:
    """``value`` with every pendulum datetime in it, in dicts, lists and tuples, made a ``datetime.datetime``."""
    if isinstance(value, pendulum.DateTime):
        return _standard(value)
    if isinstance(value, dict):
        return {key: to_standard_datetimes(inner) for key, inner in value.items()}
    if type(value) in (list, tuple):
        return type(value)(to_standard_datetimes(inner) for inner in value)
    return value


def _standard(value: pendulum.DateTime) -> dt.datetime:
    zone: dt.tzinfo | None = None
    if value.tzinfo is not None:
        try:
            zone = ZoneInfo(value.timezone_name or "")
        except (ZoneInfoNotFoundError, ValueError):
            zone = dt.timezone(value.utcoffset() or dt.timedelta(0))
    return dt.datetime(
        value.year,
        value.month,
        value.day,
        value.hour,
        value.minute,
        value.second,
        value.microsecond,
        tzinfo=zone,
        fold=value.fold,
    )
