"""From points in time to runs: the two ways Airflow makes runs of a recurring schedule.

``interval_run`` fills the time between two points (the run comes at the end of its interval); ``trigger_run`` runs at
each point. What the points are is the grid's business: ``cron_grid``, ``delta_grid``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from queuack.schedule.base import Interval, InvalidSchedule, NextRun, Restriction


class Grid(Protocol):
    """Points in time. Takes and gives aware UTC datetimes."""

    def next(self, moment: datetime) -> datetime: ...

    def previous(self, moment: datetime) -> datetime: ...

    def align_to_next(self, moment: datetime) -> datetime:
        """``moment`` itself when it is a point, else the first one after it."""

    def align_to_previous(self, moment: datetime) -> datetime:
        """``moment`` itself when it is a point, else the last one before it."""

    def latest_start(self, earliest: datetime | None, now: datetime) -> datetime:
        """Where the newest interval that is complete at ``now`` starts, not before ``earliest``."""


def interval_run(grid: Grid, last: Interval | None, restriction: Restriction, now: datetime) -> NextRun | None:
    """The next interval after ``last``; without catchup all intervals but the newest complete one are skipped.

    Raises InvalidSchedule when the grid does not advance.
    """
    earliest = restriction.earliest
    if not restriction.catchup:
        earliest = grid.latest_start(earliest, now)
    elif earliest is not None:
        earliest = grid.align_to_next(earliest)
    if last is None:
        if earliest is None:
            return None
        start = earliest
    else:
        # Aligned because the DAG may have had another schedule when ``last`` was made.
        start = grid.align_to_previous(last.end)
        if earliest is not None:
            start = max(start, earliest)
        # The point falls on or before the run there is (another schedule made that, or the clocks changed): its
        # logical date is taken. Airflow tries one point more and gives up if that is not enough.
        while start <= last.start:
            following = grid.next(start)
            if following <= start:
                raise InvalidSchedule(f"the schedule does not advance past {last.start}")
            start = following
    if restriction.latest is not None and start > restriction.latest:
        return None
    return NextRun.spanning(start, grid.next(start))


def trigger_run(
    grid: Grid,
    interval_start: Callable[[datetime], datetime],
    first_run: Callable[[datetime], datetime],
    last: Interval | None,
    restriction: Restriction,
    now: datetime,
) -> NextRun | None:
    """The next point after ``last``; without catchup all points before the newest one are skipped.

    ``interval_start`` gives the start of the interval that ends at a point; ``first_run`` says, from ``now``, where a
    DAG without a start date begins.
    """
    if last is not None:
        following: datetime | None = grid.next(last.end)
    elif restriction.earliest is None:
        following = first_run(now)
    else:
        following = grid.align_to_next(restriction.earliest) if restriction.catchup else None
    if restriction.catchup:
        assert following is not None
        point = following
    else:
        point = grid.align_to_previous(now)
        if following is not None:
            point = max(point, following)
        if restriction.earliest is not None:
            point = max(point, grid.align_to_next(restriction.earliest))
    if restriction.latest is not None and restriction.latest < point:
        return None
    return NextRun.spanning(interval_start(point), point)
