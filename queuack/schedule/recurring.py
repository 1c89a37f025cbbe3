"""The recurring timetables: cron expressions and deltas, as data intervals and as triggers.

Airflow page: authoring-and-scheduling/timetable.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from queuack.schedule.base import Interval, InvalidSchedule, NextRun, NoMoreDates, Restriction, TimetableBase
from queuack.schedule.cron_grid import CronGrid, cron_grid
from queuack.schedule.delta_grid import Delta, arithmetic, check_advances, delta_grid
from queuack.schedule.grid import interval_run, trigger_run

_ZERO = timedelta(0)
_SHORTEST_GRACE = timedelta(minutes=5)

RunImmediately = bool | timedelta | None
"""For a DAG with neither start date nor runs: True: start with the point just passed. A length: only when it passed
no longer ago. False and None: only when it passed within a tenth of the distance to the next, or five minutes."""


class CronDataIntervalTimetable(TimetableBase, frozen=True, tag="cron_data_interval"):
    """Intervals between two points of a cron expression; the run comes at the end of its interval."""

    expression: str
    timezone: str = "UTC"

    @property
    def grid(self) -> CronGrid:
        return cron_grid(self.expression, self.timezone)

    def next_run(self, last: Interval | None, restriction: Restriction, now: datetime) -> NextRun | None:
        try:
            return interval_run(self.grid, last, restriction, now)
        except NoMoreDates:
            return None

    def manual_interval(self, run_after: datetime) -> Interval:
        """The last interval complete at ``run_after``. Raises InvalidSchedule when there is none."""
        end = self.grid.align_to_previous(run_after)
        return Interval(self.grid.previous(end), end)

    @property
    def summary(self) -> str:
        return self.expression

    def validate(self) -> None:
        cron_grid(self.expression, self.timezone)


class CronTriggerTimetable(TimetableBase, frozen=True, tag="cron_trigger"):
    """A run at each point of a cron expression, its data interval the ``interval`` before that."""

    expression: str
    timezone: str = "UTC"
    interval: Delta = _ZERO
    run_immediately: RunImmediately = False

    @property
    def grid(self) -> CronGrid:
        return cron_grid(self.expression, self.timezone)

    def next_run(self, last: Interval | None, restriction: Restriction, now: datetime) -> NextRun | None:
        try:
            return trigger_run(self.grid, self._interval_start, self._first_run, last, restriction, now)
        except NoMoreDates:
            return None

    def manual_interval(self, run_after: datetime) -> Interval:
        return Interval(self._interval_start(run_after), run_after)

    def _interval_start(self, end: datetime) -> datetime:
        return end - arithmetic(self.interval)

    def _first_run(self, now: datetime) -> datetime:
        past = self.grid.align_to_previous(now)
        if self.run_immediately is True:
            return past
        following = self.grid.align_to_next(now)
        if isinstance(self.run_immediately, timedelta):
            grace = self.run_immediately
        else:
            grace = max((following - past) / 10, _SHORTEST_GRACE)
        return past if now - past <= grace else following

    @property
    def summary(self) -> str:
        return self.expression

    def validate(self) -> None:
        cron_grid(self.expression, self.timezone)


class MultipleCronTriggerTimetable(TimetableBase, frozen=True, tag="multiple_cron_trigger"):
    """A run whenever one of several cron expressions has a point; one run when several have it at once."""

    expressions: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    timezone: str = "UTC"
    interval: Delta = _ZERO
    run_immediately: RunImmediately = False

    @property
    def timetables(self) -> tuple[CronTriggerTimetable, ...]:
        return tuple(
            CronTriggerTimetable(expression, self.timezone, self.interval, self.run_immediately)
            for expression in self.expressions
        )

    def next_run(self, last: Interval | None, restriction: Restriction, now: datetime) -> NextRun | None:
        """With catchup the earliest; without, the latest of those not in the future, else the earliest."""
        runs = [run for each in self.timetables if (run := each.next_run(last, restriction, now)) is not None]
        if not runs:
            return None
        if not restriction.catchup:
            due = [run for run in runs if run.logical_date <= now]
            if due:
                return max(due, key=_logical_date)
        return min(runs, key=_logical_date)

    def manual_interval(self, run_after: datetime) -> Interval:
        return self.timetables[0].manual_interval(run_after)

    @property
    def summary(self) -> str:
        return ", ".join(self.expressions)

    def validate(self) -> None:
        if not self.expressions:
            raise InvalidSchedule("cron expression required")
        for each in self.timetables:
            each.validate()


def _logical_date(run: NextRun) -> datetime:
    return run.logical_date


class DeltaDataIntervalTimetable(TimetableBase, frozen=True, tag="delta_data_interval"):
    """Intervals of length ``delta``, one after the other; the run comes at the end of its interval."""

    delta: Delta

    def next_run(self, last: Interval | None, restriction: Restriction, now: datetime) -> NextRun | None:
        return interval_run(delta_grid(self.delta), last, restriction, now)

    def manual_interval(self, run_after: datetime) -> Interval:
        return Interval(run_after - arithmetic(self.delta), run_after)

    @property
    def summary(self) -> str:
        return str(arithmetic(self.delta))

    def validate(self) -> None:
        check_advances(self.delta)


class DeltaTriggerTimetable(TimetableBase, frozen=True, tag="delta_trigger"):
    """A run every ``delta``, its data interval the ``interval`` before it."""

    delta: Delta
    interval: Delta = _ZERO

    def next_run(self, last: Interval | None, restriction: Restriction, now: datetime) -> NextRun | None:
        return trigger_run(delta_grid(self.delta), self._interval_start, _at_once, last, restriction, now)

    def manual_interval(self, run_after: datetime) -> Interval:
        return Interval(self._interval_start(run_after), run_after)

    def _interval_start(self, end: datetime) -> datetime:
        return end - arithmetic(self.interval)

    @property
    def summary(self) -> str:
        return str(arithmetic(self.delta))

    def validate(self) -> None:
        check_advances(self.delta)


def _at_once(now: datetime) -> datetime:
    return now
