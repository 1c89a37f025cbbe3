"""The parsing children: started, listened to, limited in time, memory, processes and output, and cleared away.

Decides how a child's end becomes a Report. It lives in a process that has no threads and no children but its own,
because it forks and because it kills every orphan it inherits. What is parsed and where reports go is the business
of its owner.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from queuack import protocol
from queuack.config import Config
from queuack.errors import ProtocolError
from queuack.parser import child, processes
from queuack.parser.failures import ended, exit_reason
from queuack.parser.output import OutputLog
from queuack.parser.report import Report, Work, decode

log = logging.getLogger("queuack.parser")

TRACEBACK_GRACE = 0.3
"""Seconds between asking a child where it is and killing it."""
INSPECTION_INTERVAL = 0.1
"""Seconds between looks at the memory and the processes of the children."""
MAX_PROCESSES = 200
"""That one file may start."""
_CHUNK = 1 << 16
_READS = 32
"""Chunks read from one child before the others get their turn."""


@dataclass(eq=False)
class _Child:
    work: Work
    pid: int
    pidfd: int
    started: float
    born: int
    """Clock ticks since boot."""
    deadline: float
    result: int
    result_in: int
    """The end the child writes to, kept so that it can open it again."""
    output: int
    crash: int
    log: OutputLog
    questions: socket.socket | None
    questions_read: protocol.FrameReader = field(default_factory=protocol.FrameReader)
    frames: protocol.FrameReader = field(default_factory=protocol.FrameReader)
    report: Report | None = None
    reason: str | None = None
    """Why it was killed."""


Reply = Callable[[protocol.Answer], None]


class Pool:
    """Runs at most ``[dag_processor] parsing_processes`` children; its owner runs the selector and calls ``tend``.

    Every key registered in ``selector`` carries a callable without arguments as ``data``."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        settings: Config,
        on_done: Callable[[Work, Report], None],
        on_question: Callable[[protocol.Ask, Reply], None] | None = None,
        others: Callable[[], Iterable[int]] = tuple,
    ) -> None:
        """``on_question`` None: children ask the daemon. ``others``: pids of children that are not the pool's."""
        self._selector = selector
        self._on_done = on_done
        self._on_question = on_question
        self._others = others
        self._children: dict[int, _Child] = {}
        self._size = settings.get_int("dag_processor", "parsing_processes")
        self._seconds, self._seconds_setting = _time_limit(settings)
        self._bytes = settings.get_int("dag_processor", "max_file_memory_mb") * 1024 * 1024
        self._own = os.getpid()
        self._inspect_at = 0.0
        self._orphans = False
        child.warm()
        processes.become_subreaper()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        gc.collect()
        gc.freeze()

    @property
    def has_room(self) -> bool:
        return len(self._children) < self._size

    @property
    def is_idle(self) -> bool:
        return not self._children

    def start(self, work: Work) -> None:
        """Fork a child for ``work``; ``on_done`` is called with the outcome, whatever happens."""
        try:
            self._fork(work)
        except OSError as error:
            self._on_done(work, dead(work, f"No process could be started to parse the file: {error}"))

    def tend(self) -> float | None:
        """What is due now: deadlines, inspections, orphans. Seconds until the next call is needed, None = no need."""
        now = time.monotonic()
        for kid in list(self._children.values()):
            if now >= kid.deadline:
                self._out_of_time(kid, now)
        if self._children and now >= self._inspect_at:
            self._inspect_at = now + INSPECTION_INTERVAL
            for kid in self._children.values():
                self._inspect(kid)
        if self._orphans:
            self._clear_orphans()
        if not self._children:
            return INSPECTION_INTERVAL if self._orphans else None
        due = min(min(kid.deadline for kid in self._children.values()), self._inspect_at)
        return max(0.0, due - time.monotonic())

    def kill_all(self) -> None:
        """End all children and what they started; no outcome is told."""
        for kid in list(self._children.values()):
            processes.kill_tree(kid.pid)
            with contextlib.suppress(OSError):
                os.waitpid(kid.pid, 0)
            self._forget(kid)
        while not processes.reap_orphans(set(self._others()), None, wait=True):
            pass  # the death of one can make orphans of others

    # ── a child's life ───────────────────────────────────────────────────────────────────────────
    def _fork(self, work: Work) -> None:
        result, result_in = os.pipe()
        output, output_in = os.pipe()
        crash = os.memfd_create("crash")
        pair = socket.socketpair() if self._on_question else None
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError:
            for number in (result, result_in, output, output_in, crash):
                os.close(number)
            for end in pair or ():
                end.close()
            raise
        if pid == 0:
            child.main(work, child.Pipes(result_in, output_in, crash, pair[1] if pair else None), parent)
        os.close(output_in)
        if pair:
            pair[1].close()
        now = time.monotonic()
        state = processes.state_of(pid)
        kid = self._children[pid] = _Child(
            work=work,
            pid=pid,
            pidfd=os.pidfd_open(pid),
            started=now,
            born=state.started if state else 0,
            deadline=now + self._seconds,
            result=result,
            result_in=result_in,
            output=output,
            crash=crash,
            log=OutputLog(work.log_path),
            questions=pair[0] if pair else None,
        )
        self._listen(kid)

    def _listen(self, kid: _Child) -> None:
        for number in (kid.result, kid.output):
            os.set_blocking(number, False)
        register = self._selector.register
        register(kid.result, selectors.EVENT_READ, lambda: self._result_ready(kid))
        register(kid.output, selectors.EVENT_READ, lambda: self._output_ready(kid))
        register(kid.pidfd, selectors.EVENT_READ, lambda: self._exited(kid))
        if kid.questions is not None:
            kid.questions.setblocking(False)
            register(kid.questions, selectors.EVENT_READ, lambda: self._question_ready(kid))

    def _result_ready(self, kid: _Child) -> None:
        if kid.report is not None or kid.reason is not None:  # too late: it is being killed
            return
        data, _ = _drain(kid.result)
        try:
            for body in kid.frames.feed(data):
                kid.report = decode(body)
                break
        except (msgspec.MsgspecError, ProtocolError) as error:
            kid.reason = f"The process that parsed the file handed in something that cannot be read: {error}"
        if kid.report is not None or kid.reason is not None:
            self._output_ready(kid)
            processes.kill_tree(kid.pid)

    def _output_ready(self, kid: _Child) -> None:
        data, at_end = _drain(kid.output)
        kid.log.write(data)
        if at_end:
            with contextlib.suppress(KeyError):
                self._selector.unregister(kid.output)

    def _question_ready(self, kid: _Child) -> None:
        assert kid.questions is not None
        assert self._on_question is not None
        connection = kid.questions
        try:
            data = connection.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._selector.unregister(connection)
            return
        with contextlib.suppress(msgspec.MsgspecError, ProtocolError):
            for body in kid.questions_read.feed(data):
                ask = protocol.decode_to_daemon(body)
                if isinstance(ask, protocol.Ask):
                    self._on_question(ask, lambda answer: _answer(connection, answer))

    def _exited(self, kid: _Child) -> None:
        self._result_ready(kid)
        _, status = os.waitpid(kid.pid, 0)
        processes.kill_tree(kid.pid)
        self._output_ready(kid)
        report = kid.report
        if report is None:
            report = dead(kid.work, kid.reason or exit_reason(status), _contents(kid.crash), kid.started)
        lines = [f"{failure.message}\n" for failure in report.parsed.failures]
        kid.log.close("".join(lines))
        self._forget(kid)
        self._clear_orphans()
        self._on_done(kid.work, report)

    def _forget(self, kid: _Child) -> None:
        del self._children[kid.pid]
        for number in (kid.result, kid.output, kid.pidfd):
            with contextlib.suppress(KeyError):
                self._selector.unregister(number)
        for number in (kid.result, kid.result_in, kid.output, kid.pidfd, kid.crash):
            os.close(number)
        if kid.questions is not None:
            with contextlib.suppress(KeyError):
                self._selector.unregister(kid.questions)
            kid.questions.close()

    # ── limits ───────────────────────────────────────────────────────────────────────────────────
    def _out_of_time(self, kid: _Child, now: float) -> None:
        """First ask where it is, then kill."""
        if kid.reason is None:
            kid.reason = f"The file took longer than {self._seconds:g} s to import: {self._seconds_setting}."
            kid.deadline = now + TRACEBACK_GRACE
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(kid.pidfd, child.TRACEBACK_SIGNAL)
        else:
            kid.deadline = now + 60
            processes.kill_tree(kid.pid)

    def _inspect(self, kid: _Child) -> None:
        if kid.reason is not None:
            return
        everyone = [kid.pid, *processes.descendants_of(kid.pid)]
        if len(everyone) > MAX_PROCESSES:
            kid.reason = f"The file started more than {MAX_PROCESSES} processes while it was imported."
        elif self._bytes and self._resident(everyone) > self._bytes:
            limit = self._bytes // (1024 * 1024)
            kid.reason = f"The file needs more than {limit} MB of memory: [dag_processor] max_file_memory_mb."
        if kid.reason is not None:
            processes.kill_tree(kid.pid)

    def _resident(self, pids: list[int]) -> int:
        """Bytes beyond what each of them shares with this process from its fork."""
        own = processes.state_of(self._own)
        shared = own.resident if own else 0
        states = [processes.state_of(pid) for pid in pids]
        return sum(max(0, state.resident - shared) for state in states if state)

    def _clear_orphans(self) -> None:
        """An orphan older than every living child cannot be of one of them."""
        known = {*self._children, *self._others()}
        oldest = min((kid.born for kid in self._children.values()), default=None)
        self._orphans = not processes.reap_orphans(known, oldest)


