"""The standard sensors: when each says yes, and what it defers to."""

from __future__ import annotations

import datetime as dt

import pendulum
import pytest

from queuack.authoring import timezone
from queuack.authoring.dag import DAG
from queuack.authoring.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowProviderDeprecationWarning,
    TaskDeferred,
)
from queuack.authoring.weekday import WeekDay
from queuack.sensors import time_delta
from queuack.sensors.bash import BashSensor
from queuack.sensors.date_time import DateTimeSensor, DateTimeSensorAsync, TimeSensor, TimeSensorAsync
from queuack.sensors.filesystem import FileSensor
from queuack.sensors.time_delta import TimeDeltaSensor, TimeDeltaSensorAsync, WaitSensor
from queuack.sensors.weekday import DayOfWeekSensor
from tests.unit.authoring.conftest import run_info

FUTURE = dt.timedelta(days=36500)


def make(kind, zone="UTC", **arguments):
    with DAG("d", start_date=pendulum.datetime(2024, 1, 1, tz=zone)):
        return kind(task_id="t", **arguments)


def says(desk, op):
    copy = op.prepare_for_execution()
    context = desk.context_of(copy)
    copy.render_template_fields(context)
    return bool(copy.poke(context))


def deferral(desk, op):
    with pytest.raises(TaskDeferred) as caught:
        desk.execute(op)
    return caught.value


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("{{ data_interval_end }}", True),
        (dt.datetime(2024, 1, 1), True),
        ("{{ (logical_date + macros.timedelta(days=36500)).isoformat() }}", False),
        (dt.datetime(2124, 1, 1, tzinfo=dt.UTC), False),
    ],
)
def test_date_time(desk, target, expected):
    assert says(desk, make(DateTimeSensor, target_time=target)) is expected


def test_date_time_wants_a_date(desk):
    with pytest.raises(TypeError, match="Expected str or"):
        says(desk, make(DateTimeSensor, target_time=5))


def test_date_time_async(desk):
    waits = deferral(desk, make(DateTimeSensorAsync, target_time="{{ ds }}T11:00", end_from_trigger=True))
    path, arguments = waits.trigger.serialize()
    assert path == "airflow.providers.standard.triggers.temporal.DateTimeTrigger"
    assert arguments == {"moment": pendulum.datetime(2024, 1, 2, 11, tz="UTC"), "end_from_trigger": True}
    assert waits.method_name == "execute_complete"
    at_once = make(DateTimeSensorAsync, target_time="{{ ds }}", start_from_trigger=True)
    assert at_once.start_trigger_args.trigger_kwargs == {"target_time": "{{ ds }}", "end_from_trigger": False}
    assert DateTimeSensorAsync.start_trigger_args.trigger_kwargs == {"moment": "", "end_from_trigger": False}
    assert at_once.execute_complete({}) is None


def test_time_of_day_is_in_the_dags_zone(desk):
    op = make(TimeSensor, zone="Asia/Tokyo", target_time=dt.time(3))
    today = pendulum.now("Asia/Tokyo")
    assert op.target_datetime.in_timezone("Asia/Tokyo").time() == dt.time(3)
    assert abs(op.target_datetime.in_timezone("Asia/Tokyo").date() - today.date()) <= dt.timedelta(days=1)
    assert op.target_datetime.timezone_name == "UTC"
    assert says(desk, make(TimeSensor, target_time=dt.time(0)))


def test_time_of_day_deferred(desk):
    waits = deferral(desk, make(TimeSensor, target_time=dt.time(3), deferrable=True))
    assert waits.trigger.moment.time() == dt.time(3)
    at_once = make(TimeSensor, target_time=dt.time(3), start_from_trigger=True, deferrable=True)
    assert at_once.start_trigger_args.trigger_kwargs["moment"] == at_once.target_datetime
    with pytest.warns(AirflowProviderDeprecationWarning, match="deferrable=True"):
        assert make(TimeSensorAsync, target_time=dt.time(3)).deferrable


@pytest.mark.parametrize(
    ("delta", "expected"), [(dt.timedelta(hours=1), True), (FUTURE, False), ("{{ 5 }}", True), (10**8, False)]
)
def test_time_delta(desk, delta, expected):
    assert says(desk, make(TimeDeltaSensor, delta=delta)) is expected


