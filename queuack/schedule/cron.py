"""One cron expression against wall clocks: the first match after a moment, the last match before it.

Decides which expressions are good (croniter's grammar: 5 fields, a sixth for seconds, a seventh for years, names,
``L``, ``#``, ``W``, ``R``) and what they match. Knows no time zone: see ``cron_grid``. Plain expressions, nearly all,
are answered from tables; the special forms by croniter itself, which is some ten times slower.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from croniter import CroniterBadDateError, CroniterError, croniter

from queuack.schedule.base import InvalidSchedule, NoMoreDates

PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}
"""Airflow's; croniter knows more (``@midnight``, ``@annually``)."""

YEARS_AHEAD = 50
"""How far an expression may look for its next match before it counts as having none."""

_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY, _SECOND = range(6)
_NONE = -1


def resolve_preset(expression: str) -> str:
    """``@daily`` and the like spelled out; anything else unchanged."""
    return PRESETS.get(expression, expression)


class Wheel:
    """Which numbers of a small range match, with the neighbours of every position looked up at once."""

    __slots__ = ("before", "first", "from_", "last")

    def __init__(self, members: Iterable[int], size: int) -> None:
        ordered = sorted(set(members))
        self.from_ = tuple(next((m for m in ordered if m >= i), _NONE) for i in range(size + 1))
        """Position → smallest member at or after it, or -1."""
        self.before = tuple(next((m for m in reversed(ordered) if m < i), _NONE) for i in range(size + 1))
        """Position → largest member before it, or -1."""
        self.first = ordered[0] if ordered else _NONE
        self.last = ordered[-1] if ordered else _NONE

    def __contains__(self, position: int) -> bool:
        return self.from_[position] == position


@lru_cache(maxsize=2048)
def _month_shape(year: int, month: int) -> tuple[int, int]:
    """(weekday of the first with Sunday 0, days in the month)"""
    first, length = calendar.monthrange(year, month)
    return (first + 1) % 7, length


