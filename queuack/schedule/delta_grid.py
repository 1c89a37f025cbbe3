"""A distance in time that repeats: the points it makes, and its form as data.

A fixed length is a ``timedelta``; a calendar length (months, weekdays, absolute fields) a ``RelativeDelta``, which is
dateutil's ``relativedelta`` field by field. All arithmetic is in UTC, as Airflow's is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

import msgspec
from dateutil.relativedelta import relativedelta, weekday

from queuack.schedule.base import InvalidSchedule

Number = int | float


class RelativeDelta(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """dateutil's ``relativedelta``: plural fields are added, singular ones replace."""

    years: int = 0
    months: int = 0
    days: Number = 0
    leapdays: int = 0
    hours: Number = 0
    minutes: Number = 0
    seconds: Number = 0
    microseconds: Number = 0
    year: int | None = None
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int | None = None
    second: int | None = None
    microsecond: int | None = None
    weekday: tuple[int, int | None] | None = None
    """(Monday 0 … Sunday 6, which one)"""

    @classmethod
    def of(cls, delta: relativedelta) -> RelativeDelta:
        fields = {name: getattr(delta, name) for name in cls.__struct_fields__ if name != "weekday"}
        day: weekday | None = delta.weekday
        return cls(**fields, weekday=None if day is None else (day.weekday, day.n))


Delta = timedelta | RelativeDelta
_Arithmetic = timedelta | relativedelta


@lru_cache(maxsize=1024)
def arithmetic(delta: Delta) -> _Arithmetic:
    """What can be added to a datetime."""
    if isinstance(delta, timedelta):
        return delta
    fields = {name: getattr(delta, name) for name in delta.__struct_fields__ if name != "weekday"}
    return relativedelta(**fields, weekday=None if delta.weekday is None else weekday(*delta.weekday))


class DeltaGrid:
    """Points one ``delta`` apart. It has no origin of its own: every moment is a point."""

    __slots__ = ("_delta", "_seconds", "_steps")

    def __init__(self, delta: Delta) -> None:
        self._delta = arithmetic(delta)
        self._seconds = _length(self._delta)
        # The length of a month varies, and of nothing else but 0 can be counted off from the epoch.
        self._steps = self._seconds <= timedelta(0) or (
            isinstance(delta, RelativeDelta) and bool(delta.months or delta.years)
        )

    def next(self, moment: datetime) -> datetime:
        return moment + self._delta

    def previous(self, moment: datetime) -> datetime:
        return moment - self._delta

    def align_to_next(self, moment: datetime) -> datetime:
        return moment

    def align_to_previous(self, moment: datetime) -> datetime:
        return moment

    def latest_start(self, earliest: datetime | None, now: datetime) -> datetime:
        """See ``Grid``. Fixed lengths are counted off from the epoch, months and years from ``earliest``."""
        start = self.previous(self._boundary(now, earliest or now))
        return start if earliest is None else max(start, earliest)

    def _boundary(self, moment: datetime, origin: datetime) -> datetime:
        """The last boundary at or before ``moment``."""
        if self._steps:
            # One step at a time: Jan 31 + 1 month + 1 month is not Jan 31 + 2 months.
            boundary = origin
            while boundary < (following := boundary + self._delta) <= moment:
                boundary = following
            return boundary
        return moment - (moment - _EPOCH) % self._seconds


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _length(delta: _Arithmetic) -> timedelta:
    """For a relativedelta what Airflow counts: the year has 365 days, the month 30, microseconds do not count."""
    if isinstance(delta, timedelta):
        return delta
    days = delta.years * 365 + delta.months * 30 + delta.days
    return timedelta(days=days, hours=delta.hours, minutes=delta.minutes, seconds=delta.seconds)


@lru_cache(maxsize=1024)
def delta_grid(delta: Delta) -> DeltaGrid:
    return DeltaGrid(delta)


def check_advances(delta: Delta) -> None:
    """Raises InvalidSchedule unless adding ``delta`` twice comes later each time."""
    start = datetime(2000, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    step = arithmetic(delta)
    try:
        advances = start < start + step < start + step + step
    except OverflowError:
        advances = False
    if not advances:
        raise InvalidSchedule(f"schedule interval must be positive, not {step!r}")
