"""Task instances over REST: lists, tries, dependencies, changes; and XComs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from queuack import config
from queuack.app import OfflineService
from tests.api.airflow_schema import AirflowSchema
from tests.api.test_runs import said, schema
from tests.conformance.conftest import airflow_wheel

__all__ = ["airflow_wheel", "schema"]

GROUPS = """
from airflow.sdk import DAG, task, task_group

with DAG("groups", schedule=None):

    @task
    def first(): ...

    @task_group
    def middle():
        @task
        def one(): ...
        @task
        def two(): ...
        one() >> two()

    @task
    def many(x): ...

    first() >> middle() >> many.expand(x=[1, 2, 3])
"""
ANY = "/api/v2/dags/~/dagRuns/~/taskInstances"
RUNS = "/api/v2/dags/groups/dagRuns"


@pytest.fixture(scope="module", autouse=True)
def dags(service: OfflineService) -> None:
    (config.current().home.dags / "groups.py").write_text(GROUPS)
    service.sync()


@pytest.fixture
def place(api: TestClient, request: pytest.FixtureRequest) -> str:
    """The path of the task instances of a queued run."""
    run_id = re.sub(r"\W", "_", request.node.name)
    said(api.post(RUNS, json={"dag_run_id": run_id, "logical_date": None}))
    return f"{RUNS}/{run_id}/taskInstances"


def names(answer: Any) -> list[str]:
    return [one["task_id"] for one in said(answer)["task_instances"]]


def states(api: TestClient, place: str) -> dict[str, str | None]:
    return {one["task_id"]: one["state"] for one in said(api.get(place))["task_instances"] if one["map_index"] <= 0}


def test_lists_are_filtered_and_sorted(api: TestClient, schema: AirflowSchema, place: str) -> None:
    run_id = place.split("/")[-2]
    page = schema.check(said(api.get(f"{place}?order_by=-id&limit=2")), "TaskInstanceCollectionResponse")
    assert (len(page["task_instances"]), page["total_entries"]) == (2, 6)
    assert names(api.get(f"{place}?task_group_id=middle&order_by=id")) == ["middle.one", "middle.two"]
    said(api.get(f"{place}?task_group_id=nothing"), 404)
    said(api.get(f"{ANY}?task_group_id=middle"), 400)
    some = "state=none&task_display_name_pattern=MANY|first&order_by=run_after&order_by=id"
    assert names(api.get(f"{place}?{some}")) == ["first", "many", "many", "many"]
    for query in ("executor=LocalExecutor", "version_number=7", "logical_date_gte=2026-01-01T00:00:00Z", "map_index=3"):
        assert names(api.get(f"{place}?{query}")) == [], query
    for order in ("logical_date", "data_interval_start", "rendered_map_index", "operator", "try_number"):
        assert len(names(api.get(f"{place}?order_by={order}"))) == 6, order
    batch = {"dag_ids": ["groups"], "dag_run_ids": [run_id], "task_ids": ["first"], "state": [None]}
    assert names(api.post(f"{ANY}/list", json=batch)) == ["first"]
    said(api.get("/api/v2/dags/~/dagRuns/x/taskInstances"), 400)
    said(api.get(f"{RUNS}/nothing/taskInstances"), 404)


def test_cursors_lead_through_all_instances(api: TestClient, place: str) -> None:
    seen, cursor = [], ""
    while cursor is not None:
        page = said(api.get(f"{place}?limit=3&order_by=-logical_date&order_by=task_display_name&cursor={cursor}"))
        seen += [one["task_id"] for one in page["task_instances"]]
        cursor = page["next_cursor"]
    assert seen == ["first", "many", "many", "many", "middle.one", "middle.two"]


def test_one_instance_its_tries_and_what_holds_it(api: TestClient, schema: AirflowSchema, place: str) -> None:
    assert schema.check(said(api.get(f"{place}/first")), "TaskInstanceResponse")["state"] is None
    assert said(api.get(f"{place}/first/-1"))["task_id"] == "first"
    tries = schema.check(said(api.get(f"{place}/first/tries")), "TaskInstanceHistoryCollectionResponse")
    assert (tries["total_entries"], tries["task_instances"][0]["try_number"]) == (1, 0)
    assert said(api.get(f"{place}/first/-1/tries/0"))["try_number"] == 0
    for path in ("first/tries/9", "nothing", "nothing/tries", "first/5", "first/5/dependencies", "first/listMapped"):
        said(api.get(f"{place}/{path}"), 404)
    said(api.get(f"{place}/first/here"), 422)
    held = schema.check(said(api.get(f"{place}/middle.two/dependencies")), "TaskDependencyCollectionResponse")
    assert held["dependencies"]
    assert said(api.get(f"{place}/middle.two/-1/dependencies")) == held
    said(api.patch(f"{place}/middle.two", json={"new_state": "skipped"}))
    assert said(api.get(f"{place}/middle.two/dependencies")) == {"dependencies": []}
    assert said(api.get(f"{place}/first/links")) == {"extra_links": {}, "total_entries": 0}
    mapped = said(api.get(f"{place}/many/listMapped?map_index=1&map_index=2&order_by=-rendered_map_index"))
    assert ([one["map_index"] for one in mapped["task_instances"]], mapped["total_entries"]) == ([2, 1], 2)
    assert said(api.get(f"{place}/many/2"))["map_index"] == 2
    assert "map_index" in said(api.get(f"{place}/many"), 404)["detail"]


def test_a_state_is_set_with_what_it_reaches(api: TestClient, schema: AirflowSchema, place: str) -> None:
    body = {"new_state": "success", "include_upstream": True}
    would = api.patch(f"{place}/middle.two/dry_run", json=body)
    assert names(would) == ["first", "middle.one", "middle.two"]
    assert set(states(api, place).values()) == {None}
    done = schema.check(said(api.patch(f"{place}/middle.two", json=body)), "TaskInstanceCollectionResponse")
    assert [(one["task_id"], one["state"]) for one in done["task_instances"]] == [("middle.two", "success")]
    assert states(api, place)["first"] == "success"
    assert "already in success" in said(api.patch(f"{place}/middle.two", json=body), 409)["detail"]
    only_note = api.patch(f"{place}/many?update_mask=note", json={"new_state": "failed", "note": "later"})
    assert [(one["state"], one["note"]) for one in said(only_note)["task_instances"]] == [(None, "later")] * 3
    one = api.patch(f"{place}/many/1", json={"new_state": "failed"})
    assert [(one["map_index"], one["state"]) for one in said(one)["task_instances"]] == [(1, "failed")]
    said(api.patch(f"{place}/many", json={"new_state": "running"}), 422)
    said(api.patch(f"{place}/many", json={"new_state": None}), 422)
    said(api.patch(f"{place}/nothing", json=body), 404)


def test_a_task_group_is_marked_as_a_whole(api: TestClient, place: str) -> None:
    group = place.replace("taskInstances", "taskGroupInstances/middle")
    assert names(api.patch(f"{group}/dry_run", json={"new_state": "skipped"})) == ["middle.one", "middle.two"]
    marked = said(api.patch(group, json={"new_state": "skipped", "note": "both"}))["task_instances"]
    assert [(one["state"], one["note"]) for one in marked] == [("skipped", "both")] * 2
    said(api.patch(group, json={"new_state": "skipped"}), 409)
    said(api.patch(group.replace("middle", "nothing"), json={"new_state": "skipped"}), 404)


def test_many_instances_are_changed_and_deleted(api: TestClient, schema: AirflowSchema, place: str) -> None:
    run_id = place.split("/")[-2]
    update = {
        "action": "update",
        "entities": [{"task_id": "first", "new_state": "success"}, {"task_id": "many", "map_index": 7, "note": "x"}],
    }
    answer = said(api.patch(place, json={"actions": [update]}))
    assert schema.check(answer, "BulkResponse")["update"]["errors"][0]["status_code"] == 404
    answer = said(api.patch(place, json={"actions": [{**update, "action_on_non_existence": "skip"}]}))
    assert answer["update"] == {"success": [f"groups.{run_id}.first[-1]"], "errors": []}
    delete = {"action": "delete", "entities": ["first", {"task_id": "middle.one"}]}
    assert len(said(api.patch(ANY, json={"actions": [delete]}))["delete"]["errors"]) == 2
    assert len(said(api.patch(place, json={"actions": [delete]}))["delete"]["success"]) == 2
    assert said(api.delete(f"{place}/middle.two")) is None
    said(api.delete(f"{place}/middle.two"), 404)
    assert states(api, place) == {"many": None}


def test_clearing_is_asked_first_and_then_done(api: TestClient, place: str) -> None:
    clear, run_id = "/api/v2/dags/groups/clearTaskInstances", place.split("/")[-2]
    said(api.patch(f"{place}/first", json={"new_state": "failed"}))
    body: dict[str, Any] = {"dag_run_id": run_id}
    assert "first" in names(api.post(clear, json=body))
    assert names(api.post(clear, json={**body, "only_failed": False, "task_ids": ["middle.one", ["first", -1]]})) == [
        "first",
        "middle.one",
    ]
    some = {**body, "task_ids": ["first"], "include_downstream": True, "dry_run": False, "note": "anew"}
    cleared = said(api.post(clear, json=some))["task_instances"]
    assert {(one["state"], one["note"]) for one in cleared} == {(None, "anew")}
    for wrong in (
        {"task_ids": []},
        {"only_failed": True, "only_running": True},
        {"start_date": "2026-01-02T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"},
        {**body, "start_date": "2026-01-02T00:00:00Z"},
        {"dry": True},
    ):
        said(api.post(clear, json=wrong), 422)
    said(api.post(clear, json={**body, "include_past": True}), 400)
    said(api.post(clear, json={"dag_run_id": "nothing"}), 404)


# ── XComs ────────────────────────────────────────────────────────────────────────────────────────────
def test_xcoms_are_written_listed_and_deleted(api: TestClient, schema: AirflowSchema, place: str) -> None:
    entries = f"{place}/first/xcomEntries"
    made = said(api.post(entries, json={"key": "a/b", "value": {"n": [1, None]}}), 201)
    assert schema.check(made, "XComResponseNative")["value"] == {"n": [1, None]}
    said(api.post(entries, json={"key": "a/b", "value": 1}), 409)
    said(api.post(f"{place}/nothing/xcomEntries", json={"key": "k", "value": 1}), 404)
    listed = schema.check(said(api.get(f"{entries}?xcom_key_pattern=A/")), "XComCollectionResponse")
    assert [one["key"] for one in listed["xcom_entries"]] == ["a/b"]
    for query, count in (("xcom_key=a", 0), ("map_index=3", 0), ("map_index_filter=-1&order_by=-timestamp", 1)):
        assert said(api.get(f"{entries}?{query}"))["total_entries"] == count, query
    everywhere = "/api/v2/dags/~/dagRuns/~/taskInstances/~/xcomEntries?run_after_lte=2020-01-01T00:00:00Z"
    assert said(api.get(everywhere))["total_entries"] == 0
    text = schema.check(said(api.get(f"{entries}/a/b?stringify=true")), "XComResponseString")
    assert text["value"] == '{"n": [1, null]}'
    assert said(api.patch(f"{entries}/a/b", json={"value": "new"}))["value"] == "new"
    said(api.delete(f"{entries}/a/b"), 204)
    said(api.delete(f"{entries}/a/b"), 404)
    said(api.get(f"{entries}/a/b"), 404)
    said(api.patch(f"{entries}/a/b", json={"value": 1}), 404)


@pytest.mark.parametrize(
    "value", [{"__classname__": "x"}, [{"a": {"__type": 1}}], '{"__data__": 1}'], ids=["dict", "nested", "text"]
)
def test_an_xcom_from_outside_names_no_class(api: TestClient, place: str, value: Any) -> None:
    answer = api.post(f"{place}/first/xcomEntries", json={"key": "k", "value": value})
    assert "reserved" in said(answer, 400)["detail"]


def test_typed_and_pickled_values_are_shown_and_never_loaded(
    api: TestClient, service: OfflineService, place: str, tmp_path: Path
) -> None:
    from queuack.clock import now_us
    from queuack.engine.effects import XComRow
    from queuack.serialization import typed_json

    class Evil:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "loaded",))

    import pickle

    run_id = place.split("/")[-2]
    about = {"dag_id": "groups", "run_id": run_id, "task_id": "first", "map_index": -1, "at": now_us()}
    service._port.write(
        XComRow(**about, key="pair", encoding="json", value=typed_json.dumps((1, "x"))),
        XComRow(**about, key="evil", encoding="pickle", value=pickle.dumps(Evil())),
    )
    entries = f"{place}/first/xcomEntries"
    assert said(api.get(f"{entries}/pair"))["value"]["__data__"] == [1, "x"]
    assert said(api.get(f"{entries}/pair?deserialize=true"))["value"] == "(1, 'x')"
    assert "pickle" in said(api.get(f"{entries}/evil?deserialize=true"))["value"]
    assert not (tmp_path / "loaded").exists()
