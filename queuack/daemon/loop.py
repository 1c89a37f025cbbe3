"""The scheduling loop: drain what has come, take one engine step, commit once, then act.

It decides the order of those four and nothing else. While a commit is under way (in the writer's
thread) new events gather for the next round. A commit that the disk refuses is tried again until it
goes through: nothing is dispatched, answered or acknowledged meanwhile, and nothing is forgotten.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol

from queuack import clock
from queuack.engine.effects import CallbackRow, Command, RunCallback, Write
from queuack.engine.engine import Engine
from queuack.engine.events import Event
from queuack.errors import QueuackError, StoreUnavailable
from queuack.faults import reach

log = logging.getLogger("queuack.daemon")

LINGER_SECONDS = 0.010
"""How long what nobody waits for (an attempt began, an XCom came) may wait for company in its commit."""

FOLD_SECONDS = 0.100
"""How long changes of task instances may wait in the store's journal until they are in their tables."""

FOLD_WRITES = 4096
"""So many are folded at once, whatever the time."""

GATHER_SECONDS = 0.003
"""How long a round may wait for more outcomes while they pour in, so that one commit serves many."""

AHEAD = 4
"""Attempts that may be handed out beyond what may run at once for each outcome of the last round, and ``AHEAD`` times
the number of workers at the most: short tasks wait in the workers' queues, so that these do not run dry during a
commit. How many run at once the executor sees to."""

POURING = 4
"""Outcomes in one round that count as pouring in."""

RETRY_COMMIT_SECONDS = 1.0
"""Pause between two tries of a commit that the disk refused."""


class Committer(Protocol):
    """The part of the store's writer that the loop needs."""

    def commit(self, writes: Sequence[Write], *, fold: bool = False) -> None: ...

    @property
    def waiting(self) -> int: ...


class Observer(Protocol):
    """What is told of each durable round: the executor's front, the terminal."""

    def act(self, commands: Sequence[Command]) -> None: ...

    def acknowledge(self, worker_id: str, seq: int) -> None: ...

    def committed(self, writes: Sequence[Write]) -> None: ...


class Batch:
    """What has come since the last round."""

    __slots__ = ("acks", "events", "outcomes", "waiters", "writes")

    def __init__(self) -> None:
        self.outcomes = 0
        self.events: list[Event] = []
        self.writes: list[Write] = []
        self.acks: dict[str, int] = {}
        self.waiters: list[asyncio.Future[None]] = []

    def __bool__(self) -> bool:
        return bool(self.events or self.writes or self.acks or self.waiters)


