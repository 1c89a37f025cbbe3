"""The bridge between the engine's unit (microseconds, UTC) and the datetimes that timetables speak. Reads no clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
"""Microseconds in a second."""


def to_us(moment: datetime) -> int:
    """The instant of an aware datetime."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(instant: int) -> datetime:
    """The aware UTC datetime of an instant."""
    return _EPOCH + timedelta(microseconds=instant)


def iso(instant: int) -> str:
    """``2026-01-01T00:00:00+00:00``, as in Airflow's run ids."""
    return from_us(instant).isoformat()
