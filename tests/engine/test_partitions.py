"""Partitions: what events count for, when a partition has its run, and with which key and date."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from queuack.engine.engine import EngineSettings
from queuack.engine.events import CreateAssetEvent, FileGone, TriggerRun
from queuack.engine.instants import to_us
from queuack.engine.spec import DagDocument
from queuack.errors import InvalidRequest
from queuack.schedule.conditions import AllOf, AssetKey, Condition, leaves
from queuack.schedule.outlet_events import OutletEvent
from queuack.schedule.partition_mappers import (
    DEFAULT_FORMATS,
    AllowedKeyMapper,
    FanOutMapper,
    FixedKeyMapper,
    IdentityMapper,
    Mapper,
    RollupMapper,
    TemporalMapper,
)
from queuack.schedule.timetables import (
    AssetTriggeredTimetable,
    CronPartitionTimetable,
    MapperChoice,
    PartitionedAssetTimetable,
    PartitionedAtRuntime,
)
from queuack.schedule.windows import SegmentWindow, TimeWindow, WaitPolicy
from tests.engine.driver import DAY, SECOND, START, Driver, dag, parsed, task
from tests.engine.test_assets import A, B, documents_of, producer, runs

HOUR = 3600 * SECOND


def start_of(period: str, **options: Any) -> TemporalMapper:
    return TemporalMapper(period=period, output_format=DEFAULT_FORMATS[period], **options)


DAILY_ROLLUP = RollupMapper(upstream_mapper=start_of("day"), window=TimeWindow("day"))


def consumer(
    mapper: Mapper, condition: Condition = A, choices: dict[AssetKey, Mapper] | None = None, **options: Any
) -> DagDocument:
    picked = tuple(MapperChoice(asset, each) for asset, each in (choices or {}).items())
    timetable = PartitionedAssetTimetable(condition, picked, mapper)
    names = documents_of(*leaves(condition))
    return dag(task("t"), dag_id="down", file="down.py", timetable=timetable, **{**names, **options})


def emit(driver: Driver, *keys: str, asset: AssetKey = A) -> None:
    for key in keys:
        driver.now += SECOND
        driver.ask(CreateAssetEvent(name=asset.name, uri=asset.uri, partition_key=key))


def keys_of(driver: Driver) -> list[str | None]:
    return [driver.store.runs[key].partition_key for key in runs(driver, "down")]


def moment(*parts: int) -> int:
    return to_us(datetime(*parts, tzinfo=UTC))  # type: ignore[arg-type,misc]


def test_an_event_is_a_run_for_its_key() -> None:
    driver = Driver(consumer(IdentityMapper()))
    emit(driver, "us", "eu", "us")
    assert keys_of(driver) == ["us", "eu", "us"]
    assert list(driver.store.consumed.values()) == [[1], [2], [3]]
    run = driver.store.runs[1]
    assert (run.run_type, run.logical_date, run.partition_date) == ("asset_triggered", None, None)
    assert [row.created_dag_run_id for row in driver.store.partitions.values()] == [1, 2, 3]


def test_all_assets_must_have_the_key() -> None:
    driver = Driver(consumer(start_of("hour"), AllOf((A, B))))
    emit(driver, "2026-01-01T05:00:00", "2026-01-01T06:10:00")
    emit(driver, "2026-01-01T06:15:00", asset=B)
    assert keys_of(driver) == ["2026-01-01T06"]
    assert driver.store.runs[1].partition_date == moment(2026, 1, 1, 6)
    assert driver.store.consumed[1] == [2, 3]


def test_mappers_by_asset() -> None:
    year = start_of("year", input_format="%Y-%m-%d")
    driver = Driver(consumer(IdentityMapper(), AllOf((A, B)), {A: year}))
    emit(driver, "2026-05-01")
    emit(driver, "2026-05-01", asset=B)
    assert keys_of(driver) == []
    emit(driver, "2026", asset=B)
    assert keys_of(driver) == ["2026"]


def test_a_rollup_waits_for_its_window_over_restarts() -> None:
    driver = Driver(consumer(DAILY_ROLLUP))
    for hour in range(24):
        assert keys_of(driver) == []
        emit(driver, f"2026-01-01T{hour:02}:00:00")
        driver.restart()
    assert keys_of(driver) == ["2026-01-01"]
    assert driver.store.runs[1].partition_date == moment(2026, 1, 1)
    assert driver.store.consumed[1] == list(range(1, 25))


@pytest.mark.parametrize(("count", "needed"), [(2, 2), (-1, 2), (0, 3), (-5, 1)])
def test_wait_policies(count: int, needed: int) -> None:
    window = SegmentWindow(("apac", "eu", "us"))
    mapper = RollupMapper(
        upstream_mapper=FixedKeyMapper(downstream_key="all"), window=window, wait_policy=WaitPolicy(count)
    )
    driver = Driver(consumer(mapper))
    for number, key in enumerate(["us", "eu", "apac"], 1):
        if keys_of(driver):
            break
        emit(driver, key)
        assert bool(keys_of(driver)) == (number >= needed)
    assert keys_of(driver) == ["all"]


def test_a_count_above_the_window_is_never_reached() -> None:
    mapper = RollupMapper(
        upstream_mapper=FixedKeyMapper(downstream_key="all"),
        window=SegmentWindow(("eu", "us")),
        wait_policy=WaitPolicy(3),
    )
    driver = Driver(consumer(mapper))
    emit(driver, "us", "eu", "apac")
    assert keys_of(driver) == []


def test_one_event_fans_out() -> None:
    mapper = FanOutMapper(
        upstream_mapper=start_of("week"), window=TimeWindow("week"), downstream_mapper=start_of("day")
    )
    driver = Driver(consumer(mapper))
    emit(driver, "2026-01-07T00:00:00")
    assert keys_of(driver) == [f"2026-01-{day:02}" for day in range(5, 12)]
    assert driver.store.runs[1].partition_date == moment(2026, 1, 5)


@pytest.mark.parametrize(
    ("mapper", "key", "event"),
    [
        (start_of("day"), "not a date", "failed to map partition_key"),
        (AllowedKeyMapper(allowed_keys=("us",)), "eu", "failed to map partition_key"),
        (
            FanOutMapper(
                upstream_mapper=start_of("week"),
                window=TimeWindow("week"),
                downstream_mapper=start_of("day"),
                max_downstream_keys=6,
            ),
            "2026-01-07T00:00:00",
            "partition fan-out exceeded",
        ),
    ],
)
def test_an_event_that_cannot_count_is_in_the_audit_log(mapper: Mapper, key: str, event: str) -> None:
    driver = Driver(consumer(mapper))
    emit(driver, key)
    assert keys_of(driver) == []
    assert event in [row.event for row in driver.store.log]


def test_the_limit_of_the_deployment() -> None:
    mapper = FanOutMapper(upstream_mapper=start_of("day"), window=TimeWindow("day"), downstream_mapper=start_of("hour"))
    driver = Driver(consumer(mapper), settings=EngineSettings(partition_mapper_max_downstream_keys=23))
    emit(driver, "2026-01-07T00:00:00")
    assert keys_of(driver) == []


def test_an_event_without_key_is_no_partition_and_one_with_key_no_plain_update() -> None:
    plain = dag(task("t"), dag_id="plain", file="p.py", timetable=AssetTriggeredTimetable(A), **documents_of(A))
    driver = Driver(consumer(IdentityMapper()), plain)
    emit(driver, "us")
    assert (len(runs(driver, "plain")), keys_of(driver)) == (0, ["us"])
    driver.ask(CreateAssetEvent(name="a", uri="a"))
    assert (len(runs(driver, "plain")), keys_of(driver)) == (1, ["us"])
    assert "missing partition key" in [row.event for row in driver.store.log]


def test_other_mappers_void_what_waits() -> None:
    driver = Driver(consumer(DAILY_ROLLUP))
    emit(driver, *(f"2026-01-01T{hour:02}:00:00" for hour in range(23)))
    driver.step(parsed(consumer(DAILY_ROLLUP, description="as before"), file="down.py"))
    assert len(driver.store.partitions) == 1, "a change elsewhere in the DAG voids nothing"
    driver.step(parsed(consumer(start_of("day")), file="down.py"))
    assert (driver.store.partitions, driver.store.partition_keys) == ({}, [])
    emit(driver, "2026-01-01T23:00:00")
    assert driver.store.consumed == {1: [24]}


def test_what_waits_for_an_inactive_asset_waits_for_its_return() -> None:
    window = RollupMapper(upstream_mapper=FixedKeyMapper(downstream_key="all"), window=SegmentWindow(("eu", "us")))
    other = AssetKey("a", "x://other")
    driver = Driver(producer("other", other), consumer(window))
    assert not driver.store.assets[2].is_active
    emit(driver, "us", "eu")
    assert keys_of(driver) == []
    driver.step(FileGone(relative_fileloc="other.py"))
    assert keys_of(driver) == ["all"]


# ── the producing side ───────────────────────────────────────────────────────────────────────────────
def test_a_cron_schedule_of_partitions() -> None:
    timetable = CronPartitionTimetable("0 * * * *", timezone="Asia/Kolkata", run_offset=-1)
    up = dag(
        task("p", outlets=(A,)),
        dag_id="up",
        file="up.py",
        timetable=timetable,
        start_date=START - DAY,
        **documents_of(A),
    )
    driver = Driver(up, consumer(IdentityMapper()), now=START + HOUR)
    (made,) = runs(driver, "up")
    run = driver.store.runs[made]
    point = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    assert (run.logical_date, run.data_interval_start, run.run_after) == (None, None, to_us(point))
    assert (run.partition_key, run.partition_date) == ("2026-01-01T05:00:00", to_us(point) - HOUR)
    assert run.run_id.startswith("scheduled__2026-01-01T00:30:00+00:00__2026-01-01T05:00:00__")
    driver.finish(made, {"p": "success"}, outlets=(A,))
    assert keys_of(driver) == ["2026-01-01T05:00:00"]
    consumed = driver.store.runs[runs(driver, "down")[0]]
    assert consumed.partition_date == run.partition_date, "an identical key carries the producer's date"
    driver.restart()
    driver.advance(3600)
    assert [driver.store.runs[key].partition_key for key in runs(driver, "up")] == [
        "2026-01-01T05:00:00",
        "2026-01-01T06:00:00",
    ]
    planned = driver.store.next_runs["up"]
    assert (planned.next_dagrun, planned.next_dagrun_partition_key) == (None, "2026-01-01T07:00:00")


def test_partitions_named_by_the_task() -> None:
    up = producer("up", A, timetable=PartitionedAtRuntime())
    driver = Driver(up, consumer(IdentityMapper()))
    key = driver.trigger("up")
    said = tuple(OutletEvent(name="a", uri="a", partition_key=name) for name in ("eu", "us"))
    driver.finish(key, {"p": "success"}, outlets=(A,), asset_events=said)
    assert keys_of(driver) == ["eu", "us"]


def test_a_key_given_by_hand() -> None:
    driver = Driver(
        producer("up", A, timetable=PartitionedAtRuntime()), consumer(start_of("day")), producer("plain", B)
    )
    key = driver.trigger("up", partition_key="2026-01-05T10:00:00")
    driver.finish(key, {"p": "success"}, outlets=(A,))
    assert keys_of(driver) == ["2026-01-05"]
    by_hand = driver.trigger("down", partition_key="2026-01-09")
    assert driver.store.runs[by_hand].partition_date == moment(2026, 1, 9)
    for dag_id, bad in (("plain", "x"), ("up", " "), ("up", "x" * 251), ("down", "no date")):
        with pytest.raises(InvalidRequest):
            driver.ask(TriggerRun(dag_id=dag_id, run_id="other", partition_key=bad))
