"""The worker's end of the socket to the daemon: facts that are not lost, questions, reconnecting.

Decides how facts are kept until acknowledged and said again after a lost connection, and which thread reads. The main
thread reads while it is idle or waits for an answer; the keeper reads while a task runs for long. It does not decide
what the messages mean: all but Answer and Ack go to ``handler``.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from queuack import errors
from queuack.begun import BegunFile
from queuack.errors import DaemonUnreachable, ProtocolError, QueuackError
from queuack.home import Home, reachable_path
from queuack.protocol import (
    Ack,
    Answer,
    Ask,
    CallbackRan,
    Fact,
    Finished,
    FrameReader,
    FromDaemon,
    Held,
    Hello,
    Message,
    Refused,
    Started,
    decode_from_daemon,
    frame,
)
from queuack.worker.interrupts import Interrupts, drain, wake_pipe

RECONNECT_PAUSE = 0.05
"""Seconds between two tries to reach the daemon."""


class Outlet(Protocol):
    """What the code that runs an attempt needs of the way to the daemon."""

    def emit(self, fact: Fact, *, flush: bool = True) -> None:
        """Hand over a fact; ``flush=False`` lets it travel with the next one."""

    def say(self, message: Message) -> None:
        """Hand over what may get lost."""

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """The daemon's answer. Raises what the daemon refuses it with, or DaemonUnreachable."""


def unpack(answer: Answer) -> Any:
    """The value of an answer. Raises its error under the class in ``queuack.errors`` that it names."""
    if answer.error is None:
        return answer.value
    kind = getattr(errors, answer.error_type, QueuackError)
    raise kind(answer.error)


def finished(facts: Iterable[Fact]) -> list[Held]:
    """What unacknowledged facts say has ended."""
    held = []
    for fact in facts:
        if isinstance(fact, Finished):
            held.append(Held(fact.ti_id, fact.try_number, "finished"))
        elif isinstance(fact, CallbackRan):
            held.append(Held(-fact.callback_id, 1, "finished", fact.callback_id))
    return held


def all_held(unfinished: list[Held], ended: list[Held]) -> list[Held]:
    """Each attempt once: one that has ended may still be the current one."""
    over = {(held.ti_id, held.try_number, held.callback_id) for held in ended}
    return ended + [held for held in unfinished if (held.ti_id, held.try_number, held.callback_id) not in over]


