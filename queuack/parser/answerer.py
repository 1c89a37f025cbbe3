"""The answerer: a child process with the plugins loaded that is asked what custom timetables say.

Decides how long it may take, what becomes of a question whose process hangs or dies, and when the process is ended:
when nobody has asked for a while, and when the plugins change. It runs no user code on the owner's side.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import NoReturn

import msgspec

from queuack import config, plugins, protocol
from queuack.authoring import runtime as authoring_runtime
from queuack.config import Config
from queuack.errors import ProtocolError
from queuack.home import Home
from queuack.parser import child, processes
from queuack.parser.answers import answer
from queuack.parser.failures import ended
from queuack.parser.output import OutputLog
from queuack.parser.runtime import ParsingRuntime, connect_to_daemon
from queuack.processes import describe_exit
from queuack.protocol import TimetableAnswer, TimetableQuestion

IDLE_SECONDS = 60.0
"""A process that nobody asks is ended."""
LOADING_SECONDS = 60.0
"""Longest time for loading all plugins: each of them has been tried before."""
TRACEBACK_GRACE = 0.3
"""Seconds between asking the process where it is and killing it."""
READY = 0
"""The number of the answer nobody asked for: the plugins are loaded."""


class Answerer:
    """The owner's side. Registers itself in the owner's selector (``data``: a callable); the owner calls ``tend``."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        home: Home,
        settings: Config,
        on_answer: Callable[[TimetableAnswer], None],
    ) -> None:
        self._selector = selector
        self._home = home
        self._settings = settings
        self._on_answer = on_answer
        self._limit = settings.get_float("core", "plugin_timeout")
        self._waiting: deque[TimetableQuestion] = deque()
        self._process: _Process | None = None
        self._asked: TimetableQuestion | None = None
        self._deadline = 0.0
        """Of what the process is doing: loading, answering, or nothing."""
        self._late = False

    @property
    def pids(self) -> list[int]:
        return [self._process.pid] if self._process is not None else []

    def put(self, question: TimetableQuestion) -> None:
        """Have it answered: ``on_answer`` is called with the answer, whatever happens."""
        self._waiting.append(question)
        self._go_on()

    def retire(self) -> None:
        """The plugins have changed: the next question goes to a new process. The present one is put again."""
        if self._asked is not None:
            self._waiting.appendleft(self._asked)
        self._end()

    def close(self) -> None:
        self._end()

    def tend(self) -> float | None:
        """What is due now. Seconds until the next call is needed, None = no need."""
        if self._process is None:
            if self._waiting:
                self._go_on()
            return None if self._process is None else max(0.0, self._deadline - time.monotonic())
        now = time.monotonic()
        if now >= self._deadline:
            if self._process.is_ready and self._asked is None:
                self._end()
                return None
            self._out_of_time(now)
        return max(0.0, self._deadline - time.monotonic()) if self._process is not None else 0.0

    # ── a question at a time ─────────────────────────────────────────────────────────────────────
    def _go_on(self) -> None:
        if self._process is None:
            try:
                self._process = _Process(self._home, self._settings)
            except OSError as error:
                self._fail_all(f"No process could be started: {error}")
                return
            self._deadline = time.monotonic() + LOADING_SECONDS
            self._late = False
            self._selector.register(self._process.socket, selectors.EVENT_READ, self._spoke)
            self._selector.register(self._process.output, selectors.EVENT_READ, self._printed)
        if self._process.is_ready and self._asked is None and self._waiting:
            self._asked = self._waiting.popleft()
            self._late = False
            self._deadline = time.monotonic() + self._limit
            self._process.send(self._asked)

    def _spoke(self) -> None:
        process = self._process
        if process is None:
            return
        try:
            answers = process.receive()
        except (OSError, msgspec.MsgspecError, ProtocolError):
            answers = None
        if answers is None:
            self._died()
            return
        for said in answers:
            if said.number == READY:
                process.is_ready = True
            elif self._asked is not None and said.number == self._asked.number:
                self._asked = None
                self._on_answer(said)
        self._deadline = time.monotonic() + (IDLE_SECONDS if self._asked is None else self._limit)
        self._go_on()

    def _printed(self) -> None:
        if self._process is not None and not self._process.keep_output():
            with contextlib.suppress(KeyError):
                self._selector.unregister(self._process.output)

    def _died(self) -> None:
        process = self._process
        assert process is not None
        status = process.kill()
        self._fail(f"The process that was asked {describe_exit(status)}.", process.dump())
        self._end()
        if self._waiting:
            self._go_on()

    def _out_of_time(self, now: float) -> None:
        process = self._process
        assert process is not None
        if not self._late:
            self._late = True
            self._deadline = now + TRACEBACK_GRACE
            process.ask_where()
            return
        what = "answer" if process.is_ready else "load the plugins"
        limit = self._limit if process.is_ready else LOADING_SECONDS
        self._fail(f"It took longer than {limit:g} s to {what}: [core] plugin_timeout.", process.dump())
        self._end()
        if self._waiting:
            self._go_on()

    def _fail(self, problem: str, dump: str = "") -> None:
        """The question at hand is answered with an error; while plugins are loaded that is the next in turn."""
        question, self._asked = self._asked, None
        if question is None and self._waiting:
            question = self._waiting.popleft()
        if question is not None:
            told = ended(problem, fileloc="", relative_fileloc="", dump=dump)
            self._on_answer(TimetableAnswer(number=question.number, error=problem, stacktrace=told.stacktrace))

    def _fail_all(self, problem: str) -> None:
        while self._waiting:
            self._fail(problem)

    def _end(self) -> None:
        process, self._process, self._asked = self._process, None, None
        if process is None:
            return
        for each in (process.socket, process.output):
            with contextlib.suppress(KeyError):
                self._selector.unregister(each)
        process.close()


