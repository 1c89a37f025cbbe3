"""What DAG files write: which timetable a schedule means, the classes' arguments, and what is refused."""

from __future__ import annotations

import datetime as dt
import sys
import types
import zoneinfo
from typing import Any

import pendulum
import pytest
from dateutil.relativedelta import relativedelta

from queuack.authoring.exceptions import AirflowTimetableInvalid
from queuack.authoring.registered import path_of, registered
from queuack.authoring.timetables import (
    ContinuousTimetable,
    CronDataIntervalTimetable,
    CronTriggerTimetable,
    DagRunInfo,
    DataInterval,
    DeltaDataIntervalTimetable,
    DeltaTriggerTimetable,
    EventsTimetable,
    MultipleCronTriggerTimetable,
    NullTimetable,
    OnceTimetable,
    TimeRestriction,
    Timetable,
    timetable_for,
)
from queuack.authoring.timetables.custom import TimetableNotRegistered
from queuack.authoring.timetables.encoding import describe_cron, pendulum_zone, zone_name
from queuack.schedule import timetables as schedule

DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("written", "trigger", "interval"),
    [
        (None, NullTimetable, NullTimetable),
        ("@once", OnceTimetable, OnceTimetable),
        ("@continuous", ContinuousTimetable, ContinuousTimetable),
        ("@daily", CronTriggerTimetable, CronDataIntervalTimetable),
        ("0 6 * * MON", CronTriggerTimetable, CronDataIntervalTimetable),
        (DAY, DeltaTriggerTimetable, DeltaDataIntervalTimetable),
        (relativedelta(months=1), DeltaTriggerTimetable, DeltaDataIntervalTimetable),
        (EventsTimetable([]), EventsTimetable, EventsTimetable),
    ],
)
def test_timetable_for(written: Any, trigger: type, interval: type) -> None:
    for intervals, expected in ((False, trigger), (True, interval)):
        made = timetable_for(
            written, "UTC", create_cron_data_intervals=intervals, create_delta_data_intervals=intervals
        )
        assert type(made) is expected


def test_the_settings_decide_when_the_caller_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    from queuack import config

    asked = []
    monkeypatch.setattr(config, "get_boolean", lambda section, key: asked.append((section, key)) or "cron" in key)
    assert type(timetable_for("@daily", "UTC")) is CronDataIntervalTimetable
    assert type(timetable_for(DAY, "UTC")) is DeltaTriggerTimetable
    assert asked == [("scheduler", "create_cron_data_intervals"), ("scheduler", "create_delta_data_intervals")]


def test_no_schedule() -> None:
    with pytest.raises(ValueError, match="42 is not a valid schedule"):
        timetable_for(42, "UTC")
    with pytest.raises(ValueError, match="should be assets"):
        timetable_for([object()], "UTC")


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("Europe/Amsterdam", "Europe/Amsterdam"),
        ("UTC", "UTC"),
        (pendulum.timezone("Europe/Amsterdam"), "Europe/Amsterdam"),
        (pendulum.timezone(7200), "+02:00"),
        (pendulum.UTC, "UTC"),
        (zoneinfo.ZoneInfo("Asia/Kathmandu"), "Asia/Kathmandu"),
        (dt.UTC, "UTC"),
        (dt.timezone(-dt.timedelta(hours=3, minutes=30)), "-03:30"),
        (20700, "+05:45"),
    ],
)
def test_zone_names(zone: Any, name: str) -> None:
    assert zone_name(zone) == name
    noon = dt.datetime(2024, 7, 1, 12)
    expected = noon.replace(tzinfo=schedule_zone(name))
    assert noon.replace(tzinfo=pendulum_zone(zone)).utcoffset() == expected.utcoffset()


def schedule_zone(name: str) -> dt.tzinfo:
    from queuack.schedule.zones import zone

    return zone(name)


def test_a_zone_without_a_name_is_refused() -> None:
    class Sundial(dt.tzinfo):
        def utcoffset(self, when: dt.datetime | None) -> dt.timedelta | None:
            return None if when is None else dt.timedelta(minutes=when.month)

    with pytest.raises(ValueError, match="IANA name or a fixed offset"):
        zone_name(Sundial())


def test_arguments_by_either_name() -> None:
    expected = schedule.CronTriggerTimetable("0 0 * * *", "UTC")
    for made in (
        CronTriggerTimetable("@daily", timezone="UTC"),
        CronTriggerTimetable("@daily", "UTC"),
        CronTriggerTimetable(cron="@daily", timezone="UTC"),
        CronTriggerTimetable(expression="@daily", timezone=pendulum.UTC),
    ):
        assert made.document == expected
    assert CronDataIntervalTimetable("@daily", "UTC").summary == "0 0 * * *"
    with pytest.raises(TypeError, match="timezone"):
        CronTriggerTimetable("@daily")
    with pytest.raises(ValueError, match="cron expression required"):
        MultipleCronTriggerTimetable(timezone="UTC")