class Link:
    """See the module. All methods are safe in any thread unless they say otherwise."""

    def __init__(
        self,
        home: Home,
        worker_id: str,
        interrupts: Interrupts,
        handler: Callable[[FromDaemon], None],
        holding: Callable[[], list[Held]],
        reconnect_timeout: float,
    ) -> None:
        self._home = home
        self._begun = BegunFile(home.workers / f"{worker_id}.begun")
        self._worker_id = worker_id
        self._shield = interrupts
        self._handler = handler
        self._holding = holding
        self._reconnect_timeout = reconnect_timeout
        self._socket: socket.socket | None = None
        self._frames = FrameReader()
        self._seq = 0
        self._outbox: deque[tuple[int, bytes, Fact]] = deque()
        self._unsent: list[bytes] = []
        self._send_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._connect_lock = threading.Lock()
        self._ask_lock = threading.Lock()
        self._asker_reads = False
        self._ask_id = 0
        self._answer: Answer | None = None
        self._answered_read, self._answered_write = wake_pipe()
        """Readable when an answer has come: another thread than the asker's may have read it."""
        self._pid = os.getpid()
        self.lost_at: float | None = time.monotonic()
        """When the connection went (monotonic seconds); None while there is one."""
        self.refused: str | None = None
        """Why the daemon does not want this worker."""

    # ── the connection ───────────────────────────────────────────────────────────────────────────
    @property
    def connected(self) -> bool:
        return self._socket is not None

    @property
    def given_up(self) -> bool:
        """The daemon has been gone for longer than the reconnect timeout, or refuses this worker."""
        lost_at = self.lost_at
        return self.refused is not None or (
            lost_at is not None and time.monotonic() - lost_at > self._reconnect_timeout
        )

    def fileno(self) -> int | None:
        connection = self._socket
        return None if connection is None else connection.fileno()

    def connect(self) -> bool:
        """Try once: connect, say Hello with all that is held, say unacknowledged facts again."""
        with self._shield, self._connect_lock:
            if self._socket is not None:
                return True
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                with reachable_path(self._home.socket) as address:
                    connection.connect(address)
                token = self._home.token_file.read_text().strip() if self._home.token_file.exists() else ""
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
                held = self._holding()
                # Locks are always taken in this order: connect, read, send.
                with self._read_lock, self._send_lock:
                    outbox = list(self._outbox)
                    hello = Hello(
                        role="worker",
                        name=self._worker_id,
                        pid=self._pid,
                        token=token,
                        holding=all_held(held, finished(fact for _, _, fact in outbox)),
                    )
                    connection.sendall(b"".join([frame(hello), *(data for _, data, _ in outbox)]))
                    self._unsent.clear()
                    self._frames = FrameReader()
                    self._socket = connection
                    self.lost_at = None
            except OSError:
                connection.close()
                return False
            return True

    def _lose(self, connection: socket.socket) -> None:
        if self._socket is connection:
            self._socket = None
            self.lost_at = time.monotonic()
            connection.close()

    def close(self) -> None:
        connection = self._socket
        if connection is not None:
            self._lose(connection)

    def forget_begun(self) -> None:
        """For a worker that leaves: what it began needs no note once every fact is acknowledged."""
        if not self._outbox:
            self._begun.remove()

    def abandon_in_child(self) -> None:
        """In a fork: close the descriptor, leave the connection to the parent."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    # ── out ──────────────────────────────────────────────────────────────────────────────────────
    def emit(self, fact: Fact, *, flush: bool = True) -> None:
        with self._shield, self._send_lock:
            if isinstance(fact, Started) and fact.ti_id > 0:
                self._begun.note(fact.ti_id, fact.try_number, fact.at, fact.queued_dttm)
            self._seq = fact.seq = self._seq + 1
            data = frame(fact)
            self._outbox.append((fact.seq, data, fact))
            self._unsent.append(data)
            if flush:
                self._flush()

    def say(self, message: Message) -> None:
        with self._shield, self._send_lock:
            self._unsent.append(frame(message))
            self._flush()

    def flush(self) -> None:
        """Send what waits to be sent."""
        if self._unsent:
            with self._shield, self._send_lock:
                self._flush()

    def _flush(self) -> None:
        data = b"".join(self._unsent)
        self._unsent.clear()
        connection = self._socket
        if connection is None:
            return  # Facts are in the outbox and are said again.
        try:
            connection.sendall(data)
        except OSError:
            self._lose(connection)

    @property
    def outbox_size(self) -> int:
        """Facts not yet acknowledged."""
        return len(self._outbox)

    # ── in ───────────────────────────────────────────────────────────────────────────────────────
    def wait(self, also: Sequence[int], timeout: float | None) -> set[int]:
        """Wait until the socket or one of ``also`` is readable; at most ``timeout`` seconds."""
        poll = select.poll()
        for fd in also:
            poll.register(fd, select.POLLIN)
        mine = self.fileno()
        if mine is not None:
            poll.register(mine, select.POLLIN)
        return {fd for fd, _ in poll.poll(None if timeout is None else max(1, int(timeout * 1000)))}

    def receive(self, *, as_keeper: bool = False) -> None:
        """Handle what has come, without waiting. The keeper stands back while another thread awaits an answer."""
        with self._shield, self._read_lock:
            if not (as_keeper and self._asker_reads):
                self._receive()

    @property
    def asker_reads(self) -> bool:
        return self._asker_reads

    def _receive(self) -> None:
        connection = self._socket
        while connection is not None:
            try:
                data = connection.recv(1 << 18, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._lose(connection)
                return
            for body in self._frames.feed(data):
                self._dispatch(decode_from_daemon(body))
            if len(data) < 1 << 18:
                return

    def _dispatch(self, message: FromDaemon) -> None:
        if isinstance(message, Ack):
            outbox = self._outbox
            while outbox and outbox[0][0] <= message.seq:
                outbox.popleft()
            if not outbox:
                self._begun.all_known()
        elif isinstance(message, Answer):
            if message.id == self._ask_id:
                self._answer = message
                os.write(self._answered_write, b"\0")
        elif isinstance(message, Refused):
            self.refused = message.reason
        else:
            self._handler(message)

    # ── questions ────────────────────────────────────────────────────────────────────────────────
    def ask(self, method: str, params: dict[str, Any]) -> Any:
        if os.getpid() != self._pid:
            raise ProtocolError("Only the process of the task can ask for XComs, variables and connections.")
        with self._ask_lock:
            with self._shield, self._read_lock:
                self._asker_reads = True
                self._answer = None
                self._ask_id += 1
                drain(self._answered_read)
            try:
                return unpack(self._await_answer(Ask(self._ask_id, method, params)))
            finally:
                self._asker_reads = False

    def _await_answer(self, ask: Ask) -> Answer:
        asked_on: socket.socket | None = None
        while True:
            if self._answer is not None:
                return self._answer
            if self.given_up:
                raise DaemonUnreachable(f"The daemon is gone; {ask.method} was not answered.")
            if self._socket is None and not self.connect():
                time.sleep(RECONNECT_PAUSE)
                continue
            if self._socket is not asked_on:
                asked_on = self._socket
                self.say(ask)
            self.wait((self._answered_read,), 1.0)
            self.receive()
