"""SIGKILL at named points of the daemon and of workers: every run ends, attempts recorded are attempts made."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from queuack.faults import POINTS
from tests.live.daemon import LiveDaemon, until

DAG = """
import os
from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator

def append(ti):
    descriptor = os.open({record!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, f"{{ti.task_id}} {{ti.try_number}}\\n".encode())
    os.close(descriptor)

with DAG("mixed", schedule=None, default_args={{"retries": 100, "retry_delay": 0}}):
    before = None
    for index in range(8):
        task = PythonOperator(task_id=f"chain{{index}}", python_callable=append)
        if before is not None:
            before >> task
        before = task
    before >> [PythonOperator(task_id=f"fan{{index:02}}", python_callable=append) for index in range(24)]
"""

TASKS = 32


def executions(record: Path) -> Counter[tuple[str, int]]:
    lines = [line.split() for line in record.read_text().splitlines()] if record.exists() else []
    return Counter((task_id, int(number)) for task_id, number in lines)


def begin(tmp_path: Path, fault: str) -> tuple[LiveDaemon, Path]:
    record = tmp_path / "record"
    daemon = LiveDaemon(tmp_path / "home")
    daemon.fault(fault)
    daemon.dag("mixed", DAG.format(record=str(record)))
    return daemon, record


@pytest.mark.slow
@pytest.mark.parametrize("nth", [1, 2, 5, 12])
@pytest.mark.parametrize("point", [point for point in POINTS if point.startswith("daemon.")])
def test_the_daemon_dies_at(point: str, nth: int, tmp_path: Path) -> None:
    # One commit registers the DAG, one creates the run; the fault is to strike after these.
    daemon, record = begin(tmp_path, "")
    with daemon:
        daemon.wait_dag("mixed")
        daemon.stop()
        daemon.fault(f"{point}:{nth}")
        daemon.offline("dags", "trigger", "mixed", "--run-id", "r")
        process = daemon.spawn()
        until(lambda: process.poll() is not None or ended(daemon), 60, "death, or the end")
        daemon.fault("")
        if process.poll() is not None:
            daemon.start()
        assert daemon.wait_run("mixed", "r") == "success"
        recorded = dict(daemon.rows("select task_id, try_number from task_instance"))
        assert len(recorded) == TASKS
        done = executions(record)
        assert set(done.values()) == {1}, "an attempt was made twice"
        assert Counter(task_id for task_id, _ in done) == recorded


@pytest.mark.slow
@pytest.mark.parametrize("point", [point for point in POINTS if point.startswith("worker.")])
def test_every_worker_dies_at_its_fifth(point: str, tmp_path: Path) -> None:
    daemon, record = begin(tmp_path, f"{point}:5")
    with daemon:
        daemon.wait_dag("mixed")
        daemon.call("trigger_run", dag_id="mixed", run_id="r")
        assert daemon.wait_run("mixed", "r") == "success"
        recorded = dict(daemon.rows("select task_id, try_number from task_instance"))
        done = executions(record)
        assert set(done.values()) == {1}, "an attempt was made twice"
        # The last attempt of each task was made, and none after it.
        assert {task_id: max(n for t, n in done if t == task_id) for task_id in recorded} == recorded
        lost = daemon.value("select count(*) from task_instance_history")
        assert lost == sum(recorded.values()) - TASKS
        # An outcome may still wait for the next task's company when its worker dies: then it counts as lost.
        assert lost > 0 or point == "worker.after_finished"


def ended(daemon: LiveDaemon) -> bool:
    try:
        return bool(daemon.value("select count(*) from dag_run where state = 'success'"))
    except Exception:
        return False
