"""The daemon's handle of the nursery process: starts it, asks it for children, hears of their ends.

It decides nothing about children; when the nursery itself dies it is started again (its children live on, but their
exit status is lost). Only the event loop's thread may use it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping

import msgspec

from queuack import config
from queuack.errors import QueuackError
from queuack.home import Home
from queuack.protocol import Exited, Fork, Forked, ForkFailed, NurseryReady, NurseryReport, NurseryRequest, SignalChild

log = logging.getLogger("queuack.nursery")

RESTART_PAUSE = 1.0
"""Seconds until a nursery that died is started again."""

_encoder = msgspec.json.Encoder()
_reports = msgspec.json.Decoder(NurseryReport)


class NurseryClient:
    """One nursery for one home."""

    def __init__(self, home: Home, environ: Mapping[str, str] | None = None) -> None:
        """``environ``: on top of the daemon's own environment, for the nursery and all its children."""
        self._home = home
        self._environ = dict(environ or {})
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._forks: dict[str, asyncio.Future[int]] = {}
        self._exits: dict[str, Callable[[int, int], None]] = {}
        self._stopping = False
        self.ready = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start the process. Forks may be asked for at once; they happen when it is warm."""
        mine, its = socket.socketpair()
        os.set_inheritable(its.fileno(), True)
        environ = {**config.for_children(os.environ), "QUEUACK_HOME": str(self._home.root), **self._environ}
        # Ctrl-C goes to the whole process group: the nursery does not hear it from its first instruction on.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "queuack.nursery",
                "--fd",
                str(its.fileno()),
                pass_fds=(its.fileno(),),
                env=environ,
                stdin=asyncio.subprocess.DEVNULL,
            )
        except BaseException:
            mine.close()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            its.close()
        reader, self._writer = await asyncio.open_connection(sock=mine)
        self._reading = asyncio.get_running_loop().create_task(self._read(reader))

    def expect_end(self) -> None:
        """The daemon stops: a nursery that ends now is not started again."""
        self._stopping = True

    async def stop(self) -> None:
        """Close the control socket: it kills parsers, leaves workers, and ends."""
        self._stopping = True
        await self._hang_up()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._process is not None:
            await self._process.wait()

    async def _hang_up(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    async def fork(
        self,
        role: str,
        name: str,
        *,
        on_exit: Callable[[int, int], None] | None = None,
        environ: Mapping[str, str | None] | None = None,
    ) -> int:
        """The pid of a new child that runs ``queuack.<role>.main.run(home, name)``. Raises QueuackError.

        ``on_exit(pid, wait status)`` is called once, when it has ended; not when the nursery dies first."""
        pid: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._forks[name] = pid
        if on_exit is not None:
            self._exits[name] = on_exit
        self._say(Fork(role, name, str(self._home.root), dict(environ or {})))
        return await pid

    def signal(self, pid: int, number: int = signal.SIGKILL) -> None:
        """Send a signal to a child."""
        self._say(SignalChild(pid, number))

    def _say(self, request: NurseryRequest) -> None:
        if self._writer is None or self._writer.is_closing():
            raise QueuackError("The nursery is not running.")
        self._writer.write(_encoder.encode(request) + b"\n")

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                self._hear(_reports.decode(line))
        except ConnectionError:
            pass
        self.ready.clear()
        for fork in self._forks.values():
            if not fork.done():
                fork.set_exception(QueuackError("The nursery died."))
        self._forks.clear()
        if not self._stopping:
            log.error("The nursery process died; it is started again.")
            await self._hang_up()
            if self._process is not None:
                await self._process.wait()
            await asyncio.sleep(RESTART_PAUSE)
            if not self._stopping:
                await self.start()

    def _hear(self, report: NurseryReport) -> None:
        match report:
            case NurseryReady():
                self.ready.set()
            case Forked(name, pid):
                self._settle(name, pid)
            case ForkFailed(name, reason):
                self._exits.pop(name, None)
                self._settle(name, QueuackError(f"A process could not be started: {reason}"))
            case Exited(name, pid, status):
                on_exit = self._exits.pop(name, None)
                if on_exit is not None:
                    on_exit(pid, status)

    def _settle(self, name: str, result: int | QueuackError) -> None:
        fork = self._forks.pop(name, None)
        if fork is None or fork.done():
            return
        if isinstance(result, int):
            fork.set_result(result)
        else:
            fork.set_exception(result)
