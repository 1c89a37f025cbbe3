"""What DAG files define, what is wrong with them, and what the deployment is made of."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from queuack import config
from queuack.app import OfflineService
from tests.api.conftest import DAGS

V2 = "/api/v2"
TEXT = {"Accept": "text/plain"}


@pytest.fixture(scope="module", autouse=True)
def more_files(service: OfflineService) -> None:
    home = config.current().home
    (home.dags / "swim.py").write_text(
        "from airflow.sdk import DAG, task\n"
        "with DAG('swim', max_active_tasks=3, doc_md='    # Water\\n    deep'):\n"
        "    @task(pool='nowhere', max_active_tis_per_dag=1, execution_timeout=90061)\n"
        "    def dive(x: int) -> None: ...\n"
        "    dive.expand(x=[1, 2])\n".replace("90061", "__import__('datetime').timedelta(seconds=90061)")
    )
    (home.dags / "broken.py").write_text("from airflow.sdk import DAG\nimport nothing_of_this_name\n")
    service.sync()


def test_tasks(api: TestClient) -> None:
    found = api.get(f"{V2}/dags/letters/tasks").json()
    assert [task["task_id"] for task in found["tasks"]] == ["send", "write"]
    assert [task["task_id"] for task in api.get(f"{V2}/dags/letters/tasks?order_by=-retries").json()["tasks"]] == [
        "write",
        "send",
    ]
    write = api.get(f"{V2}/dags/letters/tasks/write").json()
    assert (write["retries"], write["downstream_task_ids"], write["operator_name"]) == (2, ["send"], "@task")
    assert write["retry_delay"] == {"__type": "TimeDelta", "days": 0, "seconds": 300, "microseconds": 0}
    assert write["start_date"] == "2026-01-01T00:00:00Z"
    dive = api.get(f"{V2}/dags/swim/tasks/dive").json()
    assert (dive["is_mapped"], dive["pool"], dive["execution_timeout"]["days"]) == (True, "nowhere", 1)
    assert api.get(f"{V2}/dags/letters/tasks?order_by=params").status_code == 400
    assert api.get(f"{V2}/dags/letters/tasks/nobody").status_code == 404


def test_details(api: TestClient) -> None:
    swim = api.get(f"{V2}/dags/swim/details").json()
    assert (swim["concurrency"], swim["doc_md"]) == (3, "# Water\ndeep")
    assert (swim["has_task_concurrency_limits"], swim["is_backfillable"]) == (True, False)
    assert api.get(f"{V2}/dags/letters").json()["has_task_concurrency_limits"] is False


def test_versions_and_sources(api: TestClient, service: OfflineService) -> None:
    file = config.current().home.dags / "post.py"
    file.write_text(DAGS + "\n    weigh() >> weigh()\n")
    service.sync()
    found = api.get(f"{V2}/dags/parcels/dagVersions?order_by=-version_number").json()
    assert [version["version_number"] for version in found["dag_versions"]] == [2, 1]
    assert api.get(f"{V2}/dags/~/dagVersions?version_number=2").json()["total_entries"] == 1
    assert api.get(f"{V2}/dags/parcels/dagVersions/2").json()["id"] == found["dag_versions"][0]["id"]
    assert api.get(f"{V2}/dags/parcels/dagVersions/3").status_code == 404
    assert api.get(f"{V2}/dagSources/parcels").json()["version_number"] == 2
    old = api.get(f"{V2}/dagSources/parcels?version_number=1", headers=TEXT)
    assert (old.headers["content-type"].partition(";")[0], old.text) == ("text/plain", DAGS)
    assert api.get(f"{V2}/dagSources/parcels?version_number=9").status_code == 404
    assert api.get(f"{V2}/dagSources/parcels", headers={"Accept": "image/png"}).status_code == 406


def test_tags_warnings_and_errors(api: TestClient) -> None:
    assert api.get(f"{V2}/dagTags?order_by=-name").json() == {"tags": ["post", "paper"], "total_entries": 2}
    assert api.get(f"{V2}/dagTags?tag_name_pattern=OS").json()["tags"] == ["post"]
    (warning,) = api.get(f"{V2}/dagWarnings").json()["dag_warnings"]
    assert (warning["dag_id"], warning["warning_type"]) == ("swim", "non-existent pool")
    assert "nowhere" in warning["message"]
    api.post(f"{V2}/pools", json={"name": "nowhere", "slots": 1})
    assert api.get(f"{V2}/dagWarnings").json()["total_entries"] == 0
    (error,) = api.get(f"{V2}/importErrors?filename_pattern=rok").json()["import_errors"]
    assert (error["filename"], "nothing_of_this_name" in error["stack_trace"]) == ("broken.py", True)
    assert api.get(f"{V2}/importErrors/{error['import_error_id']}").json() == error
    assert api.get(f"{V2}/importErrors/999").status_code == 404


def test_stats_count_runs_by_state(api: TestClient) -> None:
    api.post(f"{V2}/dags/parcels/dagRuns", json={"logical_date": None})
    (dag,) = api.get(f"{V2}/dagStats?dag_ids=parcels&dag_ids=letters").json()["dags"]
    counts = {stat["state"]: stat["count"] for stat in dag["stats"]}
    assert sum(counts.values()) == 1
    assert list(counts) == ["queued", "running", "success", "failed"]


def test_a_file_is_named_by_its_token_only(api: TestClient) -> None:
    token = api.get(f"{V2}/dags/parcels").json()["file_token"]
    assert api.put(f"{V2}/parseDagFile/{token}").status_code == 503, "no daemon runs here"
    assert api.put(f"{V2}/parseDagFile/{token[:-2]}xx").status_code == 404
    login = api.headers["Authorization"].split()[1]
    assert api.put(f"{V2}/parseDagFile/{login}").status_code == 404
    assert api.get(f"{V2}/dags", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_settings_are_told_when_allowed(api: TestClient) -> None:
    assert api.get(f"{V2}/config").status_code == 403
    flags = {"api.expose_config": "True", "core.parallelism": 7}
    environ = {"AIRFLOW__API_AUTH__JWT_SECRET": "geheim" * 8}
    before = config.configure(config.load(config.current().home, flags, environ))
    try:
        found = api.get(f"{V2}/config")
        assert found.status_code == 200
        assert "geheim" not in found.text
        one = api.get(f"{V2}/config/section/core/option/parallelism").json()
        assert one == {"sections": [{"name": "core", "options": [{"key": "parallelism", "value": "7"}]}]}
        secret = api.get(f"{V2}/config/section/api_auth/option/jwt_secret", headers=TEXT)
        assert secret.text == "[api_auth]\njwt_secret = < hidden >\n"
        assert api.get(f"{V2}/config?section=nothing").status_code == 404
        assert api.get(f"{V2}/config/section/core/option/nothing").status_code == 404
    finally:
        config.configure(before)


def test_the_audit_log_is_filtered(api: TestClient) -> None:
    for paused in (True, False):
        api.patch(f"{V2}/dags/letters", json={"is_paused": paused})
    found = api.get(f"{V2}/eventLogs?event=patch_dag&order_by=-when").json()
    assert [(row["owner"], row["extra"]) for row in found["event_logs"]] == [
        ("admin", "is_paused=False"),
        ("admin", "is_paused=True"),
    ]
    later = found["event_logs"][1]
    assert api.get(f"{V2}/eventLogs/{later['event_log_id']}").json() == later
    query = (
        f"{V2}/eventLogs?after={later['when']}&excluded_events=post_pool&event_pattern=ATCH&dag_id_prefix_pattern=let"
    )
    assert api.get(query).json()["event_logs"] == found["event_logs"][:1]
    assert api.get(f"{V2}/eventLogs?included_events=nothing").json()["total_entries"] == 0
    assert api.get(f"{V2}/eventLogs/99999").status_code == 404


def test_what_is_installed(api: TestClient) -> None:
    assert api.get(f"{V2}/providers?limit=1").status_code == 200
    assert api.get(f"{V2}/plugins").json() == {"plugins": [], "total_entries": 0}
    run = config.current().home.run
    run.mkdir(exist_ok=True)
    row = '{"name": "quack", "source": "plugins/quack.py", "macros": ["quack.loud"], "listeners": [], "timetables": [],'
    row += '"operator_extra_links": [], "global_operator_extra_links": [], "without_effect": ["react_apps"]}'
    (run / "plugins.json").write_text(f'{{"rows": [{row}], "errors": {{"bad.py": "ValueError: no"}}}}')
    (plugin,) = api.get(f"{V2}/plugins").json()["plugins"]
    assert (plugin["name"], plugin["macros"], plugin["react_apps"]) == ("quack", ["quack.loud"], [])
    assert api.get(f"{V2}/plugins/importErrors").json()["import_errors"] == [
        {"source": "bad.py", "error": "ValueError: no"}
    ]
    assert api.get(f"{V2}/jobs").json() == {"jobs": [], "total_entries": 0}, "no daemon runs"
    assert api.get(f"{V2}/jobs?order_by=colour").status_code == 400
