"""Assets in a real daemon: chains of DAGs, what tasks see, what survives a crash; and the services of clients."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from queuack.errors import InvalidRequest, NotFound
from tests.live.daemon import LiveDaemon, until

CHAIN = """
from queuack import DAG, Asset, AssetAlias, AssetOrTimeSchedule, CronTriggerTimetable, Metadata, asset, task

a, b = Asset("a", extra={"k": 1}), Asset("s3://b/x")
there = dict(is_paused_upon_creation=False)

with DAG("produce", schedule=None, **there):
    @task(outlets=[a, AssetAlias("al")])
    def p(outlet_events=None):
        outlet_events[AssetAlias("al")].add(Asset("dynamic", extra={"made": True}), extra={"z": 3})
        yield Metadata(a, {"rows": 3})
        return 5
    p()

with DAG("consume", schedule=a, **there):
    @task(inlets=[a], outlets=[b])
    def c(inlet_events=None, triggering_asset_events=None, dag_run=None):
        (event,) = triggering_asset_events[a]
        return [
            [one.extra for one in inlet_events[a]], event.source_task_instance.xcom_pull(), event.source_dag_id,
            dag_run.run_type, dag_run.logical_date, [one.id for one in dag_run.consumed_asset_events],
        ]
    c()

with DAG("both", schedule=a & b, **there):
    @task
    def d(triggering_asset_events=None):
        return sorted(one.uri for one in triggering_asset_events)
    d()

with DAG("by_alias", schedule=AssetAlias("al"), **there):
    @task(inlets=[AssetAlias("al")])
    def e(triggering_asset_events=None, inlet_events=None):
        return [one.asset.name for one in triggering_asset_events[AssetAlias("al")]] + [
            one.extra for one in inlet_events[AssetAlias("al")]
        ]
    e()

@asset(schedule=a, uri="x://made", **there)
def made(self, context, a):
    return [self.uri, a.name, a.extra]

with DAG("conflict", schedule=None, **there):
    @task(outlets=[Asset("a", "x://another")], retries=3)
    def never():
        raise AssertionError("must not run")
    never()
"""

KEEPS = """
from datetime import timedelta
from queuack import DAG, NEVER_EXPIRE, Asset, task

orders = Asset("orders")

with DAG("keeps", schedule=None, is_paused_upon_creation=False):
    @task(outlets=[orders], retries=1, retry_delay=timedelta(0))
    def work(task_state_store=None, asset_state_store=None, ti=None):
        if task_state_store.get("job") is None:
            task_state_store.set("job", {"id": 7}, retention=NEVER_EXPIRE)
            task_state_store.set("brief", 1, retention=timedelta(microseconds=1))
            raise RuntimeError("the first attempt ends here")
        asset_state_store[orders].set("runs", asset_state_store.get("runs", 0) + 1)
        return [ti.try_number, task_state_store.get("job"), task_state_store.get("brief", "gone")]
    work()
"""

PARTITIONS = """
from queuack import DAG, Asset, PartitionedAssetTimetable, PartitionedAtRuntime, StartOfDayMapper, task

a = Asset("a")

with DAG("up", schedule=PartitionedAtRuntime(), is_paused_upon_creation=False):
    @task(outlets=[a])
    def p(outlet_events=None, partition_key=None):
        outlet_events[a].add_partitions(["2026-01-01T05:00:00", "2026-01-02T00:00:00"])
        return partition_key
    p()

with DAG(
    "down",
    schedule=PartitionedAssetTimetable(assets=a, default_partition_mapper=StartOfDayMapper()),
    is_paused_upon_creation=False,
):
    @task
    def d(partition_key=None, partition_date=None, dag_run=None):
        return [partition_key, partition_date.isoformat(), dag_run.partition_key]
    d()
