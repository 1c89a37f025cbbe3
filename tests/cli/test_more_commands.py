"""What Airflow's grammar has besides: jobs, providers, partitions, dependencies, reports, completion and so on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from queuack.cli import elsewhere
from queuack.cli.dag_dependencies import dot
from queuack.errors import DagNotFound
from queuack.testing import providers as described

Run = Callable[..., Result]

JOBS = [
    {
        "id": pid,
        "dag_id": None,
        "state": "running",
        "job_type": kind,
        "start_date": f"2020-01-01T00:00:0{pid}+00:00",
        "hostname": "here",
    }
    for pid, kind in ((1, "SchedulerJob"), (2, "DagProcessorJob"))
]
EDGE = {
    "source": {"kind": "dag", "name": "first"},
    "target": {"kind": "dag", "name": 'a "second"'},
    "kind": "trigger",
    "task_id": "call",
}
WRITES = {"source": EDGE["source"], "target": {"kind": "asset", "name": "orders"}, "kind": "produces", "task_id": None}


def test_jobs_check(client: Any, queuack: Run) -> None:
    client.answers["list_jobs"] = JOBS
    assert queuack("jobs", "check").stdout == "One alive job found.\n"  # the newest only, as --limit is 1
    assert queuack("jobs", "check", "--job-type", "SchedulerJob", "--limit", "0").exit_code == 0
    several = queuack("jobs", "check", "--limit", "0")
    assert (several.exit_code, several.stdout) == (1, "")
    assert "2 alive jobs found" in several.stderr
    assert queuack("jobs", "check", "--limit", "0", "--allow-multiple").stdout == "2 alive jobs found.\n"
    assert queuack("jobs", "check", "--hostname", "there").exit_code == 1
    assert queuack("jobs", "check", "--allow-multiple").exit_code == 2
    assert queuack("jobs", "check", "--local", "--hostname", "here").exit_code == 2
    client.answers["list_jobs"], client.live = [], False
    assert "No daemon is running" in queuack("jobs", "check").stderr


def test_dags_list_jobs(client: Any, queuack: Run, run_json: Callable[..., Any]) -> None:
    client.answers["list_jobs"] = JOBS
    assert [row["id"] for row in run_json("dags", "list-jobs")] == [2, 1]
    assert run_json("dags", "list-jobs", "--limit", "1") == [JOBS[1]]
    assert run_json("dags", "list-jobs", "--state", "failed") == []
    client.answers["get_dag"] = DagNotFound("There is no DAG 'x'.")
    assert queuack("dags", "list-jobs", "-d", "x").exit_code == 1


def test_reserialize(client: Any, queuack: Run) -> None:
    client.answers["reparse_files"] = None
    assert queuack("dags", "reserialize", "-B", "dags-folder").exit_code == 0
    assert client.methods() == ["reparse_files"]
    assert queuack("dags", "reserialize", "-B", "other").exit_code == 2
    client.live, client.answers["sync"] = False, 3
    assert queuack("dags", "reserialize").stdout == "3 files parsed.\n"
    client.answers["list_import_errors"] = [{"filename": "bad.py"}]
    assert queuack("dags", "reserialize").exit_code == 1


def test_report(client: Any, queuack: Run, run_json: Callable[..., Any], home: Path) -> None:
    (home / "dags").mkdir()
    text = "from airflow.sdk import DAG, task\nwith DAG('{}'):\n    @task\n    def one(): pass\n    one()\n"
    (home / "dags" / "good.py").write_text(text.format("good"))
    [row] = run_json("dags", "report")
    assert row.pop("duration") > 0
    assert row == {"file": "good.py", "dag_num": 1, "task_num": 1, "dags": ["good"]}
    (home / "dags" / "bad.py").write_text("from airflow.sdk import DAG\n1 / 0\n")
    result = queuack("dags", "report")
    assert result.exit_code == 1
    assert "1 file could not be imported: bad.py" in result.stderr


def test_show_dependencies(client: Any, queuack: Run, run_json: Callable[..., Any], tmp_path: Path) -> None:
    client.answers["dag_dependencies"] = [EDGE, WRITES]
    lines = queuack("dags", "show-dependencies").stdout.splitlines()
    assert lines[1].split() == ["first", "trigger", "a", '"second"', "call"]
    assert lines[2].split() == ["first", "produces", "asset", "orders"]
    assert run_json("dags", "show-dependencies") == [EDGE, WRITES]
    target = tmp_path / "all.dot"
    assert queuack("dags", "show-dependencies", "-s", str(target)).exit_code == 0
    assert target.read_text() == dot([EDGE, WRITES])
    assert 'label="a \\"second\\"", shape=box' in target.read_text()
    assert 'n0 -> n1 [label="trigger: call"]' in target.read_text()


def test_partitions_clear(client: Any, queuack: Run) -> None:
    row = {"run_id": "r", "state": "success", "partition_key": "k", "partition_date": None}
    client.answers["forget_partitions"] = {"runs": [row], "dag_runs_cleared": 1, "task_instances_cleared": 0}
    result = queuack("partitions", "clear", "-d", "d", "--date", "2026-01-01 ~ 2026-01-31", "--dry-run")
    assert result.exit_code == 0
    assert "1 run would be taken out of their partitions." in result.stderr
    asked = client.params("forget_partitions")
    bounds = (asked["partition_date_start"], asked["partition_date_end"])
    assert bounds == ("2026-01-01T00:00:00+00:00", "2026-01-31T00:00:00+00:00")
    assert asked["dry_run"] is True
    for wrong in ((), ("--date", "2026-01-01"), ("-r", "x", "--partition-key", "k"), ("-s", "2026", "--date", "a~b")):
        assert queuack("partitions", "clear", "-d", "d", *wrong).exit_code == 2


def test_state_store_clean(client: Any, queuack: Run) -> None:
    row = {"dag_id": "d", "run_id": "r", "task_id": "t", "map_index": -1, "key": "k", "expires_at": None}
    client.answers["clean_task_states"] = {"count": 1200, "rows": [row]}
    assert queuack("state-store", "clean", "--dry-run").stdout.splitlines()[-1] == "… 1200 rows in all."
    assert client.params("clean_task_states") == {"dry_run": True}
    assert queuack("state-store", "clean").stdout == "1200 rows deleted.\n"
    client.answers["clean_task_states"] = {"count": 0, "rows": []}
    assert queuack("state-store", "clean").stdout == "Nothing to delete.\n"


def test_providers(client: Any, queuack: Run, run_json: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    name = "apache-airflow-providers-x"
    client.answers["list_providers"] = [{"package_name": name, "version": "1.0", "description": "X"}]
    said = {
        "connection-types": [{"hook-class-name": "x.XHook", "connection-type": "x", "hook-name": "X"}],
        "triggers": [{"integration-name": "X", "python-modules": ["x.triggers"]}],
        "extra-links": ["x.Link"],
        "config": {"x": {"options": {"size": {"default": "1"}}}},
    }
    monkeypatch.setattr(described, "described_providers", lambda: {name: said})
    assert run_json("providers", "list")[0]["version"] == "1.0"
    assert run_json("providers", "get", name, "--full")["extra-links"] == ["x.Link"]
    assert queuack("providers", "get", "y").exit_code == 1
    assert run_json("providers", "hooks") == [
        {"connection_type": "x", "class": "x.XHook", "hook_name": "X", "package_name": name}
    ]
    assert run_json("providers", "triggers")[0]["module"] == "x.triggers"
    assert run_json("providers", "links")[0]["extra_link_class_name"] == "x.Link"
    assert run_json("providers", "configs") == [{"setting": "x.size", "default": "1", "package_name": name}]
    assert run_json("providers", "secrets") == run_json("providers", "notifications") == []


@pytest.mark.parametrize("group", ["", "providers", "config"])
def test_what_means_nothing_here_says_what_to_do(group: str, queuack: Run) -> None:
    table = {"": elsewhere.PROGRAM, "providers": elsewhere.PROVIDERS, "config": elsewhere.CONFIG}[group]
    for name, instead in table.items():
        result = queuack(*([group] if group else []), name, "--some-option", "x")
        assert result.exit_code == 2
        assert len(result.stderr.splitlines()) == 1
        assert instead in result.stderr


def test_cheat_sheet_has_every_command(queuack: Run) -> None:
    lines = queuack("cheat-sheet").stdout.splitlines()
    assert max(len(line) for line in lines) <= 80
    text = "\n".join(lines)
    for path in ("standalone", "dags report", "connections test", "state-store clean", "config get-value"):
        assert f"  queuack {path} " in text


def test_completion(queuack: Run) -> None:
    assert "_QUEUACK_COMPLETE=zsh_complete" in queuack("completion", "zsh").stdout
    assert queuack("completion", "tcsh").exit_code == 2
    asked = {"_QUEUACK_COMPLETE": "bash_complete", "COMP_WORDS": "queuack dags re", "COMP_CWORD": "2"}
    code = "from queuack.cli.program import program; program(prog_name='queuack')"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | asked, text=True, capture_output=True, check=False
    )
    assert done.stdout.split() == ["plain,report", "plain,reserialize"]


def test_config_lint(queuack: Run, run_json: Callable[..., Any], home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_json("config", "lint") == []
    (home / "queuack.toml").write_text('[core]\nparallelism = 0\nparalelism = 3\n[airflow.x]\ny = "1"\n')
    monkeypatch.setenv("AIRFLOW__WEBSERVER__PARALLELISM", "3")
    result = queuack("config", "lint")
    assert result.exit_code == 1
    assert "Did you mean core.parallelism?" in result.stdout
    assert "here it is core.parallelism" in result.stdout
    assert result.stderr == "Error: 2 settings refused: nothing starts with it.\n"
    assert queuack("config", "lint", "--ignore-section", "core").exit_code == 0
    assert run_json("config", "lint", "--section", "webserver")[0]["refused"] is False


def test_config_lint_of_airflows_file(queuack: Run, run_json: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "airflow.cfg"
    file.write_text("[core]\nparallelism = 8\nexecutor = LocalExecutor\n[scheduler]\ncatchup_by_default = perhaps\n")
    result = queuack("config", "lint", str(file))
    assert result.exit_code == 1  # perhaps
    rows = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert "works as it is" in rows["core.parallelism"]
    assert "no setting of Queuack" in rows["core.executor"]
    assert "is not valid" in rows["scheduler.catchup_by_default"]
    file.write_text("no file of settings")
    assert queuack("config", "lint", str(file)).exit_code == 2


def test_logs_takes_run_and_task_in_either_order(client: Any, queuack: Run, home: Path) -> None:
    row = {"dag_id": "d", "run_id": "r", "task_id": "t", "map_index": -1, "state": "success"}
    client.answers["get_task_instance"] = row
    client.answers["log_path"] = {"path": "t.log"}
    (home / "logs").mkdir()
    (home / "logs" / "t.log").write_text("hello\n")
    assert queuack("logs", "d", "r", "t").stdout == "hello\n"
    assert client.params("get_task_instance") == {"dag_id": "d", "run": "r", "task_id": "t", "map_index": -1}
    assert queuack("logs", "-f", "--try", "2", "d", "r", "t").stdout == "hello\n"
    assert client.asked[-2][1]["try_number"] == 2 or client.asked[-1][1]["try_number"] == 2


TOP: dict[str, Any] = {
    "overview": {"running_tasks": 1, "queued_tasks": 2, "running_runs": 1, "ended": 3, "succeeded": 2},
    "list_processes": [{"role": "worker", "pid": 1, "since": None}],
    "health": {name: {"status": "healthy"} for name in ("scheduler", "dag_processor", "triggerer")},
    "load": {
        "pools": [{"pool": "default_pool", "slots": 128, "occupied_slots": 1}],
        "runs": [
            {
                "dag_id": "a_dag_with_a_rather_long_name",
                "run_id": "manual__2026-01-01T00:00:00+00:00",
                "state": "running",
                "start_date": "2026-01-01T00:00:00+00:00",
                "total": 4,
                "done": 1,
                "failed": 0,
            }
        ],
        "tasks": [
            {
                "dag_id": "a_dag_with_a_rather_long_name",
                "run_id": "manual__2026-01-01T00:00:00+00:00",
                "task_id": "t",
                "map_index": 3,
                "state": "running",
                "try_number": 1,
                "start_date": "2026-01-01T00:00:00+00:00",
                "pid": 5,
            }
        ],
    },
}


def test_top_looks_once_where_nobody_watches(client: Any, queuack: Run, run_json: Callable[..., Any]) -> None:
    client.answers |= TOP
    result = queuack("top")
    lines = result.stdout.splitlines()
    assert max(len(line) for line in lines) <= 80
    assert "1 task running, 2 queued   1 run running   24 h: 3 runs ended, 1 not well" in result.stdout
    assert any(line.startswith("default_pool") and " 128 " in line for line in lines)
    assert any("1/4" in line for line in lines)
    assert any(line.startswith("t[3]") and "running" in line for line in lines)
    assert run_json("top")["load"] == TOP["load"]
    client.live = False
    assert queuack("top").exit_code == 1
