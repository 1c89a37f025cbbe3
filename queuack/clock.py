"""The one file that reads the clock, and the conversions between its unit and datetimes.

Inside Queuack an instant is an ``int``: microseconds since 1970-01-01T00:00:00Z. Datetimes
appear where people or DAG files see them, always aware.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
"""Microseconds in a second."""


def now_us() -> int:
    """The present instant."""
    return time.time_ns() // 1_000


def to_us(moment: datetime) -> int:
    """The instant of an aware datetime; a naive one is read as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # datetime's own subtraction: that of pendulum's DateTime gives something that cannot be divided.
    return datetime.__sub__(moment, EPOCH) // MICROSECOND


def from_us(instant: int) -> datetime:
    """The aware UTC datetime of an instant."""
    return EPOCH + timedelta(microseconds=instant)


def iso(instant: int | None) -> str | None:
    """ISO 8601 with offset, as Airflow prints instants (``2026-01-01T00:00:00+00:00``)."""
    return None if instant is None else from_us(instant).isoformat()
