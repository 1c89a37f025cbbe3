"""The parser's end of a stream that carries protocol messages: sends without waiting, receives what has come."""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections import deque
from collections.abc import Callable

import msgspec

from queuack import protocol
from queuack.errors import ProtocolError

CONGESTED = 32 * 1024 * 1024
"""Bytes waiting to be sent beyond which the owner should produce no more."""


class Link:
    """Registers its socket in the owner's selector. ``on_message`` gets the bodies; ``closed`` is set at the end."""

    def __init__(
        self, selector: selectors.BaseSelector, connection: socket.socket, on_message: Callable[[bytes], None]
    ) -> None:
        connection.setblocking(False)
        self._selector = selector
        self._socket = connection
        self._on_message = on_message
        self._frames = protocol.FrameReader()
        self._waiting: deque[memoryview] = deque()
        self._size = 0
        self.closed = False
        selector.register(connection, selectors.EVENT_READ, self._ready)

    @property
    def is_congested(self) -> bool:
        return self._size > CONGESTED

    def send(self, message: protocol.Message) -> None:
        data = protocol.frame(message)
        self._waiting.append(memoryview(data))
        self._size += len(data)
        self._push()

    def flush(self, seconds: float) -> None:
        """Send what is waiting, within a time limit; what is left is dropped."""
        self._socket.settimeout(seconds)
        with contextlib.suppress(OSError):
            while self._waiting:
                self._socket.sendall(self._waiting.popleft())

    def close(self) -> None:
        if not self.closed:
            self._selector.unregister(self._socket)
            self.closed = True
        self._socket.close()

    def _ready(self) -> None:
        self._push()
        try:
            data = self._socket.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end()
            return
        try:
            for body in self._frames.feed(data):
                self._on_message(body)
        except (msgspec.MsgspecError, ProtocolError):
            self._end()

    def _push(self) -> None:
        try:
            while self._waiting and not self.closed:
                sent = self._socket.send(self._waiting[0])
                self._size -= sent
                if sent < len(self._waiting[0]):
                    self._waiting[0] = self._waiting[0][sent:]
                else:
                    self._waiting.popleft()
        except BlockingIOError:
            pass
        except OSError:
            self._end()
        if not self.closed:
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._waiting else 0)
            self._selector.modify(self._socket, wanted, self._ready)

    def _end(self) -> None:
        if not self.closed:
            self._selector.unregister(self._socket)
            self.closed = True