class Loop:
    """Owns the engine. All methods are for the event loop's thread, unless they say otherwise."""

    def __init__(self, engine: Engine, writer: Committer, observer: Observer) -> None:
        self.engine = engine
        settings = engine.settings
        self._workers = min(settings.parallelism, settings.max_workers or settings.parallelism)
        self._writer = writer
        self._observer = observer
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._batch = Batch()
        self._wake = asyncio.Event()
        self._enough = asyncio.Event()
        self._goal = 0
        self._linger: asyncio.TimerHandle | None = None
        self._urgent = False
        self._last_outcomes = 0
        self._fold_due = False
        self._fold_timer: asyncio.TimerHandle | None = None
        self._stopping = False
        self._committing = False
        self._replies: dict[int, asyncio.Future[Any]] = {}
        self._next_request = 1
        self.store_error: str | None = None
        """Why commits are failing at present."""
        self.rounds = 0

    # ── in ───────────────────────────────────────────────────────────────────────────────────────
    def post(self, *events: Event) -> None:
        """Hand in facts for the next round, which begins at once."""
        self._batch.events.extend(events)
        self._hurry()

    def post_outcome(self, event: Event) -> None:
        """As ``post``, of an attempt that ended: many of these in a short time may share a round."""
        self._batch.events.append(event)
        self._batch.outcomes += 1
        self._hurry()
        if self._batch.outcomes >= self._goal:
            self._enough.set()

    def post_soon(self, event: Event) -> None:
        """Hand in a fact that nothing waits for: it travels with the next round, or makes one in a moment."""
        self._batch.events.append(event)
        self._soon()

    def write(self, *writes: Write) -> None:
        """Hand in rows that are no business of the engine (XComs, variables, rendered fields), as ``post_soon``."""
        self._batch.writes.extend(writes)
        self._soon()

    def _hurry(self) -> None:
        self._urgent = True
        self._wake.set()

    def _soon(self) -> None:
        if self._linger is None and not self._urgent:
            self._linger = asyncio.get_running_loop().call_later(LINGER_SECONDS, self._hurry)

    def acknowledge(self, worker_id: str, seq: int) -> None:
        """Acknowledge a worker's facts up to ``seq`` once all that was handed in before is durable."""
        self._batch.acks[worker_id] = seq
        self._soon()

    async def request(self, event: Event) -> Any:
        """Hand in a request and wait until it is durable. Raises what the engine refuses it with."""
        event.request = self._next_request
        self._next_request += 1
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._replies[event.request] = reply
        self.post(event)
        return await reply

    def resume_callback(self, callback: CallbackRow) -> None:
        """Have a callback run that was decided, and made durable, before this daemon started."""
        self._observer.act([RunCallback(callback=callback)])

    async def settled(self) -> None:
        """Wait until everything handed in so far is durable."""
        if not self._batch and not self._committing:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._batch.waiters.append(waiter)
        self._hurry()
        await waiter

    def stop(self) -> None:
        """Finish what has been handed in, then let ``run`` return."""
        self._stopping = True
        self._hurry()

    # ── the loop ─────────────────────────────────────────────────────────────────────────────────
    async def run(self) -> None:
        while True:
            await self._wait()
            await self._gather()
            batch, self._batch = self._batch, Batch()
            if self._stopping and not batch:
                await self._commit([], fold=True)
                break
            await self._round(batch)
        self._thread.shutdown(wait=True)

    async def _wait(self) -> None:
        if self._stopping or self._urgent or self.engine.has_work:
            self._wake.clear()
            return
        at = self.engine.next_wakeup()
        delay = None if at is None else (at - clock.now_us()) / clock.SECOND
        if delay is None or delay > 0:
            try:
                # At most a minute: the wall clock may be set while we sleep.
                await asyncio.wait_for(self._wake.wait(), min(delay or 60.0, 60.0))
            except TimeoutError:
                pass
        self._wake.clear()

    async def _gather(self) -> None:
        """When the last round had many outcomes, wait a moment until a quarter of what is out has come back."""
        batch = self._batch
        if self._last_outcomes >= POURING and batch.outcomes and not batch.waiters and not self._stopping:
            self._goal = len(self.engine.outstanding()) // 4
            if batch.outcomes < self._goal:
                self._enough.clear()
                try:
                    await asyncio.wait_for(self._enough.wait(), GATHER_SECONDS)
                except TimeoutError:
                    pass
        self._last_outcomes = batch.outcomes
        self._urgent = False
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None

    async def _round(self, batch: Batch) -> None:
        self.engine.set_ahead(min(AHEAD * batch.outcomes, (AHEAD - 1) * self._workers))
        step = self.engine.step(batch.events, clock.now_us())
        writes = batch.writes + step.writes
        fold = bool(step.replies) or self._fold_due or self._writer.waiting > FOLD_WRITES
        if writes or fold:
            reach("daemon.before_commit")
            await self._commit(writes, fold=fold)
            reach("daemon.after_commit")
        self._plan_fold(fold)
        self.rounds += 1
        for worker_id, seq in batch.acks.items():
            self._observer.acknowledge(worker_id, seq)
        if step.commands and not self._stopping:
            reach("daemon.before_dispatch")
            self._observer.act(step.commands)
            reach("daemon.after_dispatch")
        if writes:
            self._observer.committed(writes)
        for request, value in step.replies.items():
            reply = self._replies.pop(request, None)
            if reply is None or reply.done():
                continue
            if isinstance(value, BaseException):
                reply.set_exception(value)
            else:
                reply.set_result(value)
        for waiter in batch.waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _plan_fold(self, folded: bool) -> None:
        if folded:
            self._fold_due = False
            if self._fold_timer is not None:
                self._fold_timer.cancel()
                self._fold_timer = None
        if self._writer.waiting and self._fold_timer is None:
            self._fold_timer = asyncio.get_running_loop().call_later(FOLD_SECONDS, self._want_fold)

    def _want_fold(self) -> None:
        self._fold_timer = None
        self._fold_due = True
        self._hurry()

    async def _commit(self, writes: list[Write], *, fold: bool) -> None:
        loop = asyncio.get_running_loop()
        self._committing = True
        try:
            while True:
                try:
                    await loop.run_in_executor(self._thread, partial(self._writer.commit, writes, fold=fold))
                except StoreUnavailable as error:
                    if self.store_error is None:
                        log.error("%s Nothing is dispatched until it can be written again.", error.message)
                    self.store_error = error.message
                    if self._stopping:
                        raise
                    await asyncio.sleep(RETRY_COMMIT_SECONDS)
                    continue
                if self.store_error is not None:
                    log.warning("The database can be written again; scheduling resumes.")
                    self.store_error = None
                return
        finally:
            self._committing = False

    async def in_writer(self, function: Callable[[], object]) -> None:
        """Run ``function`` in the writer's thread, between two commits (checkpoints)."""
        await asyncio.get_running_loop().run_in_executor(self._thread, function)


class DirectLoop:
    """The same round without an event loop: for commands on a file that no daemon has open, and for tests."""

    def __init__(self, engine: Engine, writer: Committer, now: Callable[[], int] = clock.now_us) -> None:
        self.engine = engine
        self._writer = writer
        self._now = now
        self._next_request = 1

    def round(self, events: Sequence[Event] = (), writes: Sequence[Write] = ()) -> tuple[list[Command], dict[int, Any]]:
        """One step, committed. Returns its commands and replies."""
        step = self.engine.step(list(events), self._now())
        rows = [*writes, *step.writes]
        if rows:
            self._writer.commit(rows, fold=bool(step.replies))
        return step.commands, step.replies

    def commit(self, writes: Sequence[Write]) -> None:
        """Make rows durable that no step made."""
        self._writer.commit(writes)

    def fold(self) -> None:
        """Bring everything durable into its table."""
        self._writer.commit((), fold=True)

    def request(self, event: Event) -> Any:
        """One request, committed. Raises what the engine refuses it with."""
        event.request = self._next_request
        self._next_request += 1
        _, replies = self.round([event])
        value = replies.get(event.request)
        if isinstance(value, QueuackError):
            raise value
        return value