def test_time_delta_deferred(desk):
    waits = deferral(desk, make(TimeDeltaSensor, delta=FUTURE, deferrable=True, timeout=60))
    assert waits.trigger.moment == pendulum.datetime(2024, 1, 3, tz="UTC") + FUTURE
    assert waits.timeout == 60
    assert desk.execute(make(TimeDeltaSensor, delta=dt.timedelta(0), deferrable=True)) is True
    desk.run = run_info(data_interval_end=None, data_interval_start=None, logical_date=None)
    waits = deferral(desk, make(TimeDeltaSensor, delta=FUTURE, deferrable=True))
    assert waits.trigger.moment == pendulum.datetime(2024, 1, 3, tz="UTC") + FUTURE
    with pytest.warns(AirflowProviderDeprecationWarning, match="deferrable=True"):
        assert make(TimeDeltaSensorAsync, delta=FUTURE).deferrable


def test_wait(desk, monkeypatch):
    slept = []
    monkeypatch.setattr(time_delta.time, "sleep", slept.append)
    desk.execute(make(WaitSensor, time_to_wait=dt.timedelta(seconds=7)))
    desk.execute(make(WaitSensor, time_to_wait="{{ 2 }}"))
    assert slept == [7, 120]
    waits = deferral(desk, make(WaitSensor, time_to_wait=dt.timedelta(hours=1), deferrable=True))
    left = waits.trigger.moment - timezone.utcnow()
    assert dt.timedelta(minutes=59) < left <= dt.timedelta(hours=1)
    assert waits.trigger.end_from_trigger


def test_deferrable_by_default(desk, settings):
    settings({"AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE": "True"})
    assert make(FileSensor, filepath="/nowhere").deferrable
    assert not make(FileSensor, filepath="/nowhere", deferrable=False).deferrable


def test_weekday(desk):
    today = WeekDay(timezone.utcnow().isoweekday())
    others = set(WeekDay) - {today}
    assert says(desk, make(DayOfWeekSensor, week_day=today.name))
    assert not says(desk, make(DayOfWeekSensor, week_day=others))
    assert says(desk, make(DayOfWeekSensor, week_day="Tuesday", use_task_logical_date=True))
    assert not says(desk, make(DayOfWeekSensor, week_day="Monday", use_task_logical_date=True))
    desk.run = run_info(logical_date=None)
    assert says(desk, make(DayOfWeekSensor, week_day="Wednesday", use_task_logical_date=True))


def test_bash(desk):
    assert says(desk, make(BashSensor, bash_command="test {{ ds }} = 2024-01-02"))
    assert not says(desk, make(BashSensor, bash_command="exit 3"))
    assert not says(desk, make(BashSensor, bash_command="exit 3", retry_exit_code=3))
    assert says(desk, make(BashSensor, bash_command='test "$A" = b -a -z "$HOME"', env={"A": "b"}))
    with pytest.raises(AirflowFailException, match="return code 3"):
        says(desk, make(BashSensor, bash_command="exit 3", retry_exit_code=4))


def test_files(desk, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_MINE", f'{{"conn_type": "fs", "extra": {{"path": "{tmp_path}"}}}}')

    def found(path, **arguments):
        return says(desk, make(FileSensor, filepath=path, fs_conn_id="mine", **arguments))

    (tmp_path / "empty" / "inner").mkdir(parents=True)
    assert not found("empty")
    assert not found("*.csv")
    (tmp_path / "empty" / "inner" / "a.csv").write_text("")
    assert found("empty")
    assert found("empty/*/a.csv")
    assert not found("**/a.csv")
    assert found("**/a.csv", recursive=True)
    assert says(desk, make(FileSensor, filepath=str(tmp_path / "empty")))
    assert not says(desk, make(FileSensor, filepath=str(tmp_path / "{{ ds }}")))


def test_files_deferred(desk, tmp_path):
    path = tmp_path / "a"
    op = make(FileSensor, filepath=str(path), deferrable=True, poke_interval=3, timeout=9)
    waits = deferral(desk, op)
    arguments = {"filepath": str(path), "recursive": False, "poke_interval": 3}
    assert waits.trigger.serialize() == ("airflow.providers.standard.triggers.file.FileTrigger", arguments)
    assert waits.timeout == dt.timedelta(seconds=9)
    with pytest.raises(AirflowException, match="not found"):
        op.execute_complete({}, False)
    op.execute_complete({}, True)
    at_once = make(FileSensor, filepath=str(path), deferrable=True, start_from_trigger=True, poke_interval=3)
    assert at_once.start_trigger_args.trigger_kwargs == arguments
    path.write_text("")
    assert desk.execute(op) is None
