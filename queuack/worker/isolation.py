"""``isolation = "fork"``: an attempt runs in a fork of the warm worker, which relays what it says.

A child that crashes fails its attempt and nothing else; a child that does not yield to its time limit or to being
cancelled is killed. The fork ends by ``os._exit``: nothing of the worker is torn down in it.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
import warnings
from dataclasses import replace
from typing import Any, NoReturn

from queuack import clock
from queuack.authoring.exceptions import AirflowException, AirflowTaskTerminated
from queuack.authoring.runtime import set_runtime
from queuack.errors import DaemonUnreachable, QueuackError
from queuack.processes import describe_exit
from queuack.protocol import (
    Answer,
    Ask,
    CallbackRan,
    Executing,
    Fact,
    Finished,
    FrameReader,
    Message,
    Recalled,
    ToDaemon,
    Workload,
    decode_from_daemon,
    decode_to_daemon,
    frame,
)
from queuack.worker.interrupts import CANCEL_SIGNAL, Interrupts, TaskCancelled
from queuack.worker.link import Link, unpack
from queuack.worker.logs import TaskLog, log_path
from queuack.worker.runner import Attempt, Runner, Workbench, started_fact


class RelayOutlet:
    """The fork's way to the daemon: through its parent."""

    def __init__(self, pair: socket.socket) -> None:
        self._pair = pair
        self._frames = FrameReader()
        self._asked = 0

    def emit(self, fact: Fact, *, flush: bool = True) -> None:
        self.say(fact)

    def say(self, message: Message) -> None:
        self._pair.sendall(frame(message))

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        self._asked += 1
        self.say(Ask(self._asked, method, params))
        while True:
            data = self._pair.recv(1 << 18)
            if not data:
                raise DaemonUnreachable("The worker of this task is gone.")
            for body in self._frames.feed(data):
                message = decode_from_daemon(body)
                if isinstance(message, Answer) and message.id == self._asked:
                    return unpack(message)


def run_in_fork(bench: Workbench, interrupts: Interrupts, link: Link, workload: Workload, kill_grace: float) -> None:
    """Run ``workload`` in a fork; returns when it has ended and all it said is handed over."""
    started_at = clock.now_us()
    link.emit(started_fact(workload, started_at))
    bench.log.begin(log_path(workload))
    _preload(bench, workload)
    mine, its = socket.socketpair()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python's on threads: the keeper's locks are renewed
        pid = os.fork()
    if pid == 0:
        mine.close()
        _live(bench, interrupts, link, workload, its)
    its.close()
    try:
        relay = Relay(bench.log, interrupts, link, workload, mine, pid, kill_grace)
        status = relay.run()
        if not relay.concluded:
            error = AirflowException(relay.killed_because or f"The process of the task {describe_exit(status)}.")
            Attempt(bench, workload, started_at).fail(error)
    finally:
        mine.close()
        bench.interrupts.disarm()
        bench.log.end()


def _preload(bench: Workbench, workload: Workload) -> None:
    """Load the DAG file here, so that forks find it warm. An error comes again in the fork, which reports it."""
    interrupts = bench.interrupts
    try:
        interrupts.arm((workload.ti_id, workload.try_number))
        interrupts.start_timer(bench.import_timeout)
        bench.dags.dag(workload)
        interrupts.stop_timer()
        interrupts.disarm()
    except BaseException:
        interrupts.disarm()
        interrupts.stop_timer()


def _live(bench: Workbench, interrupts: Interrupts, link: Link, workload: Workload, pair: socket.socket) -> NoReturn:
    """The whole life of a fork."""
    code = 1
    try:
        link.abandon_in_child()
        interrupts.after_fork()
        bench.log.after_fork()
        bench.dags.after_fork()
        outlet = RelayOutlet(pair)
        bench.dags.fetch_source = lambda version_id: outlet.ask("dag_source", {"version_id": version_id})
        bench.runtime.outlet = outlet
        set_runtime(bench.runtime)
        Runner(replace(bench, outlet=outlet)).run(workload, announce=False)
        code = 0
    finally:
        os._exit(code)


class Relay:
    """The parent's side of one fork."""

    def __init__(
        self,
        log: TaskLog,
        interrupts: Interrupts,
        link: Link,
        workload: Workload,
        pair: socket.socket,
        pid: int,
        kill_grace: float,
    ) -> None:
        self._interrupts = interrupts
        self._log = log
        self._link = link
        self._workload = workload
        self._pair = pair
        self._pid = pid
        self._kill_grace = kill_grace
        self._kill_at: float | None = None
        self.concluded = False
        """The fork has said how the attempt ended (or that it was cancelled)."""
        self.killed_because = ""

    def run(self) -> int:
        """Relay until the fork has ended; its wait status."""
        frames = FrameReader()
        while True:
            try:
                self._interrupts.arm((self._workload.ti_id, self._workload.try_number))
                self._wait()
                self._interrupts.disarm()
            except (TaskCancelled, AirflowTaskTerminated) as error:
                self._interrupts.disarm()
                self._stop_fork(error)
                continue
            self._kill_if_due()
            try:
                data = self._pair.recv(1 << 18, socket.MSG_DONTWAIT)
            except BlockingIOError:
                pid, status = os.waitpid(self._pid, os.WNOHANG)
                if pid:
                    return status  # Others may hold the socket open: processes that the task left behind.
                continue
            except ConnectionError:
                data = b""
            if not data:
                return os.waitpid(self._pid, 0)[1]
            for body in frames.feed(data):
                self._pass_on(decode_to_daemon(body))

    def _wait(self) -> None:
        poll = select.poll()
        poll.register(self._pair, select.POLLIN)
        seconds = 1.0 if self._kill_at is None else min(1.0, max(0.0, self._kill_at - time.monotonic()))
        poll.poll(int(seconds * 1000) + 1)

    def _pass_on(self, message: ToDaemon) -> None:
        match message:
            case Fact():
                if isinstance(message, Finished | CallbackRan):
                    self.concluded = True
                    self._log.finish_lines()
                self._link.emit(message)
            case Ask(id_, method, params):
                self._pair.sendall(frame(self._answer(id_, method, params)))
            case Executing():
                limit = self._workload.execution_timeout
                if limit is not None:
                    self._kill_after(limit + self._kill_grace, "the task did not yield to its execution_timeout")
            case Recalled():
                self.concluded = True
                self._link.say(message)

    def _answer(self, id_: int, method: str, params: dict[str, Any]) -> Answer:
        try:
            return Answer(id=id_, value=self._link.ask(method, params))
        except QueuackError as error:
            return Answer(id=id_, error=error.message, error_type=type(error).__name__)

    def _stop_fork(self, error: BaseException) -> None:
        os.kill(self._pid, CANCEL_SIGNAL if isinstance(error, TaskCancelled) else signal.SIGTERM)
        self._kill_after(self._kill_grace, f"it did not stop in time ({error})")

    def _kill_after(self, seconds: float, why: str) -> None:
        self._kill_at = time.monotonic() + seconds
        self.killed_because = f"The process of the task was killed: {why}."

    def _kill_if_due(self) -> None:
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            os.kill(self._pid, signal.SIGKILL)
            self._kill_at = None
