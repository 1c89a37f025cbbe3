"""What is measured on Queuack: real daemons in folders of their own, figures read from their stores."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from tests.bench.context_cost import context_cost
from tests.bench.figure import Figure
from tests.bench.growth import growth
from tests.live.daemon import LiveDaemon, until

CHAIN = """
from airflow.sdk import DAG, chain
from airflow.providers.standard.operators.python import PythonOperator
def noop(): pass
with DAG("chain", schedule=None):
    chain(*[PythonOperator(task_id=f"t{{i:05}}", python_callable=noop) for i in range({n})])
"""

FAN = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator
def noop(): pass
with DAG("fan", schedule=None, max_active_tasks=1_000_000):
    for i in range({n}):
        PythonOperator(task_id=f"t{{i:06}}", python_callable=noop)
"""

FIRST = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator
def noop(): pass
with DAG("first", schedule="@once", start_date=__import__("datetime").datetime(2026, 1, 1)):
    PythonOperator(task_id="only", python_callable=noop)
"""


def home() -> Path:
    return Path(tempfile.mkdtemp(prefix="queuack-bench-"))


def run_once(daemon: LiveDaemon, dag_id: str, run_id: str, timeout: float = 600) -> None:
    daemon.call("trigger_run", dag_id=dag_id, run_id=run_id)
    state = daemon.wait_run(dag_id, run_id, timeout, every=0.25)
    assert state == "success", f"{dag_id} {run_id}: {state}"


def chain(n: int = 200) -> list[Figure]:
    with LiveDaemon(home()) as daemon:
        daemon.dag("chain", CHAIN.format(n=n))
        daemon.wait_dag("chain")
        for run_id in ("warm", "measured"):
            run_once(daemon, "chain", run_id)
        rows = daemon.rows(
            "select epoch_us(start_date), epoch_us(end_date) from task_instance"
            " where dag_id = 'chain' and run_id = 'measured' order by task_id"
        )
    hops = sorted((rows[i + 1][0] - rows[i][1]) / 1000 for i in range(len(rows) - 1))
    return [
        Figure(
            "end of a task to start of the next (chain)",
            statistics.median(hops),
            "ms",
            "≤ 3 ms",
            f"median of {len(hops)} hops; mean {statistics.mean(hops):.2f}, p95 {hops[int(len(hops) * 0.95)]:.2f} ms",
        )
    ]


def fan_out(n: int = 2000) -> list[Figure]:
    with LiveDaemon(home()) as daemon:
        daemon.dag("fan", FAN.format(n=n))
        daemon.wait_dag("fan")
        rates = []
        for run_id in ("first", "second", "third"):
            run_once(daemon, "fan", run_id)
            begin, end = daemon.rows(
                "select min(epoch_us(r.start_date)), max(epoch_us(t.end_date)) from task_instance t"
                f" join dag_run r using (dag_id, run_id) where t.dag_id = 'fan' and run_id = '{run_id}'"
            )[0]
            rates.append(n / ((end - begin) / 1e6))
    detail = f"{n} tasks; first run {rates[0]:.0f}, then {rates[1]:.0f} and {rates[2]:.0f}"
    return [Figure("fan-out throughput", statistics.median(rates), "tasks/s", "≥ 3,000 tasks/s", detail)]


def first_task(times: int = 5) -> list[Figure]:
    seconds = []
    query = "select epoch_us(end_date) from task_instance where dag_id = 'first' and state = 'success'"
    for _ in range(times):
        daemon = LiveDaemon(home(), command="standalone")
        daemon.dag("first", FIRST)
        begin = time.time()
        daemon.spawn()
        try:
            end = until(lambda daemon=daemon: quietly(daemon, query), 60, "the first task")
            seconds.append(end / 1e6 - begin)
        finally:
            daemon.__exit__()
    detail = f"median of {times}; worst {max(seconds):.2f} s"
    return [Figure("`queuack standalone` to first task done", statistics.median(seconds), "s", "≤ 2 s", detail)]


def quietly(daemon: LiveDaemon, query: str) -> Any:
    """The value of ``query``, or None while no daemon answers."""
    try:
        return daemon.value(query)
    except Exception:
        return None


def idle(seconds: float = 20.0) -> list[Figure]:
    with LiveDaemon(home()) as daemon:
        daemon.dag("first", FIRST)
        daemon.wait_dag("first")
        until(lambda: daemon.value("select count(*) from dag_run where state = 'success'"), 30, "the run")
        pause(3)
        tree = daemon.tree()
        before = sum(cpu(process) for process in tree)
        pause(seconds)
        used = sum(cpu(process) for process in tree) - before
        sizes = {process.pid: process.memory_full_info().pss / 2**20 for process in tree}
        names = ", ".join(f"{size:.0f}" for size in sizes.values())
    return [
        Figure(
            "idle memory of the whole tree (PSS)",
            sum(sizes.values()),
            "MB",
            "≤ 200 MB",
            f"{len(sizes)} processes: {names}",
        ),
        Figure("idle CPU", 100 * used / seconds, "% of a core", "≤ 1 %", f"over {seconds:.0f} s"),
    ]


def cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def pause(seconds: float) -> None:
    """Let a daemon idle: here passing time is what is measured."""
    time.sleep(seconds)


def edit(times: int = 5) -> list[Figure]:
    delays = []
    with LiveDaemon(home()) as daemon:
        daemon.dag("first", FIRST)
        daemon.wait_dag("first")
        for number in range(times):
            before = daemon.value("select max(version_number) from dag_version where dag_id = 'first'")
            saved = time.time()
            daemon.dag("first", FIRST.replace('"only"', f'"only{number}"'))
            at = until(
                lambda before=before: daemon.value(
                    f"select epoch_us(created_at) from dag_version where dag_id = 'first' and version_number > {before}"
                ),
                30,
                "a new version",
            )
            delays.append((at / 1e6 - saved) * 1000)
    detail = f"median of {times}; worst {max(delays):.0f} ms"
    return [Figure("DAG file saved to new version stored", statistics.median(delays), "ms", "≤ 1,000 ms", detail)]


def large_run(n: int = 100_000) -> list[Figure]:
    with LiveDaemon(home()) as daemon:
        daemon.dag("fan", FAN.format(n=n))
        begin = time.time()
        daemon.wait_dag("fan")
        parsed = time.time() - begin
        run_once(daemon, "fan", "large", 900)
        start, end = daemon.rows(
            "select epoch_us(start_date), epoch_us(end_date) from dag_run where dag_id = 'fan' and run_id = 'large'"
        )[0]
        seconds = (end - start) / 1e6
    detail = f"{seconds:.1f} s; DAG file with {n:,} tasks parsed and stored in {parsed:.1f} s"
    return [Figure(f"one run of {n:,} tasks", n / seconds, "tasks/s", "linear", detail)]


def many_files(n: int = 1000) -> list[Figure]:
    daemon = LiveDaemon(home())
    for number in range(n):
        daemon.dag(f"dag{number:05}", FIRST.replace('"first"', f'"dag{number:05}"').replace('"@once"', "None"))
    begin = time.time()
    with daemon:
        until(lambda: daemon.value("select count(*) from dag") == n, 300, f"{n} DAGs")
        seconds = time.time() - begin
    return [
        Figure(f"{n:,} DAG files, start to all stored", seconds, "s", "linear", f"{1000 * seconds / n:.1f} ms a file")
    ]


ASYNC = """
import asyncio
from airflow.sdk import DAG, task
with DAG("waiting", schedule=None, max_active_tasks={n}, default_args={{"pool": "waiting"}}):
    @task
    async def wait(n):
        await asyncio.sleep(1)
    wait.expand(n=list(range({n})))
