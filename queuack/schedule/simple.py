"""The timetables without a grid: never, once, continuously, on listed dates. Airflow page: as ``recurring``."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import datetime

from queuack.schedule.base import Interval, NextRun, Restriction, TimetableBase


class NullTimetable(TimetableBase, frozen=True, tag="null"):
    """``schedule=None``: runs only when triggered."""

    can_be_scheduled = False
    periodic = False

    @property
    def summary(self) -> str:
        return "None"

    @property
    def description(self) -> str:
        return "Never, external triggers only"


class OnceTimetable(TimetableBase, frozen=True, tag="once"):
    """``schedule="@once"``: one run, at the start date or else now."""

    periodic = False

    def next_run(self, last: Interval | None, restriction: Restriction, now: datetime) -> NextRun | None:
        if last is not None:
            return None
        run_after = restriction.earliest or now
        if restriction.latest is not None and run_after > restriction.latest:
            return None
        return NextRun.spanning(run_after, run_after)

    @property
    def summary(self) -> str:
        return "@once"

    @property
    def description(self) -> str:
        return "Once, as soon as possible"


class ContinuousTimetable(TimetableBase, frozen=True, tag="continuous"):
    """``schedule="@continuous"``: the next run as soon as the one before it has ended, intervals without gaps."""

    periodic = False
    active_runs_limit = 1

    def next_run(self, last: Interval | None, restriction: Restriction, now: datetime) -> NextRun | None:
        start = restriction.earliest or now
        if last is None:
            end = max(start, now)
        elif last.end > now:  # the start date is still to come
            end = start + (last.end - last.start)
        else:
            start, end = last.end, now
        if restriction.latest is not None and end > restriction.latest:
            return None
        return NextRun.spanning(start, end)

    @property
    def summary(self) -> str:
        return "@continuous"

    @property
    def description(self) -> str:
        return "As frequently as possible, but only one run at a time."


class EventsTimetable(TimetableBase, frozen=True, tag="events"):
    """A run at each of the listed dates."""

    event_dates: tuple[datetime, ...]
    """Ascending, aware UTC."""
    restrict_to_events: bool = False
    """Whether a manual run takes the date of the last event (before the first: the first) and not its own."""
    label: str | None = None
    """What to show for summary and description; None: how many events, and from when to when."""

    def next_run(self, last: Interval | None, restriction: Restriction, now: datetime) -> NextRun | None:
        earliest = restriction.earliest
        if not restriction.catchup:
            earliest = now if earliest is None else max(earliest, now)
        index = 0 if earliest is None else bisect_left(self.event_dates, earliest)
        if last is not None:
            index = max(index, bisect_right(self.event_dates, last.end))
        if index == len(self.event_dates):
            return None
        event = self.event_dates[index]
        if restriction.latest is not None and event > restriction.latest:
            return None
        return NextRun.spanning(event, event)

    def manual_interval(self, run_after: datetime) -> Interval:
        if not self.restrict_to_events or not self.event_dates:
            return Interval(run_after, run_after)
        event = self.event_dates[max(0, bisect_right(self.event_dates, run_after) - 1)]
        return Interval(event, event)

    @property
    def summary(self) -> str:
        return self.label if self.label is not None else f"{len(self.event_dates)} events"

    @property
    def description(self) -> str:
        if self.label is not None:
            return self.label
        if not self.event_dates:
            return "No events"
        first, last = self.event_dates[0].isoformat(), self.event_dates[-1].isoformat()
        return f"{len(self.event_dates)} events between {first} and {last}"
