"""Airflow with its LocalExecutor and SQLite, started by ``airflow standalone``: first task, chain, fan-out, memory."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

HOME = Path(os.environ["AIRFLOW_HOME"])

DAGS = """
from datetime import datetime
from airflow.sdk import DAG, chain
from airflow.providers.standard.operators.python import PythonOperator
def noop(): pass
with DAG("first", schedule="@once", start_date=datetime(2026, 1, 1)):
    PythonOperator(task_id="only", python_callable=noop)
with DAG("chain", schedule="@once", start_date=datetime(2026, 1, 1)):
    chain(*[PythonOperator(task_id=f"t{i:03}", python_callable=noop) for i in range(10)])
with DAG("fan", schedule="@once", start_date=datetime(2026, 1, 1), max_active_tasks=1000):
    for i in range(100):
        PythonOperator(task_id=f"t{i:03}", python_callable=noop)
"""


def rows(query):
    try:
        with sqlite3.connect(f"file:{HOME}/airflow.db?mode=ro", uri=True, timeout=5) as connection:
            return connection.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []


def wait(query, goal, seconds):
    end = time.time() + seconds
    while time.time() < end:
        found = rows(query)
        if found and found[0][0] >= goal:
            return
        time.sleep(0.2)
    raise SystemExit(f"not in {seconds} s: {query}")


def instant(text):
    return datetime.fromisoformat(text).timestamp()


def say(name, value, unit, detail=""):
    print(json.dumps({"name": name, "value": value, "unit": unit, "detail": detail}), flush=True)


def memory(group):
    total = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(entry.name)) == group or os.getsid(int(entry.name)) == group:
                for line in (entry / "smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
        except (OSError, ValueError):
            continue
    return total / 1024


def main():
    (HOME / "dags").mkdir()
    (HOME / "dags" / "bench.py").write_text(DAGS)
    environment = os.environ | {
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__API__PORT": "18099",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://127.0.0.1:18099/execution/",
    }
    begin = time.time()
    process = subprocess.Popen(
        [sys.executable, "-m", "airflow", "standalone"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    done = "select count(*) from task_instance where dag_id = '{}' and state = 'success'"
    try:
        wait(done.format("first"), 1, 240)
        end = rows("select end_date from task_instance where dag_id = 'first'")[0][0]
        say("standalone to first task done", instant(end + "+00:00") - begin, "s")
        wait(done.format("chain"), 10, 240)
        times = rows("select start_date, end_date from task_instance where dag_id = 'chain' order by task_id")
        hops = sorted((instant(times[i + 1][0]) - instant(times[i][1])) * 1000 for i in range(len(times) - 1))
        say("chain hop", hops[len(hops) // 2], "ms", "median of 9")
        wait(done.format("fan"), 100, 240)
        first, last = rows("select min(start_date), max(end_date) from task_instance where dag_id = 'fan'")[0]
        say("fan-out throughput", 100 / (instant(last) - instant(first)), "tasks/s", "100 tasks")
        time.sleep(20)
        say("idle memory of the whole tree (PSS)", memory(process.pid), "MB")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
