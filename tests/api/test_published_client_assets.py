"""Airflow's published client drives assets, state stores, backfills and questions to people of a real deployment."""

from __future__ import annotations

from collections.abc import Iterator

import airflow_client.client as published
import pytest
from airflow_client.client.exceptions import ApiException, BadRequestException, ConflictException, NotFoundException

from tests.api.live import standalone
from tests.live.daemon import LiveDaemon, until

DAGS = """
from datetime import datetime, timedelta
from airflow.sdk import DAG, Asset, Param, task
from airflow.providers.standard.operators.hitl import HITLOperator

hay, oats = Asset("hay"), Asset("oats")

with DAG("mow", schedule=None):
    @task(outlets=[hay])
    def cut(task_state_store=None, asset_state_store=None):
        task_state_store.set("field", {"number": 7})
        asset_state_store[hay].set("cuts", 1)
    cut()

with DAG("eat", schedule=[hay, oats]):
    @task
    def eat(): ...
    eat()

with DAG("daily", schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False):
    @task
    def day(): ...
    day()

with DAG("ask", schedule=None):
    HITLOperator(task_id="which", subject="Which?", body="Choose", options=["a", "b"], multiple=False,
                 params={"n": Param(1, type="integer"), "m": 2})
    HITLOperator(task_id="mine", subject="Mine?", options=["a"], assigned_users={"id": "else", "name": "Else"})
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[published.ApiClient]:
    with standalone(tmp_path_factory.mktemp("home"), {"barn": DAGS}) as (daemon, made):
        _ready(daemon)
        yield made


def _ready(daemon: LiveDaemon) -> None:
    for dag_id in ("mow", "eat", "daily", "ask"):
        daemon.wait_dag(dag_id)


def test_assets_and_what_is_kept(client: published.ApiClient) -> None:
    api, runs = published.AssetApi(client), published.DagRunApi(client)
    hay, oats = api.get_assets(order_by=["name"], dag_ids=["eat"]).assets
    assert (hay.producing_tasks[0].task_id, hay.last_asset_event.id) == ("cut", None)
    assert api.get_asset_aliases().total_entries == 0
    made = api.materialize_asset(hay.id, published.MaterializeAssetBody(note="now"))
    assert (made.dag_id, made.run_type, made.note) == ("mow", "asset_materialization", "now")
    until(lambda: runs.get_dag_run("mow", made.dag_run_id).state == "success", 30, "the end of the run")
    (event,) = api.get_asset_events(source_dag_id="mow").asset_events
    assert (event.name, event.source_run_id) == ("hay", made.dag_run_id)
    assert api.get_dag_asset_queued_event("eat", hay.id).asset_id == hay.id
    api.delete_dag_asset_queued_event("eat", hay.id)
    with pytest.raises(NotFoundException):
        api.delete_asset_queued_events(hay.id)
    for asset in (oats, hay):
        assert runs.get_dag_runs("eat").total_entries == 0
        api.create_asset_event(published.CreateAssetEventsBody(asset_id=asset.id, extra={"by": "me"}))
    (run,) = until(lambda: runs.get_dag_runs("eat").dag_runs, 30, "the run that both set off")
    assert run.run_type == "asset_triggered"
    assert api.get_dag_asset_queued_events("eat").total_entries == 0
    until(lambda: runs.get_dag_run("eat", run.dag_run_id).start_date, 30, "its start")
    consumed = api.get_asset_events(order_by=["-timestamp"]).asset_events
    assert [one.created_dagruns[0].triggering for one in consumed] == [True, False, False]

    kept = published.AssetStateStoreApi(client)
    cuts = kept.get_asset_state_store("cuts", hay.id)
    assert (cuts.value, cuts.last_updated_by.kind, cuts.last_updated_by.task_id) == (1, "task", "cut")
    kept.set_asset_state_store("a/b", hay.id, published.AssetStateStoreBody(value={"x": [1]}))
    assert [row.key for row in kept.list_asset_state_store(hay.id).asset_state_store] == ["a/b", "cuts"]
    kept.delete_asset_state_store("a/b", hay.id)
    kept.clear_asset_state_store(hay.id)
    assert kept.list_asset_state_store(hay.id).total_entries == 0

    store, place = published.TaskStateStoreApi(client), ("mow", made.dag_run_id, "cut")
    assert store.get_task_state_store("field", *place).value == {"number": 7}
    store.set_task_state_store("k", *place, published.TaskStateStoreBody(value=1))
    store.patch_task_state_store("k", *place, published.TaskStateStorePatchBody(value=2))
    assert [row.key for row in store.list_task_state_store(*place).task_state_store] == ["field", "k"]
    store.delete_task_state_store("k", *place)
    store.clear_task_state_store(*place, all_map_indices=True)
    assert store.list_task_state_store(*place).total_entries == 0


def test_backfills(client: published.ApiClient) -> None:
    api = published.BackfillApi(client)
    body = published.BackfillPostBody.from_dict(
        {"dag_id": "daily", "from_date": "2026-01-01T00:00:00Z", "to_date": "2026-01-03T00:00:00Z"}
    )
    assert api.create_backfill_dry_run(body).total_entries == 3
    made = api.create_backfill(body)
    assert api.get_backfill(made.id).dag_id == "daily"
    assert api.list_backfills("daily").total_entries == 1
    runs = published.DagRunApi(client)
    until(lambda: runs.get_dag_runs("daily", run_type=["backfill"], state=["success"]).total_entries == 3, 30, "runs")
    until(lambda: api.get_backfill(made.id).completed_at, 30, "the end of the backfill")
    for change in (api.pause_backfill, api.unpause_backfill, api.cancel_backfill):
        with pytest.raises(ConflictException):
            change(made.id)


def test_questions(client: published.ApiClient) -> None:
    api = published.TaskInstanceApi(client)
    published.DagRunApi(client).trigger_dag_run(
        "ask", published.TriggerDAGRunPostBody(logical_date=None, dag_run_id="r")
    )
    ask = lambda **more: api.get_hitl_details("ask", "r", **more)  # noqa: E731
    until(lambda: ask(response_received=False, state=["awaiting_input"]).total_entries == 2, 30, "the questions")
    (found,) = api.get_hitl_details("~", "~", subject_search="which", body_search="choo").hitl_details
    assert (found.options, found.task_instance.task_id, found.params["m"]["value"]) == (["a", "b"], "which", 2)
    assert [one.subject for one in ask(order_by=["-subject"]).hitl_details] == ["Which?", "Mine?"]

    def answer(task_id: str, *chosen: str, **params: object) -> published.HITLDetailResponse:
        payload = published.UpdateHITLDetailPayload(chosen_options=list(chosen), params_input=params)
        return api.update_hitl_detail("ask", "r", task_id, -1, payload)

    for wrong in (("c",), ("a", "b")):
        with pytest.raises(BadRequestException):
            answer("which", *wrong)
    with pytest.raises(ApiException) as refused:
        answer("mine", "a")
    assert refused.value.status == 403
    assert answer("which", "b", n=5).responded_by.name == "somebody"
    with pytest.raises(ConflictException):
        answer("which", "b")
    detail = api.get_hitl_detail("ask", "r", "which", -1)
    assert (detail.response_received, detail.chosen_options, detail.params_input) == (True, ["b"], {"n": 5, "m": 2})
    assert ask(responded_by_user_name=["somebody"]).total_entries == 1
    until(lambda: api.get_task_instance("ask", "r", "which").state == "success", 30, "the end of the task")
    first = api.get_hitl_detail_try_detail("ask", "r", "which", -1, 1)
    assert (first.task_instance.try_number, first.chosen_options) == (1, ["b"])
    with pytest.raises(NotFoundException):
        api.get_hitl_detail_try_detail("ask", "r", "which", -1, 2)

    clear = published.ClearTaskInstancesBody.from_dict(
        {"dry_run": False, "dag_run_id": "r", "task_ids": ["which"], "only_failed": False}
    )
    api.post_clear_task_instances("ask", clear)
    until(lambda: ask(task_id="which", response_received=False).total_entries == 1, 30, "the question again")
    assert api.get_hitl_detail_try_detail("ask", "r", "which", -1, 2).response_received is False
    assert api.get_hitl_detail_try_detail("ask", "r", "which", -1, 1).chosen_options == ["b"]
