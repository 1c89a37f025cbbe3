"""Airflow's published client drives runs, task instances, logs and XComs of a real deployment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import airflow_client.client as published
import pytest
from airflow_client.client.exceptions import ApiException, BadRequestException, ConflictException, NotFoundException

from tests.api.airflow_schema import AirflowSchema
from tests.api.live import standalone
from tests.conformance.conftest import airflow_wheel
from tests.live.daemon import LiveDaemon, until

__all__ = ["airflow_wheel"]

DAGS = """
from airflow.sdk import DAG, result, task

with DAG("letters", schedule=None):

    @task(retries=1, retry_delay=0)
    def write(**context):
        print("dear", context["dag_run"].conf["to"])
        if context["ti"].try_number == 1:
            raise ValueError("the pen is empty")
        return {"to": context["dag_run"].conf["to"]}

    @result
    @task
    def count(x) -> int:
        return 3

    @task
    def add(number: int) -> int:
        return number + 1

    count(write())
    add.expand(number=[1, 2])

with DAG("waiting", schedule=None):

    @task(pool="nowhere")
    def never(): ...

    never()
"""


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveDaemon, published.ApiClient]]:
    with standalone(tmp_path_factory.mktemp("home"), {"post": DAGS}) as made:
        made[0].wait_dag("letters")
        made[0].wait_dag("waiting")
        yield made


@pytest.fixture(scope="module")
def client(deployment: tuple[LiveDaemon, published.ApiClient]) -> published.ApiClient:
    return deployment[1]


@pytest.fixture(scope="module")
def schema(airflow_wheel: Path) -> AirflowSchema:
    return AirflowSchema(airflow_wheel)


@pytest.fixture(scope="module")
def run(client: published.ApiClient) -> str:
    """A run of ``letters`` that has succeeded."""
    api = published.DagRunApi(client)
    body = published.TriggerDAGRunPostBody(logical_date=None, conf={"to": "you"}, note="first class")
    made = api.trigger_dag_run("letters", body)
    assert (made.note, made.conf) == ("first class", {"to": "you"})
    until(lambda: api.get_dag_run("letters", made.dag_run_id).state == "success", 30, "the end of the run")
    return made.dag_run_id


def raw(client: published.ApiClient, path: str, accept: str = "application/json") -> Any:
    """An answer as it came."""
    headers = {"Accept": accept, "Authorization": f"Bearer {client.configuration.access_token}"}
    answer = client.call_api("GET", f"{client.configuration.host}{path}", headers)
    answer.read()
    return answer


def test_runs(client: published.ApiClient, run: str) -> None:
    api = published.DagRunApi(client)
    listed = api.get_dag_runs("~", state=["success"], run_id_pattern=run, order_by=["-run_after"])
    assert [one.dag_run_id for one in listed.dag_runs] == [run]
    batch = published.DAGRunsBatchBody(dag_ids=["letters"], conf_contains="you")
    assert api.get_list_dag_runs_batch("~", batch).total_entries == 1
    patched = api.patch_dag_run("letters", run, published.DAGRunPatchBody(note="seen"), update_mask=["note"])
    assert patched.note == "seen"
    assert api.get_upstream_asset_events("letters", run).total_entries == 0
    with pytest.raises(ConflictException):
        api.trigger_dag_run("letters", published.TriggerDAGRunPostBody(logical_date=None, dag_run_id=run))


def test_waiting_for_a_run_gives_what_it_returned(client: published.ApiClient, run: str) -> None:
    path = f"/api/v2/dags/letters/dagRuns/{run}/wait?interval=0.1"
    (line,) = raw(client, path).data.splitlines()
    assert json.loads(line) == {"state": "success", "results": {"count": 3}}
    (line,) = raw(client, f"{path}&result=add&result=write").data.splitlines()
    assert json.loads(line)["results"] == {"add": [2, 3], "write": {"to": "you"}}


def test_task_instances(client: published.ApiClient, schema: AirflowSchema, run: str) -> None:
    api = published.TaskInstanceApi(client)
    listed = api.get_task_instances("letters", run, order_by=["-map_index", "operator"], state=["success"])
    assert [(one.task_id, one.map_index) for one in listed.task_instances] == [
        ("add", 1), ("add", 0), ("count", -1), ("write", -1)
    ]  # fmt: skip
    for one in json.loads(raw(client, f"/api/v2/dags/letters/dagRuns/{run}/taskInstances").data)["task_instances"]:
        schema.check(one, "TaskInstanceResponse")
    assert api.get_task_instance("letters", run, "write").try_number == 2
    assert api.get_mapped_task_instance("letters", run, "add", 1).map_index == 1
    assert (
        api.get_mapped_task_instances("letters", run, "add", operator=["_PythonDecoratedOperator"]).total_entries == 2
    )
    tries = api.get_task_instance_tries("letters", run, "write").task_instances
    assert [(one.try_number, one.state) for one in tries] == [(1, "failed"), (2, "success")]
    assert api.get_task_instance_try_details("letters", run, "write", 1).state == "failed"
    assert api.get_mapped_task_instance_try_details("letters", run, "add", 1, 0).try_number == 1
    assert api.get_task_instance_dependencies("letters", run, "write").dependencies == []
    assert api.get_extra_links("letters", run, "write").total_entries == 0
    batch = published.TaskInstancesBatchBody(dag_ids=["letters"], task_ids=["add"])
    assert api.get_task_instances_batch("~", "~", batch).total_entries == 2


def test_what_holds_a_task_back(client: published.ApiClient) -> None:
    runs, api = published.DagRunApi(client), published.TaskInstanceApi(client)
    made = runs.trigger_dag_run("waiting", published.TriggerDAGRunPostBody(logical_date=None)).dag_run_id
    reasons = until(lambda: api.get_task_instance_dependencies("waiting", made, "never").dependencies, 30, "a reason")
    assert any("nowhere" in one.reason for one in reasons)
    with pytest.raises(ConflictException, match="running state"):
        runs.delete_dag_run("waiting", made)
    assert runs.patch_dag_run("waiting", made, published.DAGRunPatchBody(state="failed")).state == "failed"
    runs.delete_dag_run("waiting", made)
    with pytest.raises(NotFoundException):
        runs.get_dag_run("waiting", made)


def test_logs_as_json_and_line_by_line(client: published.ApiClient, schema: AirflowSchema, run: str) -> None:
    path = f"/api/v2/dags/letters/dagRuns/{run}/taskInstances/write/logs"
    said = schema.check(json.loads(raw(client, f"{path}/1").data), "TaskInstancesLogResponse")
    events = [one["event"] for one in said["content"]]
    assert events[:2] == ["::group::Log message source details", "::endgroup::"]
    assert "dear you" in events
    assert said["continuation_token"] is None
    assert any("the pen is empty" in json.dumps(one) for one in said["content"])
    lines = raw(client, f"{path}/1", "application/x-ndjson")
    assert [json.loads(line)["event"] for line in lines.data.splitlines()] == events
    api = published.TaskInstanceApi(client)
    assert api.get_log("letters", run, "write", 2, full_content=True).continuation_token is None
    assert api.get_log("letters", run, "add", 1, map_index=1).content is not None
    with pytest.raises(NotFoundException):
        api.get_log("letters", run, "write", 7)
    with pytest.raises(BadRequestException):
        api.get_log("letters", run, "write", 1, token="made up")
    with pytest.raises(BadRequestException, match="no external URL"):
        api.get_external_log_url("letters", run, "write", 1)


def test_xcoms(client: published.ApiClient, schema: AirflowSchema, run: str) -> None:
    api = published.XComApi(client)
    listed = api.get_xcom_entries("letters", run, "~", xcom_key_pattern="return", map_index=-1)
    assert [one.task_id for one in listed.xcom_entries] == ["count", "write"]
    path = f"/api/v2/dags/letters/dagRuns/{run}/taskInstances/add/xcomEntries/return_value?map_index=1"
    found = json.loads(raw(client, path).data)
    assert schema.check(found, "XComResponseNative")["value"] == 3
    api.create_xcom_entry("letters", "count", run, published.XComCreateBody(key="k", value=[1]))
    assert api.update_xcom_entry("letters", "count", run, "k", published.XComUpdateBody(value=2)).value == 2
    api.delete_xcom_entry("letters", "count", run, "k")
    with pytest.raises(NotFoundException):
        api.delete_xcom_entry("letters", "count", run, "k")


def test_clearing_runs_it_again_and_a_daemon_restarted_after_a_delete_knows_nothing(
    client: published.ApiClient, deployment: tuple[LiveDaemon, published.ApiClient], run: str
) -> None:
    runs, api = published.DagRunApi(client), published.TaskInstanceApi(client)
    body = published.ClearTaskInstancesBody(
        dag_run_id=run,
        dry_run=False,
        only_failed=False,
        task_ids=[published.ClearTaskInstancesBodyTaskIdsInner("count")],
        note="once more",
    )
    assert [one.task_id for one in api.post_clear_task_instances("letters", body).task_instances] == ["count"]
    until(lambda: runs.get_dag_run("letters", run).state == "success", 30, "the end of the run")
    counted = api.get_task_instance("letters", run, "count")
    assert (counted.try_number, counted.note) == (2, "once more")
    with pytest.raises(ApiException, match="already in success"):
        api.patch_task_instance("letters", run, "count", published.PatchTaskInstanceBody(new_state="success"))
    before = counted.id
    runs.delete_dag_run("letters", run)
    daemon = deployment[0]
    daemon.kill()
    daemon.start()
    assert daemon.call("sql", query="select count(*) from task_instance where dag_id = 'letters'")["rows"] == [[0]]
    daemon.call("trigger_run", dag_id="letters", run_id=run, conf={"to": "me"})
    rows = until(
        lambda: daemon.call("list_task_instances", dag_id="letters", run=run), 30, "the instances of the new run"
    )
    assert min(row["id"] for row in rows) > before.int
