"""How the API reaches the services: many questions at once over the daemon's socket, or a service in this process.

It must not know what a method means.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from typing import Any, Protocol

from queuack.client import error_from
from queuack.errors import DaemonUnreachable, InvalidRequest, ProtocolError, QueuackError
from queuack.faults import reach
from queuack.home import Home, reachable_path
from queuack.protocol import Answer, Ask, FrameReader, Hello, Refused, Welcome, decode_from_daemon, frame

AT_ONCE = 8
"""Questions that wait for the daemon at the same time; further ones wait here."""


class Backend(Protocol):
    async def call(self, method: str, /, **params: Any) -> Any:
        """The answer of a method of ``daemon/services``. Raises the class of ``queuack.errors`` that it raised."""


class Service(Protocol):
    def call(self, method: str, params: dict[str, Any]) -> Any: ...


class DirectBackend:
    """A service in this process, one question at a time."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def call(self, method: str, /, **params: Any) -> Any:
        return self._service.call(method, params)


class SocketBackend:
    """The daemon of a home. ``connect`` first; ``lost`` is set when the daemon has gone away."""

    def __init__(self, home: Home, role: str = "api_server") -> None:
        self._home = home
        self._role = role
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._writer: asyncio.StreamWriter
        self._reading: asyncio.Task[None]
        self.lost = asyncio.Event()

    async def connect(self) -> None:
        """Raises DaemonUnreachable, ProtocolError."""
        try:
            with reachable_path(self._home.socket) as address:
                reader, self._writer = await asyncio.open_unix_connection(address)
            token = self._home.token_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise DaemonUnreachable(f"No daemon answers on {self._home.socket}: {error.strerror}.") from None
        hello = Hello(role=self._role, name=f"{self._role}-{os.getpid()}", pid=os.getpid(), token=token)
        self._writer.write(frame(hello))
        welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read(reader, welcomed))
        await welcomed

    async def call(self, method: str, /, **params: Any) -> Any:
        async with self._gate:
            if self.lost.is_set():
                raise DaemonUnreachable("The daemon is stopping or starting; ask again in a moment.")
            question = next(self._ids)
            answer = asyncio.get_running_loop().create_future()
            self._waiting[question] = answer
            try:
                try:
                    asked = frame(Ask(id=question, method=method, params=params))
                except (OverflowError, UnicodeEncodeError):
                    raise InvalidRequest("A number is beyond 64 bits, or a text is no Unicode.") from None
                self._writer.write(asked)
                reach("api_server.request")
                return await answer
            finally:
                del self._waiting[question]

    async def close(self) -> None:
        self._reading.cancel()
        self._writer.close()

    async def _read(self, reader: asyncio.StreamReader, welcomed: asyncio.Future[None]) -> None:
        frames = FrameReader()
        try:
            while data := await reader.read(1 << 16):
                for body in frames.feed(data):
                    self._take(decode_from_daemon(body), welcomed)
        except OSError:
            pass
        finally:
            self.lost.set()
            gone = DaemonUnreachable("The daemon went away before it answered; what it had confirmed is kept.")
            for waiting in [*self._waiting.values(), welcomed]:
                if not waiting.done():
                    waiting.set_exception(gone)

    def _take(self, message: Any, welcomed: asyncio.Future[None]) -> None:
        if isinstance(message, Welcome):
            welcomed.set_result(None)
        elif isinstance(message, Refused):
            welcomed.set_exception(ProtocolError(f"The daemon refused: {message.reason}"))
        elif isinstance(message, Answer):
            waiting = self._waiting.get(message.id)
            if waiting is None or waiting.done():
                return
            if message.error is None:
                waiting.set_result(message.value)
            else:
                waiting.set_exception(_error(message))


def _error(answer: Answer) -> QueuackError:
    return error_from(answer.error_type or "QueuackError", answer.error or "")
