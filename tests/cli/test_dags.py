"""``queuack dags``: what it asks, what it prints, what it ends with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result

import queuack as package
from queuack.errors import DagRunNotFound

Run = Callable[..., Result]
DAGS = [
    {
        "dag_id": "etl",
        "timetable_summary": "@daily",
        "is_paused": False,
        "next_dagrun_create_after": "2020-01-01T00:00:00+00:00",
        "relative_fileloc": "etl.py",
        "owners": "me",
        "tags": ["a", "b"],
    },
    {"dag_id": "report", "timetable_summary": "None", "is_paused": True, "relative_fileloc": "r.py", "tags": []},
]
RUN = {
    "dag_id": "etl",
    "run_id": "manual__2020-01-01T00:00:00+00:00",
    "state": "success",
    "run_type": "manual",
    "logical_date": "2020-01-01T00:00:00+00:00",
    "start_date": "2020-01-01T00:00:00+00:00",
    "end_date": "2020-01-01T00:01:04+00:00",
    "conf": {},
}


def test_list(client: Any, queuack: Run, run_json: Callable[..., Any]) -> None:
    client.answers["list_dags"] = DAGS
    result = queuack("dags", "list")
    assert result.exit_code == 0
    head, *rows = result.stdout.splitlines()
    assert head.split() == ["dag_id", "schedule", "paused", "next_run", "file", "owners", "tags"]
    assert rows[0].split() == ["etl", "@daily", "no", "2020-01-01", "00:00", "etl.py", "me", "a,", "b"]
    assert rows[1].split() == ["report", "None", "yes", "r.py"]
    assert run_json("dags", "list") == DAGS
    assert client.params("list_dags") == {"dag_id_pattern": None, "tags": None, "include_stale": False}


def test_list_chosen_columns(client: Any, queuack: Run, run_json: Callable[..., Any]) -> None:
    client.answers["list_dags"] = DAGS
    assert run_json("dags", "list", "--columns", "dag_id, is_paused") == [
        {"dag_id": "etl", "is_paused": False},
        {"dag_id": "report", "is_paused": True},
    ]
    result = queuack("dags", "list", "--columns", "nope")
    assert result.exit_code == 2
    assert "No such columns: nope. There are: dag_id," in result.stderr


def test_list_mentions_import_errors(client: Any, queuack: Run) -> None:
    client.answers |= {"list_dags": [], "list_import_errors": [{"filename": "x.py"}]}
    result = queuack("dags", "list")
    assert result.stdout == ""
    assert result.stderr == "No DAGs.\n1 file could not be imported: queuack dags list-import-errors\n"
    client.answers["list_import_errors"] *= 2
    assert "2 files could not be imported" in queuack("dags", "list").stderr


def test_list_in_a_fresh_folder_teaches(client: Any, queuack: Run, home: Path) -> None:
    client.answers["list_dags"] = []
    result = queuack("dags", "list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"There are no DAGs in {home / 'dags'} yet." in result.stderr
    assert "@dag(" in result.stderr
    assert "queuack dags test hello" in result.stderr
    assert queuack("dags", "list", "-o", "json").stdout == "[]\n"
    assert queuack("dags", "list", "--tag", "x").stderr == "No DAGs.\n"


@pytest.mark.parametrize("live", [True, False])
def test_files_are_read_only_where_no_daemon_does(client: Any, queuack: Run, live: bool) -> None:
    client.live = live
    client.answers["list_dags"] = DAGS
    queuack("dags", "list")
    assert ("sync" in client.methods()) == (not live)


def test_details(client: Any, queuack: Run, run_json: Callable[..., Any]) -> None:
    client.answers["get_dag"] = DAGS[0]
    assert "timetable_summary         @daily" in queuack("dags", "details", "etl").stdout
    assert run_json("dags", "details", "etl") == DAGS[0]


def test_import_errors(client: Any, queuack: Run) -> None:
    client.answers["list_import_errors"] = [
        {"filename": "x.py", "line": 2, "stacktrace": "Traceback:\n  line\nNameError: y\n"}
    ]
    result = queuack("dags", "list-import-errors")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == ["x.py:2", "    Traceback:", "      line", "    NameError: y"]
    result = queuack("dags", "list-import-errors", "-o", "plain")
    assert result.stdout.splitlines()[1].split() == ["x.py", "NameError:", "y"]
    client.answers["list_import_errors"] = []
    result = queuack("dags", "list-import-errors")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No import errors.\n")


def test_list_runs(client: Any, queuack: Run, run_json: Callable[..., Any]) -> None:
    client.answers["list_runs"] = [RUN, RUN | {"run_type": "backfill"}]
    rows = queuack("dags", "list-runs", "etl").stdout.splitlines()
    assert rows[0].split()[:4] == ["run_id", "state", "start_date", "took"]
    assert "1m 04s" in rows[1]
    assert queuack("dags", "list-runs").stdout.startswith("dag_id")
    assert len(run_json("dags", "list-runs", "--no-backfill", "--state", "success", "-s", "2020-01-01", "-n", "5")) == 1
    assert client.asked[-1] == (
        "list_runs",
        {"dag_id": None, "state": "success", "start_date": "2020-01-01T00:00:00+00:00", "end_date": None, "limit": 5},
    )


def test_state(client: Any, queuack: Run, run_json: Callable[..., Any]) -> None:
    client.answers["get_run"] = RUN
    assert queuack("dags", "state", "etl", RUN["run_id"]).stdout == "success\n"
    assert run_json("dags", "state", "etl", RUN["run_id"]) == RUN
    assert client.params("get_run") == {"dag_id": "etl", "run": RUN["run_id"]}
    client.answers["get_run"] = RUN | {"conf": {"a": 1}}
    assert queuack("dags", "state", "etl", "x").stdout == "success, {'a': 1}\n"
    client.answers["get_run"] = DagRunNotFound("DAG 'etl' has no run 'x'.")
    result = queuack("dags", "state", "etl", "x")
    assert (result.exit_code, result.stderr) == (1, "Error: DAG 'etl' has no run 'x'.\n")


def test_tree(client: Any, queuack: Run, run_json: Callable[..., Any]) -> None:
    def instance(task_id: str, state: str | None, map_index: int = -1, subdag: Any = None) -> dict[str, Any]:
        times = {"start_date": RUN["start_date"], "end_date": RUN["end_date"]} if state else {}
        place = {"dag_id": "etl", "run_id": "r", "task_id": task_id, "map_index": map_index}
        return {**place, "state": state, "try_number": 1, "subdag": subdag, **times}

    child = RUN | {"dag_id": "etl.load", "tasks": [instance("copy", "success", 0), instance("copy", "failed", 1)]}
    run = RUN | {"run_id": "r", "tasks": [instance("load", "deferred", subdag=child | {"state": "queued"})]}
    run["tasks"] += [instance("report", None)]
    client.answers["run_tree"] = run
    assert queuack("dags", "tree", "etl", "r").stdout.splitlines() == [
        "etl  r  success  1m 04s",
        "├── load    deferred  1m 04s  (its run is queued)",
        "│   ├── copy[0]  success  1m 04s",
        "│   └── copy[1]  failed  1m 04s",
        "└── report  none",
    ]
    assert client.params("run_tree") == {"dag_id": "etl", "run": "r"}
    assert len(queuack("dags", "tree", "etl", "r", "-o", "plain").stdout.splitlines()) == 5
    assert run_json("dags", "tree", "etl", "r") == run


def test_next_execution(client: Any, queuack: Run, run_json: Callable[..., Any]) -> None:
    row = {
        "logical_date": "2020-01-02T00:00:00+00:00",
        "run_after": "2020-01-03T00:00:00+00:00",
        "data_interval_start": "2020-01-02T00:00:00+00:00",
        "data_interval_end": "2020-01-03T00:00:00+00:00",
    }
    client.answers["next_runs"] = [row, row]
    assert queuack("dags", "next-execution", "etl", "-n", "2").stdout == f"{row['logical_date']}\n" * 2
    assert client.params("next_runs") == {"dag_id": "etl", "n": 2}
    assert queuack("dags", "next-execution", "etl", "--field", "data_interval.end").stdout.startswith("2020-01-03")
    assert "data_interval_start" in queuack("dags", "next-execution", "etl", "--table").stdout
    assert run_json("dags", "next-execution", "etl") == [row, row]
    client.answers["next_runs"] = []
    result = queuack("dags", "next-execution", "etl")
    assert (result.exit_code, result.stdout) == (0, "None\n")


@pytest.mark.parametrize(("command", "paused"), [("pause", True), ("unpause", False)])
def test_pause(client: Any, queuack: Run, run_json: Callable[..., Any], command: str, paused: bool) -> None:
    client.answers |= {"set_paused": True, "list_dags": DAGS}
    assert run_json("dags", command, "etl") == [{"dag_id": "etl", "is_paused": paused}]
    assert client.params("set_paused") == {"dag_id": "etl", "paused": paused}
    assert len(run_json("dags", command, "e", "--treat-dag-id-as-regex", "--yes")) == 2
    result = queuack("dags", command, "e", "--treat-dag-id-as-regex")
    assert result.exit_code == 2
    assert "add --yes" in result.stderr
    assert queuack("dags", command, "nope", "--treat-dag-id-as-regex", "-y").exit_code == 1
    assert "not a regular expression" in queuack("dags", command, "(", "--treat-dag-id-as-regex", "-y").stderr


def test_trigger(client: Any, run_json: Callable[..., Any]) -> None:
    client.answers["trigger_run"] = RUN
    asked = ("--conf", '{"a": 1}', "-r", "mine", "-l", "2020-01-01T00:00:00.5+01:00", "--note", "why")
    assert run_json("dags", "trigger", "etl", *asked) == [RUN]
    expected = {
        "dag_id": "etl",
        "run_id": "mine",
        "logical_date": "2020-01-01T00:00:00+01:00",
        "conf": {"a": 1},
        "partition_key": None,
        "note": "why",
    }
    assert client.params("trigger_run") == expected
    run_json("dags", "trigger", "etl", *asked, "--no-replace-microseconds")
    assert client.asked[-1][1]["logical_date"] == "2020-01-01T00:00:00.500000+01:00"


def test_dates_without_offset_are_in_the_default_time_zone(client: Any, queuack: Run, home: Path) -> None:
    (home / "queuack.toml").write_text('[core]\ndefault_timezone = "Europe/Amsterdam"\n')
    client.answers["trigger_run"] = RUN
    assert queuack("dags", "trigger", "etl", "-l", "2020-07-01").exit_code == 0
    assert client.params("trigger_run")["logical_date"] == "2020-07-01T00:00:00+02:00"


def test_trigger_and_wait(client: Any, queuack: Run) -> None:
    client.answers |= {"trigger_run": RUN | {"state": "queued"}, "wait_for_run": RUN}
    assert queuack("dags", "trigger", "etl", "--wait", "--timeout", "5").exit_code == 0
    assert client.params("wait_for_run") == {"dag_id": "etl", "run": RUN["run_id"], "timeout": 5.0}
    client.answers["wait_for_run"] = RUN | {"state": "failed"}
    result = queuack("dags", "trigger", "etl", "--wait")
    assert result.exit_code == 1
    assert result.stderr == f"Error: run {RUN['run_id']} is failed.\n"
    client.live = False
    assert queuack("dags", "trigger", "etl", "--wait").exit_code == 2
    assert "the run starts when one does" in queuack("dags", "trigger", "etl").stderr


def test_delete_asks(client: Any, queuack: Run) -> None:
    client.answers |= {"get_dag": DAGS[0], "delete_dag": 3}
    result = queuack("dags", "delete", "etl")
    assert result.exit_code == 2
    assert "delete_dag" not in client.methods()
    assert queuack("dags", "delete", "etl", "--yes").stdout == "DAG etl is deleted.\n"
    assert client.params("delete_dag") == {"dag_id": "etl"}


def test_show(client: Any, queuack: Run, tmp_path: Path) -> None:
    client.answers["dag_document"] = {"dag_id": "etl", "tasks": [{"task_id": "a", "task_type": "T"}]}
    assert queuack("dags", "show", "etl").stdout == "etl\n└── a  <T>\n"
    saved = tmp_path / "x.dot"
    assert queuack("dags", "show", "etl", "--save", str(saved)).stdout == f"Saved {saved}.\n"
    assert saved.read_text().startswith("digraph")


def test_test(queuack: Run, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    seen: dict[str, Any] = {}

    def test_dag_target(at: Any, target: str, *, logical_date: Any, conf: Any, on_event: Callable[..., None]) -> int:
        seen.update(home=at.root, target=target, logical_date=logical_date, conf=conf)
        on_event({"kind": "run", "dag_id": "etl", "run_id": "r", "state": "running", "total": 3})
        on_event({"kind": "task", "task_id": "a", "map_index": -1, "state": "running"})
        on_event({"kind": "log", "line": "hello"})
        on_event({"kind": "task", "task_id": "a", "map_index": -1, "state": "success", "duration": 0.5})
        on_event({"kind": "task", "task_id": "b", "map_index": 2, "state": "up_for_retry", "try_number": 1})
        on_event({"kind": "task", "task_id": "b", "map_index": 2, "state": "failed", "try_number": 2})
        on_event({"kind": "run", "dag_id": "etl", "run_id": "r", "state": "failed"})
        return 1

    monkeypatch.setattr(package, "testing", SimpleNamespace(test_dag_target=test_dag_target), raising=False)
    result = queuack("dags", "test", "etl", "2020-01-01", "-c", '{"a": 1}', "-f", "x.py")
    assert result.exit_code == 1, result.output
    assert result.stdout.splitlines() == [
        "    hello",
        "success  a  0.50s",
        "up_for_retry  b[2]  try 1",
        "failed  b[2]  try 2",
        "failed  run r of etl",
    ]
    assert seen["home"] == home
    assert seen["target"] == "x.py::etl"
    assert seen["logical_date"].isoformat() == "2020-01-01T00:00:00+00:00"
    assert seen["conf"] == {"a": 1}


def test_test_draws_a_bar_on_a_terminal(
    queuack: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from queuack.cli import progress

    monkeypatch.setattr(progress, "on_terminal", lambda: True)
    with progress.RunProgress() as bar:
        bar.event({"kind": "run", "dag_id": "etl", "run_id": "r", "state": "running", "total": 1})
        bar.event({"kind": "task", "task_id": "a", "map_index": -1, "state": "success", "duration": 0.5})
    assert "success  a  0.50s" in capsys.readouterr().out
