"""Airflow's published client against a real deployment: what it sends is understood, what it gets it can read."""

from __future__ import annotations

from collections.abc import Iterator

import airflow_client.client as published
import pytest
from airflow_client.client.exceptions import NotFoundException, UnauthorizedException

from tests.api.live import standalone
from tests.live.daemon import LiveDaemon, until

POST = """
from airflow.sdk import DAG, task

with DAG("letters", schedule="@daily", is_paused_upon_creation=True, tags=["post"]):

    @task(pool="nowhere")
    def write(): ...

    write()
"""
BROKEN = "from airflow.sdk import DAG\nimport nothing_of_this_name\n"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveDaemon, published.ApiClient]]:
    settings = {"core__test_connection": "Enabled", "api__expose_config": "True"}
    with standalone(tmp_path_factory.mktemp("home"), {"post": POST, "broken": BROKEN}, **settings) as made:
        made[0].wait_dag("letters")
        yield made


@pytest.fixture(scope="module")
def client(deployment: tuple[LiveDaemon, published.ApiClient]) -> published.ApiClient:
    return deployment[1]


def test_dags(client: published.ApiClient) -> None:
    api = published.DAGApi(client)
    assert [dag.dag_id for dag in api.get_dags(tags=["post"], paused=True, order_by=["-dag_id"]).dags] == ["letters"]
    assert api.get_dag("letters").timetable_summary == "0 0 * * *"
    assert api.get_dag_details("letters").latest_dag_version.version_number == 1
    assert api.patch_dag("letters", published.DAGPatchBody(is_paused=False), ["is_paused"]).is_paused is False
    assert api.patch_dags(published.DAGPatchBody(is_paused=True), dag_id_pattern="~").dags[0].is_paused is True
    api.favorite_dag("letters")
    assert api.get_dags(is_favorite=True).total_entries == 1
    api.unfavorite_dag("letters")
    assert api.get_dag_tags().tags == ["post"]
    with pytest.raises(NotFoundException, match="letterz"):
        api.get_dag("letterz")


def test_what_files_define(client: published.ApiClient, deployment: tuple[LiveDaemon, published.ApiClient]) -> None:
    assert published.TaskApi(client).get_task("letters", "write").pool == "nowhere"
    assert published.TaskApi(client).get_tasks("letters").total_entries == 1
    versions = published.DagVersionApi(client)
    (version,) = versions.get_dag_versions("~").dag_versions
    assert versions.get_dag_version("letters", 1).id == version.id
    assert published.DagSourceApi(client).get_dag_source("letters", accept="application/json").content == POST
    assert published.DagStatsApi(client).get_dag_stats().total_entries == 0
    (warning,) = published.DagWarningApi(client).list_dag_warnings(dag_id="letters").dag_warnings
    assert "nowhere" in warning.message
    errors = published.ImportErrorApi(client)
    (error,) = until(lambda: errors.get_import_errors().import_errors, 30, "the import error")
    assert errors.get_import_error(error.import_error_id).filename == "broken.py"


def test_a_file_is_parsed_again(client: published.ApiClient) -> None:
    api = published.DAGApi(client)
    before = api.get_dag("letters")
    published.DAGParsingApi(client).reparse_dag_file(before.file_token)
    until(lambda: api.get_dag("letters").last_parsed_time > before.last_parsed_time, 30, "the file parsed again")


def test_pools(client: published.ApiClient) -> None:
    api = published.PoolApi(client)
    assert api.post_pool(published.PoolBody(name="p", slots=2)).open_slots == 2
    body = published.PoolPatchBody(pool="p", slots=3, include_deferred=True)
    assert api.patch_pool("p", body).include_deferred is True
    create = {"action": "create", "entities": [{"name": "q", "slots": 1}]}
    assert api.bulk_pools(published.BulkBodyPoolBody.from_dict({"actions": [create]})).create.success == ["q"]
    api.delete_pool("q")
    assert [pool.name for pool in api.get_pools(order_by=["name"]).pools] == ["default_pool", "p"]
    assert api.get_pool("p").slots == 3


def test_variables(client: published.ApiClient) -> None:
    api = published.VariableApi(client)
    assert api.post_variable(published.VariableBody(key="v", value={"deep": 1})).is_encrypted is True
    assert api.patch_variable("v", published.VariableBody(key="v", value="new")).value == "new"
    gone = {"action": "delete", "entities": ["v"]}
    assert api.bulk_variables(published.BulkBodyVariableBody.from_dict({"actions": [gone]})).delete.success == ["v"]
    assert api.get_variables().total_entries == 0
    with pytest.raises(NotFoundException):
        api.get_variable("v")


def test_connections(client: published.ApiClient) -> None:
    api = published.ConnectionApi(client)
    body = published.ConnectionBody(connection_id="c", conn_type="nothing_has_this", password="geheim", schema="s")
    assert api.post_connection(body).password == "***"
    assert api.patch_connection("c", body, ["schema"]).var_schema == "s"
    queued = api.enqueue_connection_test(
        published.ConnectionTestRequestBody(connection_id="c", conn_type="nothing_has_this")
    )
    done = until(lambda: ended(api, queued.token), 30, "the test of the connection", every=0.1)
    assert (done.state, "geheim" in str(done.result_message)) == ("failed", False)
    assert api.get_connections().total_entries == 1
    api.create_default_connections()
    api.delete_connection("c")
    with pytest.raises(NotFoundException):
        api.get_connection("c")


def ended(api: published.ConnectionApi, token: str) -> published.AsyncConnectionTestResponse | None:
    test = api.get_connection_test(token)
    return test if test.state in ("failed", "success") else None


def test_the_deployment(client: published.ApiClient) -> None:
    settings = published.ConfigApi(client)
    assert len(settings.get_config(accept="application/json").sections) > 5
    one = settings.get_config_value("api", "expose_config", accept="application/json")
    assert one.sections[0].options[0].value.actual_instance == "True"
    jobs = published.JobApi(client).get_jobs(is_alive=True).jobs
    assert {job.job_type for job in jobs} == {"SchedulerJob", "DagProcessorJob"}
    assert published.JobApi(client).get_jobs(is_alive=False).jobs == []
    assert published.PluginApi(client).get_plugins().total_entries == 0
    assert published.PluginApi(client).import_errors().total_entries == 0
    assert published.ProviderApi(client).get_providers().total_entries >= 0
    log = published.EventLogApi(client)
    (entry,) = log.get_event_logs(event="patch_dags").event_logs
    assert log.get_event_log(entry.event_log_id).owner == "somebody"
    assert published.MonitorApi(client).get_health().scheduler.status == "healthy"
    assert published.VersionApi(client).get_version().version == "3.3.2"


def test_deletion_and_the_audit_log(client: published.ApiClient) -> None:
    published.DAGApi(client).delete_dag("letters")
    assert published.EventLogApi(client).get_event_logs(event="delete_dag", owner="somebody").total_entries == 1


def test_nobody_gets_nothing(client: published.ApiClient) -> None:
    stranger = published.ApiClient(published.Configuration(host=client.configuration.host, access_token="nonsense"))
    with pytest.raises(UnauthorizedException):
        published.DAGApi(stranger).get_dags()
