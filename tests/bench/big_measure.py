"""``python -m tests.bench.big_measure HOME``: what a store of millions of task instances costs, over the home folder
that ``tests.bench.big_store`` made. Prints a table. Starts one daemon there and stops it.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from queuack.store.database import Database
from queuack.store.listing import Filter, page
from tests.live.daemon import LiveDaemon

TRIES = 7

RECENT = (time.time_ns() // 1000) - 86_400_000_000


def lists() -> dict[str, Callable[[Any], Any]]:
    """Name → one page as the API and the pages ask for it."""
    one, run_after = Filter("dag_id", "dag_042", "eq"), Filter("run_after", RECENT, "gte")

    def ask(name: str, *filters: Filter, **more: Any) -> Callable[[Any], Any]:
        return lambda reader: page(reader, name, filters, **more)

    return {
        "dag_runs": ask("dag_runs", order=["id"]),
        "dag_runs, newest first": ask("dag_runs", order=["-run_after"]),
        "dag_runs by -start_date, page 1,000": ask("dag_runs", order=["-start_date"], offset=50_000),
        "dag_runs of a DAG, newest first": ask("dag_runs", one, order=["-run_after"]),
        "dag_runs, state failed": ask("dag_runs", Filter("state", ["failed"], "in"), order=["-run_after"]),
        "dag_runs of the last day": ask("dag_runs", run_after, order=["-run_after"]),
        "dag_runs, run_id like": ask("dag_runs", Filter("run_id", ["%2026-11-2%"], "like"), order=["-run_after"]),
        "dag_runs by duration": ask("dag_runs", order=["-duration"]),
        "task_instances of a run": ask("task_instances", Filter("run_key", 250_000), order=["map_index"]),
        "task_instances": ask("task_instances", order=["id"]),
        "task_instances, newest first": ask("task_instances", order=["-start_date"]),
        "task_instances of a DAG": ask("task_instances", one, order=["-start_date"]),
        "task_instances, state failed": ask("task_instances", Filter("state", ["failed"], "in"), order=["-start_date"]),
        "task_instances, failed, last day": ask(
            "task_instances", Filter("state", ["failed"], "in"), run_after, order=["-start_date"]
        ),
        "task_instances, running": ask("task_instances", Filter("state", ["running"], "in"), order=["-start_date"]),
        "task_instances by duration": ask("task_instances", order=["-duration"]),
        "task_instances of a task": ask(
            "task_instances", one, Filter("task_id", "task_07", "eq"), order=["-run_after"]
        ),
        "dags": ask("dags", order=["dag_id"]),
        "dags by last run": ask("dags", order=["-last_run_run_after"]),
        "dags, last run failed": ask("dags", order=["last_run_state"]),
        "dags with a failed run": ask("dags", Filter("run_state", ["failed"]), order=["dag_id"]),
    }


def timed(function: Callable[[], Any]) -> float:
    start = time.perf_counter()
    function()
    return (time.perf_counter() - start) * 1000


def measure_lists(root: Path) -> None:
    with Database.open(root / "queuack.duckdb", memory_limit="1GB") as database:
        for name, ask in lists().items():
            with database.reader() as reader:
                first = timed(partial(ask, reader))
                others = [timed(partial(ask, reader)) for _ in range(TRIES)]
            print(f"{name:<44} {statistics.median(others):9.1f} ms   first {first:9.1f} ms", flush=True)


def measure_daemon(root: Path) -> None:
    daemon = LiveDaemon(root)
    start = time.perf_counter()
    daemon.start()
    print(f"{'start of the daemon until it answers':<44} {time.perf_counter() - start:9.2f} s")
    assert daemon.process is not None
    try:
        tree = [psutil.Process(daemon.process.pid), *psutil.Process(daemon.process.pid).children(recursive=True)]
        total = sum(process.memory_full_info().pss for process in tree) / 1e6
        print(f"{'memory of all processes (PSS)':<44} {total:9.0f} MB")
        for words in (
            ["dags", "list"],
            ["dags", "list-runs", "dag_042"],
            ["dags", "list-runs", "dag_042", "--state", "failed"],
            ["tasks", "states-for-dag-run", "dag_042", run_id(root, daemon)],
            ["sql", "SELECT count(*) FROM task_instance"],
        ):
            command = [sys.executable, "-m", "queuack", "--home", str(root), *words, "-o", "plain"]
            run = partial(subprocess.run, command, stdout=subprocess.DEVNULL, check=True)
            took = statistics.median(timed(run) for _ in range(3))
            print(f"{'queuack ' + ' '.join(words)[:36]:<44} {took:9.0f} ms")
        total = sum(process.memory_full_info().pss for process in tree if process.is_running()) / 1e6
        print(f"{'memory afterwards (PSS)':<44} {total:9.0f} MB")
    finally:
        daemon.stop()


def run_id(root: Path, daemon: LiveDaemon) -> str:
    """A run of the middle of the history."""
    query = "SELECT run_id FROM dag_run WHERE dag_id = 'dag_042' LIMIT 1 OFFSET 1000"
    words = [sys.executable, "-m", "queuack", "--home", str(root), "sql", query, "-o", "plain"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[-1]


if __name__ == "__main__":
    where = Path(sys.argv[1]).resolve()
    measure_daemon(where)
    measure_lists(where)
