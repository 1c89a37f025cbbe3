"""Triggers of a run in this process: they run inline, in an event loop that turns only while nothing else is to do.

Stands where the daemon has its triggerer. Airflow page: "Testing DAGs with dag.test()".
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from queuack.daemon.triggering import event_of, work_of
from queuack.engine.effects import StartTrigger, StopTrigger
from queuack.engine.engine import Engine
from queuack.engine.events import Event
from queuack.protocol import Fact, TriggerFailed, TriggerFired, XComClear, XComPush
from queuack.tracebacks import format_user_exception
from queuack.triggerer.running import Encode, Running, Workshop
from queuack.triggerer.streams import Streams

Say = Callable[[str], None]


class InlineTriggers:
    """Implements ``daemon.front.TriggerHost``."""

    def __init__(
        self, engine: Engine, post: Callable[[Event], None], keep: Callable[[Fact], None], encode: Encode, say: Say
    ) -> None:
        """``post`` takes the engine's events, ``keep`` other facts (XComs)."""
        self._engine, self._post, self._keep = engine, post, keep
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heard = False
        logs: Any = _Terminal(say)
        self._running = Running(
            Workshop(emit=self._hear, logs=logs, streams=Streams(1024), encode=encode, on_kill_timeout=30.0)
        )

    def act(self, command: StartTrigger | StopTrigger) -> None:
        if isinstance(command, StartTrigger):
            trigger = self._engine.triggers.get(command.trigger_id)
            if trigger is not None:
                work = work_of(self._engine, trigger, str)
                self._own_loop().call_soon(self._running.start, [work])
        else:
            killed = [command.trigger_id] if command.killed else []
            self._own_loop().call_soon(self._running.cancel, [command.trigger_id], killed)

    def acknowledge(self, name: str, seq: int) -> bool:
        return False

    def _own_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop

    def _hear(self, fact: Fact) -> None:
        if isinstance(fact, TriggerFired | TriggerFailed):
            self._post(event_of("", fact))
            self._heard = True
        elif isinstance(fact, XComPush | XComClear):
            self._keep(fact)

    def wait(self, seconds: float | None) -> None:
        """Let triggers run until one has something to say, at most so many seconds."""
        loop = self._own_loop()
        self._heard = False

        async def until_heard() -> None:
            end = None if seconds is None else loop.time() + seconds
            while not self._heard and (end is None or loop.time() < end):
                await asyncio.sleep(0.005)

        _run(loop, until_heard())

    def close(self) -> None:
        """Cancel what still runs, with its ``cleanup``."""
        if self._loop is None:
            return
        _run(self._loop, self._running.stop(5.0))
        self._loop.close()
        self._loop = None


def _run(loop: asyncio.AbstractEventLoop, work: Any) -> None:
    """Here, or, where a loop turns in this thread already (a notebook), in another while this one waits."""
    with suppress(RuntimeError):
        asyncio.get_running_loop()
        thread = threading.Thread(target=loop.run_until_complete, args=(work,))
        thread.start()
        thread.join()
        return
    loop.run_until_complete(work)


class _Terminal:
    """Stands where a triggerer has its TriggerLogs."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def path_of(self, attempt_log: str) -> str:
        return attempt_log

    def path_of_watcher(self, classpath: str, trigger_id: int) -> str:
        return classpath

    def write(self, level: str, event: str, logger: str = "", error: BaseException | None = None) -> None:
        for line in (event, *([] if error is None else format_user_exception(error).rstrip().splitlines())):
            self._say(line)