class CronLine:
    """A parsed expression. Immutable to its users; share it."""

    def __init__(self, expression: str) -> None:
        """Raises InvalidSchedule."""
        try:
            self._croniter = croniter(expression, start_time=datetime(2000, 1, 1))
        except (CroniterError, TypeError, AttributeError) as error:
            raise InvalidSchedule(f"cron expression {expression!r}: {error}") from error
        fields: list[list[Any]] = self._croniter.expanded
        self.expression = expression
        self.every_hour = fields[_HOUR] == ["*"]
        """Whether it runs in each hour of a day, and so in both passes of a repeated hour."""
        self._unit = timedelta(seconds=1) if len(fields) > 5 else timedelta(minutes=1)
        self._plain = self._is_plain(fields)
        if self._plain:
            self._build(fields)

    def _is_plain(self, fields: list[list[Any]]) -> bool:
        special = self._croniter.nth_weekday_of_month or getattr(self._croniter, "nearest_weekday", None)
        numbers = all(value == "*" or isinstance(value, int) for field in fields for value in field)
        return not special and numbers and (len(fields) < 7 or fields[6] == ["*"])

    def _build(self, fields: list[list[Any]]) -> None:
        def members(index: int, size: int) -> Iterable[int]:
            return range(size) if "*" in fields[index] else fields[index]

        self._hours, self._minutes = Wheel(members(_HOUR, 24), 24), Wheel(members(_MINUTE, 60), 60)
        self._seconds = Wheel(members(_SECOND, 60) if len(fields) > 5 else [0], 60)
        self._months = Wheel(members(_MONTH, 13), 13)
        self._month_days = None if "*" in fields[_DAY] else frozenset(fields[_DAY])
        self._weekdays = None if "*" in fields[_WEEKDAY] else frozenset(fields[_WEEKDAY])
        self._days: dict[tuple[int, int], Wheel] = {}

    def next(self, after: datetime) -> datetime:
        """The first match later than the naive ``after``. Raises NoMoreDates."""
        if not self._plain:
            return self._ask_croniter(after, forward=True)
        start = self._floor(after) + self._unit
        days = self._days_of(start.year, start.month)
        if start.day in days:
            clock = self._clock_from(start.hour, start.minute, start.second)
            if clock is not None:
                return datetime(start.year, start.month, start.day, *clock)
        clock = (self._hours.first, self._minutes.first, self._seconds.first)
        day = days.from_[start.day + 1]
        if day != _NONE:
            return datetime(start.year, start.month, day, *clock)
        for year, month in self._months_after(start.year, start.month):
            if (day := self._days_of(year, month).first) != _NONE:
                return datetime(year, month, day, *clock)
        raise NoMoreDates(f"cron expression {self.expression!r}: no date after {after} matches")

    def previous(self, before: datetime) -> datetime:
        """The last match earlier than the naive ``before``. Raises NoMoreDates."""
        if not self._plain:
            return self._ask_croniter(before, forward=False)
        start = self._floor(before - timedelta(microseconds=1))
        days = self._days_of(start.year, start.month)
        if start.day in days:
            clock = self._clock_to(start.hour, start.minute, start.second)
            if clock is not None:
                return datetime(start.year, start.month, start.day, *clock)
        clock = (self._hours.last, self._minutes.last, self._seconds.last)
        day = days.before[start.day]
        if day != _NONE:
            return datetime(start.year, start.month, day, *clock)
        for year, month in self._months_before(start.year, start.month):
            if (day := self._days_of(year, month).last) != _NONE:
                return datetime(year, month, day, *clock)
        raise NoMoreDates(f"cron expression {self.expression!r}: no date before {before} matches")

    def _floor(self, moment: datetime) -> datetime:
        if self._unit.seconds == 1:
            return moment.replace(microsecond=0)
        return moment.replace(second=0, microsecond=0)

    def _clock_from(self, hour: int, minute: int, second: int) -> tuple[int, int, int] | None:
        """The first matching time of day at or after this one."""
        if hour in self._hours:
            if minute in self._minutes and (found := self._seconds.from_[second]) != _NONE:
                return hour, minute, found
            if (found := self._minutes.from_[minute + 1]) != _NONE:
                return hour, found, self._seconds.first
        found = self._hours.from_[hour + 1]
        return None if found == _NONE else (found, self._minutes.first, self._seconds.first)

    def _clock_to(self, hour: int, minute: int, second: int) -> tuple[int, int, int] | None:
        """The last matching time of day at or before this one."""
        if hour in self._hours:
            if minute in self._minutes and (found := self._seconds.before[second + 1]) != _NONE:
                return hour, minute, found
            if (found := self._minutes.before[minute]) != _NONE:
                return hour, found, self._seconds.last
        found = self._hours.before[hour]
        return None if found == _NONE else (found, self._minutes.last, self._seconds.last)

    def _days_of(self, year: int, month: int) -> Wheel:
        """The matching days of a month, none when the month itself does not match."""
        if month not in self._months:
            return _NO_DAYS
        shape = _month_shape(year, month)
        days = self._days.get(shape)
        if days is None:
            first, length = shape
            matching = (day for day in range(1, length + 1) if self._day_matches(day, (first + day - 1) % 7))
            days = self._days[shape] = Wheel(matching, 32)
        return days

    def _day_matches(self, day: int, weekday: int) -> bool:
        """Cron's rule: when both the day of the month and the weekday are restricted, either will do."""
        if self._month_days is None:
            return self._weekdays is None or weekday in self._weekdays
        return day in self._month_days or (self._weekdays is not None and weekday in self._weekdays)

    def _months_after(self, year: int, month: int) -> Iterator[tuple[int, int]]:
        for ahead in range(YEARS_AHEAD + 1):
            month = self._months.from_[month + 1 if not ahead else 1]
            while month != _NONE:
                yield year + ahead, month
                month = self._months.from_[month + 1]

    def _months_before(self, year: int, month: int) -> Iterator[tuple[int, int]]:
        for behind in range(YEARS_AHEAD + 1):
            month = self._months.before[month if not behind else 13]
            while month > 0:
                yield year - behind, month
                month = self._months.before[month]

    def _ask_croniter(self, moment: datetime, *, forward: bool) -> datetime:
        try:
            self._croniter.set_current(moment, force=True)
            found = self._croniter.get_next(datetime) if forward else self._croniter.get_prev(datetime)
        except CroniterBadDateError as error:
            raise NoMoreDates(f"cron expression {self.expression!r}: {error}") from error
        assert isinstance(found, datetime)
        return found


_NO_DAYS = Wheel((), 32)


@lru_cache(maxsize=4096)
def cron_line(expression: str) -> CronLine:
    """The expression parsed, once. An ``R`` is drawn here and stays for the life of the process.

    Raises InvalidSchedule.
    """
    return CronLine(expression)