"""


def results(daemon: LiveDaemon, dag_id: str) -> list[object]:
    query = f"select value from xcom where dag_id = '{dag_id}' and key = 'return_value' order by dag_run_id"
    return [json.loads(value) for (value,) in daemon.rows(query)]


def ended(daemon: LiveDaemon, *dag_ids: str, state: str = "success") -> bool:
    found = daemon.rows(f"select dag_id, count(*) from dag_run where state = '{state}' group by all")
    return {dag_id for dag_id, _ in found} >= set(dag_ids)


def test_a_chain_of_dags(tmp_path: Path) -> None:
    daemon = LiveDaemon(tmp_path)
    daemon.dag("chain", CHAIN)
    with daemon:
        daemon.wait_dag("conflict")
        daemon.call("trigger_run", dag_id="produce", run_id="r")
        until(lambda: ended(daemon, "produce", "consume", "both", "by_alias", "made"), 60, "the chain's end")
        assert results(daemon, "consume") == [[[{"rows": 3}], 5, "produce", "asset_triggered", None, [1]]]
        assert results(daemon, "both") == [["a", "s3://b/x"]]
        assert results(daemon, "by_alias") == [["dynamic", {"z": 3}]]
        assert results(daemon, "made") == [["x://made/", "a", {"k": 1}]]
        assert daemon.value("select extra from asset where name = 'dynamic'") == '{"made":true}'
        late = daemon.value(
            "select max(epoch_ms(r.queued_at) - epoch_ms(e.timestamp)) from dag_run r join dagrun_asset_event d "
            "on d.dag_run_id = r.id join asset_event e on e.id = d.event_id where r.dag_id <> 'both'"
        )
        assert late == 0, "a run is created in the step in which its asset is updated"
        daemon.call("trigger_run", dag_id="conflict", run_id="r")
        assert daemon.wait_run("conflict", "r") == "failed"
        assert daemon.value("select try_number from task_instance where dag_id = 'conflict'") == 1


def test_what_is_kept(tmp_path: Path) -> None:
    daemon = LiveDaemon(tmp_path)
    daemon.dag("keeps", KEEPS)
    with daemon:
        daemon.wait_dag("keeps")
        for run_id in ("one", "two"):
            daemon.call("trigger_run", dag_id="keeps", run_id=run_id)
            assert daemon.wait_run("keeps", run_id) == "success"
        assert results(daemon, "keeps") == [[2, {"id": 7}, "gone"]] * 2
        kept = daemon.rows("select key, value, last_updated_by_kind, last_updated_by_run_id from asset_state_store")
        assert kept == [["runs", "2", "task", "two"]]


def test_partitions(tmp_path: Path) -> None:
    daemon = LiveDaemon(tmp_path)
    daemon.dag("partitions", PARTITIONS)
    with daemon:
        daemon.wait_dag("down")
        daemon.call("trigger_run", dag_id="up", run_id="r", partition_key="mine")
        until(lambda: len(results(daemon, "down")) == 2, 60, "two runs")
        assert results(daemon, "up") == ["mine"]
        assert sorted(results(daemon, "down")) == [  # type: ignore[type-var]
            ["2026-01-01", "2026-01-01T00:00:00+00:00", "2026-01-01"],
            ["2026-01-02", "2026-01-02T00:00:00+00:00", "2026-01-02"],
        ]


@pytest.mark.parametrize("point", ["daemon.before_commit", "daemon.after_commit", "daemon.after_dispatch"])
@pytest.mark.parametrize("nth", [2, 3, 4])
@pytest.mark.slow
def test_a_crash_loses_no_event_and_doubles_no_run(point: str, nth: int, tmp_path: Path) -> None:
    daemon = LiveDaemon(tmp_path)
    daemon.dag("chain", CHAIN)
    with daemon:
        daemon.wait_dag("conflict")
        daemon.stop()
        daemon.fault(f"{point}:{nth}")
        daemon.offline("dags", "trigger", "produce", "--run-id", "r")
        process = daemon.spawn()
        until(lambda: process.poll() is not None or _is_over(daemon), 60, "death, or the end")
        daemon.fault("")
        if process.poll() is not None:
            daemon.start()
        until(lambda: _is_over(daemon), 60, "the chain's end")
        assert dict(daemon.rows("select dag_id, count(*) from dag_run group by all")) == dict.fromkeys(
            ("produce", "consume", "both", "by_alias", "made"), 1
        )
        assert daemon.value("select count(*) from asset_event") == 4


def _is_over(daemon: LiveDaemon) -> bool:
    try:
        return ended(daemon, "produce", "consume", "both", "by_alias", "made")
    except Exception:  # it is dead, or not there yet
        return False


def test_what_clients_ask(tmp_path: Path) -> None:
    daemon = LiveDaemon(tmp_path)
    daemon.dag("chain", CHAIN)
    with daemon:
        daemon.wait_dag("conflict")
        assert [row["name"] for row in daemon.call("list_assets", only_active=True)] == ["a", "made", "s3://b/x"]
        asset = daemon.call("get_asset", uri="a")
        assert [row["dag_id"] for row in asset["scheduled_dags"]] == ["both", "consume", "made"]
        assert [(row["dag_id"], row["task_id"]) for row in asset["producing_tasks"]] == [("produce", "p")]
        assert (asset["extra"], asset["last_asset_event"], asset["is_active"]) == ({"k": 1}, None, True)
        assert [row["name"] for row in daemon.call("list_asset_aliases")] == ["al"]
        with pytest.raises(InvalidRequest, match="More than one asset"):
            daemon.call("get_asset", name="a")
        for method, params in (
            ("get_asset", {"name": "nobody's"}),
            ("get_asset_alias", {"name": "nobody's"}),
            ("create_asset_event", {"name": "nobody's"}),
            ("materialize_asset", {"name": "nobody's"}),
        ):
            with pytest.raises(NotFound):
                daemon.call(method, **params)
        with pytest.raises(InvalidRequest, match="Either a name or a URI"):
            daemon.call("materialize_asset")
        event = daemon.call("create_asset_event", uri="a", extra={"by": "hand"})
        assert (event["name"], event["extra"], event["source_dag_id"]) == ("a", {"by": "hand"}, None)
        assert sorted(run["dag_id"] for run in event["created_dagruns"]) == ["consume", "made"]
        run = daemon.call("materialize_asset", uri="s3://b/x", user="me")
        assert (run["dag_id"], run["run_type"], run["logical_date"]) == ("consume", "asset_materialization", None)
        assert run["run_id"].startswith("asset_materialization__")
        until(lambda: len(daemon.call("list_asset_events", uri="a")) == 1, 10, "the event")
