"""The timetables as data, their validity, and the forecast."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from dateutil.relativedelta import FR, MO, relativedelta

from queuack.engine.spec import DagDocument, decode, encode
from queuack.schedule.delta_grid import arithmetic
from queuack.schedule.forecast import upcoming
from queuack.schedule.timetables import (
    ContinuousTimetable,
    CronDataIntervalTimetable,
    CronTriggerTimetable,
    DeltaDataIntervalTimetable,
    DeltaTriggerTimetable,
    EventsTimetable,
    Interval,
    InvalidSchedule,
    MultipleCronTriggerTimetable,
    NullTimetable,
    OnceTimetable,
    RelativeDelta,
    Restriction,
    Timetable,
    TimetableBase,
)

NOON = datetime(2024, 5, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ANY = Restriction(None, None, False)

EXAMPLES = [
    NullTimetable(),
    OnceTimetable(),
    ContinuousTimetable(),
    CronDataIntervalTimetable("0 0 * * *", "Europe/Amsterdam"),
    CronTriggerTimetable("0 0 * * *", "+02:00", RelativeDelta(months=1), timedelta(seconds=0.5)),
    MultipleCronTriggerTimetable(("0 0 * * *", "30 * * * *"), run_immediately=None),
    DeltaDataIntervalTimetable(timedelta(days=400, microseconds=3)),
    DeltaDataIntervalTimetable(RelativeDelta.of(relativedelta(months=1, day=1, minute=0, days=1.5, weekday=MO(2)))),
    DeltaTriggerTimetable(timedelta(hours=1), RelativeDelta(days=1)),
    EventsTimetable((NOON, NOON + DAY), restrict_to_events=True, label="finals"),
]


@pytest.mark.parametrize("timetable", EXAMPLES, ids=lambda timetable: type(timetable).__name__)
def test_travels_in_a_document(timetable: Timetable) -> None:
    document = DagDocument(dag_id="d", fileloc="d.py", relative_fileloc="d.py", timetable=timetable)
    assert decode(encode(document)).timetable == timetable
    assert hash(timetable) == hash(decode(encode(document)).timetable)


@pytest.mark.parametrize("timetable", EXAMPLES, ids=lambda timetable: type(timetable).__name__)
def test_answers_aware_utc(timetable: TimetableBase) -> None:
    timetable.validate()
    run = timetable.next_run(None, Restriction(NOON - DAY, None, True), NOON)
    moments = [] if run is None else [run.logical_date, run.run_after, run.data_interval.start, run.data_interval.end]
    manual = timetable.manual_interval(NOON)
    for moment in [*moments, manual.start, manual.end]:
        assert type(moment) is datetime
        assert moment.tzinfo is UTC


def test_relativedelta_and_back() -> None:
    for delta in [
        relativedelta(months=1),
        relativedelta(years=1, leapdays=1, hour=3, weekday=FR(-1)),
        relativedelta(days=2.5, microseconds=7, second=0),
        relativedelta(weekday=MO),
    ]:
        data = msgspec.json.decode(msgspec.json.encode(RelativeDelta.of(delta)), type=RelativeDelta)
        assert arithmetic(data) == delta


@pytest.mark.parametrize(
    "timetable",
    [
        CronTriggerTimetable("61 * * * *"),
        CronDataIntervalTimetable("0 0 * * *", "Mars/Olympus"),
        MultipleCronTriggerTimetable(("0 0 * * *", "nonsense")),
        DeltaTriggerTimetable(timedelta(0)),
        DeltaTriggerTimetable(timedelta(days=-1)),
        DeltaDataIntervalTimetable(RelativeDelta(day=31)),
        DeltaDataIntervalTimetable(RelativeDelta(months=-1)),
    ],
)
def test_invalid(timetable: TimetableBase) -> None:
    with pytest.raises(InvalidSchedule):
        timetable.validate()


def test_an_expression_that_never_comes_has_no_next_run() -> None:
    for timetable in (CronTriggerTimetable("0 0 31 2 *"), CronDataIntervalTimetable("0 0 31 2 *")):
        timetable.validate()
        assert timetable.next_run(None, Restriction(NOON, None, True), NOON) is None


def test_skipping_without_catchup_lands_on_the_newest() -> None:
    long_ago = Restriction(datetime(1990, 1, 1, tzinfo=UTC), None, False)
    for timetable in (CronDataIntervalTimetable("* * * * *"), DeltaDataIntervalTimetable(timedelta(minutes=1))):
        run = timetable.next_run(Interval(long_ago.earliest, long_ago.earliest + DAY), long_ago, NOON)
        assert run is not None
        assert run.run_after == NOON
    monthly = DeltaDataIntervalTimetable(RelativeDelta(months=1))
    run = monthly.next_run(None, long_ago, NOON)
    assert run is not None
    assert run.data_interval == Interval(datetime(2024, 4, 1, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC))


def test_upcoming_runs() -> None:
    runs = upcoming(CronDataIntervalTimetable("0 0 * * *"), None, Restriction(NOON - 9 * DAY, None, False), NOON, 3)
    assert [run.run_after.day for run in runs] == [15, 16, 17]
    assert [run.logical_date.day for run in runs] == [14, 15, 16]
    runs = upcoming(CronTriggerTimetable("0 0 * * *"), None, Restriction(NOON - 9 * DAY, NOON - 7 * DAY, True), NOON, 9)
    assert [run.run_after.day for run in runs] == [7, 8]


def test_upcoming_runs_without_a_grid() -> None:
    assert upcoming(NullTimetable(), None, ANY, NOON, 5) == []
    assert [run.run_after for run in upcoming(OnceTimetable(), None, ANY, NOON, 5)] == [NOON]
    assert [run.run_after for run in upcoming(ContinuousTimetable(), None, ANY, NOON, 5)] == [NOON]
    events = EventsTimetable((NOON - DAY, NOON + DAY, NOON + 2 * DAY))
    assert [run.run_after for run in upcoming(events, None, ANY, NOON, 5)] == [NOON + DAY, NOON + 2 * DAY]
