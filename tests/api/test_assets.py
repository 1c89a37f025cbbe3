"""Assets over REST: what is listed, what updates set in motion, what waits can be forgotten, what is kept for them."""

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
from airflow.sdk import DAG, Asset, AssetAlias, task

hay = Asset("hay", uri="s3://barn/hay", extra={"password": "oats", "kind": "dry"})
oats = Asset("oats")
shared = Asset("shared")

with DAG("mow", schedule=None, start_date=datetime(2026, 1, 1)):
    @task(outlets=[hay, shared])
    def cut(): ...
    @task(outlets=[AssetAlias("feed")], inlets=[hay])
    def other(): ...
    cut() >> other()

with DAG("press", schedule=None):
    @task(outlets=[shared])
    def press(): ...
    press()

with DAG("eat", schedule=[hay, oats], dag_display_name="Eat up"):
    @task
    def eat(): ...
    eat()
"""
ASSETS = "/api/v2/assets"


@pytest.fixture(scope="module")
def schema(airflow_wheel: Path) -> AirflowSchema:
    return AirflowSchema(airflow_wheel)


@pytest.fixture(scope="module", autouse=True)
def dags(service: OfflineService) -> None:
    (config.current().home.dags / "more.py").write_text(MORE)
    service.sync()


def said(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def asset_id(api: TestClient, name: str) -> int:
    return int(said(api.get(f"{ASSETS}?name_prefix_pattern={name}"))["assets"][0]["id"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["hay", "oats", "shared"]),
        ("order_by=-name", ["shared", "oats", "hay"]),
        ("uri_pattern=BARN", ["hay"]),
        ("uri_prefix_pattern=barn", []),
        ("name_pattern=oat|share", ["oats", "shared"]),
        ("dag_ids=press", ["shared"]),
        ("dag_ids=press,eat", ["hay", "oats", "shared"]),
        ("only_active=false&limit=1&offset=1", ["oats"]),
    ],
)
def test_assets_are_filtered(api: TestClient, query: str, expected: list[str]) -> None:
    found = said(api.get(f"{ASSETS}?order_by=name&{query}" if "order_by" not in query else f"{ASSETS}?{query}"))
    assert [asset["name"] for asset in found["assets"]] == expected


def test_an_asset_tells_who_names_it(api: TestClient, schema: AirflowSchema) -> None:
    found = schema.check(said(api.get(f"{ASSETS}/{asset_id(api, 'hay')}")), "AssetResponse")
    assert found["extra"] == {"password": "***", "kind": "dry"}
    assert [one["dag_id"] for one in found["scheduled_dags"]] == ["eat"]
    assert [one["task_id"] for one in found["producing_tasks"]] == ["cut"]
    assert [one["task_id"] for one in found["consuming_tasks"]] == ["other"]
    assert said(api.get(f"{ASSETS}/999"), 404)["detail"] == "The Asset with ID: `999` was not found"
    (alias,) = said(api.get(f"{ASSETS}/aliases"))["asset_aliases"]
    assert said(api.get(f"{ASSETS}/aliases/{alias['id']}")) == alias == {"id": 1, "name": "feed", "group": "asset"}
    said(api.get(f"{ASSETS}/aliases/9"), 404)


def test_updates_wait_and_are_forgotten(api: TestClient, schema: AirflowSchema) -> None:
    hay, oats = asset_id(api, "hay"), asset_id(api, "oats")

    def update(asset: int, **more: Any) -> Any:
        return schema.check(said(api.post(f"{ASSETS}/events", json={"asset_id": asset, **more})), "AssetEventResponse")

    first = update(hay, extra={"bales": 3, "token": "secret"})
    assert (first["name"], first["extra"]) == ("hay", {"bales": 3, "token": "***", "from_rest_api": True})
    (queued,) = said(api.get("/api/v2/dags/eat/assets/queuedEvents"))["queued_events"]
    assert (queued["asset_id"], queued["dag_display_name"]) == (hay, "Eat up")
    assert said(api.get(f"{ASSETS}/{hay}/queuedEvents"))["queued_events"] == [queued]
    assert said(api.get(f"/api/v2/dags/eat/assets/{hay}/queuedEvents")) == queued
    said(api.get(f"/api/v2/dags/eat/assets/{oats}/queuedEvents"), 404)
    assert said(api.get(f"{ASSETS}/{hay}/queuedEvents?before=2026-01-01"))["total_entries"] == 0
    said(api.get(f"{ASSETS}/{hay}/queuedEvents?before=yesterday"), 400)

    said(api.delete(f"/api/v2/dags/eat/assets/{hay}/queuedEvents?before=2026-01-01T00:00:00Z"), 404)
    for path in (f"/dags/eat/assets/{hay}", "/dags/eat/assets", f"/assets/{hay}"):
        said(api.delete(f"/api/v2{path}/queuedEvents"), 204)
        said(api.delete(f"/api/v2{path}/queuedEvents"), 404)
        update(hay)
    update(oats)
    assert said(api.get("/api/v2/dags/eat/assets/queuedEvents"))["total_entries"] == 2

    of_hay = schema.check(said(api.get(f"{ASSETS}/events?asset_id={hay}")), "AssetEventCollectionResponse")
    assert of_hay["total_entries"] == 4
    assert said(api.get(f"{ASSETS}/events?name_pattern=oat&source_map_index=-1"))["total_entries"] == 1
    assert said(api.get(f"{ASSETS}/events?source_dag_id=mow"))["total_entries"] == 0
    assert said(api.get(f"{ASSETS}/events?timestamp_gt={of_hay['asset_events'][-1]['timestamp']}"
                        .replace("+", "%2B")))["total_entries"] == 1  # fmt: skip
    newest = said(api.get(f"{ASSETS}/events?order_by=-timestamp&limit=1"))["asset_events"][0]
    last = said(api.get(f"{ASSETS}/{oats}"))["last_asset_event"]
    assert (newest["asset_id"], newest["id"], newest["timestamp"]) == (oats, last["id"], last["timestamp"])


def test_what_is_refused(api: TestClient, client_as: Callable[[str | None], TestClient]) -> None:
    hay = asset_id(api, "hay")
    said(api.post(f"{ASSETS}/events", json={"asset_id": 999}), 404)
    said(api.post(f"{ASSETS}/events", json={"asset_id": hay, "partition_key": " "}), 422)
    said(api.post(f"{ASSETS}/events", json={"asset_id": hay, "extras": {}}), 422)
    viewer = client_as("viewer")
    said(viewer.post(f"{ASSETS}/events", json={"asset_id": hay}), 403)
    said(viewer.post(f"{ASSETS}/{hay}/materialize"), 403)
    said(viewer.delete(f"{ASSETS}/{hay}/queuedEvents"), 403)
    said(viewer.put(f"{ASSETS}/{hay}/state-store/k", json={"value": 1}), 403)
    said(client_as(None).get(ASSETS), 401)


def test_materializing(api: TestClient, schema: AirflowSchema) -> None:
    hay, oats, shared = (asset_id(api, name) for name in ("hay", "oats", "shared"))
    run = schema.check(said(api.post(f"{ASSETS}/{hay}/materialize")), "DAGRunResponse")
    assert (run["dag_id"], run["run_type"], run["triggering_user_name"]) == ("mow", "asset_materialization", "admin")
    assert run["dag_run_id"].startswith("asset_materialization__")
    body = {"dag_run_id": "mine", "logical_date": "2026-02-01T00:00:00Z", "conf": {"a": 1}, "note": "by hand"}
    run = said(api.post(f"{ASSETS}/{hay}/materialize", json=body))
    assert {name: run[name] for name in body} == body
    said(api.post(f"{ASSETS}/{hay}/materialize", json=body), 409)
    said(api.post(f"{ASSETS}/{oats}/materialize"), 404)
    assert "mow, press" in said(api.post(f"{ASSETS}/{shared}/materialize"), 409)["detail"]
    event = said(api.get("/api/v2/eventLogs?event=materialize_asset&order_by=-id&limit=1"))["event_logs"][0]
    assert event["owner"] == "admin"


def test_what_is_kept_for_an_asset(api: TestClient, schema: AirflowSchema) -> None:
    store = f"{ASSETS}/{asset_id(api, 'hay')}/state-store"
    said(api.put(f"{store}/last/seen", json={"value": {"day": 3}}), 204)
    said(api.put(f"{store}/b", json={"value": [1]}), 204)
    said(api.put(f"{store}/b", json={"value": 2}), 204)
    found = schema.check(said(api.get(f"{store}?limit=1")), "AssetStateStoreCollectionResponse")
    assert (found["total_entries"], found["asset_state_store"][0]["value"]) == (2, 2)
    one = schema.check(said(api.get(f"{store}/last/seen")), "AssetStateStoreResponse")
    assert (one["value"], one["last_updated_by"]["kind"]) == ({"day": 3}, "api")
    for _ in range(2):
        said(api.delete(f"{store}/last/seen"), 204)
    said(api.get(f"{store}/last/seen"), 404)
    said(api.delete(store), 204)
    assert said(api.get(store))["total_entries"] == 0
    for value in (None, "x" * 70_000):
        said(api.put(f"{store}/b", json={"value": value}), 422)
    assert api.put(f"{store}/b", content='{"value": NaN}').status_code == 422
    said(api.get(f"{ASSETS}/999/state-store"), 404)
    said(api.put(f"{ASSETS}/999/state-store/k", json={"value": 1}), 404)
