"""The async tasks of a worker: one event loop in a thread of its own, with many attempts at once.

Decides where their parts run: what a task awaits on the loop, what surrounds it (loading, templates, callbacks) in a
few threads, so that no attempt waits for another's questions to the daemon. The main thread is free for other tasks.
What an attempt does is ``async_attempt``'s business. Beyond Airflow, where each async task has a process of its own.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import resource
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from queuack.protocol import Held, Recalled, Workload
from queuack.worker.async_attempt import AsyncAttempt
from queuack.worker.interrupts import Owner, TaskCancelled
from queuack.worker.link import Outlet
from queuack.worker.runner import Workbench

log = logging.getLogger("queuack.worker")

THREADS = 4
"""For what surrounds the coroutines."""


class Coroutines:
    """All methods are safe in any thread. The loop starts with the first attempt."""

    def __init__(
        self,
        bench: Workbench,
        outlet: Outlet,
        kill_grace: float,
        *,
        prepare: Callable[[], None],
        idle: Callable[[], None],
    ) -> None:
        """``prepare``: called for each attempt before it loads anything; ``idle``: when the last one has ended."""
        self._bench = bench
        self._outlet = outlet
        self._kill_grace = kill_grace
        self._prepare = prepare
        self._idle = idle
        self._lock = threading.Lock()
        self._attempts: dict[Owner, AsyncAttempt] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="queuack-async")
        self.done = 0
        """Attempts that have ended."""

    @property
    def busy(self) -> bool:
        return bool(self._attempts)

    def submit(self, workload: Workload) -> None:
        """Begin an attempt."""
        attempt = AsyncAttempt(self._bench, workload, self._kill_grace)
        with self._lock:
            self._attempts[workload.ti_id, workload.try_number] = attempt
            loop = self._loop = self._loop or self._start()
        loop.call_soon_threadsafe(self._begin, loop, attempt)

    def cancel(self, key: Owner, reason: str) -> bool:
        """Stop one attempt; the others go on. False: it is not here."""
        with self._lock:
            attempt, loop = self._attempts.get(key), self._loop
        if attempt is None or loop is None:
            return False
        loop.call_soon_threadsafe(attempt.stop, TaskCancelled(reason))
        return True

    def stop_all(self, error: BaseException) -> None:
        """End every coroutine with ``error``."""
        with self._lock:
            attempts, loop = list(self._attempts.values()), self._loop
        if loop is not None:
            for attempt in attempts:
                loop.call_soon_threadsafe(attempt.stop, error)

    def held(self) -> list[Held]:
        with self._lock:
            attempts = list(self._attempts.values())
        return [
            Held(one.workload.ti_id, one.workload.try_number, "running" if one.begun else "waiting", is_async=True)
            for one in attempts
        ]

    # ── the loop ─────────────────────────────────────────────────────────────────────────────────
    def _start(self) -> asyncio.AbstractEventLoop:
        allow_many_files()
        loop = asyncio.new_event_loop()
        loop.set_default_executor(ContextExecutor(thread_name_prefix="queuack-async-default"))
        threading.Thread(target=self._serve, args=(loop,), name="queuack-loop", daemon=True).start()
        return loop

    @staticmethod
    def _serve(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        while True:
            try:
                loop.run_forever()
            except BaseException as error:  # a SystemExit in a task that user code made ends no other
                log.error("A task on the event loop raised %s.", type(error).__name__, exc_info=error)

    def _begin(self, loop: asyncio.AbstractEventLoop, attempt: AsyncAttempt) -> None:
        loop.create_task(self._live(attempt))

    async def _live(self, attempt: AsyncAttempt) -> None:
        key = (attempt.workload.ti_id, attempt.workload.try_number)
        try:
            await attempt.live(self._threads, self._prepare)
        except TaskCancelled:
            self._outlet.say(Recalled([key]))
        except Exception as error:  # of Queuack, not of the task: the daemon must not wait for its end for ever
            log.exception("The attempt %d of task instance %d cannot go on", key[1], key[0])
            attempt.give_up(error)
        finally:
            with self._lock:
                del self._attempts[key]
                self.done += 1
                idle = not self._attempts
            if idle:
                self._idle()


class ContextExecutor(ThreadPoolExecutor):
    """Keeps the contextvars context of who hands over the call: whose log it writes to, what its task is."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return super().submit(contextvars.copy_context().run, fn, *args, **kwargs)


def allow_many_files() -> None:
    """As many open files as this process may have: each of a thousand tasks may hold a connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
