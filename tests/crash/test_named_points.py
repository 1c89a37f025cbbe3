"""Strikes at named points (SIGKILL, SIGTERM, an exception) of every process, under the campaign's load.

One deployment a process kind takes all its strikes, each once: it recovers by itself, or when the daemon is started
again, and the books agree with what was executed.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import urllib.request
from collections.abc import Iterable
from pathlib import Path

import pytest

from queuack.faults import ACTIONS, POINTS
from tests.crash import invariants, load
from tests.live.daemon import LiveDaemon, until

FULL = "CRASH_FULL" in os.environ
"""Without it the daemon, whose every strike costs a start, is struck by each point once, and by all actions at one."""

BOTH_DIE = """
import os, signal, time
from airflow.sdk import dag, get_current_context, task

@dag(schedule=None)
def both():
    @task(retries=3, retry_delay=0)
    def once():
        number = get_current_context()["ti"].try_number
        with open({record!r}, "a") as file:
            file.write(f"{{number}}\\n")
        if open({record!r}).read().split() == ["1"]:
            daemon = int(open({pid!r}).read())
            while os.path.exists(f"/proc/{{daemon}}") and "Z" not in open(f"/proc/{{daemon}}/stat").read().split()[2]:
                time.sleep(0.001)
            os.kill(os.getpid(), signal.SIGKILL)
    once()

both()
"""


def arm(daemon: LiveDaemon, folder: Path, strikes: Iterable[str]) -> set[str]:
    """Have each strike happen once; their names."""
    folder.mkdir()
    names = set(strikes)
    daemon.fault(" ".join(sorted(names)), once=folder)
    return names


def struck(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def strikes_of(kind: str, numbers: Iterable[int]) -> list[str]:
    """Each point of a process kind with each action, at different counts."""
    points = [point for point in POINTS if point.startswith(kind + ".")]
    counts = list(numbers)
    pairs = [(point, action) for point in points for action in ACTIONS]
    return [f"{point}:{counts[at % len(counts)]}:{action}" for at, (point, action) in enumerate(pairs)]


def check(daemon: LiveDaemon, record: Path) -> None:
    daemon.fault("")
    invariants.settle(daemon, record)
    assert invariants.violations(daemon, record) == []
    assert daemon.stop() == 0
    assert invariants.orphans(daemon) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "numbers"), [("worker", (3, 2, 5)), ("parser", (1,)), ("triggerer", (1, 3, 2))], ids=lambda x: str(x)
)
def test_a_child_is_struck_at_every_point(kind: str, numbers: tuple[int, ...], tmp_path: Path) -> None:
    daemon, record = load.deploy(tmp_path)
    folder = tmp_path / "struck"
    names = arm(daemon, folder, strikes_of(kind, numbers))
    with daemon:
        seen = 0
        while len(seen_now := struck(folder)) < len(names):
            load.write(daemon, record, f"{kind} {seen}")  # something to parse
            until(lambda s=seen_now: struck(folder) != s, 60, f"another of {names - seen_now}")
            seen += 1
        check(daemon, record)


@pytest.mark.slow
def test_the_daemon_is_struck_at_every_point(tmp_path: Path) -> None:
    daemon, record = load.deploy(tmp_path)
    folder = tmp_path / "struck"
    numbers = {"commit": (9, 4, 15), "dispatch": (3, 7, 5), "recovery": (1, 1, 1)}
    strikes = [
        f"{point}:{number}:{action}"
        for point in POINTS
        if point.startswith("daemon.")
        for number, action in zip(numbers[point.rpartition("_")[2]], ACTIONS, strict=True)
        if FULL or action == "kill" or point == "daemon.before_dispatch"
    ]
    names = arm(daemon, folder, strikes)
    ends = set()
    with contextlib.ExitStack() as stack:
        stack.push(daemon.__exit__)
        while struck(folder) != names:
            process = daemon.spawn()
            until(lambda process=process: process.poll() is not None, 60, "its end")
            ends.add(process.returncode)
        # A signal ends it as signals do, SIGTERM is an order to stop, and what it cannot go on from it says.
        assert ends == {-9, 0, 1}
        daemon.start()
        check(daemon, record)


@pytest.mark.slow
def test_the_api_is_struck(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    daemon, record = load.deploy(tmp_path, "standalone", api__port=port)
    folder = tmp_path / "struck"
    names = arm(daemon, folder, strikes_of("api_server", (1, 2, 3)))
    with daemon:
        daemon.wait_dag("ticks")
        until(lambda: ask(port) and struck(folder) == names, 60, "all strikes", 0.1)
        until(lambda: ask(port) == 200, 30, "an answer of the API")
        check(daemon, record)


def ask(port: int) -> int:
    """The status of one request, or 1 when there is no answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/monitor/health", timeout=10) as answer:
            return int(answer.status)
    except (OSError, http.client.HTTPException):
        return 1


@pytest.mark.slow
def test_daemon_and_worker_die_before_the_start_is_durable(tmp_path: Path) -> None:
    """The next daemon learns from the dead worker's own file what it had begun."""
    daemon, record = LiveDaemon(tmp_path / "home"), tmp_path / "record"
    daemon.dag("both", BOTH_DIE.format(record=str(record), pid=str(daemon.home.pid_file)))
    with daemon:
        daemon.wait_dag("both")
        daemon.stop()
        for number in (2, 3):
            record.unlink(missing_ok=True)
            daemon.fault(f"daemon.before_commit:{number}")
            daemon.offline("dags", "trigger", "both", "--run-id", f"r{number}")
            process = daemon.spawn()
            process.wait(60)
            daemon.fault("")
            daemon.start()
            assert daemon.wait_run("both", f"r{number}") == "success"
            assert record.read_text().split() == ["1", "2"]
            daemon.stop()
