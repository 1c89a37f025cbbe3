"""A triggerer process: takes triggers from the daemon, runs them in one event loop, tells what they fire.

It outlives the daemon as workers do: what fires meanwhile is kept and said to the next one. Running a trigger is
``running``'s business, the socket ``link``'s. It never opens the database.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from functools import partial

from queuack import compat, config, plugins
from queuack.authoring import masking
from queuack.authoring.runtime import set_runtime
from queuack.home import Home
from queuack.processes import read_worker_file, write_worker_file
from queuack.protocol import CancelTriggers, FromDaemon, RunTriggers, Stop
from queuack.serialization import xcom
from queuack.triggerer.link import Link
from queuack.triggerer.logs import TriggerLogs
from queuack.triggerer.running import Running, Workshop
from queuack.triggerer.streams import Streams
from queuack.triggerer.watchdog import Watchdog
from queuack.worker.environment import mask_environment
from queuack.worker.runtime import WorkerRuntime

CLEANUP_SECONDS = 5.0
"""That triggers have for ``cleanup`` at a stop."""
ACKNOWLEDGE_SECONDS = 2.0
"""How long a leaving triggerer waits until the daemon has what it said."""


class Triggerer:
    def __init__(self, home: Home, name: str) -> None:
        self._file = home.triggerer_file
        masker = masking.current()
        mask_environment(masker, os.environ)
        self._logs = TriggerLogs(config.current().get_path("logging", "base_log_folder"), name, masker)
        self._loop = asyncio.get_running_loop()
        self._leave = asyncio.Event()
        self._link = Link(
            home,
            name,
            os.getpid(),
            handler=self._hear,
            holding=lambda: self._running.ids(),
            gave_up=lambda reason: self._in_loop(self._give_up, reason),
            reconnect_timeout=config.get_float("workers", "reconnect_timeout"),
        )
        encode = partial(
            xcom.serialize,
            enable_pickling=config.get_boolean("core", "enable_xcom_pickling"),
            threshold_bytes=config.get_int("core", "xcom_max_inline_bytes"),
            folder=home.xcoms,
        )
        self._running = Running(
            Workshop(
                emit=self._link.emit,
                logs=self._logs,
                streams=Streams(config.get_int("triggerer", "shared_stream_subscriber_queue_size")),
                encode=encode,
                on_kill_timeout=config.get_float("triggerer", "on_kill_timeout"),
            )
        )
        self._runtime = WorkerRuntime(
            self._link,
            masker,
            xcoms=home.xcoms,
            enable_pickling=config.get_boolean("core", "enable_xcom_pickling"),
            threshold_bytes=config.get_int("core", "xcom_max_inline_bytes"),
        )

    async def serve(self) -> None:
        """Until it is told to stop, or the daemon stays away."""
        self._loop.add_signal_handler(signal.SIGTERM, self._leave.set)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._logs.install(config.get_str("logging", "logging_level"))
        set_runtime(self._runtime)
        write_worker_file(self._file)
        watchdog = Watchdog(self._logs, config.get_float("triggerer", "blocked_main_thread_warning_threshold"))
        watchdog.start()
        self._link.start()
        try:
            await self._leave.wait()
            await self._running.stop(CLEANUP_SECONDS)
            until = self._loop.time() + ACKNOWLEDGE_SECONDS
            while self._link.outbox_size and self._loop.time() < until:
                await asyncio.sleep(0.01)
        finally:
            watchdog.stop()
            self._link.close()
            file = read_worker_file(self._file)
            if file is not None and file.pid == os.getpid():  # not that of one which came after this one
                self._file.unlink(missing_ok=True)

    def _give_up(self, reason: str) -> None:
        self._logs.write("error", f"The triggerer ends: {reason}.")
        self._leave.set()

    # ── from the daemon; in the link's thread ────────────────────────────────────────────────────
    def _hear(self, message: FromDaemon) -> None:
        match message:
            case RunTriggers(triggers):
                self._in_loop(self._running.start, triggers)
            case CancelTriggers(trigger_ids, killed):
                self._in_loop(self._running.cancel, trigger_ids, killed)
            case Stop():
                self._in_loop(self._leave.set)

    def _in_loop(self, function: object, *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)  # type: ignore[arg-type]
        except RuntimeError:
            pass  # The loop has ended; so does the process.


async def _serve(home: Home, name: str) -> None:
    await Triggerer(home, name).serve()


def run(home: Home, name: str) -> None:
    """The life of a triggerer called ``name``: the nursery calls it in a fresh fork."""
    if config.current().home != home:
        config.configure(config.load(home))
    compat.install()
    plugins.add_folders_to_path(home)
    plugins.load_plugins(home)
    gc.collect()
    asyncio.run(_serve(home, name))
