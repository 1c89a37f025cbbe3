"""``WeekDay``: days as ISO numbers, Monday 1."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, unique

__all__ = ["WeekDay"]


@unique
class WeekDay(IntEnum):
    """Days of the week."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7

    @classmethod
    def get_weekday_number(cls, week_day_str: str) -> int:
        """The number of a day by its English name. Raises AttributeError."""
        name = week_day_str.upper()
        if name not in cls.__members__:
            raise AttributeError(f"{week_day_str!r} is no day of the week")
        return cls[name]

    @classmethod
    def convert(cls, day: str | WeekDay) -> int:
        """The number of a day given either way."""
        return cls.get_weekday_number(day) if isinstance(day, str) else day

    @classmethod
    def validate_week_day(cls, week_day: str | WeekDay | Iterable[str] | Iterable[WeekDay]) -> set[int]:
        """The numbers of one day or of several. Raises TypeError for anything else."""
        if isinstance(week_day, (str, cls)):
            return {cls.convert(week_day)}
        if isinstance(week_day, Iterable) and not isinstance(week_day, dict):
            return {cls.convert(day) for day in week_day}
        raise TypeError(f"a day is a name, a WeekDay or several of them, not {type(week_day).__name__}")
