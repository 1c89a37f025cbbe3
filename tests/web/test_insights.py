"""Insights and the forecast on pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fastapi.testclient import TestClient

from queuack.app import OfflineService


def test_the_forecast_is_what_the_schedule_says(service: OfflineService) -> None:
    found = service.call("forecast", {})
    (letters,) = [dag for dag in found["dags"] if dag["dag_id"] == "letters"]
    # the run of the day that is over is due now, that of today at midnight
    coming = service.call("next_runs", {"dag_id": "letters", "n": 3})
    until = datetime.now(UTC) + timedelta(days=1)
    assert letters["runs"] == sum(datetime.fromisoformat(run["run_after"]) < until for run in coming)
    assert letters["work"] is None
    assert sum(hour["runs"] for hour in found["hours"]) == letters["runs"]
    assert [dag["dag_id"] for dag in found["dags"]] == ["letters"]


def test_the_pages_open_before_anything_ran(browser: TestClient) -> None:
    assert "Figures appear when a task has succeeded" in browser.get("/insights").text
    page = browser.get("/insights/letters").text
    assert "No run of this DAG has ended yet" in page
    assert browser.get("/insights/nothing").status_code == 404
    assert "Next 24 hours" in browser.get("/").text
