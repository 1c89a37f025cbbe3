"""The cron tables against croniter, which they replace for speed, and what makes an expression bad."""

from __future__ import annotations

from datetime import datetime

import pytest
from croniter import CroniterBadDateError, croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from queuack.schedule.cron import CronLine, cron_line, resolve_preset
from queuack.schedule.timetables import InvalidSchedule, NoMoreDates


def field(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    spans = st.tuples(number, number).map(sorted)
    step = st.integers(1, max(2, high // 2))
    return st.one_of(
        st.just("*"),
        number.map(str),
        step.map(lambda n: f"*/{n}"),
        spans.map(lambda span: f"{span[0]}-{span[1]}"),
        st.tuples(spans, step).map(lambda it: f"{it[0][0]}-{it[0][1]}/{it[1]}"),
        st.lists(number, min_size=1, max_size=4).map(lambda numbers: ",".join(map(str, numbers))),
    )


FIELDS = [field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7), field(0, 59)]
FIVE = st.tuples(*FIELDS[:5]).map(" ".join)
SIX = st.tuples(*FIELDS).map(" ".join)
MOMENTS = st.datetimes(datetime(1995, 1, 1), datetime(2060, 1, 1))


def as_croniter(expression: str, moment: datetime, direction: str) -> datetime | None:
    try:
        return getattr(croniter(expression, moment), direction)(datetime)
    except CroniterBadDateError:
        return None


@settings(max_examples=400, deadline=None)
@given(FIVE | SIX, MOMENTS)
def test_next_and_previous_are_croniters(expression: str, moment: datetime) -> None:
    line = cron_line(expression)
    for ours, theirs in ((line.next, "get_next"), (line.previous, "get_prev")):
        expected = as_croniter(expression, moment, theirs)
        if expected is None:
            with pytest.raises(NoMoreDates):
                ours(moment)
        else:
            assert ours(moment) == expected


@settings(max_examples=100, deadline=None)
@given(FIVE, MOMENTS)
def test_there_and_back(expression: str, moment: datetime) -> None:
    line = cron_line(expression)
    try:
        following = line.next(moment)
    except NoMoreDates:
        return
    assert following > moment
    assert line.previous(following) <= moment
    assert line.next(line.previous(following)) == following


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("0 0 * * *", datetime(2024, 2, 28), datetime(2024, 2, 29)),
        ("0 0 29 2 *", datetime(2024, 2, 29), datetime(2028, 2, 29)),
        ("0 0 13 * 5", datetime(2024, 1, 1), datetime(2024, 1, 5)),  # the 13th, and every Friday
        ("0 0 * * 5#2", datetime(2024, 1, 6), datetime(2024, 1, 12)),
        ("0 0 L * *", datetime(2024, 2, 1), datetime(2024, 2, 29)),
        ("0 9 * JAN MON-FRI", datetime(2024, 1, 5, 9), datetime(2024, 1, 8, 9)),
        ("*/10 * * * * *", datetime(2024, 1, 1), datetime(2024, 1, 1, 0, 0, 1)),  # minutes first, seconds last
        ("0 0 * * * 30", datetime(2024, 1, 1), datetime(2024, 1, 1, 0, 0, 30)),
        ("0 0 1 1 * 0 2030", datetime(2024, 1, 1), datetime(2030, 1, 1)),
        ("@midnight", datetime(2024, 1, 1), datetime(2024, 1, 2)),
    ],
)
def test_next(expression: str, after: datetime, expected: datetime) -> None:
    assert cron_line(expression).next(after) == expected


def test_presets() -> None:
    assert resolve_preset("@quarterly") == "0 0 1 */3 *"
    assert resolve_preset("5 4 * * *") == "5 4 * * *"


@pytest.mark.parametrize(
    "expression", ["", "* * * *", "61 * * * *", "0 0 * * FOO", "@fortnightly", "H * * * *", "a b c d e"]
)
def test_a_bad_expression_is_named(expression: str) -> None:
    with pytest.raises(InvalidSchedule, match="cron expression") as caught:
        CronLine(expression)
    assert repr(expression) in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_a_date_that_never_comes() -> None:
    line = cron_line("0 0 31 2 *")
    with pytest.raises(NoMoreDates, match="0 0 31 2"):
        line.next(datetime(2024, 1, 1))
    with pytest.raises(NoMoreDates, match="0 0 31 2"):
        line.previous(datetime(2024, 1, 1))


def test_a_random_minute_is_drawn_once() -> None:
    line = cron_line("R 3 * * *")
    assert cron_line("R 3 * * *") is line
    assert line.next(datetime(2024, 1, 1)).minute == line.next(datetime(2024, 1, 2)).minute
