"""Assets as DAG files write them: names, conditions, schedules, ``@asset``, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from queuack.authoring.assets import (
    Asset,
    AssetAccessControl,
    AssetAlias,
    AssetAll,
    AssetAny,
    AssetWatcher,
    Dataset,
    Metadata,
    Model,
)
from queuack.authoring.assets.events import OutletEventAccessors
from queuack.authoring.assets.yielding import exhaust
from queuack.authoring.dag import DAG
from queuack.authoring.exceptions import AirflowTimetableInvalid
from queuack.authoring.partition_mappers import (
    ChainMapper,
    FanOutMapper,
    FixedKeyMapper,
    IdentityMapper,
    PartitionMapper,
    RollupMapper,
    StartOfDayMapper,
    StartOfWeekMapper,
)
from queuack.authoring.partition_windows import DayWindow, HourWindow, MinimumCount, SegmentWindow, WeekWindow
from queuack.authoring.timetables import (
    AssetOrTimeSchedule,
    AssetTriggeredTimetable,
    CronPartitionTimetable,
    CronTriggerTimetable,
    PartitionedAssetTimetable,
)
from queuack.errors import NotBuilt
from queuack.operators.assets import asset
from queuack.schedule.conditions import AliasRef, AllOf, AnyOf, AssetKey

A, B, C = Asset("a"), Asset("b"), Asset("c")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("S3://Bucket/key/", "s3://Bucket/key"),
        ("s3://bucket", "s3://bucket/"),
        ("file:///a/b#part", "file:///a/b"),
        ("http://h/p?b=2&a=1", "http://h/p?a=1&b=2"),
        ("x-own://Any/", "x-own://Any/"),
        ("not a uri", "not a uri"),
    ],
)
def test_uris(given: str, kept: str) -> None:
    assert (Asset(given).name, Asset(given).uri) == (given, kept)


def test_passwords_are_dropped_from_uris() -> None:
    with pytest.warns(UserWarning, match="password"):
        assert Asset(uri="postgres://me:secret@host/db").uri == "postgres://host/db"


@pytest.mark.parametrize(
    "arguments", [{"name": ""}, {"name": " "}, {"name": "x" * 1501}, {"name": "self"}, {"name": 1}]
)
def test_bad_names(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Asset(**arguments)  # type: ignore[arg-type]


def test_what_identifies_and_what_does_not() -> None:
    assert Asset("a") == Asset("a")
    assert Asset("a") != Asset("a", extra={"k": 1})
    assert (Dataset("d").group, Model("m").group, Asset("a", group="g").group) == ("dataset", "model", "g")
    with pytest.raises(ValueError, match="reserved"):
        Asset("airflow://x")
    with pytest.raises(TypeError, match="either"):
        Asset()
    with pytest.raises(ValueError, match="non-empty"):
        AssetAccessControl(producer_teams=[""])
    with pytest.raises(ValueError, match="BaseEventTrigger"):
        AssetWatcher("w", object())  # type: ignore[arg-type]


def test_conditions() -> None:
    condition = (A & B) | AssetAlias("x")
    assert condition == AssetAny(AssetAll(A, B), AssetAlias("x"))
    assert condition.document == AnyOf((AllOf((AssetKey("a", "a"), AssetKey("b", "b"))), AliasRef("x")))
    assert (A & B & C).objects == (A, B, C)
    assert list(condition.iter_assets()) == [A, B]
    with pytest.raises(TypeError):
        A & "b"
    with pytest.raises(TypeError):
        AssetAll("a")  # type: ignore[arg-type]


def test_schedules() -> None:
    assert DAG("d", schedule=[A, B]).timetable == AssetTriggeredTimetable(A & B)
    assert DAG("d", schedule=A).timetable.document.condition == AssetKey("a", "a")
    both = AssetOrTimeSchedule(timetable=CronTriggerTimetable("0 1 * * 3", timezone="UTC"), assets=A)
    assert (both.summary, both.document.summary) == ("Asset or 0 1 * * 3", "Asset or 0 1 * * 3")
    with pytest.raises(AirflowTimetableInvalid, match="nest"):
        AssetOrTimeSchedule(timetable=AssetTriggeredTimetable(A), assets=B).validate()
    with pytest.raises(ValueError, match="should be assets"):
        DAG("d", schedule=[A, "b"]).timetable  # noqa: B018


def plain(self, context, other, given=3):  # type: ignore[no-untyped-def]
    return given


def test_asset_makes_a_dag_of_one_task() -> None:
    made = asset(schedule="@daily", uri="s3://x/y", dag_id="makes_it")(plain)
    assert (made.name, made.uri) == ("plain", "s3://x/y")
    assert isinstance(made, Asset)
    several = asset.multi(schedule=None, outlets=[A, B])(plain)
    assert several.document == AllOf((AssetKey("a", "a"), AssetKey("b", "b")))
    with pytest.raises(ValueError, match="no outlets"):
        asset.multi(schedule=None, outlets=[])(plain)
    with pytest.raises(TypeError, match="wildcard"):
        asset(schedule=None)(wild)

    def nested() -> None:
        """Has no name that a file could find again."""

    with pytest.raises(ValueError, match="nested"):
        asset(schedule=None)(nested)


def wild(*things):  # type: ignore[no-untyped-def]
    pass


def test_what_a_task_says_of_its_outlets() -> None:
    said = OutletEventAccessors()
    said[A].extra = {"k": 1}
    said[AssetAlias("x")].add(B, extra={"n": 2})
    said.for_asset(name="c", uri="c").add_partitions(["us", "eu", "us"])
    assert said[C].partition_keys == {"us", "eu"}
    assert [event.dest_asset_key.name for event in said[AssetAlias("x")].asset_alias_events] == ["b"]
    for bad, error in ((" ", ValueError), ("x" * 251, ValueError)):
        with pytest.raises(error):
            said[C].add_partitions(bad)
    with pytest.raises(TypeError, match="alias"):
        said[AssetAlias("x")].add_partitions("us")
    with pytest.raises(TypeError):
        said["a"]  # type: ignore[index]


def test_yielded_metadata() -> None:
    said = OutletEventAccessors()

    def work():  # type: ignore[no-untyped-def]
        yield Metadata(A, {"rows": 3}, alias=AssetAlias("x"))
        yield "ignored"
        return 7

    assert exhaust(work(), said) == 7
    assert said[A].extra == {"rows": 3}
    assert said[AssetAlias("x")].asset_alias_events[0].extra == {"rows": 3}


# ── partitions ───────────────────────────────────────────────────────────────────────────────────────
def test_mappers_that_do_not_fit() -> None:
    with pytest.raises(TypeError, match="expects decoded values"):
        RollupMapper(upstream_mapper=IdentityMapper(), window=DayWindow())
    with pytest.raises(TypeError, match="expects decoded values"):
        RollupMapper(upstream_mapper=StartOfDayMapper(), window=SegmentWindow(["a"]))
    with pytest.raises(ValueError, match="downstream_mapper"):
        FanOutMapper(upstream_mapper=StartOfDayMapper(), window=HourWindow())
    with pytest.raises(ValueError, match="positive"):
        IdentityMapper(max_downstream_keys=0)
    with pytest.raises(ValueError, match="degenerate"):
        MinimumCount(0)
    with pytest.raises(ValueError, match="non-empty"):
        FixedKeyMapper("")
    for segments in ([], [""], [1]):
        with pytest.raises(ValueError, match="SegmentWindow"):
            SegmentWindow(segments)
    with pytest.raises(ValueError, match="twice"):
        StartOfWeekMapper(output_format="%Y-%Y")


def test_a_mapper_of_ones_own_is_not_built() -> None:
    class Own(PartitionMapper):
        pass

    with pytest.raises(NotBuilt, match="Own"):
        PartitionedAssetTimetable(assets=A, default_partition_mapper=Own()).document  # noqa: B018


def test_mappers_answer_in_plain_python() -> None:
    chain = ChainMapper(StartOfWeekMapper(), FixedKeyMapper("all"))
    assert chain.to_downstream("2026-01-07T00:00:00") == "all"
    fan = FanOutMapper(upstream_mapper=StartOfWeekMapper(), window=WeekWindow(direction="backward"))
    assert fan.to_downstream("2026-01-07T00:00:00")[-1] == "2026-01-05"
    timetable = PartitionedAssetTimetable(assets=A & B, partition_mapper_config={A: chain})
    assert timetable.get_partition_mapper(name="a", uri="a") is chain
    assert isinstance(timetable.get_partition_mapper(name="b", uri="b"), IdentityMapper)


def test_cron_partitions() -> None:
    timetable = CronPartitionTimetable("0 * * * *", timezone="UTC", run_offset=2)
    assert timetable.document.run_offset == 2
    with pytest.raises(ValueError, match="Run offset"):
        CronPartitionTimetable("0 * * * *", timezone="UTC", run_offset=timedelta(hours=1))  # type: ignore[arg-type]
