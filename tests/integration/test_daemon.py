"""A real daemon from the real command line: what a user relies on every day."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from queuack.errors import InvalidRequest
from tests.live.daemon import LiveDaemon, until

HEAD = """
from datetime import datetime, timedelta
import os, signal, time
from airflow.sdk import DAG, task
from airflow.providers.standard.operators.python import PythonOperator
from airflow.providers.standard.operators.bash import BashOperator
"""


@pytest.fixture
def daemon(tmp_path: Path) -> LiveDaemon:
    return LiveDaemon(tmp_path / "home")


def log_lines(daemon: LiveDaemon, dag_id: str, run_id: str, task_id: str, attempt: int = 1) -> list[dict[str, object]]:
    path = daemon.home.logs / f"dag_id={dag_id}/run_id={run_id}/task_id={task_id}/attempt={attempt}.log"
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_values_travel_and_output_is_logged(daemon: LiveDaemon) -> None:
    daemon.dag(
        "etl",
        HEAD
        + """
with DAG("etl", schedule=None) as dag:
    @task
    def extract():
        print("printed by extract")
        os.system("echo printed by a child of extract")
        return {"rows": [1, 2, 3]}
    @task(multiple_outputs=True)
    def total(data):
        return {"sum": sum(data["rows"]), "n": len(data["rows"])}
    BashOperator(task_id="say", bash_command="echo sum {{ ti.xcom_pull('total', key='sum') }} on {{ ds }}") << total(extract())
""",
    )
    with daemon:
        daemon.wait_dag("etl")
        row = daemon.call("trigger_run", dag_id="etl", run_id="r1", logical_date="2026-02-03T00:00:00+00:00")
        assert row["run_type"] == "manual"
        assert daemon.wait_run("etl", "r1") == "success"
        events = [line["event"] for line in log_lines(daemon, "etl", "r1", "extract")]
        assert "printed by extract" in events
        assert "printed by a child of extract" in events
        said = [str(line["event"]) for line in log_lines(daemon, "etl", "r1", "say")]
        assert any("sum 6 on 2026-02-03" in line for line in said)
        keys = daemon.rows("select key from xcom where task_id = 'total' order by key")
        assert keys == [["n"], ["return_value"], ["sum"]]


def test_a_worker_that_dies_costs_one_attempt(daemon: LiveDaemon) -> None:
    daemon.dag(
        "fragile",
        HEAD
        + """
def die(ti):
    if ti.try_number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
with DAG("fragile", schedule=None):
    PythonOperator(task_id="die", python_callable=die, retries=1, retry_delay=timedelta(0))
    PythonOperator(task_id="always", python_callable=lambda: os._exit(7))
""",
    )
    with daemon:
        daemon.wait_dag("fragile")
        daemon.call("trigger_run", dag_id="fragile", run_id="r")
        assert daemon.wait_run("fragile", "r") == "failed"
        states = dict(daemon.rows("select task_id, state from task_instance where dag_id = 'fragile'"))
        assert states == {"die": "success", "always": "failed"}
        assert daemon.rows("select task_id, try_number, state from task_instance_history") == [["die", 1, "failed"]]


def test_a_task_that_ignores_its_timeout_is_killed(tmp_path: Path) -> None:
    daemon = LiveDaemon(tmp_path / "home", workers__kill_grace=1)
    daemon.dag(
        "deaf",
        HEAD
        + """
def deaf():
    end = time.monotonic() + 300
    while time.monotonic() < end:
        try:
            time.sleep(300)
        except BaseException:
            continue
with DAG("deaf", schedule=None):
    PythonOperator(task_id="deaf", python_callable=deaf, execution_timeout=timedelta(seconds=1))
    PythonOperator(task_id="hears", python_callable=time.sleep, op_args=[300], execution_timeout=timedelta(seconds=1))
""",
    )
    with daemon:
        daemon.wait_dag("deaf")
        daemon.call("trigger_run", dag_id="deaf", run_id="r")
        assert daemon.wait_run("deaf", "r", 60) == "failed"
        assert dict(daemon.rows("select task_id, state from task_instance")) == {"deaf": "failed", "hears": "failed"}


def test_fork_isolation_and_callbacks(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    daemon = LiveDaemon(tmp_path / "home", workers__isolation="fork")
    daemon.dag(
        "forked",
        HEAD
        + f"""
def mark(text):
    with open({str(marks)!r}, "a") as file:
        file.write(text + "\\n")
def crash():
    os.kill(os.getpid(), signal.SIGSEGV)
with DAG("forked", schedule=None, on_failure_callback=lambda context: mark("dag " + context["reason"])):
    PythonOperator(task_id="fine", python_callable=lambda: 1, on_success_callback=lambda context: mark("fine"))
    PythonOperator(task_id="crash", python_callable=crash)
