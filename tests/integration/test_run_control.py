"""Clear, mark and note with the real commands and a real daemon: what a branch chose, running tasks, a newer version."""

from __future__ import annotations

import json
from pathlib import Path

from tests.live.daemon import LiveDaemon, until

DAG = """
from queuack import DAG, task

with DAG("chosen"):
    @task.branch
    def pick(): return "left"
    @task
    def left(): ...
    @task
    def right(): ...
    @task
    def hang():
        import pathlib, time
        pathlib.Path("begun").touch()
        time.sleep(600)
    pick() >> [left(), right()]
    hang()
"""
MORE = (
    DAG
    + """
    @task
    def more(): ...
    more()
"""
)


def states(daemon: LiveDaemon) -> dict[str, str | None]:
    return dict(daemon.rows("select task_id, state from task_instance where run_id = 'one'"))


def test_a_run_is_controlled_by_hand(tmp_path: Path) -> None:
    daemon = LiveDaemon(tmp_path / "home")
    daemon.dag("chosen", DAG)
    with daemon:
        daemon.wait_dag("chosen")
        daemon.call("set_paused", dag_id="chosen", paused=False)
        daemon.call("trigger_run", dag_id="chosen", run_id="one")
        until(lambda: states(daemon) == {"pick": "success", "left": "success", "right": "skipped", "hang": "running"})
        done = daemon.offline("tasks", "set-state", "chosen", "hang", "one", "failed", "--yes", "--note", "stuck")
        assert done == "Marked 1 task instance of 1 run.\n"
        assert daemon.wait_run("chosen", "one") == "failed"
        assert daemon.rows("select content from task_instance_note") == [["stuck"]]

        daemon.dag("chosen", MORE)
        until(lambda: daemon.value("select count(*) from dag_version") == 2, 30, "the newer version")
        asked = json.loads(daemon.offline("tasks", "clear", "chosen", "-t", "left|right", "--dry-run", "-o", "json"))
        assert [(row["task_id"], row["state"]) for row in asked] == [("left", "success"), ("right", "skipped")]
        daemon.offline("tasks", "clear", "chosen", "-t", "left|right", "--run-on-latest-version", "-y")
        expected = {"pick": "success", "left": "success", "right": "skipped", "hang": "failed", "more": "success"}
        until(lambda: states(daemon) == expected, 30, "the end of what was cleared")
        tries = dict(daemon.rows("select task_id, try_number from task_instance where run_id = 'one'"))
        assert tries == {"pick": 1, "left": 2, "right": 0, "hang": 1, "more": 1}
        assert daemon.wait_run("chosen", "one") == "failed"
        assert "success" in daemon.offline("dags", "set-state", "chosen", "one", "success", "-y")
