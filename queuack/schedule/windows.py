"""Windows of partitions: which finer periods, or which named segments, make up one coarser one; and how many of them
a run waits for.

Works on decoded periods (naive datetimes at their start); keys and time zones are the mappers' business
(``partition_mappers``). Airflow page: authoring-and-scheduling/assets, "Asset partitioning".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import msgspec

Step = Callable[[datetime, int], datetime]


class TimeWindow(msgspec.Struct, frozen=True, tag_field="type", tag="time_window", omit_defaults=True):
    """The parts of a period: minutes of an hour, hours of a day, days of a week or month, months of a quarter or year.

    Forward: the period that starts at the anchor; ``backward``: the trailing one that ends with it.
    """

    period: str
    """hour, day, week, month, quarter, year."""
    backward: bool = False

    decodes_to = "datetime"

    def members(self, anchor: object) -> Iterable[datetime]:
        """Starts of the parts, ascending. Raises ValueError where months are counted from a day other than the 1st."""
        if not isinstance(anchor, datetime):
            raise TypeError(f"a window of time needs the start of a period, not {anchor!r}")
        if self.period in ("month", "quarter", "year") and anchor.day != 1:
            raise ValueError(f"the {self.period} window needs the first day of a month, not {anchor.isoformat()}")
        if self.period == "month":
            return self._days_of_month(anchor)
        count, step = _PARTS[self.period]
        first = step(anchor, 1 - count) if self.backward else anchor
        return [step(first, part) for part in range(count)]

    def _days_of_month(self, anchor: datetime) -> list[datetime]:
        if self.backward:
            before = _months(anchor, -1)
            return [before + timedelta(days=day + 1) for day in range((anchor - before).days)]
        return [anchor + timedelta(days=day) for day in range((_months(anchor, 1) - anchor).days)]


class SegmentWindow(msgspec.Struct, frozen=True, tag_field="type", tag="segments"):
    """A fixed set of keys."""

    segments: tuple[str, ...]
    """Sorted, no two alike."""

    decodes_to = "str"

    def members(self, anchor: object) -> Iterable[str]:
        return self.segments


Window = TimeWindow | SegmentWindow


class WaitPolicy(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many of the keys a run waits for. 0 = all; above 0 = at least so many; below = all but at most so many."""

    count: int = 0

    def is_satisfied(self, matched: int, expected: int) -> bool:
        if self.count > 0:
            return expected >= self.count and matched >= self.count
        return matched >= max(0, expected + self.count)


def _months(moment: datetime, months: int) -> datetime:
    total = moment.month - 1 + months
    return moment.replace(year=moment.year + total // 12, month=total % 12 + 1)


_PARTS: dict[str, tuple[int, Step]] = {
    "hour": (60, lambda start, part: start + timedelta(minutes=part)),
    "day": (24, lambda start, part: start + timedelta(hours=part)),
    "week": (7, lambda start, part: start + timedelta(days=part)),
    "quarter": (3, _months),
    "year": (12, _months),
}
