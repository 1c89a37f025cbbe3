"""``queuack tasks``: what it asks, what it prints, what it ends with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result

import queuack as package
from queuack.errors import DagNotFound, DagRunNotFound, TaskNotFound

Run = Callable[..., Result]
INSTANCE = {
    "dag_id": "etl",
    "run_id": "r1",
    "task_id": "load",
    "map_index": -1,
    "state": "success",
    "try_number": 2,
    "start_date": "2020-01-01T00:00:00+00:00",
    "end_date": "2020-01-01T00:00:02+00:00",
    "operator": "PythonOperator",
}


def test_list(client: Any, queuack: Run, run_json: Callable[..., Any]) -> None:
    tasks = [{"task_id": "a", "task_type": "BashOperator", "downstream_task_ids": ["b", "c"]}]
    client.answers["list_tasks"] = tasks
    assert queuack("tasks", "list", "etl").stdout.splitlines()[1].split() == [
        "a",
        "BashOperator",
        "all_success",
        "b,",
        "c",
    ]
    assert run_json("tasks", "list", "etl") == tasks


def test_state(client: Any, queuack: Run, run_json: Callable[..., Any]) -> None:
    client.answers["get_task_instance"] = INSTANCE
    assert queuack("tasks", "state", "etl", "load", "r1", "--map-index", "3").stdout == "success\n"
    assert client.params("get_task_instance") == {"dag_id": "etl", "run": "r1", "task_id": "load", "map_index": 3}
    assert run_json("tasks", "state", "etl", "load", "r1") == INSTANCE
    client.answers["get_task_instance"] = INSTANCE | {"state": None}
    assert queuack("tasks", "state", "etl", "load", "r1").stdout == "none\n"


def test_states_for_dag_run(client: Any, queuack: Run, run_json: Callable[..., Any]) -> None:
    rows = [INSTANCE, INSTANCE | {"map_index": 4, "state": None, "start_date": None}]
    client.answers |= {"list_task_instances": rows, "list_tasks": []}
    lines = queuack("tasks", "states-for-dag-run", "etl", "r1").stdout.splitlines()
    assert lines[1].split() == ["load", "success", "2", "2020-01-01", "00:00", "2.00s", "PythonOperator"]
    assert lines[2].split() == ["load[4]", "none", "2", "PythonOperator"]
    assert run_json("tasks", "states-for-dag-run", "etl", "r1") == rows


def test_tasks_are_listed_upstream_first(client: Any, queuack: Run) -> None:
    tasks = [
        {"task_id": "a", "task_type": "BashOperator", "operator_name": "@task.bash", "downstream_task_ids": ()},
        {"task_id": "b", "task_type": "_X", "operator_name": "@task", "downstream_task_ids": ("a",)},
        {"task_id": "c", "task_type": "EmptyOperator", "downstream_task_ids": ("b", "a")},
    ]
    gone = INSTANCE | {"task_id": "aa"}
    rows = [gone, *(INSTANCE | {"task_id": row["task_id"], "operator_name": "@task"} for row in tasks)]
    client.answers |= {"list_tasks": tasks, "list_task_instances": rows}
    listed = [line.split() for line in queuack("tasks", "list", "etl").stdout.splitlines()[1:]]
    assert listed == [
        ["c", "EmptyOperator", "all_success", "b,", "a"],
        ["b", "@task", "all_success", "a"],
        ["a", "@task.bash", "all_success"],
    ]
    states = queuack("tasks", "states-for-dag-run", "etl", "r1").stdout.splitlines()[1:]
    assert [line.split()[0] for line in states] == ["c", "b", "a", "aa"]
    assert states[0].endswith("@task")
    client.answers["list_tasks"] = DagNotFound("gone")
    states = queuack("tasks", "states-for-dag-run", "etl", "r1").stdout.splitlines()[1:]
    assert [line.split()[0] for line in states] == ["a", "aa", "b", "c"]


def test_failed_deps(client: Any, queuack: Run, run_json: Callable[..., Any]) -> None:
    reasons = [{"dep": "Pool Slots Available", "reason": "Pool default_pool is full."}]
    client.answers["failed_deps"] = reasons
    assert "Pool default_pool is full." in queuack("tasks", "failed-deps", "etl", "load", "r1").stdout
    assert run_json("tasks", "failed-deps", "etl", "load", "r1") == reasons
    client.answers["failed_deps"] = []
    assert queuack("tasks", "failed-deps", "etl", "load", "r1").stderr == "Nothing holds it back.\n"


def test_test_and_render(queuack: Run, run_json: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def test_task(home: Any, *args: Any, **options: Any) -> int:
        seen.append((args, options))
        return 1

    def render_task(home: Any, *args: Any, map_index: int) -> dict[str, Any]:
        return {"bash_command": "echo 1", "env": {"A": "b"}}

    fake = SimpleNamespace(test_task=test_task, render_task=render_task)
    monkeypatch.setattr(package, "testing", fake, raising=False)
    result = queuack("tasks", "test", "etl", "load", "2020-01-01", "-t", '{"p": 1}', "--env-vars", '{"N": 1}')
    assert result.exit_code == 1
    options = {"map_index": -1, "task_params": {"p": 1}, "env_vars": {"N": "1"}}
    assert seen == [(("etl", "load", "2020-01-01"), options)]
    assert queuack("tasks", "test", "etl", "load").exit_code == 1
    assert queuack("tasks", "render", "etl", "load", "r1").stdout == "# bash_command\necho 1\n\n# env\n{'A': 'b'}\n\n"
    assert run_json("tasks", "render", "etl", "load", "r1") == {"bash_command": "echo 1", "env": {"A": "b"}}


@pytest.fixture
def log(client: Any, home: Path) -> Path:
    path = home / "logs" / "dag_id=etl" / "attempt=2.log"
    path.parent.mkdir(parents=True)
    line = {"timestamp": "2020-01-01T00:00:00Z", "level": "info", "event": "hello", "logger": "task"}
    path.write_text(json.dumps(line) + "\n")
    client.answers |= {
        "get_task_instance": INSTANCE,
        "log_path": {"path": str(path), "try_number": 2, "state": "success"},
    }
    return path


def test_logs(client: Any, queuack: Run, log: Path) -> None:
    assert queuack("tasks", "logs", "etl", "load", "r1").stdout.endswith("INFO    hello\n")
    expected = {"dag_id": "etl", "run": "r1", "task_id": "load", "map_index": -1, "try_number": None}
    assert client.params("log_path") == expected
    assert queuack("tasks", "logs", "etl", "load", "r1", "--raw").stdout == log.read_text()
    assert queuack("tasks", "logs", "etl", "load", "r1", "-f").stdout.endswith("INFO    hello\n")
    client.answers["log_path"] = "dag_id=etl/attempt=2.log"
    assert queuack("tasks", "logs", "etl", "load", "r1", "--try", "2").stdout.endswith("INFO    hello\n")


def test_logs_with_the_run_before_the_task(client: Any, queuack: Run, log: Path) -> None:
    def get_task_instance(dag_id: str, run: str, task_id: str, map_index: int) -> Any:
        if dag_id != "etl":
            raise DagNotFound(f"There is no DAG '{dag_id}'.")
        if run != "r1":
            raise DagRunNotFound(f"DAG 'etl' has no run '{run}'.")
        if task_id != "load":
            raise TaskNotFound(f"Run '{run}' has no task '{task_id}'.")
        return INSTANCE

    client.answers["get_task_instance"] = get_task_instance
    assert queuack("tasks", "logs", "etl", "r1", "load").exit_code == 0
    assert queuack("tasks", "logs", "etl", "nope", "r1").stderr == "Error: Run 'r1' has no task 'nope'.\n"
    assert queuack("tasks", "logs", "nope", "load", "r1").stderr == "Error: There is no DAG 'nope'.\n"


def test_no_log_yet(client: Any, queuack: Run, log: Path) -> None:
    log.unlink()
    result = queuack("tasks", "logs", "etl", "load", "r1")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: There is no log yet: {log}")
