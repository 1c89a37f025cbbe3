"""The triggerer's end of the socket to the daemon: facts that are not lost, questions, reconnecting.

A thread of its own reads, so that the event loop of the triggers never waits for the daemon, and code in any thread may
ask. What the messages mean is the handler's business, which is called in that thread.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from queuack.errors import DaemonUnreachable
from queuack.home import Home, reachable_path
from queuack.protocol import (
    Ack,
    Answer,
    Ask,
    Fact,
    FrameReader,
    FromDaemon,
    Heartbeat,
    Hello,
    Message,
    Refused,
    TriggerFailed,
    TriggerFired,
    decode_from_daemon,
    frame,
)
from queuack.worker.link import RECONNECT_PAUSE, unpack

HEARTBEAT_SECONDS = 5.0
CHUNK = 1 << 18


class Question:
    """One that waits for its answer."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.answered = threading.Event()
        self.answer: Answer | None = None


class Link:
    """Implements ``worker.link.Outlet``. All methods are safe in any thread."""

    def __init__(
        self,
        home: Home,
        name: str,
        pid: int,
        *,
        handler: Callable[[FromDaemon], None],
        holding: Callable[[], Iterable[int]],
        gave_up: Callable[[str], None],
        reconnect_timeout: float,
    ) -> None:
        self._home, self._name, self._pid = home, name, pid
        self._handler, self._holding, self._gave_up = handler, holding, gave_up
        self._reconnect_timeout = reconnect_timeout
        self._socket: socket.socket | None = None
        self._lock = threading.RLock()
        self._outbox: deque[tuple[int, bytes, Fact]] = deque()
        self._seq = 0
        self._questions: dict[int, Question] = {}
        self._last_question = 0
        self._closed = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="queuack-link", daemon=True).start()

    def close(self) -> None:
        self._closed.set()
        self._lose()

    @property
    def outbox_size(self) -> int:
        """Facts not yet acknowledged."""
        return len(self._outbox)

    # ── out ──────────────────────────────────────────────────────────────────────────────────────
    def emit(self, fact: Fact, *, flush: bool = True) -> None:
        """Hand over a fact: it is kept until it is acknowledged."""
        with self._lock:
            self._seq = fact.seq = self._seq + 1
            data = frame(fact)
            self._outbox.append((fact.seq, data, fact))
            self._send(data)

    def say(self, message: Message) -> None:
        with self._lock:
            self._send(frame(message))

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Waits for the answer, also over a daemon's restart. Raises what the daemon refuses it with, or
        DaemonUnreachable."""
        with self._lock:
            self._last_question += 1
            number = self._last_question
            question = self._questions[number] = Question(frame(Ask(number, method, params)))
            self._send(question.data)
        while not question.answered.wait(1.0):
            if self._closed.is_set():
                break
        with self._lock:
            self._questions.pop(number, None)
        if question.answer is None:
            raise DaemonUnreachable(f"The daemon is gone; {method} was not answered.")
        return unpack(question.answer)

    def _send(self, data: bytes) -> None:
        if self._socket is None:
            return  # Facts and questions are kept, and said again.
        try:
            self._socket.sendall(data)
        except OSError:
            self._lose()

    # ── the connection; in the thread ────────────────────────────────────────────────────────────
    def _run(self) -> None:
        lost_at = time.monotonic()
        while not self._closed.is_set():
            if self._connect():
                reason = self._serve()
                if reason is not None:
                    self._give_up(reason)
                    return
                lost_at = time.monotonic()
            if time.monotonic() - lost_at > self._reconnect_timeout:
                self._give_up("the daemon has been gone for too long")
                return
            self._closed.wait(RECONNECT_PAUSE)

    def _give_up(self, reason: str) -> None:
        self._closed.set()
        for question in list(self._questions.values()):
            question.answered.set()
        self._gave_up(reason)

    def _connect(self) -> bool:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with reachable_path(self._home.socket) as address:
                connection.connect(address)
            token = self._home.token_file.read_text().strip() if self._home.token_file.exists() else ""
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            with self._lock:
                hello = Hello(role="triggerer", name=self._name, pid=self._pid, token=token, triggers=self._held())
                kept = [data for _, data, _ in self._outbox] + [q.data for q in self._questions.values()]
                connection.sendall(b"".join([frame(hello), *kept]))
                self._socket = connection
        except OSError:
            connection.close()
            return False
        return True

    def _held(self) -> list[int]:
        """Triggers that run, and those of which something is not acknowledged yet."""
        said = (fact.trigger_id for _, _, fact in self._outbox if isinstance(fact, TriggerFired | TriggerFailed))
        return sorted({*self._holding(), *said})

    def _lose(self) -> None:
        with self._lock:
            connection, self._socket = self._socket, None
            if connection is not None:
                connection.close()

    def _serve(self) -> str | None:
        """Read until the connection is gone; a reason when there is no use in another."""
        frames = FrameReader()
        beat = 0.0
        while (connection := self._socket) is not None:
            if time.monotonic() - beat >= HEARTBEAT_SECONDS:
                beat = time.monotonic()
                self.say(Heartbeat())
            try:
                ready, _, _ = select.select([connection], (), (), HEARTBEAT_SECONDS)
                data = connection.recv(CHUNK) if ready else None
            except (OSError, ValueError):  # closed meanwhile
                data = b""
            if data is None:
                continue
            if not data:
                self._lose()
                return None
            for body in frames.feed(data):
                message = decode_from_daemon(body)
                if isinstance(message, Refused):
                    self._lose()
                    return message.reason
                self._take(message)
        return None

    def _take(self, message: FromDaemon) -> None:
        if isinstance(message, Ack):
            with self._lock:
                while self._outbox and self._outbox[0][0] <= message.seq:
                    self._outbox.popleft()
        elif isinstance(message, Answer):
            question = self._questions.get(message.id)
            if question is not None:
                question.answer = message
                question.answered.set()
        else:
            self._handler(message)
