"""Filters, order and paging, which all lists share."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from queuack.app import OfflineService

RUNS = "/api/v2/dags/~/dagRuns"


@pytest.fixture(scope="module", autouse=True)
def runs(service: OfflineService) -> None:
    for number in range(5):
        for dag_id in ("letters", "parcels"):
            date = f"2026-02-0{number + 1}T00:00:00+00:00"
            service.call("trigger_run", {"dag_id": dag_id, "run_id": f"{dag_id}_{number}", "logical_date": date})


def ids(api: TestClient, query: str) -> list[str]:
    answer = api.get(f"{RUNS}?{query}")
    assert answer.status_code == 200, answer.text
    return [run["dag_run_id"] for run in answer.json()["dag_runs"]]


def test_filters_bound_match_and_choose(api: TestClient) -> None:
    assert ids(api, "logical_date_gte=2026-02-05T00:00:00Z&order_by=run_id") == ["letters_4", "parcels_4"]
    assert ids(api, "run_id_pattern=%25_1|%25_2&order_by=-run_id&dag_id_pattern=par%25") == ["parcels_2", "parcels_1"]
    assert ids(api, "run_id_prefix_pattern=letters_&limit=1&offset=2&order_by=run_id") == ["letters_2"]
    assert ids(api, "state=failed&state=success") == []
    assert len(ids(api, "state=queued&state=running")) == 10


def test_the_total_counts_what_the_filter_leaves_not_the_page(api: TestClient) -> None:
    answer = api.get(f"{RUNS}?dag_id_pattern=letters&limit=2").json()
    assert (len(answer["dag_runs"]), answer["total_entries"]) == (2, 5)


def test_cursors_lead_through_the_list_and_back(api: TestClient) -> None:
    expected = ids(api, "order_by=-logical_date&order_by=dag_id")
    query = f"{RUNS}?order_by=-logical_date&order_by=dag_id&limit=3"
    page = api.get(f"{query}&cursor=").json()
    seen, pages = list(page["dag_runs"]), [page]
    while page["next_cursor"]:
        page = api.get(f"{query}&cursor={page['next_cursor']}").json()
        seen += page["dag_runs"]
        pages.append(page)
    assert [run["dag_run_id"] for run in seen] == expected
    back = api.get(f"{query}&cursor={pages[2]['previous_cursor']}").json()
    assert back["dag_runs"] == pages[1]["dag_runs"]
    assert pages[0]["previous_cursor"] is None


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("order_by=conf;drop table dag", 400),
        ("cursor=bm90IG91cnM=", 400),
        ("cursor=%00", 400),
        ("limit=-1", 400),
        ("limit=many", 422),
        ("run_after_gte=yesterday", 422),
    ],
)
def test_nonsense_is_refused_with_a_reason(api: TestClient, query: str, status: int) -> None:
    answer = api.get(f"{RUNS}?{query}")
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_a_page_has_at_most_a_hundred_rows(api: TestClient) -> None:
    assert api.get(f"{RUNS}?limit=100000").status_code == 200


def test_a_body_that_is_too_long_is_refused(api: TestClient) -> None:
    answer = api.post("/api/v2/dags/parcels/dagRuns", content=b"x" * (5 * 1024 * 1024))
    assert answer.status_code == 413
