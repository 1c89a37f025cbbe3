"""One life of a daemon: the real engine, loop, front, parsing, recovery, store writer and snapshot, from the file to
the crash. Simulated are the executor, the triggerer, the parser's process, the disk's bad days and time.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from queuack import clock
from queuack.daemon.asking import Asking
from queuack.daemon.front import Front
from queuack.daemon.loop import Loop
from queuack.daemon.parsing import Parsing
from queuack.daemon.recovery import recover
from queuack.engine.effects import Command, Step, Write
from queuack.engine.engine import Engine, EngineSettings
from queuack.engine.events import Event
from queuack.errors import QueuackError, StoreUnavailable
from queuack.store.database import Database
from queuack.store.reader import Reader
from queuack.store.snapshot import load_snapshot
from queuack.store.writer import Writer
from tests.sim.story import Crash, Story
from tests.sim.triggers import SimTriggers
from tests.sim.virtual import VirtualLoop
from tests.sim.workers import Crew, SimExecutor

T = TypeVar("T")

POINTS = (
    "before the step", "before the commit", "after the commit", "before the acknowledgement", "before dispatch",
    "in the middle of dispatch", "after dispatch", "before the replies",
)  # fmt: skip
"""Where a daemon may crash."""


class Watch:
    """What the simulation wants to know of a daemon while it lives. Overridden there."""

    def stepped(self, engine: Engine, events: Sequence[Event], step: Step) -> None: ...
    def committing(self, engine: Engine, writes: Sequence[Write]) -> None: ...
    def committed(self, writes: Sequence[Write]) -> None: ...
    def submitted(self, engine: Engine, workload: Any) -> None: ...


class Faults:
    """What is to go wrong next."""

    def __init__(self) -> None:
        self.crash_at: str | None = None
        self.refusals = 0
        """So many commits the disk refuses."""

    def reach(self, point: str) -> None:
        if self.crash_at == point:
            self.crash_at = None
            raise Crash(point)


class _Engine(Engine):
    watch: Watch
    faults: Faults

    def step(self, events: Sequence[Event], now: int) -> Step:
        self.faults.reach("before the step")
        step = super().step(events, now)
        self.watch.stepped(self, events, step)
        return step


class _Disk:
    """The loop's Committer: the real writer on a disk with bad days."""

    def __init__(self, writer: Writer, engine: Engine, watch: Watch, faults: Faults) -> None:
        self.writer = writer
        self._engine = engine
        self._watch = watch
        self._faults = faults

    @property
    def waiting(self) -> int:
        return self.writer.waiting

    def commit(self, writes: Sequence[Write], *, fold: bool = False) -> None:
        self._faults.reach("before the commit")
        if self._faults.refusals:
            self._faults.refusals -= 1
            raise StoreUnavailable("The disk is full.")
        self._watch.committing(self._engine, writes)
        self.writer.commit(writes, fold=fold)
        self._watch.committed(writes)
        self._faults.reach("after the commit")


class _Front(Front):
    faults: Faults

    def act(self, commands: Sequence[Command]) -> None:
        self.faults.reach("before dispatch")
        if self.faults.crash_at == "in the middle of dispatch":
            super().act(commands[: len(commands) // 2])
            self.faults.reach("in the middle of dispatch")
        super().act(commands)
        self.faults.reach("after dispatch")

    def acknowledge(self, worker_id: str, seq: int) -> None:
        self.faults.reach("before the acknowledgement")
        super().acknowledge(worker_id, seq)

    def committed(self, writes: Sequence[Write]) -> None:
        super().committed(writes)
        self.faults.reach("before the replies")


class Dead(Exception):
    """The daemon died before it answered."""


class Life:
    """Begins at once; ``port`` is how services reach it."""

    def __init__(
        self, loop: VirtualLoop, database: Database, settings: EngineSettings, crew: Crew, watch: Watch, story: Story
    ) -> None:
        self.events = loop
        self.recalling = threading.Lock()
        self.database = database
        self.faults = Faults()
        self.writer = Writer(database)
        engine = _Engine.restore(settings, load_snapshot(database), clock.now_us())
        assert isinstance(engine, _Engine)
        engine.watch, engine.faults = watch, self.faults
        self.engine = engine
        self.front = _Front(isolation="warm", means={})
        self.front.faults = self.faults
        self.loop = Loop(engine, _Disk(self.writer, engine, watch, self.faults), self.front)
        self.executor = SimExecutor(crew, self.front, lambda workload: watch.submitted(engine, workload))
        self.triggers = SimTriggers(self.loop, loop, crew.chance, story)
        self.front.loop, self.front.executor, self.front.triggers = self.loop, self.executor, self.triggers
        self.parsing = Parsing(self.loop)
        self.front.asking = self.parsing.asking or Asking()
        self.crew = crew
        crew.executor = self.executor
        crew.ask_a_person = self.loop.post
        outstanding = engine.outstanding()
        self.task = loop.create_task(self.loop.run())
        self._others = [loop.create_task(recover(self.loop, self.executor, outstanding, 10.0))]
        self.triggers.calm = crew.calm
        self.triggers.start()

    # ── the port ─────────────────────────────────────────────────────────────────────────────────
    def _carry(self, work: Coroutine[Any, Any, T]) -> T:
        task = self.events.create_task(work)
        if not self.events.run_task(task, self.task):
            task.cancel()
            raise Dead
        return task.result()

    def request(self, event: Event) -> Any:
        return self._carry(self.loop.request(event))

    def write(self, *writes: Write) -> None:
        async def carry() -> None:
            self.loop.write(*writes)
            await self.loop.settled()

        self._carry(carry())

    def on_engine(self, look: Callable[[Engine], T]) -> T:
        return look(self.engine)

    def waiting_xcom(self, place: Any, key: str) -> Any:
        return self.writer.xcom(place, key)

    def waiting_xcoms(self, task: Any, key: str) -> Any:
        return self.writer.xcoms(task, key)

    def ask_timetable(self, question: Any) -> Any:
        raise QueuackError("Nobody can be asked here.")

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        with self.database.reader() as reader:
            yield reader

    # ── its course ───────────────────────────────────────────────────────────────────────────────
    @property
    def is_over(self) -> bool:
        return self.task.done()

    @property
    def is_idle(self) -> bool:
        """Nothing has come that is not done, and nothing is due."""
        at = self.engine.next_wakeup()
        return (
            not self.loop._batch
            and not self.loop._committing
            and not self.is_over
            and (at is None or at > clock.now_us())
        )

    def error(self) -> BaseException | None:
        return self.task.exception() if self.task.done() and not self.task.cancelled() else None

    def end(self) -> None:
        """It is dead: nothing of it moves any more."""
        self.crew.executor = None
        self.triggers.stop()
        while not all(task.done() for task in (self.task, *self._others)):
            for task in (self.task, *self._others):
                task.cancel()  # more than once: wait_for may swallow one
            self.events.run_until_complete(asyncio.sleep(0))
        for task in (self.task, *self._others):
            if task.done() and not task.cancelled():
                task.exception()
        self.loop._thread.shutdown(wait=False)
