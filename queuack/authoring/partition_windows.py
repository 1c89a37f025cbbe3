"""Windows and wait policies of partitioned schedules, as DAG files write them.

Decides what is valid; what a window holds is ``queuack.schedule.windows``'s.
Airflow page: authoring-and-scheduling/assets, "Asset partitioning".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from queuack.errors import NotBuilt
from queuack.schedule import windows as schedule


class Direction(StrEnum):
    """Where a window of time lies from its anchor."""

    BACKWARD = "backward"
    """The trailing period that ends with the anchor."""
    FORWARD = "forward"
    """The period that starts at the anchor."""


_direction = Direction


class Window:
    """Base of all windows: which upstream keys make up one downstream key, or the other way round."""

    Direction = Direction
    expected_decoded_type: ClassVar[type] = str
    _period: ClassVar[str] = ""

    def __init__(self, *, direction: str = Direction.FORWARD) -> None:
        """``direction``: a ``Window.Direction``, or its text. Raises ValueError for another."""
        self.direction = _direction(direction)

    @property
    def document(self) -> schedule.Window:
        """The window as data. Raises NotBuilt for a class of the DAG author's."""
        if type(self).__module__ != __name__ or not self._period:
            raise NotBuilt(f"Windows of your own are not built in Queuack yet: {type(self).__name__}.")
        return schedule.TimeWindow(self._period, self.direction is self.Direction.BACKWARD)

    def to_upstream(self, decoded_downstream: Any) -> Iterable[Any]:
        """The members of the period that starts (or ends) at ``decoded_downstream``."""
        return self.document.members(decoded_downstream)

    def serialize(self) -> dict[str, Any]:
        return {"direction": self.direction.value}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Window:
        return cls(direction=data["direction"])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(direction={self.direction.value!r})"


class HourWindow(Window):
    """The 60 minutes of an hour."""

    expected_decoded_type = datetime
    _period = "hour"


class DayWindow(Window):
    """24 hours of a day, by the clock; on days when the clocks change an hour never comes, or is not waited for."""

    expected_decoded_type = datetime
    _period = "day"


class WeekWindow(Window):
    """The 7 days of a week."""

    expected_decoded_type = datetime
    _period = "week"


class MonthWindow(Window):
    """All days of a month."""

    expected_decoded_type = datetime
    _period = "month"


class QuarterWindow(Window):
    """The 3 months of a quarter."""

    expected_decoded_type = datetime
    _period = "quarter"


class YearWindow(Window):
    """The 12 months of a year."""

    expected_decoded_type = datetime
    _period = "year"


class SegmentWindow(Window):
    """A fixed set of keys. Raises ValueError for none, and for one that is no text or empty."""

    def __init__(self, segments: Iterable[str]) -> None:
        super().__init__()
        listed = list(segments)
        for position, segment in enumerate(listed):
            if not isinstance(segment, str):
                raise ValueError(
                    f"SegmentWindow segment keys must be str; got {type(segment).__name__!r} at index {position}: "
                    f"{segment!r}"
                )
            if not segment:
                raise ValueError(
                    f"SegmentWindow segment keys must be non-empty; got an empty string at index {position}."
                )
        if not listed:
            raise ValueError("SegmentWindow requires at least one segment key; got an empty iterable.")
        self.segments = frozenset(listed)

    @property
    def document(self) -> schedule.Window:
        return schedule.SegmentWindow(tuple(sorted(self.segments)))

    def serialize(self) -> dict[str, Any]:
        return {"segments": sorted(self.segments)}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> SegmentWindow:
        return cls(data["segments"])

    def __repr__(self) -> str:
        return f"SegmentWindow({sorted(self.segments)})"


class WaitPolicy:
    """Base of the policies: how many of a window's keys a run waits for."""

    @property
    def document(self) -> schedule.WaitPolicy:
        """The policy as data. Raises NotBuilt for a class of the DAG author's."""
        raise NotBuilt(f"Wait policies of your own are not built in Queuack yet: {type(self).__name__}.")


@dataclass(frozen=True)
class WaitForAll(WaitPolicy):
    """Every key."""

    @property
    def document(self) -> schedule.WaitPolicy:
        return schedule.WaitPolicy()


@dataclass(frozen=True)
class MinimumCount(WaitPolicy):
    """``n`` above 0: that many keys; below 0: all but that many. Raises ValueError for 0."""

    n: int

    def __post_init__(self) -> None:
        if self.n == 0:
            raise ValueError(
                "MinimumCount(0) is degenerate: n=0 would always fire, even on empty windows. "
                "Use WaitForAll() to require every key, or MinimumCount(n) with n != 0."
            )

    @property
    def document(self) -> schedule.WaitPolicy:
        return schedule.WaitPolicy(self.n)
