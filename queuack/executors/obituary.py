"""The last line of a log whose task can write no more: how its process ended.

It decides the wording and the place; that a process is dead, and whose it was, the executor knows.
Airflow page: "Logging for Tasks".
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec

from queuack import clock
from queuack.executors.crew import Worker
from queuack.logpaths import attempt_log
from queuack.processes import describe_exit
from queuack.protocol import Workload

log = logging.getLogger("queuack.executor")


def write_obituary(folder: Path, workload: Workload, worker: Worker) -> None:
    """Append one line to the attempt's log below ``folder``: how ``worker``, which ran it, ended.

    A single small write. Its errors are logged, not raised."""
    status, reason = worker.exit_status, worker.killed_because
    event = f"was killed: {reason}" if reason else describe_exit(status)
    line = {
        "timestamp": clock.from_us(clock.now_us()).isoformat(timespec="microseconds")[:-6] + "Z",
        "level": "error",
        "event": f"The process of the task {event}.",
        "logger": "task",
        "pid": worker.pid,
        "exit_status": None if status is None else os.waitstatus_to_exitcode(status),
    }
    run = workload.run
    path = folder / (
        workload.log_path
        or attempt_log(run.dag_id, run.run_id, workload.task_id, workload.map_index, workload.try_number)
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as file:
            file.write(msgspec.json.encode(line) + b"\n")
    except OSError as error:
        log.warning("The end of a task's process could not be written to %s: %s", path, error)
