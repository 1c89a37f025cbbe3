"""``clear``, ``set-state`` and ``note``: the question before the act, what is asked of the service, mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]
ROWS = [
    {"dag_id": "etl", "run_id": "r1", "logical_date": None, "task_id": "load", "map_index": index, "state": "failed"}
    for index in (-1, 3)
]


def test_what_is_cleared_is_shown_first_and_nothing_happens_unasked(client: Any, queuack: Run) -> None:
    client.answers["clear_tasks"] = ROWS
    done = queuack("tasks", "clear", "etl")
    assert done.exit_code == 2
    assert [line.split()[:3] for line in done.stdout.splitlines()[1:]] == [
        ["load", "failed", "r1"],
        ["load[3]", "failed", "r1"],
    ]
    assert "Clear 2 task instances of 1 run? Nobody is there to answer: add --yes." in done.stderr
    assert [params["dry_run"] for _, params in client.asked] == [True]


def test_switches_of_clear(client: Any, queuack: Run) -> None:
    client.answers["clear_tasks"] = ROWS
    done = queuack(
        "tasks", "clear", "etl", "-y", "-t", "lo.d", "--task-id", "a[2]", "-s", "2026-01-01", "-u", "-f",
        "--no-run-on-latest-version", "--no-reset-dag-runs", "-x", "--note", "again",
    )  # fmt: skip
    assert done.stdout == "Cleared 2 task instances of 1 run.\n"
    params = client.params("clear_tasks")
    user = params.pop("user")
    assert user is None or isinstance(user, str)
    assert params == {
        "dag_id": "etl", "task_regex": "lo.d", "task_ids": [["a", 2]], "task_group_id": None, "run": None,
        "start_date": "2026-01-01T00:00:00+00:00", "end_date": None, "include_past": False, "include_future": False,
        "include_upstream": True, "include_downstream": False, "only_failed": True, "only_running": False,
        "include_subdags": False, "include_parentdag": True,
        "reset_dag_runs": False, "run_on_latest_version": False, "prevent_running_task": False, "note": "again",
    }  # fmt: skip


def test_a_long_preview_is_cut(client: Any, queuack: Run) -> None:
    client.answers["clear_tasks"] = [ROWS[0] | {"map_index": index} for index in range(50)]
    lines = queuack("tasks", "clear", "etl", "--dry-run").stdout.splitlines()
    assert (len(lines), lines[-1]) == (22, "… and 30 more (30 failed).")


def test_dags_by_regular_expression(client: Any, queuack: Run) -> None:
    client.answers |= {"list_dags": [{"dag_id": name} for name in ("etl_a", "etl_b", "ml")], "clear_tasks": ROWS}
    queuack("tasks", "clear", "^etl", "-R", "-y")
    assert [params["dag_id"] for name, params in client.asked if name == "clear_tasks"] == ["etl_a", "etl_b"]


def test_nothing_to_do(client: Any, queuack: Run) -> None:
    client.answers["set_task_state"] = []
    done = queuack("tasks", "set-state", "etl", "load", "r1", "success")
    assert (done.stdout, done.stderr) == ("", "Nothing to do: no task instance fits.\n")


@pytest.mark.parametrize("words", [("dags", "note", "etl", "r1"), ("tasks", "note", "etl", "load", "r1")])
def test_notes(client: Any, queuack: Run, words: tuple[str, ...]) -> None:
    client.answers |= {"get_run": {"note": None}, "get_task_instance": {"note": None}, "set_note": ""}
    assert queuack(*words).stderr == "No note.\n"
    queuack(*words, "seen")
    assert client.params("set_note")["note"] == "seen"
    assert "not both" in queuack(*words, "seen", "--clear").stderr