@pytest.mark.parametrize(
    "timetable",
    [
        CronTriggerTimetable("not a cron", timezone="UTC"),
        CronDataIntervalTimetable("0 0 * * *", "Nowhere/City"),
        DeltaTriggerTimetable(dt.timedelta(0)),
    ],
)
def test_bad_schedules_are_found_when_checked(timetable: Timetable) -> None:
    with pytest.raises(AirflowTimetableInvalid):
        timetable.validate()
    with pytest.raises(AirflowTimetableInvalid):
        _ = timetable.document


class Workdays(Timetable):
    description = "On workdays"

    def infer_manual_data_interval(self, *, run_after: pendulum.DateTime) -> DataInterval:
        return DataInterval.exact(run_after)

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        return DagRunInfo.exact(pendulum.datetime(2024, 1, 1))


class Derived(CronTriggerTimetable):
    pass


@pytest.mark.parametrize("timetable", [Workdays(), Derived("@daily", timezone="UTC")])
def test_a_custom_timetable_must_be_registered(timetable: Timetable, monkeypatch: pytest.MonkeyPatch) -> None:
    assert timetable_for(timetable, "UTC") is timetable
    with pytest.raises(TimetableNotRegistered, match=r"`timetables` of an AirflowPlugin"):
        _ = timetable.document
    path = timetable.type_name
    monkeypatch.setattr(registered, "_classes", {"timetables": {path: type(timetable)}})
    document = timetable.document
    assert isinstance(document, schedule.CustomTimetable)
    assert (document.importable, document.summary) == (path, timetable.summary)
    again = type(timetable).deserialize(document.data)
    assert again.serialize() == timetable.serialize()


def test_what_a_custom_timetable_serializes_to_must_be_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registered, "_classes", {"timetables": {path_of(Workdays): Workdays}})
    for data, words in (({"when": {1}}, "JSON"), (["a"], "list")):
        monkeypatch.setattr(Workdays, "serialize", lambda self, data=data: data)
        with pytest.raises(AirflowTimetableInvalid, match=words):
            _ = Workdays().document


def test_a_custom_timetable_has_the_base_behaviour() -> None:
    timetable = Workdays()
    assert timetable.description == "On workdays"
    assert timetable.summary == "Workdays"
    assert timetable.serialize() == {}
    info = timetable.next_dagrun_info_v2(last_dagrun_info=None, restriction=TimeRestriction(None, None, True))
    assert info is not None
    assert info.logical_date == info.run_after == pendulum.datetime(2024, 1, 1)
    run_id = timetable.generate_run_id(run_type="scheduled", run_after=info.run_after, data_interval=None)
    assert run_id == "scheduled__2024-01-01T00:00:00+00:00"


def test_points_around_a_moment() -> None:
    timetable = Derived("0 2 * * *", timezone="Europe/Amsterdam")
    noon = pendulum.datetime(2024, 7, 1, 12)
    assert timetable._get_next(noon) == pendulum.datetime(2024, 7, 2, 0)
    assert timetable._get_prev(noon) == pendulum.datetime(2024, 7, 1, 0)
    assert timetable._align_to_next(noon) == pendulum.datetime(2024, 7, 2, 0)
    assert timetable._align_to_prev(pendulum.datetime(2024, 7, 1)) == pendulum.datetime(2024, 7, 1)
    assert timetable._timezone.name == "Europe/Amsterdam"
    assert isinstance(timetable._get_next(noon), pendulum.DateTime)


def test_a_pendulum_duration_counts_its_seconds() -> None:
    document = DeltaTriggerTimetable(pendulum.duration(months=1, hours=1)).document
    assert document == schedule.DeltaTriggerTimetable(dt.timedelta(days=30, hours=1))


def test_limits_and_flags() -> None:
    assert ContinuousTimetable().active_runs_limit == 1
    assert not NullTimetable().can_be_scheduled
    assert OnceTimetable().can_be_scheduled
    assert schedule.ContinuousTimetable.active_runs_limit == 1


def test_words_for_a_cron_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    words = types.ModuleType("cron_descriptor")

    class ExpressionDescriptor:
        def __init__(self, expression: str, options: Any) -> None:
            assert options.use_24hour_time_format
            self.expression = expression

        def get_description(self) -> str:
            return f"<{self.expression}>"

    vars(words).update(
        ExpressionDescriptor=ExpressionDescriptor,
        Options=types.SimpleNamespace,
        CasingTypeEnum=types.SimpleNamespace(Sentence=2),
        FormatException=KeyError,
        MissingFieldException=IndexError,
    )
    monkeypatch.setitem(sys.modules, "cron_descriptor", words)
    describe_cron.cache_clear()
    assert describe_cron("0 0 * * *") == "<0 0 * * *>"
    assert describe_cron("0 0 13 * 5") == "<0 0 13 * *> (or) <0 0 * * 5>"
    assert describe_cron("0 0 * * * 30") == ""
    assert describe_cron("0 61 * * *") == ""
    both = MultipleCronTriggerTimetable("0 0 * * *", "0 1 * * *", timezone="UTC")
    assert both.description == "<0 0 * * *>, <0 1 * * *>"
    monkeypatch.setitem(sys.modules, "cron_descriptor", None)
    describe_cron.cache_clear()
    assert describe_cron("0 0 * * *") == ""
    describe_cron.cache_clear()
