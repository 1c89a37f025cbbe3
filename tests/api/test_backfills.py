"""Backfills over REST: tried out, made, paused, cancelled, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.airflow_schema import AirflowSchema
from tests.conformance.conftest import airflow_wheel

__all__ = ["airflow_wheel"]

BACKFILLS = "/api/v2/backfills"
BODY = {
    "dag_id": "letters",
    "from_date": "2026-01-03T00:00:00Z",
    "to_date": "2026-01-05T00:00:00",
    "max_active_runs": 1,
}


@pytest.fixture(scope="module")
def schema(airflow_wheel: Path) -> AirflowSchema:
    return AirflowSchema(airflow_wheel)


def said(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def test_a_backfill_is_tried_out_made_paused_and_cancelled(api: TestClient, schema: AirflowSchema) -> None:
    tried = schema.check(said(api.post(f"{BACKFILLS}/dry_run", json=BODY)), "DryRunBackfillCollectionResponse")
    assert [row["logical_date"][:10] for row in tried["backfills"]] == ["2026-01-03", "2026-01-04", "2026-01-05"]
    assert said(api.get(f"{BACKFILLS}?dag_id=letters"))["total_entries"] == 0
    body = {**BODY, "run_backwards": False, "dag_run_conf": {"a": 1}}
    made = schema.check(said(api.post(BACKFILLS, json=body)), "BackfillResponse")
    assert (made["is_paused"], made["max_active_runs"], made["dag_run_conf"]) == (False, 1, {"a": 1})
    assert made["to_date"] == "2026-01-05T00:00:00Z"
    listed = schema.check(said(api.get(f"{BACKFILLS}?dag_id=letters&order_by=-id")), "BackfillCollectionResponse")
    assert listed == {"backfills": [made], "total_entries": 1}
    said(api.post(BACKFILLS, json=BODY), 409)

    one = f"{BACKFILLS}/{made['id']}"
    assert said(api.put(f"{one}/pause"))["is_paused"] is True
    assert said(api.put(f"{one}/pause"))["is_paused"] is True
    assert said(api.put(f"{one}/unpause"))["is_paused"] is False
    assert said(api.put(f"{one}/cancel"))["completed_at"] is not None
    for action in ("pause", "unpause", "cancel"):
        said(api.put(f"{one}/{action}"), 409)
    event = said(api.get("/api/v2/eventLogs?event=cancel_backfill&owner=admin"))["event_logs"][0]
    assert event["dag_id"] == "letters"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"dag_id": "letterz"}, 404),
        ({"dag_id": "parcels"}, 422),
        ({"from_date": "2026-01-09"}, 422),
        ({"to_date": "soon"}, 422),
        ({"reprocess_behavior": "all"}, 422),
        ({"backwards": True}, 422),
    ],
)
def test_what_is_refused(api: TestClient, change: dict[str, Any], status: int) -> None:
    for path in ("", "/dry_run"):
        said(api.post(BACKFILLS + path, json={**BODY, **change}), status)


def test_what_is_not_there(api: TestClient, client_as: Callable[[str | None], TestClient]) -> None:
    said(api.get(BACKFILLS), 422)
    said(api.get(f"{BACKFILLS}/99"), 404)
    said(api.get(f"{BACKFILLS}/-1"), 422)
    said(api.put(f"{BACKFILLS}/99/cancel"), 404)
    said(client_as("viewer").post(BACKFILLS, json=BODY), 403)