""",
    )
    with daemon:
        daemon.wait_dag("forked")
        daemon.call("trigger_run", dag_id="forked", run_id="r")
        assert daemon.wait_run("forked", "r") == "failed"
        until(lambda: marks.exists() and len(marks.read_text().splitlines()) == 2, 20, "both callbacks")
        assert set(marks.read_text().splitlines()) == {"fine", "dag task_failure"}
        assert dict(daemon.rows("select task_id, state from task_instance")) == {"fine": "success", "crash": "failed"}


def test_a_second_daemon_is_refused_with_the_pid_of_the_first(daemon: LiveDaemon) -> None:
    with daemon:
        assert daemon.process is not None
        second = subprocess.run(
            [sys.executable, "-m", "queuack", "--home", str(daemon.home.root), "scheduler"],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert second.returncode == 1
        assert str(daemon.process.pid) in second.stderr
        assert "Traceback" not in second.stderr
        assert daemon.call("info")["pid"] == daemon.process.pid


def test_ctrl_c_leaves_nothing_behind(daemon: LiveDaemon) -> None:
    daemon.dag(
        "slow",
        HEAD
        + """
with DAG("slow", schedule=None):
    BashOperator(task_id="sleep", bash_command="sleep 600")
""",
    )
    daemon._environment["QUEUACK__CORE__KILLED_TASK_CLEANUP_TIME"] = "1"
    with daemon:
        daemon.wait_dag("slow")
        daemon.call("trigger_run", dag_id="slow", run_id="r")
        until(lambda: daemon.value("select state from task_instance") == "running", 30, "the task running")
        before = {process.pid for process in psutil.process_iter() if "sleep 600" in " ".join(cmdline(process))}
        assert daemon.stop() == 0
        assert daemon.leftovers() == []
        assert not [pid for pid in before if psutil.pid_exists(pid)]
        assert not daemon.home.socket.exists()
        assert list(daemon.home.workers.iterdir()) == []


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def test_an_edited_file_is_a_new_version_and_a_running_run_keeps_its_own(daemon: LiveDaemon, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    text = (
        HEAD
        + f"""
def wait():
    while not os.path.exists({str(gate)!r}):
        time.sleep(0.02)
with DAG("edited", schedule=None):
    PythonOperator(task_id="first", python_callable=wait) >> PythonOperator(task_id="second", python_callable=lambda: "old")
