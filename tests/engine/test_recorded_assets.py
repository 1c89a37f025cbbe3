"""Asset events bring about the runs that Airflow's scheduler makes of them: recordings of ``record_assets.py``.

Where the two differ on purpose, ``docs/concepts/assets.md`` says so; no case here touches that.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from queuack.clock import iso
from queuack.engine.events import CreateAssetEvent, SetPaused
from queuack.engine.spec import DagDocument
from queuack.schedule.conditions import AllOf, AnyOf, AssetKey, Condition, leaves
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
from queuack.schedule.timetables import AssetTriggeredTimetable, MapperChoice, PartitionedAssetTimetable
from queuack.schedule.windows import SegmentWindow, TimeWindow, WaitPolicy
from tests.engine.driver import SECOND, Driver, dag, task
from tests.engine.test_assets import documents_of, producer

RECORDINGS = Path(__file__).parent.parent / "conformance" / "recordings" / "asset_runs.json"
CASES = json.loads(RECORDINGS.read_text())["cases"]

A, B, C = (AssetKey(name, name) for name in "abc")
ALL = FixedKeyMapper(downstream_key="all")
SEGMENTS = SegmentWindow(("x", "y", "z"))


def partitioned(condition: Condition, mapper: Mapper | None = None, **chosen: Mapper) -> PartitionedAssetTimetable:
    choices = tuple(MapperChoice(AssetKey(name, name), each) for name, each in chosen.items())
    return PartitionedAssetTimetable(condition, choices, mapper or IdentityMapper())


SCHEDULES: dict[str, Any] = {
    "all": AssetTriggeredTimetable(AllOf((A, B))),
    "any": AssetTriggeredTimetable(AnyOf((A, B))),
    "mixed": AssetTriggeredTimetable(AnyOf((A, AllOf((B, C))))),
    "three": AssetTriggeredTimetable(AllOf((A, B, C))),
    "nested": AssetTriggeredTimetable(AllOf((AnyOf((A, B)), C))),
    "same_key": partitioned(AllOf((A, B))),
    "rollup": partitioned(A, RollupMapper(upstream_mapper=ALL, window=SEGMENTS)),
    "early": partitioned(A, RollupMapper(upstream_mapper=ALL, window=SEGMENTS, wait_policy=WaitPolicy(-1))),
    "allowed": partitioned(AnyOf((A, C)), a=AllowedKeyMapper(allowed_keys=("x", "y"))),
    "fan": partitioned(
        C,
        FanOutMapper(
            upstream_mapper=TemporalMapper(
                period="week", input_format="%Y-%m-%d", output_format=DEFAULT_FORMATS["week"]
            ),
            window=TimeWindow("week"),
            downstream_mapper=TemporalMapper(period="day", output_format=DEFAULT_FORMATS["day"]),
        ),
    ),
}


def documents() -> list[DagDocument]:
    waiting = [
        dag(
            task("t"),
            dag_id=name,
            file=f"{name}.py",
            timetable=timetable,
            max_active_runs=1000,
            **documents_of(*leaves(timetable.condition)),
        )
        for name, timetable in SCHEDULES.items()
    ]
    return [producer("up", A, B, C), *waiting]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["seed"]))
@pytest.mark.parametrize("restarts", [False, True], ids=["steady", "restarted"])
def test_the_same_runs_with_the_same_events(case: dict[str, Any], restarts: bool) -> None:
    driver = Driver(*documents())
    seen: set[int] = set()
    for number, step in enumerate(case["steps"]):
        driver.now += SECOND
        action = step["action"]
        if "pause" in action:
            driver.ask(SetPaused(dag_id=action["pause"], paused=action["paused"]))
        else:
            driver.ask(CreateAssetEvent(name=action["update"], uri=action["update"], partition_key=action["key"]))
        if restarts:
            driver.restart()
        assert new_runs(driver, seen) == step["runs"], (number, action)


def new_runs(driver: Driver, seen: set[int]) -> list[list[Any]]:
    found = []
    for key, run in driver.store.runs.items():
        if key not in seen:
            seen.add(key)
            events = sorted(driver.store.consumed.get(key, []))
            found.append([run.dag_id, run.run_type, run.partition_key, iso(run.partition_date), events])
    return sorted(found, key=str)
