"""The daemon's end of every connection on its socket: frames in, frames out, with little delay.

What is sent within one turn of the event loop leaves in one write. It decides nothing about the messages; a peer that
breaks the protocol is cut off.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import msgspec

from queuack.errors import ProtocolError
from queuack.protocol import FrameReader, Message, ToDaemon, decode_to_daemon, frame

log = logging.getLogger("queuack.connection")

BUFFER_BYTES = 1 << 20
"""Of the kernel, per direction."""


class Peer(Protocol):
    """Who hears what comes on a connection."""

    def on_message(self, message: ToDaemon) -> None:
        """Raises ProtocolError to be rid of the other side."""

    def on_disconnect(self) -> None:
        """Called once, when the connection is gone for whatever reason."""


class Connection(asyncio.Protocol):
    """One connection. All methods are for the event loop's thread."""

    def __init__(self, connected: Callable[[Connection], Peer]) -> None:
        self._connected = connected
        self._peer: Peer
        self._transport: asyncio.Transport | None = None
        self._frames = FrameReader()
        self._outgoing: list[bytes] = []
        self._loop = asyncio.get_running_loop()

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def send(self, message: Message) -> None:
        """Say ``message``; silently dropped when the connection is gone."""
        self.send_bytes(frame(message))

    def send_bytes(self, data: bytes) -> None:
        """As ``send``, of a message that is framed already."""
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(data)

    def close(self) -> None:
        """Send what waits, then hang up."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def _flush(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        if outgoing and self.is_open:
            assert self._transport is not None
            self._transport.write(outgoing[0] if len(outgoing) == 1 else b"".join(outgoing))

    # ── asyncio.Protocol ─────────────────────────────────────────────────────────────────────────
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        self._peer = self._connected(self)

    def data_received(self, data: bytes) -> None:
        try:
            for body in self._frames.feed(data):
                self._peer.on_message(decode_to_daemon(body))
        except (ProtocolError, msgspec.DecodeError, msgspec.ValidationError) as error:
            log.warning("A connection is closed: %s", error)
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._peer.on_disconnect()


async def serve(path: Path, connected: Callable[[Connection], Peer]) -> asyncio.AbstractServer:
    """Listen on the Unix domain socket ``path``; ``connected`` makes the peer of each new connection."""

    def make() -> Any:
        return Connection(connected)

    return await asyncio.get_running_loop().create_unix_server(make, str(path), backlog=512)
