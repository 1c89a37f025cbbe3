"""The daemon's side of the triggerer: it is started with the first trigger, told which ones to run, replaced when it
dies, and what it says becomes events.

Which triggers are wanted is the engine's decision, and the engine's list is the truth: whoever connects is compared
with it. Airflow page: authoring-and-scheduling/deferring.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import signal
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from queuack import clock, config
from queuack.daemon.front import Front, run_info
from queuack.daemon.loop import Loop
from queuack.engine import events
from queuack.engine.deferral import Trigger
from queuack.engine.effects import StartTrigger, StopTrigger
from queuack.engine.engine import Engine
from queuack.errors import QueuackError
from queuack.executors.connection import Connection
from queuack.executors.nursery import NurseryClient
from queuack.home import Home
from queuack.logpaths import attempt_log
from queuack.processes import describe_exit, is_alive, kill, read_worker_file, start_ticks
from queuack.protocol import (
    Ack,
    CancelTriggers,
    Fact,
    Hello,
    RunTriggers,
    Stop,
    ToDaemon,
    TriggerFailed,
    TriggerFired,
    TriggerWork,
    WaitingTask,
)

log = logging.getLogger("queuack.daemon")

LOOK_SECONDS = 0.1
BATCH = 200
"""Triggers in one message, so that a thousand do not hold up what comes after them."""
LONGEST_PAUSE = 30.0
"""Between two starts of a triggerer that dies again and again."""
CALM_SECONDS = 60.0
"""A triggerer that lived so long did not die of its start."""


@dataclass(frozen=True)
class TriggererSettings:
    """Numbers of ``[triggerer]`` and ``[workers]``; times in seconds."""

    capacity: int = 1000
    idle_timeout: float = 60.0
    adopt_timeout: float = 30.0
    kill_grace: float = 5.0

    @classmethod
    def from_config(cls) -> TriggererSettings:
        return cls(
            capacity=config.get_int("triggerer", "capacity"),
            idle_timeout=config.get_float("triggerer", "idle_timeout"),
            adopt_timeout=config.get_float("workers", "adopt_timeout"),
            kill_grace=config.get_float("workers", "kill_grace"),
        )


class Triggering:
    """One per daemon. All methods are for the event loop's thread."""

    def __init__(
        self,
        home: Home,
        loop: Loop,
        front: Front,
        nursery: NurseryClient,
        unseal: Callable[[str], str],
        settings: TriggererSettings,
    ) -> None:
        self._home, self._loop, self._front, self._nursery = home, loop, front, nursery
        self._unseal = unseal
        self._settings = settings
        self._events = asyncio.get_running_loop()
        self._waiting: list[tuple[int, int]] = []
        """(-priority, trigger id) of wanted triggers that nobody runs: a heap."""
        self._running: set[int] = set()
        """Triggers that the present triggerer has been told to run."""
        self._cancelled: list[int] = []
        self._killed: list[int] = []
        self._connection: Connection | None = None
        self.name = ""
        self.pid: int | None = None
        self._ticks: int | None = None
        self._heard = 0
        """Highest number of a fact taken in from the present triggerer."""
        self._acknowledged = 0
        self._starting = False
        self._born_at = 0.0
        self._pause = 0.0
        self._ready = False
        self._stopping = False
        self._flushing = False
        self._idle: asyncio.TimerHandle | None = None
        self._gone = asyncio.Event()
        self._gone.set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        """Triggers that run."""
        return len(self._running)

    # ── start and stop ───────────────────────────────────────────────────────────────────────────
    def start(self) -> None:
        """Run what is wanted: in the triggerer of a daemon before this one, if it lives, else in a new one."""
        for trigger in self._loop.engine.triggers.values():
            self._want(trigger)
        self._spawn(self._recover())

    async def _recover(self) -> None:
        """Wait for a surviving triggerer; one that does not come back is killed first: a trigger never runs twice."""
        file = read_worker_file(self._home.triggerer_file)
        until = self._events.time() + self._settings.adopt_timeout
        while file is not None and is_alive(file) and self._connection is None:
            if self._events.time() > until:
                log.warning("The triggerer (pid %d) did not come back; it is killed.", file.pid)
                kill(file.pid)
            await asyncio.sleep(LOOK_SECONDS)
        self._ready = True
        self._pump()

    async def stop(self, grace: float) -> None:
        """Let triggers clean up for ``grace`` seconds, then end the process. They run again in the next daemon's."""
        self._stopping = True
        if self._connection is not None:
            self._connection.send(Stop())
        for number, patience in ((0, grace), (signal.SIGTERM, self._settings.kill_grace), (signal.SIGKILL, 5.0)):
            if number and self.pid is not None:
                kill(self.pid, number)
            try:
                await asyncio.wait_for(self._gone.wait(), patience)
                break
            except TimeoutError:
                continue
        if self._idle is not None:
            self._idle.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Any) -> None:
        task = self._events.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ── what the engine says ─────────────────────────────────────────────────────────────────────
    def act(self, command: StartTrigger | StopTrigger) -> None:
        if isinstance(command, StartTrigger):
            trigger = self._loop.engine.triggers.get(command.trigger_id)
            if trigger is not None:
                self._want(trigger)
        elif command.trigger_id in self._running:
            self._running.discard(command.trigger_id)
            self._cancelled.append(command.trigger_id)
            if command.killed:
                self._killed.append(command.trigger_id)
        self._pump_soon()

    def _want(self, trigger: Trigger) -> None:
        run = trigger.run
        priority = 0 if run is None else run.plan.weights[run.task_of[trigger.position]]
        heapq.heappush(self._waiting, (-priority, trigger.row.id))

    def _pump_soon(self) -> None:
        if not self._flushing:
            self._flushing = True
            self._events.call_soon(self._pump)

    def _pump(self) -> None:
        """Say what is to be said; start a triggerer if there is something to run and nobody to run it."""
        self._flushing = False
        if self._stopping:
            return
        connection = self._connection
        if connection is not None:
            if self._cancelled:
                connection.send(CancelTriggers(self._cancelled, self._killed))
            self._cancelled, self._killed = [], []
            works = []
            while self._waiting and len(self._running) < self._settings.capacity:
                work = self._next()
                if work is not None:
                    works.append(work)
            for at in range(0, len(works), BATCH):
                connection.send(RunTriggers(works[at : at + BATCH]))
        elif self._ready and not self._starting and self.pid is None and self._wants_any():
            self._starting = True
            self._spawn(self._fork())
        self._mind_idleness()

    def _wants_any(self) -> bool:
        return bool(self._loop.engine.triggers)

    def _next(self) -> TriggerWork | None:
        _, trigger_id = heapq.heappop(self._waiting)
        trigger = self._loop.engine.triggers.get(trigger_id)
        if trigger is None or trigger_id in self._running:
            return None
        try:
            work = work_of(self._loop.engine, trigger, self._unseal)
        except QueuackError as error:
            log.error("The trigger %d cannot run: %s", trigger_id, error.message)
            at = clock.now_us()
            self._loop.post(events.TriggerFailed(trigger_id=trigger_id, at=at, traceback=(error.message,)))
            return None
        self._running.add(trigger_id)
        return work

    # ── the process ──────────────────────────────────────────────────────────────────────────────
    async def _fork(self) -> None:
        if self._pause:
            await asyncio.sleep(self._pause)
        name = f"t{uuid.uuid4().hex[:12]}"
        self._gone.clear()
        self._born_at = self._events.time()

        def on_exit(pid: int, status: int) -> None:
            if self.name == name:
                self._ended(status)

        try:
            self.name, self.pid, self._heard, self._acknowledged = name, None, 0, 0
            self.pid = await self._nursery.fork("triggerer", name, on_exit=on_exit)
            self._ticks = start_ticks(self.pid)
        except QueuackError as error:
            log.error("The triggerer could not be started: %s", error.message)
            self._ended(None)
        finally:
            self._starting = False

    def _ended(self, status: int | None) -> None:
        """It is dead: what it ran is to be run again."""
        self.pid = None
        self._connection = None
        self._gone.set()
        if self._stopping:
            return
        lived = self._events.time() - self._born_at
        expected = status in (0, None) and not self._running
        self._pause = 0.0 if expected or lived > CALM_SECONDS else min(LONGEST_PAUSE, max(0.1, self._pause * 2))
        if not expected:
            many = "1 trigger is" if len(self._running) == 1 else f"{len(self._running)} triggers are"
            log.error("The triggerer %s; its %s run again by a new one.", describe_exit(status), many)
        self._running.clear()
        self._cancelled, self._killed = [], []
        self._waiting.clear()
        for trigger in self._loop.engine.triggers.values():
            self._want(trigger)
        self._pump_soon()

    def attach(self, connection: Connection, hello: Hello) -> None:
        """A triggerer has introduced itself. Only one is wanted."""
        if hello.name != self.name and (self._starting or self.pid not in (None, hello.pid)):
            connection.send(Stop())
            return
        if self.name != hello.name:
            self._heard = self._acknowledged = 0
        self.name, self.pid, self._ticks = hello.name, hello.pid, start_ticks(hello.pid)
        self._connection = connection
        self._gone.clear()
        if self._acknowledged:
            connection.send(Ack(self._acknowledged))
        wanted, has = self._loop.engine.triggers, set(hello.triggers)
        self._running = {number for number in has if number in wanted}
        self._cancelled += sorted(has - self._running)
        self._waiting.clear()
        for number, trigger in wanted.items():
            if number not in has:
                self._want(trigger)
        if self._stopping:
            connection.send(Stop())
        self._pump_soon()

    def on_disconnect(self, connection: Connection) -> None:
        if self._connection is connection:
            self._connection = None
            self._spawn(self._await_death())

    async def _await_death(self) -> None:
        """It hung up: it ends, or it comes back. Its end is reported by the nursery, unless that is not its parent."""
        pid, until = self.pid, self._events.time() + self._settings.kill_grace
        while self._connection is None and self.pid == pid and pid is not None:
            await asyncio.sleep(LOOK_SECONDS)
            if self._connection is None and self.pid == pid and start_ticks(pid) != self._ticks:
                self._ended(None)
                return
            if self._events.time() > until:
                kill(pid)
                until = float("inf")

    def _mind_idleness(self) -> None:
        """A triggerer with nothing to run leaves after a while."""
        if self._wants_any():
            if self._idle is not None:
                self._idle.cancel()
                self._idle = None
        elif self._idle is None and self._connection is not None:
            self._idle = self._events.call_later(self._settings.idle_timeout, self._dismiss)

    def _dismiss(self) -> None:
        self._idle = None
        if self._connection is not None and not self._wants_any():
            self._running.clear()
            self._connection.send(Stop())
            self._connection = None
            self._spawn(self._await_death())

    # ── what it says ─────────────────────────────────────────────────────────────────────────────
    def on_message(self, connection: Connection, message: ToDaemon) -> None:
        if connection is not self._connection or not isinstance(message, Fact):
            return
        if message.seq <= self._heard:
            return
        self._heard = message.seq
        if isinstance(message, TriggerFired | TriggerFailed):
            self._loop.post_outcome(event_of(self.name, message))
        else:
            self._front.take_row(self.name, message)
        self._loop.acknowledge(self.name, message.seq)

    def acknowledge(self, name: str, seq: int) -> bool:
        """The facts up to ``seq`` are durable. False when ``name`` is no triggerer."""
        if name != self.name:
            return False
        self._acknowledged = max(self._acknowledged, seq)
        if self._connection is not None:
            self._connection.send(Ack(seq))
        return True


