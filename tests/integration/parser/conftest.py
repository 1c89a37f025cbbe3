"""A home, and a daemon's end of its socket that only listens and answers."""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from queuack import protocol
from queuack.home import Home
from queuack.parser.main import run

PATIENCE = 60.0
"""Seconds a test waits for a message before it fails."""
HOSTILE = Path(__file__).parents[2] / "dags" / "hostile"


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = Home(tmp_path_factory.mktemp("h"))
    made.prepare()
    return made


@pytest.fixture
def hostile(home: Home) -> Callable[..., None]:
    """Copies hostile DAG files into the home."""

    def copy(*names: str) -> None:
        for name in names:
            shutil.copy(HOSTILE / f"{name}.py", home.dags)

    return copy


class Daemon:
    """Starts a parser and talks to it as the daemon would."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.answers: dict[str, Any] = {}
        """``method:key`` → value."""
        self.asked: list[protocol.Ask] = []
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(home.socket))
        self._server.listen()
        self._readers: dict[socket.socket, protocol.FrameReader] = {}
        self._parser: socket.socket | None = None
        self._told: list[Any] = []
        self.hellos: list[protocol.Hello] = []
        self.pid = os.fork()
        if self.pid == 0:
            self._be_parser()

    def _be_parser(self) -> None:
        self._server.close()
        try:
            run(self.home, "parser-1")
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)

    def next(self) -> Any:
        """The parser's next message; the questions of its children are answered on the way."""
        while not self._told:
            ready, _, _ = select.select([self._server, *self._readers], [], [], PATIENCE)
            assert ready, "The parser said nothing."
            for connection in ready:
                if connection is self._server:
                    self._readers[self._server.accept()[0]] = protocol.FrameReader()
                else:
                    self._hear(connection)
        return self._told.pop(0)

    def _hear(self, connection: socket.socket) -> None:
        data = connection.recv(1 << 16)
        if not data:
            del self._readers[connection]
            connection.close()
            return
        for body in self._readers[connection].feed(data):
            message = protocol.decode_to_daemon(body)
            if isinstance(message, protocol.Hello):
                self.hellos.append(message)
                if message.role == "parser":
                    self._parser = connection
                connection.sendall(protocol.frame(protocol.Welcome()))
            elif isinstance(message, protocol.Ask):
                self.asked.append(message)
                name = message.params.get("key") or message.params.get("conn_id")
                value = self.answers.get(f"{message.method}:{name}")
                connection.sendall(protocol.frame(protocol.Answer(id=message.id, value=value)))
            else:
                self._told.append(message)

    def until(self, wanted: Callable[[Any], bool]) -> Any:
        while True:
            message = self.next()
            if wanted(message):
                return message

    def parsed(self, name: str) -> protocol.Parsed:
        """The next outcome of a file."""
        return self.until(lambda m: isinstance(m, protocol.Parsed) and m.relative_fileloc == name)

    def scan_done(self) -> list[str]:
        return self.until(lambda m: isinstance(m, protocol.ScanDone)).files

    def say(self, message: protocol.Message) -> None:
        assert self._parser is not None
        self._parser.sendall(protocol.frame(message))

    def wait(self) -> int:
        """The parser's exit code."""
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        for connection in (self._server, *self._readers):
            connection.close()
        if self.pid:
            os.kill(self.pid, signal.SIGTERM)
            self.wait()


@pytest.fixture
def daemon(home: Home) -> Iterator[Callable[[], Daemon]]:
    started: list[Daemon] = []

    def start() -> Daemon:
        started.append(Daemon(home))
        return started[-1]

    yield start
    for one in started:
        one.close()
