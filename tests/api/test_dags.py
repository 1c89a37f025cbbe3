"""DAGs over HTTP: filters, pausing one and many, marks, deletion."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

DAGS = "/api/v2/dags"
ClientAs = Callable[[str | None], TestClient]


def ids(api: TestClient, query: str) -> list[str]:
    answer = api.get(f"{DAGS}?{query}")
    assert answer.status_code == 200, answer.text
    return [dag["dag_id"] for dag in answer.json()["dags"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("order_by=-dag_id", ["parcels", "letters"]),
        ("dag_id_pattern=ETT", ["letters"]),
        ("dag_id_pattern=nothing|arcel", ["parcels"]),
        ("dag_id_prefix_pattern=let|par", ["letters", "parcels"]),
        ("dag_id_prefix_pattern=ett", []),
        ("tags=post&tags=paper", ["letters", "parcels"]),
        ("tags=post&tags=paper&tags_match_mode=all", ["letters"]),
        ("owners=flow", ["letters", "parcels"]),
        ("timetable_type=NullTimetable", ["parcels"]),
        ("has_import_errors=true", []),
        ("bundle_version=1", []),
        ("bundle_name=dags-folder&has_asset_schedule=false&exclude_stale=false", ["letters", "parcels"]),
        ("dag_run_state=failed", []),
        ("limit=1&offset=1", ["parcels"]),
    ],
)
def test_the_list_is_filtered(api: TestClient, query: str, expected: list[str]) -> None:
    assert ids(api, query) == expected


def test_run_filters_look_at_the_latest_run(api: TestClient) -> None:
    assert ids(api, "dag_run_state=queued&dag_run_state=running&dag_id_pattern=par") == []
    api.post(f"{DAGS}/parcels/dagRuns", json={"logical_date": None})
    assert ids(api, "dag_run_state=queued&dag_run_state=running") == ["parcels"]
    assert ids(api, "dag_run_end_date_gte=2000-01-01T00:00:00Z") == []


def test_pausing_one(api: TestClient) -> None:
    assert api.patch(f"{DAGS}/letters", json={"is_paused": True}).json()["is_paused"] is True
    assert ids(api, "paused=true") == ["letters"]
    masked = api.patch(f"{DAGS}/letters?update_mask=is_paused", json={"is_paused": False})
    assert masked.json()["is_paused"] is False
    assert api.patch(f"{DAGS}/letters?update_mask=owners", json={"is_paused": True}).status_code == 400
    assert api.patch(f"{DAGS}/letters", json={"is_paused": True, "owners": "me"}).status_code == 422
    assert api.patch(f"{DAGS}/letterz", json={"is_paused": True}).status_code == 404
    assert ids(api, "paused=true") == []


def test_pausing_many_needs_a_pattern(api: TestClient) -> None:
    assert api.patch(DAGS, json={"is_paused": True}).json() == {"dags": [], "total_entries": 0}
    answer = api.patch(f"{DAGS}?dag_id_pattern=~&limit=1", json={"is_paused": True}).json()
    assert ([dag["is_paused"] for dag in answer["dags"]], answer["total_entries"]) == ([True], 2)
    assert ids(api, "paused=true") == ["letters", "parcels"], "all that match, not the page alone"
    api.patch(f"{DAGS}?dag_id_prefix_pattern=~", json={"is_paused": False})
    assert ids(api, "paused=true") == []


def test_a_mark_is_ones_own(api: TestClient, client_as: ClientAs) -> None:
    viewer = client_as("viewer")
    assert viewer.post(f"{DAGS}/letters/favorite").status_code == 204
    assert viewer.get(f"{DAGS}/letters/details").json()["is_favorite"] is True
    assert (ids(viewer, "is_favorite=true"), ids(viewer, "is_favorite=false")) == (["letters"], ["parcels"])
    assert ids(api, "is_favorite=true") == []
    assert viewer.post(f"{DAGS}/letters/unfavorite").status_code == 204
    assert viewer.post(f"{DAGS}/letters/unfavorite").status_code == 409
    assert viewer.post(f"{DAGS}/letterz/favorite").status_code == 404


def test_a_viewer_changes_nothing(client_as: ClientAs) -> None:
    viewer = client_as("viewer")
    assert viewer.patch(f"{DAGS}/letters", json={"is_paused": True}).status_code == 403
    assert viewer.delete(f"{DAGS}/letters").status_code == 403


def test_the_nearest_id_is_named(api: TestClient) -> None:
    answer = api.get(f"{DAGS}/letterz")
    assert answer.status_code == 404
    assert "'letters'" in answer.json()["detail"]


def test_z_deletion(api: TestClient) -> None:
    assert api.delete(f"{DAGS}/letters").status_code == 204
    assert api.delete(f"{DAGS}/letters").status_code == 404
    assert ids(api, "exclude_stale=false") == ["parcels"]