with DAG("beside", schedule=None):
    @task
    def quick(n):
        return n
    before = quick(0)
    for n in range(20):
        after = quick.override(task_id=f"q{{n}}")(n)
        before >> after
        before = after
"""


def many_async(n: int = 1000) -> list[Figure]:
    """Async tasks that each wait a second, on two workers; a chain of sync tasks beside them."""
    with LiveDaemon(home(), workers__max_workers=2) as daemon:
        daemon.dag("waiting", ASYNC.format(n=n))
        daemon.wait_dag("waiting")
        daemon.wait_dag("beside")
        daemon.call("set_pool", pool="waiting", slots=n)
        run_once(daemon, "beside", "warm")
        daemon.call("trigger_run", dag_id="waiting", run_id="measured")
        running = "select count(*) from task_instance where dag_id = 'waiting' and state = 'running'"
        until(lambda: daemon.value(running), 30, "the first of them")
        run_once(daemon, "beside", "measured")
        assert daemon.wait_run("waiting", "measured", 120) == "success"
        span = "(epoch_us(max(end_date)) - epoch_us(min(start_date))) / 1e6 from dag_run where run_id = 'measured'"
        seconds = daemon.value(f"select {span} and dag_id = 'waiting'")
        beside = daemon.value(f"select {span} and dag_id = 'beside'")
        workers = daemon.value("select count(distinct pid) from task_instance where dag_id = 'waiting'")
    detail = f"on {workers} workers; a chain of 21 sync tasks beside them took {beside:.2f} s"
    return [Figure(f"{n:,} async tasks that wait a second each", seconds, "s", "a few seconds", detail)]


TICK = """
from datetime import datetime
from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator
def noop(): pass
with DAG("tick", schedule="* * * * *", start_date=datetime(2026, 1, 1)):
    PythonOperator(task_id="only", python_callable=noop)
"""

LOAD = """
import time
from datetime import datetime
from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator
def work(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
with DAG("load", schedule="@continuous", start_date=datetime(2026, 1, 1), max_active_runs=1):
    for i in range(100):
        PythonOperator(task_id=f"t{i:03}", python_callable=work, op_args=[0.01 if i % 10 else 0.2])
"""


def punctuality(minutes: int = 10) -> list[Figure]:
    """A cron DAG at one run a minute, beside a DAG that keeps every worker busy all the time."""
    with LiveDaemon(home()) as daemon:
        daemon.dag("load", LOAD)
        daemon.wait_dag("load")
        daemon.dag("tick", TICK)
        until(lambda: daemon.value("select count(*) from dag_run where dag_id = 'tick'"), 60, "the first run")
        begin = time.time()
        pause(60 * minutes + 2)
        rows = daemon.rows(
            "select (epoch_us(t.start_date) - epoch_us(r.run_after)) / 1e6 from dag_run r join task_instance t using (dag_id, run_id)"
            f" where r.dag_id = 'tick' and r.run_after >= to_timestamp({begin}) and t.state = 'success' order by 1"
        )
        loaded = daemon.value("select count(*) from task_instance where dag_id = 'load' and state = 'success'")
    late = [row[0] for row in rows]
    detail = f"{len(late)} runs in {minutes} min, beside {loaded:,} other tasks; median {statistics.median(late) * 1000:.0f} ms"
    return [
        Figure(
            "a minute's cron run: start of its task after the minute, worst",
            max(late) * 1000,
            "ms",
            "≤ 1,000 ms",
            detail,
        )
    ]


MEASURES: dict[str, Callable[[], list[Figure]]] = {
    "chain": chain,
    "fan-out": fan_out,
    "first": first_task,
    "edit": edit,
    "idle": idle,
    "context": context_cost,
    "growth": growth,
    "async": many_async,
    "large": large_run,
    "files": many_files,
    "punctuality": punctuality,
}
