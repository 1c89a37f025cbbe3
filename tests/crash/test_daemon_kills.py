"""SIGKILL of the daemon during a fan-out: everything succeeds after restart, nothing runs twice.

``QUEUACK_CRASH_SEED`` chooses other moments.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.live.daemon import LiveDaemon, until

TASKS = 2000
KILLS = 10

DAG = """
import os
from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator

RECORD = {record!r}

def append(ti):
    descriptor = os.open(RECORD, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, f"{{ti.task_id}} {{ti.try_number}}\\n".encode())
    os.close(descriptor)

with DAG("fan", schedule=None, max_active_tasks=10_000):
    for index in range({tasks}):
        PythonOperator(task_id=f"t{{index:04}}", python_callable=append, retries=3, retry_delay=0)
"""


@pytest.mark.slow
def test_ten_random_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    record = tmp_path / "record.txt"
    dice = random.Random(int(os.environ.get("QUEUACK_CRASH_SEED", "20")))
    daemon = LiveDaemon(tmp_path / "home")
    daemon.dag("fan", DAG.format(record=str(record), tasks=TASKS))
    with daemon:
        daemon.wait_dag("fan")
        daemon.call("trigger_run", dag_id="fan", run_id="one")
        done = 0
        for _ in range(KILLS):
            goal = done + dice.randrange(20, 150)
            until(lambda goal=goal: lines(record) >= min(goal, TASKS), 60, f"{goal} executions")
            daemon.kill()
            done = lines(record)
            daemon.start()
        assert daemon.wait_run("fan", "one", 180) == "success"
        executed = Counter(line.split()[0] for line in record.read_text().splitlines())
        recorded = dict(daemon.rows("select task_id, try_number from task_instance where dag_id = 'fan'"))
        states = dict(daemon.rows("select state, count(*) from task_instance where dag_id = 'fan' group by 1"))
        assert states == {"success": TASKS}
        assert executed == recorded
        assert daemon.value("select count(*) from dag_run where dag_id = 'fan'") == 1
        history = daemon.rows("select task_id, state from task_instance_history where dag_id = 'fan'")
        assert all(state == "failed" for _, state in history), "an attempt that succeeded was run again"


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0
