"""Processes that hang instead of dying, tasks that take too much memory, and a daemon that dies again and again."""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path

import psutil
import pytest

from tests.crash import invariants, load
from tests.live.daemon import LiveDaemon, until

KILLS = 20 if "CRASH_FULL" in os.environ else 6

FIRST_TRY_ENDS_BADLY = """
import os, resource, signal, time
from airflow.sdk import dag, get_current_context, task

def hang():
    os.kill(os.getpid(), signal.SIGSTOP)

def killed_for_memory():
    os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does

def allocation_refused():
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20), before[1]))
    try:
        bytearray(1 << 30)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)

@dag(schedule=None)
def bad():
    for badly in (hang, killed_for_memory, allocation_refused):
        @task(task_id=badly.__name__, retries=1, retry_delay=0)
        def once(badly=badly.__name__):
            ti = get_current_context()["ti"]
            with open(f"{record}.{{ti.task_id}}", "a") as file:
                file.write(f"{{ti.try_number}}\\n")
            if ti.try_number == 1:
                globals()[badly]()
        once()

bad()
"""


@pytest.mark.slow
def test_tasks_that_hang_or_take_too_much_memory_cost_one_attempt(tmp_path: Path) -> None:
    daemon = LiveDaemon(tmp_path / "home", workers__heartbeat_timeout=2, workers__kill_grace=1)
    daemon.dag("bad", FIRST_TRY_ENDS_BADLY.format(record=tmp_path / "record"))
    with daemon:
        daemon.wait_dag("bad")
        daemon.call("trigger_run", dag_id="bad", run_id="r")
        assert daemon.wait_run("bad", "r") == "success"
        for task_id in ("hang", "killed_for_memory", "allocation_refused"):
            assert (tmp_path / f"record.{task_id}").read_text().split() == ["1", "2"]
        reasons = dict(daemon.rows("select task_id, extra from log where event = 'worker lost'"))
        assert "no heartbeat for 2 s" in reasons["hang"]
        assert "SIGKILL (out of memory?)" in reasons["killed_for_memory"]
        assert "allocation_refused" not in reasons  # a MemoryError is an error as any other
        daemon.stop()
        assert invariants.orphans(daemon) == []


@pytest.mark.slow
def test_a_daemon_killed_again_and_again_and_one_that_is_stopped_for_a_while(tmp_path: Path) -> None:
    daemon, record = load.deploy(tmp_path)
    with daemon:
        daemon.wait_dag("ticks")
        until(record.exists, 30, "the first task")
        for number in range(KILLS):
            daemon.kill()
            process = daemon.spawn()
            if number % 5 == 4:
                until(lambda process=process: daemon._answers(process), 60, "its answer")
            else:  # somewhere in its start
                select.select([], [], [], number % 5 * 0.1)
        assert daemon.process is not None
        until(lambda: daemon._answers(daemon.process), 60, "its answer")
        lines = len(record.read_text().splitlines())
        until(lambda: len(record.read_text().splitlines()) > lines, 60, "another execution")
        stopped = psutil.Process(daemon.process.pid)
        stopped.send_signal(signal.SIGSTOP)
        until(lambda: stopped.status() == psutil.STATUS_STOPPED, 10, "its halt")
        select.select([], [], [], 4.0)  # longer than the heartbeat timeout: its workers are not hung
        stopped.send_signal(signal.SIGCONT)
        invariants.settle(daemon, record)
        assert invariants.violations(daemon, record) == []
        hung = daemon.rows("select task_id, extra from log where event = 'worker lost' and extra like '%heartbeat%'")
        assert hung == []
        assert daemon.stop() == 0
        assert invariants.orphans(daemon) == []
