"""What task instances keep, over REST: set, change, list, delete, and when it expires."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.airflow_schema import AirflowSchema
from tests.conformance.conftest import airflow_wheel

__all__ = ["airflow_wheel"]

RUNS = "/api/v2/dags/letters/dagRuns"


@pytest.fixture(scope="module")
def schema(airflow_wheel: Path) -> AirflowSchema:
    return AirflowSchema(airflow_wheel)


@pytest.fixture(scope="module")
def store(client_as: Callable[[str | None], TestClient]) -> str:
    """The store of task ``write`` of a run."""
    made = client_as("admin").post(RUNS, json={"dag_run_id": "kept", "logical_date": None})
    assert made.status_code == 200, made.text
    return f"{RUNS}/kept/taskInstances/write/state-store"


def said(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def test_keys_are_set_changed_and_deleted(api: TestClient, schema: AirflowSchema, store: str) -> None:
    said(api.put(f"{store}/job", json={"value": "id-1"}), 204)
    said(api.put(f"{store}/tries/1", json={"value": 1, "expires_at": None}), 204)
    said(api.put(f"{store}/old", json={"value": 1, "expires_at": "2026-01-01T00:00:00Z"}), 204)
    said(api.put(f"{store}/late", json={"value": 1, "expires_at": "2199-01-01T00:00:00+02:00"}), 204)
    found = schema.check(said(api.get(store)), "TaskStateStoreCollectionResponse")
    assert [row["key"] for row in found["task_state_store"]] == ["job", "late", "tries/1"]
    assert found["total_entries"] == 3
    assert said(api.get(f"{store}/tries/1"))["expires_at"] is None
    assert said(api.get(f"{store}/late"))["expires_at"] == "2198-12-31T22:00:00Z"
    before = schema.check(said(api.get(f"{store}/job")), "TaskStateStoreResponse")
    assert before["expires_at"] > before["updated_at"]
    assert said(api.patch(f"{store}/job", json={"value": ["id-2"]})) is None
    after = said(api.get(f"{store}/job"))
    assert (after["value"], after["expires_at"]) == (["id-2"], before["expires_at"])
    said(api.patch(f"{store}/none", json={"value": 1}), 404)
    said(api.get(f"{store}/old"), 404)
    said(api.delete(f"{store}/job"), 204)
    said(api.delete(f"{store}/job"), 204)
    assert [row["key"] for row in said(api.get(f"{store}?offset=1"))["task_state_store"]] == ["tries/1"]
    said(api.delete(f"{store}?all_map_indices=true"), 204)
    assert said(api.get(store))["total_entries"] == 0


def test_what_is_refused(api: TestClient, client_as: Callable[[str | None], TestClient], store: str) -> None:
    nobody = store.replace("/write/", "/nobody/")
    assert said(api.get(nobody)) == {"task_state_store": [], "total_entries": 0}
    said(api.put(f"{nobody}/k", json={"value": 1}), 404)
    said(api.delete(nobody), 404)
    said(api.delete(f"{nobody}?all_map_indices=true"), 404)
    said(api.put(f"{store}/k?map_index=3", json={"value": 1}), 404)
    said(api.get(f"{store}?map_index=-2"), 422)
    said(api.put(f"{store}/k", json={"value": None}), 422)
    said(api.put(f"{store}/k", json={"value": 1, "expires_at": "soon"}), 422)
    said(api.put(f"{store}/k", json={"value": 1, "expires_at": "2026-01-01T00:00:00"}), 422)
    said(client_as("viewer").put(f"{store}/k", json={"value": 1}), 403)
