"""The one file that reads the clock, and the conversions between its unit and datetimes.

Inside Queuack an instant is an ``int``: microseconds since 1970-01-01T00:00:00Z. Datetimes
appear where people or DAG files see them, always aware.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
"""Microseconds in a second."""

_read_ns: Callable[[], int] = time.time_ns


def now_us() -> int:
    """The present instant."""
    return _read_ns() // 1_000


@contextmanager
def told_by(read_ns: Callable[[], int]) -> Iterator[None]:
    """For the whole process: ``read_ns`` (nanoseconds since the epoch) is the clock, until the block ends. For
    simulations."""
    global _read_ns
    before, _read_ns = _read_ns, read_ns
    try:
        yield
    finally:
        _read_ns = before


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
