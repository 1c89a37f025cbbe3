"""One daemon: the order in which its parts start, recover and stop. The parts are made in ``app.py``."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from queuack.daemon.chores import CHORES, Chore
from queuack.daemon.loop import Loop
from queuack.daemon.parsing import Parsing
from queuack.daemon.port import LivePort
from queuack.daemon.recovery import recover
from queuack.daemon.server import Server
from queuack.daemon.serving import Serving
from queuack.daemon.triggering import Triggering
from queuack.errors import QueuackError, StoreUnavailable
from queuack.executors.local import LocalExecutor
from queuack.executors.nursery import NurseryClient
from queuack.home import Home
from queuack.processes import describe_exit
from queuack.store.database import Database
from queuack.store.writer import Writer

log = logging.getLogger("queuack.daemon")

TRIGGERER_STOP_SECONDS = 8.0
"""What triggers have to clean up when the daemon stops."""

PARSER_RESTART_SECONDS = 1.0
"""Pause before a parser that died is started again."""


class Daemon:
    """Runs until a signal or ``stop()``. All methods are for the event loop's thread."""

    def __init__(
        self,
        home: Home,
        database: Database,
        writer: Writer,
        loop: Loop,
        executor: LocalExecutor,
        nursery: NurseryClient,
        parsing: Parsing,
        server: Server,
        triggering: Triggering,
        serving: Serving | None = None,
        *,
        reconnect_timeout: float,
        stop_timeout: float,
        on_ready: Callable[[Daemon], None] | None = None,
    ) -> None:
        self.home = home
        self.database = database
        self.writer = writer
        self.loop = loop
        self.executor = executor
        self.nursery = nursery
        self.parsing = parsing
        self.server = server
        self.triggering = triggering
        self.serving = serving
        self._reconnect_timeout = reconnect_timeout
        self._stop_timeout = stop_timeout
        self._on_ready = on_ready
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._parsers = 0

    async def run(self) -> None:
        """Start, serve, stop. Raises StoreUnavailable when the last commit could not be made."""
        running = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            running.add_signal_handler(number, self.stop)
        self.server.port = LivePort(
            self.loop,
            self.database,
            self.writer,
            running,
            self.parsing.asking,
            members=self.server.members,
            reparse=self.parsing.reparse,
        )
        await self.server.start()
        await self.nursery.start()
        outstanding = self.loop.engine.outstanding()
        loop_task = running.create_task(self.loop.run())
        recovering = self._spawn(recover(self.loop, self.executor, outstanding, self._reconnect_timeout))
        recovering.add_done_callback(self._recovered)
        await self.executor.start()
        self.triggering.start()
        self._spawn(self._start_parser())
        for chore in CHORES:
            self._spawn(self._repeat(chore))
        if self.serving is not None:
            self.server.on_api = self.serving.listens
            self._spawn(self.serving.run())
        if self._on_ready is not None:
            self._on_ready(self)
        stopping = running.create_task(self._stopping.wait())
        try:
            await asyncio.wait({loop_task, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await self._shut_down(loop_task)
            if recovering.done() and not recovering.cancelled():
                recovering.result()
        finally:
            stopping.cancel()
            self.database.close()
            self.home.pid_file.unlink(missing_ok=True)

    def stop(self) -> None:
        """Stop cleanly; called twice: do not wait for running tasks."""
        if self._stopping.is_set():
            self._hurry.set()
        self._stopping.set()
        self.nursery.expect_end()

    # ── start ────────────────────────────────────────────────────────────────────────────────────
    async def _start_parser(self) -> None:
        """Keep one parser: start it, and again when it ends, or when the nursery took it along."""
        while not self._stopping.is_set():
            self._parsers += 1
            ended: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

            def on_exit(pid: int, status: int | None, ended: asyncio.Future[int | None] = ended) -> None:
                if not ended.done():
                    ended.set_result(status)

            # A nursery that dies takes its parser along and reports no exit: then the connection tells.
            self.parsing.on_detach = partial(on_exit, 0, None)
            try:
                await self.nursery.fork("parser", f"parser-{os.getpid()}-{self._parsers}", on_exit=on_exit)
            except QueuackError as error:
                log.warning("The parser could not be started: %s", error.message)
            else:
                status = await ended
                log.warning("The parser ended (%s); it is started again.", describe_exit(status))
            await asyncio.sleep(PARSER_RESTART_SECONDS)

    def _recovered(self, recovering: asyncio.Task[None]) -> None:
        """Without it attempts would be waited for that nobody has: better to end, and to be started again."""
        if not recovering.cancelled() and recovering.exception() is not None:
            self.stop()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)
        return task

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("A background task of the daemon failed", exc_info=task.exception())

    async def _repeat(self, chore: Chore) -> None:
        while True:
            await asyncio.sleep(chore.seconds)
            try:
                await chore.function(self)
            except StoreUnavailable as error:
                log.error("%s: %s", chore.name, error.message)
            except Exception:
                log.exception("The chore %r failed", chore.name)

    # ── stop ─────────────────────────────────────────────────────────────────────────────────────
    async def _shut_down(self, loop_task: asyncio.Task[None]) -> None:
        for task in list(self._tasks):
            task.cancel()
        if not loop_task.done():
            triggers_stopped = asyncio.get_running_loop().create_task(self.triggering.stop(TRIGGERER_STOP_SECONDS))
            drained = asyncio.get_running_loop().create_task(self.executor.stop(self._stop_timeout))
            hurry = asyncio.get_running_loop().create_task(self._hurry.wait())
            await asyncio.wait({drained, hurry}, return_when=asyncio.FIRST_COMPLETED)
            hurry.cancel()
            if not drained.done():
                drained.cancel()
                await self.executor.stop(0)
            await triggers_stopped
            self.loop.stop()
        try:
            await loop_task
        finally:
            await self.nursery.stop()
            await self.server.stop()
