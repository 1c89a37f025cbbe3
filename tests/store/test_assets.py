"""Assets in DuckDB: what the engine wrote is what it is rebuilt from; state stores; queries."""

from __future__ import annotations

import random

import msgspec

from queuack.engine import asset_effects as fx
from queuack.engine.effects import Write
from queuack.engine.events import CreateAssetEvent, DeleteDag, DequeueAssets, Event
from queuack.schedule.conditions import AliasRef, AllOf, AnyOf, NameRef
from queuack.schedule.partition_mappers import DEFAULT_FORMATS, RollupMapper, TemporalMapper
from queuack.schedule.timetables import PartitionedAssetTimetable
from queuack.schedule.windows import TimeWindow
from queuack.store.database import Database
from queuack.store.queries import assets
from queuack.store.snapshot import load_snapshot
from queuack.store.writer import Writer
from tests.engine.driver import SECOND, Driver
from tests.engine.test_assets import A, B, C, _act, consumer, producer

ROLLUP = RollupMapper(
    upstream_mapper=TemporalMapper(period="day", output_format=DEFAULT_FORMATS["day"]), window=TimeWindow("day")
)


class Twice(Driver):
    """Writes what the engine decides into the store in dicts and into DuckDB."""

    def __init__(self, writer: Writer, *documents: object) -> None:
        self._writer = writer
        super().__init__(*documents)  # type: ignore[arg-type]

    def step(self, *events: Event):  # type: ignore[no-untyped-def]
        step = super().step(*events)
        self._writer.commit(step.writes, fold=True)
        return step


def normal(snapshot: object) -> object:
    """Lists whose order says nothing, sorted."""
    found = msgspec.to_builtins(snapshot)
    for name in ("queue", "references", "floors", "watchers"):
        found[name].sort(key=str)
    for alias in found["aliases"]:
        alias["asset_ids"].sort()
    return found


def test_the_store_gives_back_what_was_written(database: Database, writer: Writer) -> None:
    rng = random.Random(7)
    partitioned = consumer("down", A, timetable=PartitionedAssetTimetable(A, (), ROLLUP))
    driver = Twice(
        writer,
        producer("up", A, B, C, AliasRef("x")),
        consumer("all", AllOf((A, B, C)), max_active_runs=2),
        consumer("any", AnyOf((A, AllOf((B, C)))), max_active_runs=1),
        consumer("alias", AllOf((AliasRef("x"), B))),
        consumer("ref", NameRef("c")),
        partitioned,
    )
    for _ in range(60):
        driver.now += SECOND
        if rng.random() < 0.3:
            driver.ask(CreateAssetEvent(name="a", partition_key=f"2026-01-01T{rng.randrange(24):02}:00:00"))
        elif rng.random() < 0.2:
            driver.ask(DequeueAssets(asset_id=rng.choice([1, 2, 3])))
        else:
            _act(driver, rng.choice("ueepr"), rng.choice([A, B, C]), rng.choice(["all", "any", "ref"]), rng.random())
    assert normal(load_snapshot(database).assets) == normal(driver.store.assets_snapshot())
    with database.reader() as reader:
        found = sorted(fetch_pairs(reader))
    assert found == sorted((key, event) for key, events in driver.store.consumed.items() for event in events)
    driver.ask(DeleteDag(dag_id="down"))
    assert normal(load_snapshot(database).assets) == normal(driver.store.assets_snapshot())


def fetch_pairs(reader) -> list[tuple[int, int]]:  # type: ignore[no-untyped-def]
    reader.execute("SELECT dag_run_id, event_id FROM dagrun_asset_event")
    return list(reader.fetchall())


def test_queries(database: Database, writer: Writer) -> None:
    driver = Twice(writer, producer("up", A, AliasRef("x")), consumer("down", A))
    key = driver.trigger("up")
    driver.finish(key, {"p": "success"}, outlets=(A,))
    with database.reader() as reader:
        (asset,) = assets.list_assets(reader)
        (event,) = assets.asset_events(reader, name="a")
        (run,) = event["created_dagruns"]
        assert (asset["name"], asset["is_active"], asset["extra"]) == ("a", True, {})
        assert (event["asset"]["uri"], event["source_task_id"], event["source_aliases"]) == ("a", "p", [])
        assert (run["dag_id"], run["state"]) == ("down", "running")
        assert assets.consumed_events(reader, "down", run["run_id"]) == [event]
        assert assets.materializing_dags(reader, name="a", uri=None) == ["up"]
        assert assets.asset_events(reader, name="a", after=event["timestamp"] + 1) == []
        assert assets.asset_events(reader, alias="x") == []
        assert [row["dag_id"] for row in assets.asset_relations(reader, "asset_scheduled_dags", [1])[1]] == ["down"]
        assert assets.queued_events(reader) == []


def test_state_stores(database: Database, writer: Writer) -> None:
    driver = Twice(writer, producer("up", A))
    run_id = driver.store.runs[driver.trigger("up")].run_id
    place = {"dag_id": "up", "run_id": run_id, "task_id": "p", "map_index": -1}

    def kept(key: str, now: int = 0) -> str | None:
        with database.reader() as reader:
            return assets.task_state(reader, **place, key=key, now=now)

    def state(key: str, value: str, expires_at: int | None = None) -> Write:
        return fx.TaskStateRow(**place, key=key, value=value, expires_at=expires_at, updated_at=1)

    writer.commit([state("k", "1"), state("k", "2"), state("other", "3"), state("brief", "4", expires_at=10)])
    assert (kept("k"), kept("other"), kept("none"), kept("brief", 9), kept("brief", 10)) == ("2", "3", None, "4", None)
    writer.commit([state("k", "5"), fx.TaskStateDeleted(**place, key="other"), fx.TaskStateExpired(at=11)])
    assert (kept("k"), kept("other"), kept("brief")) == ("5", None, None)
    writer.commit([fx.TaskStateDeleted(**place), state("new", "6")])
    assert (kept("k"), kept("new")) == (None, "6")
    writer.commit([fx.AssetStateRow(asset_id=1, key="w", value='"x"', updated_at=1, kind="task", dag_id="up")])
    writer.commit([fx.AssetStateRow(asset_id=1, key="w", value='"y"', updated_at=2, kind="task", dag_id="up")])
    with database.reader() as reader:
        assert assets.asset_state(reader, 1, "w") == '"y"'
    writer.commit([fx.AssetStateDeleted(asset_id=1)])
    with database.reader() as reader:
        assert assets.asset_state(reader, 1, "w") is None
