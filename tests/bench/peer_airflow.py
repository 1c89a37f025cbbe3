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

# Only the first runs by itself: all at once, it would wait behind the fan-out and the chain would be timed under it.
DAGS = """
from datetime import datetime
from airflow.sdk import DAG, chain
from airflow.providers.standard.operators.python import PythonOperator
def noop(): pass
with DAG("first", schedule="@once", start_date=datetime(2026, 1, 1)):
    PythonOperator(task_id="only", python_callable=noop)
with DAG("chain", schedule=None):
    chain(*[PythonOperator(task_id=f"t{i:03}", python_callable=noop) for i in range(10)])
with DAG("fan", schedule=None, max_active_tasks=1000):
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


def bad(query):
    count = rows(query)[0][0]
    return f", {count} failed" if count else ""


def trigger(dag, environment):
    command = [sys.executable, "-m", "airflow", "dags", "trigger", dag]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def instant(text):
    return datetime.fromisoformat(text).timestamp()


def say(name, value, unit, detail=""):
    print(json.dumps({"name": name, "value": value, "unit": unit, "detail": detail}), flush=True)


def tree(root):
    """The process and all its descendants: standalone's children may lead sessions and groups of their own."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            # The command's name, in parentheses, may hold spaces: the parent is the second field after the last one.
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # ended meanwhile
    found = [root]
    for parent in found:
        found += [child for child, its_parent in parents.items() if its_parent == parent]
    return found


def memory(root):
    total = 0
    for process in tree(root):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue  # ended meanwhile
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def stop(process):
    """End standalone and whatever it started; the tree is read first, for orphans have lost their parent."""
    started = tree(process.pid)
    process.send_signal(signal.SIGINT)  # what standalone itself ends its components on
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        pass
    for each in started:
        try:
            # An id may have been given to another since: only a process that has our home in its environment is ours.
            if f"AIRFLOW_HOME={HOME}".encode() in Path(f"/proc/{each}/environ").read_bytes().split(b"\0"):
                os.kill(each, signal.SIGKILL)
        except OSError:
            continue  # ended already
    process.wait()


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
    # A task that failed has ended too: on a busy machine a worker's request to the execution API can time out, and
    # waiting for success alone would then wait for ever. The fan-out's figure says how many; the others need success.
    done = (
        "select count(*) from task_instance where dag_id = '{}' and state in ('success', 'failed', 'upstream_failed')"
    )
    failed = "select count(*) from task_instance where dag_id = '{}' and state != 'success'"
    try:
        wait(done.format("first"), 1, 240)
        end = rows("select end_date from task_instance where dag_id = 'first'")[0][0]
        if bad(failed.format("first")):
            raise SystemExit("the first task failed: nothing to measure")
        say("standalone to first task done", instant(end + "+00:00") - begin, "s")
        trigger("chain", environment)
        wait(done.format("chain"), 10, 240)
        times = rows("select start_date, end_date from task_instance where dag_id = 'chain' order by task_id")
        if bad(failed.format("chain")):
            raise SystemExit("a task of the chain failed: no hops to measure")
        hops = sorted((instant(times[i + 1][0]) - instant(times[i][1])) * 1000 for i in range(len(times) - 1))
        say("chain hop", hops[len(hops) // 2], "ms", "median of 9")
        trigger("fan", environment)
        wait(done.format("fan"), 100, 240)
        first, last = rows("select min(start_date), max(end_date) from task_instance where dag_id = 'fan'")[0]
        rate = 100 / (instant(last) - instant(first))
        say("fan-out throughput", rate, "tasks/s", "100 tasks" + bad(failed.format("fan")))
        time.sleep(20)
        say("idle memory of the whole tree (PSS)", memory(process.pid), "MB")
    finally:
        stop(process)


if __name__ == "__main__":
    main()
