"""The pages of a DAG, its runs and task instances, over a service in this process."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from queuack import config
from queuack.app import OfflineService
from queuack.logpaths import attempt_log


@pytest.fixture(scope="module")
def run_id(service: OfflineService) -> str:
    """A run of ``letters`` that waits."""
    return str(
        service.call("trigger_run", {"dag_id": "letters", "run_id": "by:hand+1", "conf": {"to": "you"}})["run_id"]
    )


TABS = (
    "",
    "graph",
    "runs",
    "tasks",
    "calendar",
    "gantt",
    "durations",
    "code",
    "backfills",
    "assets",
    "events",
    "details",
)


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("dag_id", ["letters", "parcels"])
def test_every_tab_opens_with_and_without_runs(browser: TestClient, run_id: str, dag_id: str, tab: str) -> None:
    answer = browser.get(f"/dags/{dag_id}/{tab}".rstrip("/"))
    assert answer.status_code == 200, answer.text
    assert 'aria-current="page"' in answer.text.split('aria-label="Of this DAG"')[1]


def test_a_dag_that_is_not_there_says_so(browser: TestClient) -> None:
    answer = browser.get("/dags/telegrams")
    assert answer.status_code == 404
    assert "There is no DAG" in answer.text


def test_the_grid_names_each_cell_in_words(browser: TestClient, run_id: str) -> None:
    page = browser.get("/dags/letters").text
    assert 'title="write in by:hand+1: ' in page
    assert 'href="/dags/letters/runs/by%3Ahand%2B1/tasks/write"' in page
    assert page.index(">write<") < page.index(">send<")


@pytest.mark.parametrize("view", ["", "graph", "gantt", "events"])
def test_every_view_of_a_run_opens(browser: TestClient, run_id: str, view: str) -> None:
    answer = browser.get(f"/dags/letters/runs/{run_id}", params={"view": view})
    assert answer.status_code == 200, answer.text
    assert run_id in answer.text


@pytest.mark.parametrize("view", ["", "xcom", "rendered", "dependencies", "details", "events"])
def test_every_view_of_a_task_instance_opens(browser: TestClient, run_id: str, view: str) -> None:
    answer = browser.get(f"/dags/letters/runs/{run_id}/tasks/send", params={"view": view})
    assert answer.status_code == 200, answer.text
    assert "Why it is not running:" in answer.text


@pytest.mark.parametrize("path", ["/tasks/nobody", "/tasks/send/3"])
def test_what_is_not_there_is_not_found(browser: TestClient, run_id: str, path: str) -> None:
    assert browser.get(f"/dags/letters/runs/{run_id}{path}").status_code == 404


def test_further_columns_say_where_they_end_and_of_which_outline_they_are(browser: TestClient, run_id: str) -> None:
    page, columns = browser.get("/dags/letters").text, browser.get("/dags/letters/columns")
    assert columns.text.count("<li") == 1
    assert columns.headers["X-Next"] == ""
    assert columns.text.split('data-shape="')[1][:8] == page.split('data-shape="')[1][:8]
    assert browser.get("/dags/letters/columns?before=1,2,3").text.count("<li") == 0
    assert browser.get("/dags/letters/columns?before=yesterday").status_code == 400


def test_who_may_only_look_sees_no_buttons_that_change(browser_of, run_id: str) -> None:  # type: ignore[no-untyped-def]
    for path in (f"/dags/letters/runs/{run_id}", f"/dags/letters/runs/{run_id}/tasks/send"):
        assert "data-touch=" in browser_of("user").get(path).text
        assert "data-touch=" not in browser_of("viewer").get(path).text


def test_a_log_grows_and_can_be_kept(browser: TestClient, run_id: str) -> None:
    path = config.current().home.logs / attempt_log("letters", run_id, "send", -1, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('{"timestamp":"2026-01-01T00:00:01.000000Z","level":"info","event":"<one>"}\n')
    place = f"/dags/letters/runs/{run_id}/tasks/send"
    assert "&lt;one&gt;" in browser.get(place).text
    first = browser.get(f"{place}/log").json()
    assert "&lt;one&gt;" in first["html"]
    with path.open("a") as file:
        file.write("two\n")
    assert ">two<" in browser.get(f"{place}/log", params={"offset": first["offset"]}).json()["html"]
    kept = browser.get(f"{place}/log.txt")
    assert kept.text.endswith("INFO    <one>\ntwo\n")
    assert "attachment" in kept.headers["content-disposition"]
