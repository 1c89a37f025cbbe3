"""Parsing without a daemon: every DAG file once, as the command line and ``dag.test()`` need it.

Decides nothing about files; it forks one scanner process that owns the pool of children, because the caller's
process may have threads and children of its own, and reads the outcomes from it.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn

from queuack import protocol
from queuack.authoring.runtime import Runtime
from queuack.config import Config
from queuack.errors import QueuackError
from queuack.home import Home
from queuack.parser.agenda import Agenda
from queuack.parser.files import DagFile, dag_files, file_at, settings_of
from queuack.parser.link import Link
from queuack.parser.pool import Pool, Reply, dead
from queuack.parser.report import Report, Work
from queuack.parser.runtime import answer


def scan(
    home: Home, *, files: Iterable[Path | DagFile] | None = None, runtime: Runtime | None = None
) -> Iterator[protocol.Parsed]:
    """Parse ``files``, or all DAG files of ``home``, each in a child process; outcomes come as they are had.

    ``runtime`` answers what the files ask for (variables, connections); None: there are none. Ending the iteration
    early ends the children.
    """
    settings = settings_of(home)
    wanted: list[DagFile] = []
    for file in dag_files(home, settings) if files is None else files:
        wanted += [file] if isinstance(file, DagFile) else file_at(file, home, settings)
    if wanted:
        yield from _listen(*_fork_scanner(home, settings, wanted), runtime)


def _listen(pid: int, connection: socket.socket, runtime: Runtime | None) -> Iterator[protocol.Parsed]:
    frames = protocol.FrameReader()
    try:
        while True:
            data = connection.recv(1 << 16)
            if not data:
                raise QueuackError("The process that parses DAG files has ended before it was done.")
            for body in frames.feed(data):
                message = protocol.decode_to_daemon(body)
                if isinstance(message, protocol.Parsed):
                    yield message
                elif isinstance(message, protocol.Ask):
                    connection.sendall(protocol.frame(answer(runtime, message)))
                elif isinstance(message, protocol.ScanDone):
                    return
    finally:
        connection.close()  # the scanner ends its children, then itself
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def _fork_scanner(home: Home, settings: Config, files: list[DagFile]) -> tuple[int, socket.socket]:
    ours, theirs = socket.socketpair()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # a fork beside threads: the scanner touches nothing of theirs
        pid = os.fork()
    if pid == 0:
        ours.close()
        _be_scanner(home, settings, files, theirs)
    theirs.close()
    return pid, ours


def _be_scanner(home: Home, settings: Config, files: list[DagFile], connection: socket.socket) -> NoReturn:
    code = 1
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        scanner = _Scanner(home, settings, files, connection)
        try:
            scanner.run()
        finally:
            scanner.pool.kill_all()
        code = 0
    finally:
        os._exit(code)


class _Scanner:
    def __init__(self, home: Home, settings: Config, files: list[DagFile], connection: socket.socket) -> None:
        self._home = home
        self._settings = settings
        self._names = [file.relative_fileloc for file in files]
        self._agenda = Agenda()
        self._agenda.add(files, urgent=False)
        self._selector = selectors.DefaultSelector()
        self._link = Link(self._selector, connection, self._heard)
        self._replies: dict[int, tuple[int, Reply]] = {}
        self.pool = Pool(self._selector, settings, self._done, self._asked)

    def run(self) -> None:
        while not self._link.closed and not (self._agenda.is_empty and self.pool.is_idle):
            while self.pool.has_room and not self._link.is_congested:
                file = self._agenda.next(0.0)
                if file is None:
                    break
                self._start(file)
            timeout = self.pool.tend()
            if self.pool.is_idle and self._agenda.is_empty:
                break
            for key, _ in self._selector.select(timeout):
                if key.fd in self._selector.get_map():
                    key.data()
        self._link.send(protocol.ScanDone(self._names))
        self._link.flush(60.0)

    def _start(self, file: DagFile) -> None:
        try:
            source, file_hash = file.read()
        except Exception as error:
            work = Work(file, b"", "", self._home, self._settings)
            self._done(work, dead(work, f"The file cannot be read: {error}"))
        else:
            self.pool.start(Work(file, source, file_hash, self._home, self._settings))

    def _done(self, work: Work, report: Report) -> None:
        self._agenda.done(work.file.relative_fileloc)
        self._link.send(report.parsed)

    def _asked(self, ask: protocol.Ask, reply: Reply) -> None:
        """Pass the question on under a number of its own: two children may use the same."""
        number = len(self._replies) + 1
        self._replies[number] = (ask.id, reply)
        self._link.send(protocol.Ask(number, ask.method, ask.params))

    def _heard(self, body: bytes) -> None:
        message = protocol.decode_from_daemon(body)
        if isinstance(message, protocol.Answer):
            number, reply = self._replies[message.id]
            message.id = number
            reply(message)
