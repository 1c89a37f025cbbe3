"""The socket in the home folder: who connects, what they may say, who answers.

It checks the first frame, then passes workers to the executor's front, the parser's findings to the loop, and
questions to the services, which run in a small pool of threads.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from queuack import clock
from queuack.daemon import runtime_service, services
from queuack.daemon.changes import Changes
from queuack.daemon.front import Front
from queuack.daemon.loop import Loop
from queuack.daemon.parsing import Parsing
from queuack.daemon.port import LivePort
from queuack.daemon.triggering import Triggering
from queuack.errors import ProtocolError, QueuackError
from queuack.executors.base import Executor
from queuack.executors.connection import Connection, serve
from queuack.home import Home, reachable_path
from queuack.protocol import (
    VERSION,
    Answer,
    Ask,
    Gone,
    Heartbeat,
    Hello,
    Parsed,
    PluginsFound,
    Refused,
    ScanDone,
    TimetableAnswer,
    Welcome,
)

log = logging.getLogger("queuack.daemon")

READERS = 4
"""Threads that answer questions."""

API_READERS = 2
"""Threads that answer those of the API: many people who look must not keep a task waiting."""


class Peer:
    """One connection. Created by the transport; ``hello`` is None until it has introduced itself."""

    def __init__(self, server: Server, connection: Connection) -> None:
        self._server = server
        self.connection = connection
        self.hello: Hello | None = None
        self.since = clock.now_us()

    def on_message(self, message: Any) -> None:
        server = self._server
        if self.hello is None:
            server.introduce(self, message)
        elif isinstance(message, Ask):
            server.ask(self, message)
        elif isinstance(message, Parsed | Gone | ScanDone | PluginsFound | TimetableAnswer):
            if self.hello.role == "parser":
                server.parsing.on_message(message)
        elif self.hello.role == "worker":
            server.executor.on_message(self.connection, message)
        elif self.hello.role == "triggerer":
            server.triggering.on_message(self.connection, message)
        elif not isinstance(message, Heartbeat):
            raise ProtocolError(f"A {self.hello.role} may not say {type(message).__name__}.")

    def on_disconnect(self) -> None:
        if self.hello is not None and self.hello.role == "worker":
            self._server.executor.on_disconnect(self.connection)
        elif self.hello is not None and self.hello.role == "parser":
            self._server.parsing.detach(self.connection)
        elif self.hello is not None and self.hello.role == "triggerer":
            self._server.triggering.on_disconnect(self.connection)
        self._server.peers.discard(self)


class Server:
    def __init__(self, home: Home, loop: Loop, front: Front, executor: Executor, parsing: Parsing, token: str) -> None:
        self._home = home
        self._loop = loop
        self._front = front
        self.executor = executor
        self.parsing = parsing
        self._token = token
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._api_threads = ThreadPoolExecutor(API_READERS, thread_name_prefix="api-reader")
        self.port: LivePort
        self.triggering: Triggering
        self.changes = Changes()
        front.watchers.append(self.changes.committed)
        self.on_api: Callable[[str, int], None] | None = None
        """Told where the API listens: host, port."""
        self.peers: set[Peer] = set()
        self._listener: asyncio.AbstractServer | None = None
        self._since = clock.now_us()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen on ``home.socket`` (mode 0600)."""
        self._home.socket.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            with reachable_path(self._home.socket) as address:
                self._listener = await serve(Path(address), self._connected)
        finally:
            os.umask(mask)

    def _connected(self, connection: Connection) -> Peer:
        peer = Peer(self, connection)
        self.peers.add(peer)
        return peer

    def introduce(self, peer: Peer, message: Any) -> None:
        connection = peer.connection
        if not isinstance(message, Hello):
            raise ProtocolError("The first message must be Hello.")
        if message.protocol != VERSION:
            connection.send(Refused(f"This daemon speaks protocol {VERSION}, you speak {message.protocol}."))
            connection.close()
            return
        if not hmac.compare_digest(message.token.encode(), self._token.encode()):
            connection.send(Refused("The token is not this daemon's (run/token in the home folder)."))
            connection.close()
            return
        peer.hello = message
        connection.send(Welcome())
        if message.role == "worker":
            self.executor.attach(connection, message)
        elif message.role == "parser":
            self.parsing.attach(connection)
        elif message.role == "triggerer":
            self.triggering.attach(connection, message)

    def members(self) -> list[tuple[str, int, int]]:
        """(role, pid, since) of those that are connected, and of the daemon itself."""
        connected = [(peer.hello, peer.since) for peer in list(self.peers) if peer.hello is not None]
        return [
            ("scheduler", os.getpid(), self._since),
            *((hello.role, hello.pid, since) for hello, since in connected),
        ]

    def ask(self, peer: Peer, question: Ask) -> None:
        if question.method == "api_listens":
            if self.on_api is not None:
                self.on_api(question.params["host"], question.params["port"])
            peer.connection.send(Answer(id=question.id))
            return
        if question.method == "changes":
            answering = self._answer_changes(peer, question)
        else:
            answering = self._answer(peer, question)
        task = asyncio.get_running_loop().create_task(answering)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_changes(self, peer: Peer, question: Ask) -> None:
        number, subjects = await self.changes.since(int(question.params.get("since", 0)))
        peer.connection.send(Answer(id=question.id, value={"number": number, "subjects": subjects}))

    async def _answer(self, peer: Peer, question: Ask) -> None:
        assert peer.hello is not None
        runs_user_code = peer.hello.role in ("worker", "triggerer")
        methods = runtime_service if runs_user_code else None
        if methods is None and question.method in runtime_service.METHODS and question.method not in services.METHODS:
            methods = runtime_service
        if runs_user_code and self._front.awaits_push(peer.hello.name):
            await self._loop.settled()
        call = (methods or services).call
        try:
            value = await asyncio.get_running_loop().run_in_executor(
                self._api_threads if peer.hello.role == "api_server" else self._threads,
                call,
                self.port,
                question.method,
                question.params,
            )
            answer = Answer(id=question.id, value=value)
        except QueuackError as error:
            answer = Answer(id=question.id, error=error.message, error_type=type(error).__name__)
        except Exception as error:
            log.exception("%s failed", question.method)
            answer = Answer(id=question.id, error=f"{type(error).__name__}: {error}", error_type="QueuackError")
        peer.connection.send(answer)

    async def stop(self) -> None:
        """Close the socket and every connection."""
        if self._listener is not None:
            self._listener.close()
        for peer in list(self.peers):
            peer.connection.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)
        for threads in (self._threads, self._api_threads):
            threads.shutdown(wait=False, cancel_futures=True)
        self._home.socket.unlink(missing_ok=True)