class _Process:
    """One child, from its fork to its end."""

    def __init__(self, home: Home, settings: Config) -> None:
        self.socket, its = socket.socketpair()
        self.output, output = os.pipe()
        self._crash = os.memfd_create("crash")
        parent = os.getpid()
        try:
            self.pid = os.fork()
        except OSError:
            self.socket.close()
            its.close()
            for number in (self.output, output, self._crash):
                os.close(number)
            raise
        if self.pid == 0:
            _live(home, settings, its, output, self._crash, parent)
        its.close()
        os.close(output)
        self.socket.setblocking(False)
        os.set_blocking(self.output, False)
        self._frames = protocol.FrameReader()
        self._log = OutputLog(settings.get_path("logging", "base_log_folder") / "dag_processor" / "timetables.log")
        self._status: int | None = None
        self.is_ready = False

    def send(self, question: TimetableQuestion) -> None:
        self.socket.setblocking(True)
        with contextlib.suppress(OSError):  # it is dying: its end is noticed by its silence
            self.socket.sendall(protocol.frame(question))
        self.socket.setblocking(False)

    def receive(self) -> list[TimetableAnswer] | None:
        """What it has said; None = it has ended. Raises what bad frames raise."""
        try:
            data = self.socket.recv(1 << 16)
        except BlockingIOError:
            return []
        if not data:
            return None
        messages = [protocol.decode_to_daemon(body) for body in self._frames.feed(data)]
        return [message for message in messages if isinstance(message, TimetableAnswer)]

    def keep_output(self) -> bool:
        """False at the end."""
        try:
            data = os.read(self.output, 1 << 16)
        except BlockingIOError:
            return True
        self._log.write(data)
        return bool(data)

    def ask_where(self) -> None:
        with contextlib.suppress(OSError):
            os.kill(self.pid, child.TRACEBACK_SIGNAL)

    def dump(self) -> str:
        os.lseek(self._crash, 0, os.SEEK_SET)
        return os.read(self._crash, 1 << 20).decode(errors="replace")

    def kill(self) -> int:
        """End it and what it started; its wait status."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            processes.kill_tree(self.pid)
            self._status = status if pid else os.waitpid(self.pid, 0)[1]
        return self._status

    def close(self) -> None:
        self.kill()
        while self.keep_output() and self._has_more():
            pass
        self._log.close()
        self.socket.close()
        os.close(self.output)
        os.close(self._crash)

    def _has_more(self) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self.output, selectors.EVENT_READ)
            return bool(selector.select(0))


def ask_once(home: Home, settings: Config, question: TimetableQuestion) -> TimetableAnswer:
    """Ask without a daemon: a process for this one question."""
    question.number = 1
    found: list[TimetableAnswer] = []
    with selectors.DefaultSelector() as selector:
        answerer = Answerer(selector, home, settings, found.append)
        try:
            answerer.put(question)
            while not found:
                for key, _ in selector.select(answerer.tend()):
                    if key.fd in selector.get_map():
                        key.data()
        finally:
            answerer.close()
    return found[0]


# ── the child ────────────────────────────────────────────────────────────────────────────────────────
def _live(home: Home, settings: Config, pair: socket.socket, output: int, crash: int, parent: int) -> NoReturn:
    try:
        child.shed_parent(child.Pipes(pair.fileno(), output, crash, None), parent)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        config.configure(settings)
        child.install_airflow_names()
        authoring_runtime.set_runtime(ParsingRuntime(lambda: connect_to_daemon(home), _nothing))
        plugins.load_plugins(home)
        pair.sendall(protocol.frame(TimetableAnswer(number=READY)))
        _serve(pair)
    finally:
        os._exit(0)


def _serve(pair: socket.socket) -> None:
    frames = protocol.FrameReader()
    while data := pair.recv(1 << 16):
        for body in frames.feed(data):
            question = protocol.decode_from_daemon(body)
            if isinstance(question, TimetableQuestion):
                pair.sendall(protocol.frame(answer(question)))


def _nothing() -> None:
    """Nobody wants to know that a timetable asked for a variable."""
