"""Virtual time: an event loop that never waits, a wall clock that can be set, and a thread that is none.

The daemon's own coroutines run on it unchanged. Nothing here knows what is simulated.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from typing import Any

MICROSECOND = 1_000_000


class Time:
    """``monotonic`` (seconds) only goes on; the wall clock goes with it, and jumps when it is set."""

    def __init__(self, start_us: int) -> None:
        self.monotonic = 0.0
        self._offset = start_us

    def wall_us(self) -> int:
        return self._offset + round(self.monotonic * MICROSECOND)

    def wall_ns(self) -> int:
        return self.wall_us() * 1_000

    def jump(self, seconds: float) -> None:
        """Somebody sets the wall clock."""
        self._offset += round(seconds * MICROSECOND)


class _NoWaiting(selectors.DefaultSelector):
    """Where a loop would sleep, time has passed."""

    def __init__(self, time: Time) -> None:
        super().__init__()
        self._time = time

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("Everything waits, and nothing will ever happen.")
        self._time.monotonic += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop on virtual time. What would run in another thread runs here, ``thread_seconds`` later."""

    def __init__(self, time: Time, thread_seconds: Callable[[], float]) -> None:
        super().__init__(_NoWaiting(time))
        self._virtual = time
        self._thread_seconds = thread_seconds

    def time(self) -> float:
        return self._virtual.monotonic

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        future = self.create_future()
        self.call_later(self._thread_seconds(), _carry_out, future, func, args)
        return future

    def pass_time(self, seconds: float, until: asyncio.Future[Any] | None = None) -> None:
        """Let everything happen that happens within ``seconds``, or until ``until`` is done."""
        pause = self.create_task(asyncio.sleep(seconds))
        waited = {pause} if until is None else {pause, until}
        self.run_until_complete(asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED))
        pause.cancel()

    def run_task(self, task: asyncio.Task[Any], beside: asyncio.Task[Any]) -> bool:
        """Run until ``task`` is done (True) or ``beside`` is (False)."""
        self.run_until_complete(asyncio.wait({task, beside}, return_when=asyncio.FIRST_COMPLETED))
        return task.done()

    def end(self) -> None:
        """Cancel everything and close."""
        for task in asyncio.all_tasks(self):
            task.cancel()
        self.run_until_complete(asyncio.sleep(0))
        self.close()


def _carry_out(future: asyncio.Future[Any], func: Callable[..., Any], args: tuple[Any, ...]) -> None:
    if future.cancelled():
        return
    try:
        future.set_result(func(*args))
    except BaseException as error:
        future.set_exception(error)
