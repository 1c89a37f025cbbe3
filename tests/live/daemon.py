"""Starts, asks, kills and stops a real daemon. Ends only processes it started, by pid."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psutil

from queuack.client import LiveClient
from queuack.errors import DaemonUnreachable
from queuack.home import Home

T = TypeVar("T")


def until(condition: Callable[[], T], timeout: float = 60.0, what: str = "the condition", every: float = 0.02) -> T:
    """The first true value of ``condition``, asked ``every`` so many seconds; fails after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true in {timeout} s; last value: {value!r}")
        select.select([], [], [], every)


class LiveDaemon:
    """One deployment. ``start`` may be called again after ``kill``."""

    def __init__(self, root: Path, command: str = "scheduler", **settings: Any) -> None:
        self.home = Home(root)
        for folder in (self.home.dags, self.home.plugins):
            folder.mkdir(parents=True, exist_ok=True)
        self._command = command
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "QUEUACK_"))
        }
        self._environment["QUEUACK_HOME"] = str(root)
        self._environment |= {f"QUEUACK__{name.upper()}": str(value) for name, value in settings.items()}
        self.process: subprocess.Popen[bytes] | None = None
        self._seen: dict[int, float] = {}
        self.output = root / "daemon.out"

    def fault(self, fault: str, once: Path | None = None) -> None:
        """Arm fault points (``queuack.faults``) in processes started from now on; empty = none. ``once``: a folder for
        what has struck, so that nothing strikes twice."""
        self._environment["QUEUACK_FAULT"] = fault
        self._environment["QUEUACK_FAULT_ONCE"] = "" if once is None else str(once)

    def offline(self, *words: str) -> str:
        """Run a command while no daemon runs; its output."""
        command = [sys.executable, "-m", "queuack", *words]
        environment = self._environment | {"QUEUACK_FAULT": ""}
        done = subprocess.run(command, env=environment, cwd=self.home.root, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    # ── life ─────────────────────────────────────────────────────────────────────────────────────
    def spawn(self) -> subprocess.Popen[bytes]:
        with self.output.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "queuack", self._command],
                env=self._environment,
                cwd=self.home.root,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
            )
        return self.process

    def start(self) -> LiveDaemon:
        process = self.spawn()
        until(lambda: self._answers(process), 30, "the daemon's answer")
        return self

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        if process.poll() is not None:
            raise AssertionError(f"the daemon ended with {process.returncode}:\n{self.output.read_text()[-4000:]}")
        try:
            self.call("info")
        except (DaemonUnreachable, OSError):
            return False
        return True

    def tree(self) -> list[psutil.Process]:
        """The daemon, its children of any depth, and workers and a triggerer it left behind."""
        found: dict[int, psutil.Process] = {}
        if self.process is not None:
            try:
                root = psutil.Process(self.process.pid)
                for process in [root, *root.children(recursive=True)]:
                    found[process.pid] = process
                    self._seen[process.pid] = process.create_time()
            except psutil.NoSuchProcess:
                pass
        files = [*self.home.workers.glob("*.json")] if self.home.workers.is_dir() else []
        for file in [*files, self.home.triggerer_file]:
            try:
                pid = int(json.loads(file.read_text())["pid"])
                found[pid] = psutil.Process(pid)
                self._seen[pid] = found[pid].create_time()
            except (psutil.NoSuchProcess, ValueError, KeyError, FileNotFoundError):
                continue
        return list(found.values())

    def kill(self) -> None:
        """SIGKILL the daemon alone."""
        assert self.process is not None
        self.tree()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def stop(self) -> int:
        """SIGINT, as Ctrl-C; returns the exit code."""
        assert self.process is not None
        self.tree()
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def leftovers(self) -> list[int]:
        """Pids of processes of this deployment that still live."""
        alive = []
        for pid, created in self._seen.items():
            try:
                process = psutil.Process(pid)
                if process.create_time() == created and process.status() != psutil.STATUS_ZOMBIE:
                    alive.append(pid)
            except psutil.NoSuchProcess:
                continue
        return alive

    def __enter__(self) -> LiveDaemon:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.tree()
        try:
            if self.process is not None and self.process.poll() is None:
                self.stop()
        finally:
            for pid in self.leftovers():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue

    # ── questions ────────────────────────────────────────────────────────────────────────────────
    def call(self, method: str, **params: Any) -> Any:
        client = LiveClient(self.home)
        try:
            return client.call(method, **params)
        finally:
            client.close()

    def rows(self, query: str) -> list[list[Any]]:
        return self.call("sql", query=query)["rows"]

    def value(self, query: str) -> Any:
        rows = self.rows(query)
        return rows[0][0] if rows else None

    def dag(self, name: str, text: str) -> None:
        """Write ``dags/<name>.py``."""
        (self.home.dags / f"{name}.py").write_text(text)

    def wait_dag(self, dag_id: str) -> None:
        until(lambda: self.value(f"select count(*) from dag where dag_id = '{dag_id}' and not is_stale"), 30, dag_id)

    def wait_run(self, dag_id: str, run_id: str, timeout: float = 120, every: float = 0.02) -> str:
        query = f"select state from dag_run where dag_id = '{dag_id}' and run_id = '{run_id}' and state in ('success', 'failed')"
        return str(until(lambda: self.value(query), timeout, f"the end of {dag_id} {run_id}", every))