def work_of(engine: Engine, trigger: Trigger, unseal: Callable[[str], str]) -> TriggerWork:
    """What a triggerer needs to know. Raises what ``unseal`` raises."""
    row = trigger.row
    kwargs = row.kwargs if row.kwargs.startswith("{") else unseal(row.kwargs)
    work = TriggerWork(trigger_id=row.id, classpath=row.classpath, kwargs=kwargs.encode())
    run, i = trigger.run, trigger.position
    if run is None:
        work.assets = engine.watched_assets(row.id)
        return work
    document = run.plan.document
    task = document.tasks[run.task_of[i]]
    map_index = run.map_indexes[i]
    work.task = WaitingTask(
        ti_id=run.ti_ids[i],
        task_id=task.task_id,
        map_index=map_index,
        try_number=run.tries[i],
        max_tries=run.max_tries[i],
        log_path=attempt_log(run.dag_id, run.run_id, task.task_id, map_index, run.tries[i]),
        run=run_info(run.row),
    )
    if task.start_trigger is not None and row.classpath == task.start_trigger.classpath:
        work.task.template_fields = list(task.template_fields)
        work.task.params = {name: entry.get("value") for name, entry in document.params.items()}
    return work


def event_of(name: str, fact: TriggerFired | TriggerFailed) -> events.TriggerFired | events.TriggerFailed:
    """The engine's event of what the triggerer ``name`` says."""
    if isinstance(fact, TriggerFired):
        return events.TriggerFired(
            trigger_id=fact.trigger_id,
            at=fact.at,
            payload=fact.payload,
            ends=fact.ends,
            xcoms=tuple((key, encoding, value) for key, encoding, value in fact.xcoms),
            source=name,
            seq=fact.seq,
        )
    return events.TriggerFailed(trigger_id=fact.trigger_id, at=fact.at, traceback=tuple(fact.traceback))
