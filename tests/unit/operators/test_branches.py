"""Branching by date and by weekday."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pendulum
import pytest

from queuack.authoring.dag import DAG
from queuack.authoring.exceptions import AirflowException
from queuack.authoring.weekday import WeekDay
from queuack.operators import branch_datetime, branch_weekday
from queuack.operators.branch_datetime import BranchDateTimeOperator
from queuack.operators.branch_weekday import BranchDayOfWeekOperator
from queuack.operators.empty import EmptyOperator
from tests.unit.authoring.conftest import run_info

MONDAY = pendulum.datetime(2024, 1, 1, 22, 30, tz="UTC")


@pytest.fixture
def now(monkeypatch):
    """Monday, half past ten at night in UTC; Tuesday already in Tokyo."""

    class Clock:
        def __getattr__(self, name: str) -> Any:
            return getattr(timezone, name)

        @staticmethod
        def utcnow():
            return MONDAY

    from queuack.authoring import timezone

    monkeypatch.setattr(branch_datetime, "timezone", Clock())
    monkeypatch.setattr(branch_weekday, "timezone", Clock())
    return MONDAY


def follows(desk, kind, zone="UTC", **arguments):
    with DAG("d", start_date=pendulum.datetime(2024, 1, 1, tz=zone)):
        op = kind(task_id="t", follow_task_ids_if_true="yes", follow_task_ids_if_false=["no"], **arguments)
        op >> [EmptyOperator(task_id="yes"), EmptyOperator(task_id="no")]
    desk.execute(op)
    return "no" in desk.skipped


@pytest.mark.parametrize(
    ("lower", "upper", "zone", "inside"),
    [
        (dt.time(22), dt.time(23), "UTC", True),
        (dt.time(23), None, "UTC", False),
        (None, dt.time(22), "UTC", False),
        (dt.time(22), dt.time(1), "UTC", True),  # past midnight
        (dt.time(22, 30), dt.time(22, 30), "UTC", True),
        (dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 2), "UTC", True),
        (dt.datetime(2024, 1, 1, 23), dt.datetime(2024, 1, 2), "Europe/Berlin", True),
        (dt.datetime(2024, 1, 1), pendulum.datetime(2023, 1, 1), "UTC", False),
        (dt.datetime(2024, 1, 1), dt.time(0), "UTC", False),
    ],
)
def test_dates(desk, now, lower, upper, zone, inside):
    arguments = {"target_lower": lower, "target_upper": upper}
    assert follows(desk, BranchDateTimeOperator, zone, **arguments) is inside


def test_the_logical_date(desk, now):
    bounds = {"target_lower": dt.datetime(2024, 1, 2), "target_upper": dt.datetime(2024, 1, 2, 1)}
    assert follows(desk, BranchDateTimeOperator, use_task_logical_date=True, **bounds)
    assert follows(desk, BranchDateTimeOperator, use_task_execution_date=True, **bounds)
    desk.run = run_info(logical_date=None)  # due on the 3rd
    assert not follows(desk, BranchDateTimeOperator, use_task_logical_date=True, **bounds)
    assert follows(desk, BranchDayOfWeekOperator, week_day="wednesday", use_task_logical_date=True)


def test_one_bound_at_least(desk):
    with pytest.raises(AirflowException, match="At least one"):
        follows(desk, BranchDateTimeOperator, target_lower=None, target_upper=None)


@pytest.mark.parametrize(
    ("day", "zone", "follow"),
    [
        ("Monday", "UTC", True),
        (WeekDay.MONDAY, "UTC", True),
        ({"Sunday", "MONDAY"}, "UTC", True),
        ([WeekDay.SATURDAY], "UTC", False),
        ("Monday", "Asia/Tokyo", False),
        ("Tuesday", "Asia/Tokyo", True),
    ],
)
def test_weekdays(desk, now, day, zone, follow):
    assert follows(desk, BranchDayOfWeekOperator, zone, week_day=day) is follow


def test_weekday_of_the_logical_date(desk, now):
    assert follows(desk, BranchDayOfWeekOperator, week_day="Tuesday", use_task_logical_date=True)


@pytest.mark.parametrize(("day", "error"), [("Someday", AttributeError), (3, TypeError)])
def test_no_weekday(desk, day, error):
    with pytest.raises(error):
        follows(desk, BranchDayOfWeekOperator, week_day=day)
