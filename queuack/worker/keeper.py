"""The keeper: the worker's second thread, which does what must go on while user code holds the main thread.

It sleeps while the worker is idle, looks on every 20 ms while tasks come and go, and once one runs for longer it
serves: reads the socket, reconnects, sends what waits, says heartbeats, drains the pipes. It decides when to give up
on a daemon that does not come back. It runs no user code.
"""

from __future__ import annotations

import os
import select
import threading
import time
from typing import Any

from queuack.protocol import Heartbeat
from queuack.worker.interrupts import Interrupts, wake_pipe
from queuack.worker.link import RECONNECT_PAUSE, Link
from queuack.worker.logs import TaskLog

TICK = 0.02
"""Seconds between two looks while tasks come and go; how long the facts of a running task may wait to be sent."""
PARK_AFTER = 1.0
"""Seconds without a task until it sleeps."""


class Keeper:
    """One per worker; ``watch`` and ``release`` frame each attempt (main thread)."""

    def __init__(
        self, link: Link, log: TaskLog, interrupts: Interrupts, heartbeat_interval: float, kill_grace: float
    ) -> None:
        self._link = link
        self._log = log
        self._interrupts = interrupts
        self._heartbeat_interval = heartbeat_interval
        self._kill_grace = kill_grace
        self._current: Any = None
        self._parked = False
        self._serving = False
        self._alarm = threading.Semaphore(0)
        self._wake_read, self._wake_write = wake_pipe()
        self._gave_up = False

    def start(self) -> None:
        threading.Thread(target=self._run, name="queuack-keeper", daemon=True).start()

    def watch(self, attempt: Any) -> None:
        self._current = attempt
        if self._parked:
            self._parked = False
            self._alarm.release()

    def release(self) -> None:
        self._current = None
        if self._serving:
            try:
                os.write(self._wake_write, b"\0")
            except BlockingIOError:
                pass

    def _run(self) -> None:
        before: Any = None
        idle_since = time.monotonic()
        while True:
            current = self._current
            if current is not None and current is before:
                self._serve(current)
                idle_since = time.monotonic()
            elif current is not None:
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since > PARK_AFTER:
                self._park()
                idle_since = time.monotonic()
            before = current
            time.sleep(TICK)

    def _park(self) -> None:
        self._parked = True
        if self._current is None:
            self._alarm.acquire()
        else:
            self._parked = False

    def _serve(self, attempt: Any) -> None:
        self._serving = True
        heartbeat_at = 0.0
        while self._current is attempt:
            link = self._link
            if not link.connected:
                self._reconnect()
            link.flush()
            now = time.monotonic()
            if now >= heartbeat_at and link.connected:
                link.say(Heartbeat())
                heartbeat_at = now + self._heartbeat_interval
            ready = self._wait(max(TICK, heartbeat_at - now) if link.connected else RECONNECT_PAUSE)
            if self._log.pipe_fds and not ready.isdisjoint(self._log.pipe_fds):
                self._log.drain()
            if self._current is attempt and link.connected:
                link.receive(as_keeper=True)
            if not ready:
                continue
            time.sleep(0.001)  # Many lines or facts at once cost one round, not one each.
        self._serving = False

    def _wait(self, timeout: float) -> set[int]:
        poll = select.poll()
        poll.register(self._wake_read, select.POLLIN)
        for fd in self._log.pipe_fds:
            poll.register(fd, select.POLLIN)
        fd_or_none = None if self._link.asker_reads else self._link.fileno()
        if fd_or_none is not None:
            poll.register(fd_or_none, select.POLLIN)
        # While another thread reads the socket, and while facts may gather, look again soon.
        ready = {fd for fd, _ in poll.poll(int(min(timeout, TICK * 5 if fd_or_none is None else timeout) * 1000))}
        if self._wake_read in ready:
            os.read(self._wake_read, 4096)
        return ready

    def _reconnect(self) -> None:
        if self._link.connect() or not self._link.given_up or self._gave_up:
            return
        self._gave_up = True
        self._interrupts.cancel(None, "the daemon has been gone for too long")
        threading.Timer(self._kill_grace, os._exit, (1,)).start()
