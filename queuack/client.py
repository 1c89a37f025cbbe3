"""One interface to a deployment, whether its daemon runs or not.

``connect`` decides: a ``LiveClient`` when a daemon answers on the home's socket, else a ``FileClient`` that opens the
database itself. Both take the same methods (``daemon/service.py`` says which) and answer with JSON-able values:
Airflow's field names, instants as ISO 8601. This module must not know what a method means.
"""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol, Self

from queuack import errors
from queuack.errors import DaemonUnreachable, ProtocolError, QueuackError, StoreLocked
from queuack.home import Home, reachable_path

CONNECT_TIMEOUT = 10.0
"""Seconds a daemon has to take a connection and greet. An answer may take as long as it takes."""

START_TIMEOUT = 10.0
"""Seconds a daemon that starts or stops is waited for."""

POLL = 0.05
"""Seconds between looks whether it is there."""

NOBODY = (FileNotFoundError, ConnectionRefusedError, ConnectionResetError, BrokenPipeError, TimeoutError)
"""What the system says where no daemon is, or no longer."""


class Client(Protocol):
    """What commands talk to."""

    live: bool
    """A daemon answers."""

    def call(self, method: str, /, **params: Any) -> Any:
        """The answer. Raises the class of ``queuack.errors`` that the service raised."""

    def close(self) -> None: ...


class LiveClient:
    """Asks the daemon over its socket, one question at a time. Raises DaemonUnreachable when nothing answers."""

    live = True

    def __init__(self, home: Home) -> None:
        from queuack import protocol  # start-up time: msgspec, only for commands that ask

        self._protocol = protocol
        self._home = home
        self._ids = itertools.count(1)
        self._reader = protocol.FrameReader()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(CONNECT_TIMEOUT)
            with reachable_path(home.socket) as address:
                self._socket.connect(address)
            self._bodies = self._receive()
            self._greet()
            self._socket.settimeout(None)
        except NOBODY:
            self._socket.close()
            raise DaemonUnreachable(f"No daemon answers on {home.socket}.") from None
        except OSError as error:
            self._socket.close()
            raise QueuackError(f"{home.socket} cannot be reached: {error.strerror}.") from None
        except BaseException:
            self._socket.close()
            raise

    def call(self, method: str, /, **params: Any) -> Any:
        question = next(self._ids)
        try:
            self._socket.sendall(self._protocol.frame(self._protocol.Ask(id=question, method=method, params=params)))
            for body in self._bodies:
                message = self._protocol.decode_from_daemon(body)
                if isinstance(message, self._protocol.Answer) and message.id == question:
                    if message.error is not None:
                        raise error_from(message.error_type, message.error)
                    return message.value
        except NOBODY:
            pass
        raise DaemonUnreachable(
            f"The daemon on {self._home.socket} went away before it answered {method}. Ask again; "
            "what it had confirmed is kept."
        )

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _greet(self) -> None:
        protocol = self._protocol
        hello = protocol.Hello(role="client", name=f"client-{os.getpid()}", pid=os.getpid(), token=self._token())
        self._socket.sendall(protocol.frame(hello))
        body = next(self._bodies, None)
        if body is None:
            raise ConnectionResetError
        message = protocol.decode_from_daemon(body)
        if isinstance(message, protocol.Refused):
            raise ProtocolError(f"The daemon on {self._home.socket} refused this client: {message.reason}")
        if not isinstance(message, protocol.Welcome):
            raise ProtocolError(f"The daemon on {self._home.socket} greeted with {type(message).__name__}.")

    def _token(self) -> str:
        try:
            return self._home.token_file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise QueuackError(f"{self._home.token_file} cannot be read: {error.strerror}.") from None

    def _receive(self) -> Iterator[bytes]:
        while data := self._socket.recv(1 << 16):
            yield from self._reader.feed(data)


class FileClient:
    """No daemon runs: opens the database in this process for as long as the command takes."""

    live = False

    def __init__(self, home: Home) -> None:
        from queuack import app  # start-up time: the store, only where no daemon answers

        self._service = app.offline_service(home)

    def call(self, method: str, /, **params: Any) -> Any:
        return self._service.call(method, params)

    def close(self) -> None:
        self._service.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def connect(home: Home, patience: float = START_TIMEOUT) -> LiveClient | FileClient:
    """The daemon of ``home`` if one answers, else the file.

    A daemon that has the file but does not answer is starting or stopping: wait up to ``patience`` seconds for
    either. Raises StoreLocked when neither comes."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return LiveClient(home)
        except DaemonUnreachable:
            pass
        try:
            return FileClient(home)
        except StoreLocked:
            if time.monotonic() >= deadline:
                raise
            time.sleep(POLL)


def call_or(home: Home, method: str, offline: Callable[[], Any], patience: float = START_TIMEOUT, **params: Any) -> Any:
    """Ask the daemon of ``home`` if one answers, else do ``offline``, for what must not open the database as
    ``FileClient`` does. Patient as ``connect``. Raises what either raises."""
    deadline = time.monotonic() + patience
    while True:
        try:
            with LiveClient(home) as live:
                return live.call(method, **params)
        except DaemonUnreachable:
            pass
        try:
            return offline()
        except StoreLocked:
            if time.monotonic() >= deadline:
                raise
            time.sleep(POLL)


def error_from(error_type: str, message: str) -> QueuackError:
    """The error that the service raised, in its own class where this program knows it."""
    found = getattr(errors, error_type, None)
    known = isinstance(found, type) and issubclass(found, QueuackError)
    return found(message) if known else QueuackError(message)  # type: ignore[misc]  # mypy does not follow ``known``
