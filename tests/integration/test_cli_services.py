"""Services that commands ask: dependencies between DAGs, partitions of runs, what is in hand, expired keys of tasks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from queuack import config
from queuack.app import offline_service
from queuack.engine.asset_effects import TaskStateRow
from queuack.errors import DaemonUnreachable, InvalidRequest
from queuack.home import Home

DAGS = """
from airflow.sdk import DAG, Asset, CronPartitionTimetable, task
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor

with DAG("caller", schedule=None):
    TriggerDagRunOperator(task_id="call", trigger_dag_id="daily")
    TriggerDagRunOperator(task_id="template", trigger_dag_id="{{ params.other }}")
    TriggerDagRunOperator.partial(task_id="mapped", trigger_dag_id="daily").expand(conf=[{}, {}])

with DAG("daily", schedule=CronPartitionTimetable("0 0 * * *", timezone="Asia/Tokyo"), is_paused_upon_creation=True):
    @task(outlets=[Asset("orders")])
    def make(): pass
    make()

with DAG("waiter", schedule=Asset("orders")):
    ExternalTaskSensor(task_id="wait", external_dag_id="daily")
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    home.dags.mkdir(parents=True)
    (home.dags / "all.py").write_text(DAGS)
    before = config.configure(config.load(home))
    yield home
    config.configure(before)


@pytest.fixture
def service(home: Home) -> Iterator[Any]:
    found = offline_service(home)
    assert found.call("sync", {}) == 1
    yield found
    found.close()


def test_dependencies(service: Any) -> None:
    edges = [
        (row["source"]["name"], row["kind"], row["target"]["name"]) for row in service.call("dag_dependencies", {})
    ]
    assert edges == [
        ("caller", "trigger", "daily"),
        ("caller", "trigger", "daily"),
        ("daily", "produces", "orders"),
        ("daily", "sensor", "waiter"),
        ("orders", "triggers", "waiter"),
    ]


def test_runs_leave_their_partition_for_good(service: Any, home: Home) -> None:
    for day in (1, 2, 3):
        key = f"2026-01-0{day}T00:00:00"
        service.call("trigger_run", {"dag_id": "daily", "run_id": f"r{day}", "partition_key": key})
    day = "2026-01-02T00:00:00"
    both = {"dag_id": "daily", "partition_date_start": day, "partition_date_end": f"{day}+00:00"}  # the clock of Tokyo
    told = service.call("forget_partitions", {**both, "dry_run": True})
    assert ([row["run_id"] for row in told["runs"]], told["dag_runs_cleared"]) == (["r2"], 1)
    done = service.call("forget_partitions", {**both, "clear_task_instances": True})
    assert (done["runs"][0]["partition_key"], done["task_instances_cleared"]) == (day, 1)
    assert done["runs"][0]["partition_date"] == "2026-01-01T15:00:00+00:00"
    service.call("forget_partitions", {"dag_id": "daily", "partition_key": "2026-01-03T00:00:00"})
    again_r3 = service.call("forget_partitions", {"dag_id": "daily", "run": "r3"})
    assert (again_r3["dag_runs_cleared"], again_r3["runs"][0]["partition_key"]) == (0, None)
    for wrong in ({}, {"run": "r1", "partition_key": "k"}):
        with pytest.raises(InvalidRequest):
            service.call("forget_partitions", {"dag_id": "daily", **wrong})
    service.close()
    again = offline_service(home)
    keys = {row["run_id"]: row["partition_key"] for row in again.call("list_runs", {"dag_id": "daily"})}
    assert keys == {"r1": "2026-01-01T00:00:00", "r2": None, "r3": None}
    again.close()


def test_what_is_in_hand(service: Any) -> None:
    service.call("trigger_run", {"dag_id": "caller", "run_id": "r"})
    load = service.call("load", {"most": 5})
    assert load["tasks"] == []
    assert [(run["run_id"], run["state"], run["done"]) for run in load["runs"]] == [("r", "queued", 0)]
    assert load["pools"] == [{"pool": "default_pool", "slots": 128, "occupied_slots": 0}]


def test_parsing_anew(service: Any) -> None:
    assert service.call("sync", {}) == 0
    assert service.call("sync", {"anew": True}) == 1
    with pytest.raises(DaemonUnreachable):
        service.call("reparse_files", {})


def test_expired_keys_are_told_then_deleted(service: Any) -> None:
    service.call("trigger_run", {"dag_id": "caller", "run_id": "r"})
    place = {"dag_id": "caller", "run_id": "r", "task_id": "call", "map_index": -1}
    for key, at in (("old", 1), ("new", 1 << 52)):
        service._port.write(TaskStateRow(**place, key=key, value="1", updated_at=1, expires_at=at))
    found = service.call("clean_task_states", {"dry_run": True})
    assert (found["count"], [row["key"] for row in found["rows"]]) == (1, ["old"])
    assert service.call("clean_task_states", {})["count"] == 1
    assert service.call("clean_task_states", {})["count"] == 0
