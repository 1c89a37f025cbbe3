"""Running triggers: one asyncio task each, from making to ``cleanup``; what they fire becomes facts.

A task's trigger that ends without an event fails its task; a watcher's is started anew. Which triggers run is the
daemon's decision. Airflow page: authoring-and-scheduling/deferring.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from queuack import clock
from queuack.authoring.trigger import BaseTaskEndEvent, BaseTrigger, TriggerEvent
from queuack.faults import reach
from queuack.protocol import Fact, TriggerFailed, TriggerFired, TriggerWork
from queuack.serialization import typed_json
from queuack.tracebacks import format_user_exception
from queuack.triggerer.logs import TriggerLogs, current_log
from queuack.triggerer.making import make_trigger
from queuack.triggerer.streams import Streams

Encode = Callable[[Any], tuple[str, bytes]]
"""An XCom value → (encoding, bytes)."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds until a watcher that ended, or failed again and again, is started anew."""


@dataclass(frozen=True)
class Workshop:
    """What triggers need to run."""

    emit: Callable[[Fact], None]
    logs: TriggerLogs
    streams: Streams
    encode: Encode
    on_kill_timeout: float


class Running:
    """The triggers of this process. For the event loop's thread, but for ``ids``."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._killed: set[int] = set()

    def ids(self) -> list[int]:
        """Of all that run; in any thread."""
        return list(self._tasks)

    def start(self, works: Iterable[TriggerWork]) -> None:
        """Each in a task named by what it is, so that one that blocks the loop can be named."""
        for work in works:
            if work.trigger_id not in self._tasks:
                task = asyncio.get_running_loop().create_task(self._live(work), name=describe(work))
                self._tasks[work.trigger_id] = task
                task.add_done_callback(lambda _, number=work.trigger_id: self._tasks.pop(number, None))  # type: ignore[misc]

    def cancel(self, trigger_ids: Iterable[int], killed: Iterable[int] = ()) -> None:
        """``on_kill`` runs for those in ``killed``, ``cleanup`` for all."""
        self._killed.update(killed)
        for number in trigger_ids:
            task = self._tasks.get(number)
            if task is None:
                self._killed.discard(number)
            else:
                task.cancel()

    async def stop(self, patience: float) -> None:
        """Cancel all and give their ``cleanup`` so many seconds."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=patience)

    # ── the life of one ──────────────────────────────────────────────────────────────────────────
    async def _live(self, work: TriggerWork) -> None:
        if work.task is None:
            await self._watch(work)
            return
        current_log.set(self._shop.logs.path_of(work.task.log_path))
        try:
            fired = await self._once(work)
        except Exception as error:
            self._log("error", f"Trigger {describe(work)} exited with error {error}", error)
            self._fail(work, error)
            return
        if not fired:
            self._log("error", "Trigger exited without sending an event. Dependent tasks will be failed.")
            self._fail(work, None)

    async def _watch(self, work: TriggerWork) -> None:
        """For ever: a watcher that ends begins anew."""
        current_log.set(self._shop.logs.path_of_watcher(work.classpath, work.trigger_id))
        pause = FIRST_PAUSE
        while True:
            try:
                fired = await self._once(work)
                pause = FIRST_PAUSE if fired else min(pause * 2, LONGEST_PAUSE)
            except Exception as error:
                pause = min(pause * 2, LONGEST_PAUSE)
                self._log("error", f"{describe(work)} failed; it is started again in {pause:g} s", error)
            await asyncio.sleep(pause)

    async def _once(self, work: TriggerWork) -> int:
        """Make it, run it, clean up; returns how many events it fired. Raises what it raises."""
        trigger = make_trigger(work)
        self._log("info", f"trigger {describe(work)} starting")
        events = 0
        try:
            stream = self._shop.streams.events_of(trigger)
            async for event in stream:
                self._say(work, event)
                events += 1
        except asyncio.CancelledError:
            await self._end_elsewhere(work, trigger)
            raise
        except Exception as error:
            if not events or work.task is None:
                raise
            self._log("error", f"Trigger {describe(work)} exited with error {error}", error)
        finally:
            with suppress(Exception):
                await trigger.cleanup()
            self._log("info", "trigger completed")
        return events

    async def _end_elsewhere(self, work: TriggerWork, trigger: BaseTrigger) -> None:
        """A person ended the task: the trigger ends what it started outside."""
        if work.trigger_id not in self._killed:
            return
        self._killed.discard(work.trigger_id)
        self._log("info", "Trigger cancelled by user action, invoking on_kill")
        try:
            await asyncio.wait_for(trigger.on_kill(), self._shop.on_kill_timeout)
        except TimeoutError:
            self._log("warning", f"on_kill() took longer than {self._shop.on_kill_timeout:g} s")
        except Exception as error:
            self._log("warning", "on_kill() raised an exception", error)

    # ── saying ───────────────────────────────────────────────────────────────────────────────────
    def _say(self, work: TriggerWork, event: TriggerEvent) -> None:
        fact = fact_of(work.trigger_id, event, self._shop.encode)
        self._log("info", f"Trigger fired event {event!r}")
        reach("triggerer.before_fire")
        self._shop.emit(fact)
        reach("triggerer.after_fire")

    def _fail(self, work: TriggerWork, error: BaseException | None) -> None:
        lines = [] if error is None else format_user_exception(error).splitlines()
        self._shop.emit(TriggerFailed(seq=0, trigger_id=work.trigger_id, at=clock.now_us(), traceback=lines))

    def _log(self, level: str, event: str, error: BaseException | None = None) -> None:
        self._shop.logs.write(level, event, error=error)


def fact_of(trigger_id: int, event: TriggerEvent, encode: Encode) -> TriggerFired:
    """Raises TypeError for what is not an event, or cannot be JSON."""
    if not isinstance(event, TriggerEvent):
        raise TypeError(f"A trigger yields TriggerEvents, not {type(event).__name__}.")
    fact = TriggerFired(seq=0, trigger_id=trigger_id, at=clock.now_us(), payload=typed_json.dumps_ascii(event.payload))
    if isinstance(event, BaseTaskEndEvent):
        fact.ends = str(event.task_instance_state)
        fact.xcoms = [(key, *encode(value)) for key, value in (event.xcoms or {}).items()]
    return fact


def describe(work: TriggerWork) -> str:
    """``dag/run/task[/map index]/try (ID n)``, as Airflow's logs name a trigger."""
    task = work.task
    if task is None:
        return f"{work.classpath} (ID {work.trigger_id})"
    mapped = f"/{task.map_index}" if task.map_index >= 0 else ""
    return f"{task.run.dag_id}/{task.run.run_id}/{task.task_id}{mapped}/{task.try_number} (ID {work.trigger_id})"
