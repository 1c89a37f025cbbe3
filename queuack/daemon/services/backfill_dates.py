"""Which runs a DAG's timetable has between two dates, whoever has to be asked: the struct, or user code.

Bounds are included. For a schedule with partitions they are read as the clock of its time zone shows them, whatever
their offset, and bound the partition date, as in Airflow.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from queuack import clock
from queuack.daemon.port import Port
from queuack.daemon.services.schedules import question_about
from queuack.engine.events import BackfillDate
from queuack.engine.spec import DagDocument
from queuack.errors import InvalidBackfillDateRange
from queuack.schedule.timetables import (
    AssetOrTimeTimetable,
    CronPartitionTimetable,
    CustomTimetable,
    Interval,
    InvalidSchedule,
    Restriction,
    TimetableBase,
    asked_part,
)
from queuack.schedule.zones import instant_of, zone

MOST_DATES = 100_000
"""A longer range is refused: it is a slip more often than a wish."""
ASKED_AT_ONCE = 1_000
"""So many runs a custom timetable is asked for in one question."""


def dates_between(port: Port, document: DagDocument, from_date: str, to_date: str) -> list[BackfillDate]:
    """In order, oldest first; ISO 8601 bounds.

    A run with a data interval counts when that has ended. Raises InvalidBackfillDateRange when there are more than
    ``MOST_DATES``, and QueuackError when a custom timetable fails or cannot be asked.
    """
    first, last = datetime.fromisoformat(from_date), datetime.fromisoformat(to_date)
    timetable: TimetableBase = document.timetable
    if isinstance(timetable, AssetOrTimeTimetable):
        timetable = timetable.timetable
    custom = asked_part(document.timetable)
    if isinstance(timetable, CronPartitionTimetable):
        return _limited(document, _partitions(timetable, first, last))
    now = clock.now_us()
    bounds = clock.to_us(first), clock.to_us(last)
    found = _asked(port, document, custom, *bounds) if custom is not None else _computed(timetable, *bounds, now)
    return _limited(document, (date for date in found if date.end is not None and date.end < now))


def _limited(document: DagDocument, found: Iterator[BackfillDate]) -> list[BackfillDate]:
    dates = []
    for date in found:
        dates.append(date)
        if len(dates) > MOST_DATES:
            raise InvalidBackfillDateRange(
                f"DAG {document.dag_id!r} has more than {MOST_DATES} runs in this range: choose a shorter one, and "
                "backfill the rest after it."
            )
    return dates


def _computed(timetable: TimetableBase, first: int, last: int, now: int) -> Iterator[BackfillDate]:
    restriction = Restriction(clock.from_us(first), clock.from_us(last), catchup=True)
    moment, before = clock.from_us(now), None
    while True:
        try:
            run = timetable.next_run(before, restriction, moment)
        except (InvalidSchedule, OverflowError):
            return
        if run is None or run.data_interval == before:
            return
        before = run.data_interval
        if clock.to_us(before.end) >= now:
            return
        yield BackfillDate(
            run_after=clock.to_us(run.run_after),
            logical_date=clock.to_us(run.logical_date),
            start=clock.to_us(before.start),
            end=clock.to_us(before.end),
        )


def _partitions(timetable: CronPartitionTimetable, first: datetime, last: datetime) -> Iterator[BackfillDate]:
    tz = zone(timetable.timezone)
    point = timetable.grid.align_to_next(instant_of(first.replace(tzinfo=None), tz))
    end = instant_of(last.replace(tzinfo=None), tz)
    while point <= end:
        key = point.astimezone(tz).strftime(timetable.key_format)
        at = clock.to_us(point)
        yield BackfillDate(run_after=at, partition_key=key, partition_date=at)
        point = timetable.grid.next(point)


def _asked(
    port: Port, document: DagDocument, timetable: CustomTimetable, first: int, last: int
) -> Iterator[BackfillDate]:
    before: Interval | None = None
    before_after: int | None = None
    while True:
        question = question_about(document, timetable)
        question.earliest, question.latest, question.catchup = first, last, True
        question.count = ASKED_AT_ONCE
        if before is not None:
            question.last_start, question.last_end = clock.to_us(before.start), clock.to_us(before.end)
        question.last_run_after = before_after
        runs = port.ask_timetable(question)
        for run in runs:
            if run.run_after is None or run.start is None or run.end is None:
                continue
            if run.start > last:
                return
            yield BackfillDate(run_after=run.run_after, logical_date=run.start, start=run.start, end=run.end)
        if len(runs) < ASKED_AT_ONCE or runs[-1].start is None or runs[-1].end is None:
            return
        before = Interval(clock.from_us(runs[-1].start), clock.from_us(runs[-1].end))
        before_after = runs[-1].run_after