"""
    )
    daemon.dag("edited", text)
    with daemon:
        daemon.wait_dag("edited")
        daemon.call("trigger_run", dag_id="edited", run_id="old")
        until(lambda: daemon.value("select count(*) from task_instance where state = 'running'"), 30, "the first task")
        daemon.dag("edited", text.replace('"second"', '"renamed"').replace('"old"', '"new"'))
        until(lambda: daemon.value("select max(version_number) from dag_version") == 2, 30, "version 2")
        gate.touch()
        assert daemon.wait_run("edited", "old") == "success"
        daemon.call("trigger_run", dag_id="edited", run_id="new")
        assert daemon.wait_run("edited", "new") == "success"
        values = daemon.rows("select run_id, task_id, value::varchar from xcom order by 1")
        assert values == [["new", "renamed", '"new"'], ["old", "second", '"old"']]


def test_a_broken_file_keeps_its_history_and_is_named(daemon: LiveDaemon) -> None:
    good = HEAD + 'with DAG("good", schedule=None):\n    BashOperator(task_id="t", bash_command="true")\n'
    daemon.dag("good", good)
    daemon.dag("other", good.replace('"good"', '"other"'))
    with daemon:
        daemon.wait_dag("good")
        daemon.wait_dag("other")
        daemon.call("trigger_run", dag_id="good", run_id="r")
        assert daemon.wait_run("good", "r") == "success"
        daemon.dag("good", good + "\nimport no_such_module\n")
        errors = until(lambda: daemon.call("list_import_errors"), 30, "the import error")
        assert [error["filename"] for error in errors] == ["good.py"]
        assert "no_such_module" in errors[0]["stacktrace"]
        with pytest.raises(InvalidRequest, match="import errors"):
            daemon.call("trigger_run", dag_id="good", run_id="refused")
        daemon.call("trigger_run", dag_id="other", run_id="r")
        assert daemon.wait_run("other", "r") == "success"
        daemon.dag("good", good)
        until(lambda: not daemon.call("list_import_errors"), 30, "the mended file")
        (daemon.home.dags / "good.py").unlink()
        until(lambda: daemon.value("select is_stale from dag where dag_id = 'good'"), 30, "the file's end")
        assert daemon.value("select count(*) from dag_run where dag_id = 'good'") == 1


def test_scheduling_stops_while_the_disk_is_full_and_resumes(daemon: LiveDaemon) -> None:
    daemon.dag("good", HEAD + 'with DAG("good", schedule=None):\n    BashOperator(task_id="t", bash_command="true")\n')
    with daemon:
        daemon.wait_dag("good")
        assert daemon.process is not None
        process = psutil.Process(daemon.process.pid)
        wal = daemon.home.database.with_name("queuack.duckdb.wal")
        limit = process.rlimit(psutil.RLIMIT_FSIZE)
        process.rlimit(psutil.RLIMIT_FSIZE, (max(wal.stat().st_size, 1), limit[1]))
        trigger = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "queuack",
                "--home",
                str(daemon.home.root),
                "dags",
                "trigger",
                "good",
                "--run-id",
                "r",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: "Nothing is dispatched" in daemon.output.read_text(), 30, "the complaint")
        assert daemon.value("select count(*) from dag_run") == 0
        process.rlimit(psutil.RLIMIT_FSIZE, limit)
        assert trigger.wait(60) == 0
        assert daemon.wait_run("good", "r") == "success"
        assert "can be written again" in daemon.output.read_text()


def test_the_command_line_works_with_and_without_a_daemon(daemon: LiveDaemon) -> None:
    daemon.dag(
        "good",
        HEAD
        + 'with DAG("good", schedule="@daily", start_date=datetime(2026, 1, 1)):\n    BashOperator(task_id="t", bash_command="true")\n',
    )

    def ask(*words: str) -> object:
        done = subprocess.run(
            [sys.executable, "-m", "queuack", "--home", str(daemon.home.root), *words, "-o", "json"],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    offline = ask("dags", "list")
    with daemon:
        daemon.wait_dag("good")
        assert [row["dag_id"] for row in ask("dags", "list")] == [row["dag_id"] for row in offline] == ["good"]
        daemon.call("trigger_run", dag_id="good", run_id="r")
        daemon.wait_run("good", "r")
        live = ask("tasks", "states-for-dag-run", "good", "r")
        query = "select dag_id, start_date from dag_run where run_id = 'r'"
        live_sql = ask("sql", query)
    assert ask("tasks", "states-for-dag-run", "good", "r") == live
    assert ask("sql", query) == live_sql


def test_the_parser_comes_back(daemon: LiveDaemon) -> None:
    daemon.dag("one", HEAD + 'with DAG("one", schedule=None):\n    BashOperator(task_id="t", bash_command="true")\n')
    with daemon:
        daemon.wait_dag("one")
        tree = {process.pid: process for process in daemon.tree()}
        workers = {json.loads(file.read_text())["pid"] for file in daemon.home.workers.glob("*.json")}
        assert daemon.process is not None
        for pid in tree.keys() - workers - {daemon.process.pid}:
            os.kill(pid, signal.SIGKILL)
        daemon.dag(
            "two", HEAD + 'with DAG("two", schedule=None):\n    BashOperator(task_id="t", bash_command="true")\n'
        )
        daemon.wait_dag("two")
        daemon.call("trigger_run", dag_id="two", run_id="r")
        assert daemon.wait_run("two", "r") == "success"


def test_a_home_deep_down(tmp_path: Path) -> None:
    """The system's limit for the address of a socket is 107 bytes."""
    daemon = LiveDaemon(tmp_path / ("long" * 20) / ("longer" * 10))
    daemon.dag("one", HEAD + 'with DAG("one", schedule=None):\n    BashOperator(task_id="t", bash_command="true")\n')
    with daemon:
        daemon.wait_dag("one")
        daemon.call("trigger_run", dag_id="one", run_id="r")
        assert daemon.wait_run("one", "r") == "success"


def test_ctrl_c_of_the_group_does_not_reach_the_nursery(tmp_path: Path) -> None:
    """From its first instruction on: it was killed while it imported, and the daemon said so after it had been told to
    stop."""
    daemon = LiveDaemon(tmp_path / "home")
    process = daemon.spawn()

    def nursery() -> psutil.Process | None:
        for child in psutil.Process(process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if "queuack.nursery" in child.cmdline():
                    return child
        return None

    try:
        found = until(nursery, every=0.001)
        found.send_signal(signal.SIGINT)
        until(lambda: daemon._answers(process), 30, "the daemon's answer")
        until(lambda: [*daemon.home.workers.glob("*.json")], 30, "a worker")
        assert nursery() == found
        assert daemon.stop() == 0
        assert "nursery" not in daemon.output.read_text()
    finally:
        daemon.__exit__()