def _time_limit(settings: Config) -> tuple[float, str]:
    """The smaller limit that is set, in seconds, and its name. Airflow: 0 switches the import timeout off."""
    limits = [
        (settings.get_float(section, key), f"[{section}] {key}")
        for section, key in (("core", "dagbag_import_timeout"), ("dag_processor", "dag_file_processor_timeout"))
    ]
    return min(limit for limit in limits if limit[0] > 0)


def _drain(number: int) -> tuple[bytes, bool]:
    """What can be read without waiting, up to a limit, and whether the other side has closed."""
    chunks: list[bytes] = []
    for _ in range(_READS):
        try:
            data = os.read(number, _CHUNK)
        except BlockingIOError:
            break
        if not data:
            return b"".join(chunks), True
        chunks.append(data)
    return b"".join(chunks), False


def _answer(connection: socket.socket, answer: protocol.Answer) -> None:
    with contextlib.suppress(OSError):
        connection.setblocking(True)
        connection.sendall(protocol.frame(answer))
        connection.setblocking(False)


def _contents(number: int) -> str:
    os.lseek(number, 0, os.SEEK_SET)
    return os.read(number, 1 << 20).decode(errors="replace")


def dead(work: Work, reason: str, dump: str = "", started: float | None = None) -> Report:
    """The report on a child that could not make one. A file that cannot be finished may do better the next time, but is
    not tried again until it or what it stands on changes."""
    file = work.file
    failure = ended(reason, fileloc=file.fileloc, relative_fileloc=file.relative_fileloc, dump=dump)
    parsed = protocol.Parsed(
        relative_fileloc=file.relative_fileloc,
        file_hash=work.file_hash,
        source=work.text,
        documents=[],
        failures=[failure],
        duration=0.0 if started is None else time.monotonic() - started,
    )
    return Report(parsed)
