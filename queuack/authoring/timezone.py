"""Datetimes as DAG files see them: always aware, pendulum's.

Airflow: ``airflow.sdk.timezone``, ``airflow.utils.timezone``.

Decides what a naive datetime means (UTC unless ``[core] default_timezone`` says otherwise).
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any, overload

import pendulum
from pendulum import DateTime
from pendulum.tz.timezone import FixedTimezone, Timezone

from queuack import config

_zone: Any = pendulum.timezone
_local: Any = pendulum.local_timezone
utc: Timezone = _zone("UTC")


@cache
def default_timezone() -> Timezone | FixedTimezone:
    """``[core] default_timezone``; ``system`` means the machine's."""
    name = config.get_str("core", "default_timezone")
    if name == "system":
        return local_timezone()
    return parse_timezone("UTC" if name == "utc" else name)


def is_localized(value: dt.datetime) -> bool:
    return value.utcoffset() is not None


def is_naive(value: dt.datetime) -> bool:
    return value.utcoffset() is None


def utcnow() -> DateTime:
    return pendulum.now("UTC")


def utc_epoch() -> DateTime:
    return pendulum.datetime(1970, 1, 1, tz="UTC")


def make_aware(value: dt.datetime, timezone: dt.tzinfo | None = None) -> DateTime:
    """A naive ``value`` placed in ``timezone``. Raises ValueError when it is aware already."""
    if is_localized(value):
        raise ValueError(f"make_aware expects a naive datetime, got {value}")
    return pendulum.instance(value, tz=timezone or default_timezone())


def make_naive(value: dt.datetime, timezone: dt.tzinfo | None = None) -> dt.datetime:
    """An aware ``value`` as wall time in ``timezone``. Raises ValueError when it is naive already."""
    if is_naive(value):
        raise ValueError("make_naive() cannot be applied to a naive datetime")
    moved = value.astimezone(timezone or default_timezone())
    return dt.datetime(
        moved.year, moved.month, moved.day, moved.hour, moved.minute, moved.second, moved.microsecond, fold=moved.fold
    )


@overload
def convert_to_utc(value: None) -> None: ...
@overload
def convert_to_utc(value: dt.datetime) -> DateTime: ...
def convert_to_utc(value: dt.datetime | None) -> DateTime | None:
    """In UTC; a naive ``value`` is in the default timezone."""
    if value is None:
        return None
    if is_naive(value):
        value = make_aware(value)
    return pendulum.instance(value.astimezone(utc))


def coerce_datetime(value: dt.datetime | None, tz: dt.tzinfo | None = None) -> DateTime | None:
    """A pendulum datetime, aware."""
    if value is None:
        return None
    if is_naive(value):
        value = make_aware(value, tz)
    return value if isinstance(value, DateTime) else pendulum.instance(value)


def datetime(*args: Any, **kwargs: Any) -> dt.datetime:
    """Like ``datetime.datetime``, aware in the default timezone unless ``tzinfo`` is given."""
    kwargs.setdefault("tzinfo", default_timezone())
    return dt.datetime(*args, **kwargs)


def parse(string: str, timezone: dt.tzinfo | None = None, *, strict: bool = False) -> DateTime:
    """An ISO 8601 text, in the default timezone when it names none. Raises ValueError."""
    parsed = pendulum.parse(string, tz=timezone or default_timezone(), strict=strict)
    if not isinstance(parsed, DateTime):
        raise ValueError(f"{string!r} is not a date and time")
    return parsed


def parse_timezone(name: str | int) -> Timezone | FixedTimezone:
    zone: Timezone | FixedTimezone = _zone(name)
    return zone


def local_timezone() -> Timezone | FixedTimezone:
    zone: Timezone | FixedTimezone = _local()
    return zone


def from_timestamp(timestamp: float, tz: Any = utc) -> DateTime:
    return pendulum.from_timestamp(timestamp, tz=tz)


def td_format(delta: dt.timedelta | float | None) -> str | None:
    """``1d:2h:3M:4s``; None for None and for less than a second."""
    if not delta:
        return None
    seconds = int(delta.total_seconds() if isinstance(delta, dt.timedelta) else delta)
    parts = []
    for size, unit in ((31536000, "Y"), (2592000, "M"), (86400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return ":".join(parts) or "<1s"
