"""Runs over REST: what is triggered, changed, cleared and deleted, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from queuack import config
from queuack.app import OfflineService
from tests.api.airflow_schema import AirflowSchema
from tests.conformance.conftest import airflow_wheel

__all__ = ["airflow_wheel"]

MORE = """
from datetime import datetime
from airflow.sdk import DAG, CronPartitionTimetable, task

with DAG("nightly", schedule="@daily", start_date=datetime(2026, 1, 1), allowed_run_types=["scheduled"]):
    @task
    def work(): ...
    work()

with DAG("parts", schedule=CronPartitionTimetable("0 0 * * *", timezone="Europe/Vienna"), catchup=False):
    @task
    def part(): ...
    part()
"""
ALL = "/api/v2/dags/~/dagRuns"
RUNS = "/api/v2/dags/letters/dagRuns"


@pytest.fixture(scope="module")
def schema(airflow_wheel: Path) -> AirflowSchema:
    return AirflowSchema(airflow_wheel)


@pytest.fixture(scope="module", autouse=True)
def dags(service: OfflineService) -> None:
    (config.current().home.dags / "more.py").write_text(MORE)
    service.sync()


@pytest.fixture
def run(api: TestClient, request: pytest.FixtureRequest) -> str:
    """A queued run of ``letters``."""
    run_id = f"of_{request.node.name}"
    made = api.post(RUNS, json={"dag_run_id": run_id, "logical_date": None})
    assert made.status_code == 200, made.text
    return run_id


def said(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


# ── triggering ───────────────────────────────────────────────────────────────────────────────────────
def test_a_run_is_what_was_asked_for(api: TestClient, schema: AirflowSchema) -> None:
    body = {
        "dag_run_id": "asked",
        "logical_date": "2026-03-01T00:00:00Z",
        "run_after": "2026-03-02T06:00:00Z",
        "data_interval_start": "2026-02-01T00:00:00Z",
        "data_interval_end": "2026-02-02T00:00:00Z",
        "conf": {"a": [1]},
        "note": "by hand",
    }
    made = schema.check(said(api.post(RUNS, json=body)), "DAGRunResponse")
    for name in ("logical_date", "run_after", "data_interval_start", "data_interval_end", "conf", "note"):
        assert made[name] == body[name], name
    assert (made["triggered_by"], made["run_type"], made["state"]) == ("rest_api", "manual", "queued")
    assert said(api.post(RUNS, json=body), 409)["detail"]
    assert said(api.post(RUNS, json={**body, "dag_run_id": "other"}), 409)["detail"]  # the logical date
    browser = api.post(RUNS, json={"logical_date": None}, headers={"Referer": "http://here/"})
    assert said(browser)["triggered_by"] == "ui"


@pytest.mark.parametrize(
    ("dag_id", "body", "status", "text"),
    [
        ("letters", {}, 422, "logical_date"),
        ("letters", {"logical_date": None, "when": 1}, 422, "when"),
        ("letters", {"logical_date": "2026-01-01"}, 422, "logical_date"),
        ("letters", {"logical_date": None, "data_interval_start": "2026-01-01T00:00:00Z"}, 422, "data_interval_end"),
        ("letters", {"logical_date": None, "partition_key": "north"}, 400, "partition"),
        ("nightly", {"logical_date": None}, 400, "does not allow manual runs"),
        ("nobody", {"logical_date": None}, 404, "nobody"),
    ],
)
def test_what_cannot_be_triggered_is_refused(
    api: TestClient, dag_id: str, body: dict[str, Any], status: int, text: str
) -> None:
    assert text in str(said(api.post(f"/api/v2/dags/{dag_id}/dagRuns", json=body), status)["detail"])


def test_a_dag_whose_file_is_broken_is_not_triggered(api: TestClient, service: OfflineService) -> None:
    file = config.current().home.dags / "soon_broken.py"
    file.write_text("from airflow.sdk import DAG\nfragile = DAG('fragile', schedule=None)\n")
    service.sync()
    file.write_text("from airflow.sdk import DAG\nfragile = DAG('fragile', schedule=None\n")
    service.sync()
    answer = api.post("/api/v2/dags/fragile/dagRuns", json={"logical_date": None})
    assert "has import errors" in said(answer, 400)["detail"]


# ── changing ─────────────────────────────────────────────────────────────────────────────────────────
def test_a_run_is_marked_and_noted_as_far_as_the_mask_goes(api: TestClient, run: str) -> None:
    body = {"state": "failed", "note": "no good"}
    only_note = said(api.patch(f"{RUNS}/{run}?update_mask=note", json=body))
    assert (only_note["state"], only_note["note"]) == ("queued", "no good")
    assert said(api.patch(f"{RUNS}/{run}", json={"state": "failed"}))["state"] == "failed"
    assert said(api.patch(f"{RUNS}/{run}", json={"state": "queued", "note": ""}))["note"] is None
    assert said(api.patch(f"{RUNS}/{run}", json={"state": "running"}), 422)
    assert said(api.patch(f"{RUNS}/{run}", json={"note": "x" * 1001}), 422)
    assert said(api.patch(f"{RUNS}/nothing", json={"note": "x"}), 404)


def test_many_runs_are_changed_and_each_refusal_is_told(api: TestClient, schema: AirflowSchema, run: str) -> None:
    def bulk(dag_id: str, *actions: dict[str, Any]) -> Any:
        answer = said(api.patch(f"/api/v2/dags/{dag_id}/dagRuns", json={"actions": actions}))
        return schema.check(answer, "BulkResponse")

    entity = {"dag_run_id": run, "state": "success", "note": "all of them"}
    update = {"action": "update", "entities": [entity, {"dag_run_id": "nothing"}]}
    assert bulk("letters", update)["update"]["errors"][0]["status_code"] == 404
    done = bulk("letters", {**update, "action_on_non_existence": "skip"}, {"action": "create", "entities": [entity]})
    assert done["update"] == {"success": [f"letters.{run}"], "errors": []}
    assert done["create"]["errors"][0]["status_code"] == 405
    assert (done["delete"], said(api.get(f"{RUNS}/{run}"))["note"]) == (None, "all of them")
    delete = {"action": "delete", "entities": [run]}
    assert bulk("~", delete)["delete"]["errors"][0]["status_code"] == 400
    assert bulk("letters", delete)["delete"]["success"] == [f"letters.{run}"]
    assert said(api.get(f"{RUNS}/{run}"), 404)


def test_a_deleted_run_is_gone_with_everything_on_it(
    api: TestClient, service: OfflineService, client_as: Callable[[str], TestClient], run: str
) -> None:
    place = f"{RUNS}/{run}/taskInstances/write"
    said(api.post(f"{place}/xcomEntries", json={"key": "k", "value": 1}), 201)
    said(api.patch(place, json={"new_state": "failed", "note": "n"}))
    said(client_as("viewer").delete(f"{RUNS}/{run}"), 403)
    said(client_as("user").delete(f"{RUNS}/{run}"), 204)
    said(api.delete(f"{RUNS}/{run}"), 404)
    for table in ("dag_run", "task_instance", "task_instance_history", "xcom", "callback"):
        sql = f"select count(*) from {table} where dag_id = 'letters' and run_id = '{run}'"
        assert service.call("sql", {"query": sql})["rows"] == [[0]], table
    sql = f"select count(*) from log where run_id = '{run}' and event = 'delete_dag_run' and owner = 'user'"
    assert service.call("sql", {"query": sql})["rows"][0][0] > 0


# ── clearing ─────────────────────────────────────────────────────────────────────────────────────────
def test_clearing_a_run_says_first_what_it_would_touch(api: TestClient, schema: AirflowSchema, run: str) -> None:
    said(api.patch(f"{RUNS}/{run}", json={"state": "failed"}))
    would = said(api.post(f"{RUNS}/{run}/clear", json={}))["task_instances"]
    assert [schema.check(one, "TaskInstanceResponse")["task_id"] for one in would] == ["send", "write"]
    assert said(api.get(f"{RUNS}/{run}"))["state"] == "failed"
    cleared = said(api.post(f"{RUNS}/{run}/clear", json={"dry_run": False, "note": "again"}))
    assert (cleared["state"], cleared["note"]) == ("queued", "again")
    said(api.post(f"{RUNS}/{run}/clear", json={"only_new": True, "only_failed": True}), 422)
    assert said(api.post(f"{RUNS}/{run}/clear", json={"only_new": True}))["task_instances"] == []


def test_several_runs_are_cleared(api: TestClient, run: str) -> None:
    clear = "/api/v2/dags/letters/clearDagRuns"
    said(api.patch(f"{RUNS}/{run}", json={"state": "failed"}))
    entry = {"dag_run_id": run}
    assert said(api.post(clear, json={"dag_runs": [entry]}))["total_entries"] == 2
    done = said(api.post(clear, json={"dag_runs": [entry, entry], "dry_run": False}))
    assert [one["state"] for one in done["dag_runs"]] == ["queued"]
    said(api.post(clear, json={"dag_runs": [entry], "partition_key": "x"}), 422)
    said(api.post(clear, json={"dag_runs": [{**entry, "dag_id": "parcels"}]}), 400)
    said(api.post("/api/v2/dags/~/clearDagRuns", json={"dag_runs": [entry]}), 400)
    said(api.post(clear, json={"dag_runs": [{"dag_run_id": "nothing"}]}), 404)


def test_partitions_by_the_days_of_their_timetable(api: TestClient, schema: AirflowSchema) -> None:
    runs = "/api/v2/dags/parts/dagRuns"
    for key in ("2026-03-01T00:00:00", "2026-03-02T00:00:00"):
        said(api.post(runs, json={"dag_run_id": key[:10], "logical_date": None, "partition_key": key}))
    assert said(api.get(f"{runs}/2026-03-01"))["partition_date"] == "2026-02-28T23:00:00Z"

    def found(query: str) -> list[str]:
        return [one["dag_run_id"] for one in said(api.get(f"{runs}?{query}"))["dag_runs"]]

    assert found("partition_date_gte=2026-03-01&partition_date_lte=2026-03-01") == ["2026-03-01"]
    assert found("partition_date_gte=2026-03-02") == ["2026-03-02"]
    said(api.get(f"{RUNS}?partition_date_gte=2026-03-02"), 400)
    said(api.get(f"{ALL}?partition_date_gte=2026-03-02"), 400)
    days = {"partition_date_start": "2026-03-01T00:00:00", "partition_date_end": "2026-03-01T12:00:00"}
    would = said(api.post("/api/v2/dags/parts/clearDagRuns", json={**days}))
    assert {one["dag_run_id"] for one in would["task_instances"]} == {"2026-03-01"}
    take = "/api/v2/dags/parts/clearPartitions"
    would = schema.check(said(api.post(take, json=days)), "ClearPartitionsResponse")
    assert would == {"dag_runs_cleared": 1, "task_instances_cleared": 0, "dry_run": True}
    said(api.post(take, json={**days, "dry_run": False, "clear_task_instances": True}))
    left = said(api.get(f"{runs}/2026-03-01"))
    assert (left["partition_key"], left["partition_date"]) == (None, None)
    said(api.post(take, json={"run_id": "x", "partition_key": "y"}), 422)


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────
def test_runs_are_found_by_what_they_carry(api: TestClient, schema: AirflowSchema) -> None:
    body = {"dag_run_id": "carrier", "logical_date": None, "conf": {"Colour": "blue"}}
    said(api.post("/api/v2/dags/parcels/dagRuns", json=body))
    found = said(api.get(f"{ALL}?conf_contains=colour&run_type=manual&dag_version=1&order_by=-dag_run_id"))
    assert [one["dag_run_id"] for one in schema.check(found, "DAGRunCollectionResponse")["dag_runs"]] == ["carrier"]
    batch = {"dag_ids": ["parcels"], "states": ["queued", None], "conf_contains": "blue", "order_by": "-run_after"}
    assert [one["dag_run_id"] for one in said(api.post(f"{ALL}/list", json=batch))["dag_runs"]] == ["carrier"]
    assert said(api.post(f"{ALL}/list", json={"page_limit": 1}))["total_entries"] > 1
    said(api.post(f"{RUNS}/list", json={}), 422)
    said(api.post(f"{ALL}/list", json={"page_limit": -1}), 422)
    assert said(api.get(f"{ALL}?bundle_version=x"))["total_entries"] == 0
    assert said(api.get(f"{ALL}?consuming_asset_pattern=x"))["total_entries"] == 0
    events = said(api.get("/api/v2/dags/parcels/dagRuns/carrier/upstreamAssetEvents"))
    assert events == {"asset_events": [], "total_entries": 0}
