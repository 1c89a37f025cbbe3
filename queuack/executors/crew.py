"""The local executor's picture of its workers, and the policy over it: who gets the next attempt, when to grow.

Pure: no clock (``now`` is an argument, in the event loop's seconds), no I/O, no processes.

Async tasks are counted apart: a worker holds many of them beside the one task that its main thread runs.

The policy. An idle worker gets work first. Otherwise work is put behind other work as long as a worker then has no
more than ``PREFETCH_SECONDS`` before it; of unknown duration at most one waits. Nothing is put behind a task that has
been running for ``SLOW_SECONDS``, and what waits behind one is taken back. More workers are started when none is left
that will soon be free, or when what waits is long enough to deserve its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from queuack.executors.base import Attempt
from queuack.executors.connection import Connection
from queuack.executors.durations import Durations
from queuack.protocol import Workload

PREFETCH_SECONDS = 0.02
"""Expected work in a worker's queue."""
PREFETCH_UNKNOWN = 2
"""Attempts in a worker's queue while a duration is unknown: one runs, one waits."""
PREFETCH_LIMIT = 64
"""Attempts in a worker's queue at most."""
SLOW_SECONDS = 0.05
"""A task that runs longer is slow."""
LEAST_SECONDS = 0.0003
"""What the shortest task costs."""
WORTH_A_WORKER_SECONDS = 0.01
"""Shorter tasks get no more workers than there are processors: they would only get in each other's way."""
DRAIN_SECONDS = 0.1
"""A backlog that the present workers clear sooner needs no more of them."""
LONGEST_PATIENCE = 1.0
"""Seconds that all workers are stuck, at most, until short tasks that wait get one more."""
LOOK_AHEAD = 256
"""Attempts of the backlog that are weighed when growing."""


@dataclass
class Handed:
    """An attempt that a worker has."""

    key: Attempt
    workload: Workload | None
    """None: taken over from an earlier daemon."""
    expected: float | None
    """Seconds."""
    running: bool = False
    recalled: bool = False
    cancelled: bool = False


@dataclass
class Worker:
    """A worker process."""

    worker_id: str
    pid: int | None = None
    """None: being forked."""
    adopted: bool = False
    """From an earlier daemon: not a child of our nursery."""
    start_ticks: int | None = None
    """With the pid, its identity; None until it has introduced itself."""
    connection: Connection | None = None
    introduced: bool = False
    """It has connected at least once."""
    queue: dict[Attempt, Handed] = field(default_factory=dict)
    """In the order they were handed over; the first runs or is about to."""
    coroutines: dict[Attempt, Handed] = field(default_factory=dict)
    """Async ones: all of them run."""
    head_since: float = 0.0
    """When the first of the queue became first, or started."""
    loading: bool = False
    """It loads a DAG file for the first of the queue; ``head_since`` is when that began."""
    slow: bool = False
    """The first of the queue was seen to take long."""
    idle_since: float = 0.0
    born_at: float = 0.0
    last_heard: float = 0.0
    last_seq: int = 0
    """The newest fact heard."""
    acknowledged: int = 0
    leaving: bool = False
    killed_because: str = ""
    exited: bool = False
    exit_status: int | None = None

    @property
    def head(self) -> Handed | None:
        return next(iter(self.queue.values()), None)

    def entry(self, key: Attempt) -> Handed | None:
        return self.queue.get(key) or self.coroutines.get(key)

    @property
    def entries(self) -> list[Handed]:
        return [*self.queue.values(), *self.coroutines.values()]

    @property
    def has_work(self) -> bool:
        return bool(self.queue or self.coroutines)

    @property
    def is_ready(self) -> bool:
        return self.connection is not None and not self.leaving

    @property
    def is_starting(self) -> bool:
        return self.connection is None and not self.leaving and not self.exited and not self.adopted

    @property
    def is_slow(self) -> bool:
        """Whether what it does now takes long, or is known to."""
        head = self.head
        return head is not None and (self.slow or (head.expected or 0.0) > SLOW_SECONDS)

    def advance(self, now: float) -> None:
        """Another attempt is the first of the queue, or the first one has begun."""
        self.head_since = now
        self.slow = self.loading = False

    def look(self, now: float) -> None:
        """See whether the first of the queue takes long."""
        self.slow = self.slow or (bool(self.queue) and now - self.head_since > SLOW_SECONDS)

    @property
    def loads(self) -> str | None:
        """The DAG file it is loading, relative."""
        head = self.head
        return head.workload.relative_fileloc if self.loading and head is not None and head.workload else None

    @property
    def waiting(self) -> list[Handed]:
        """What it has not begun and could give back."""
        entries = list(self.queue.values())
        return [entry for entry in entries[1:] if not entry.running]

    def room_for(self, expected: float | None) -> float | None:
        """Expected seconds of work before an attempt that is put at the end; None: there is no room."""
        if not self.queue:
            return 0.0
        if len(self.queue) >= PREFETCH_LIMIT:
            return None
        before = 0.0
        unknown = expected is None
        for entry in self.queue.values():
            if entry.expected is None:
                unknown = True
            else:
                before += max(entry.expected, LEAST_SECONDS)
        if unknown:
            return before if len(self.queue) < PREFETCH_UNKNOWN and before <= PREFETCH_SECONDS else None
        return before if before + max(expected or 0.0, LEAST_SECONDS) <= PREFETCH_SECONDS else None


def choose_async(workers: Iterable[Worker], limit: int) -> Worker | None:
    """The worker for an async attempt: the one with the fewest, below ``limit``; None: it has to wait."""
    ready = [worker for worker in workers if worker.is_ready and len(worker.coroutines) < limit]
    return min(ready, key=lambda worker: len(worker.coroutines), default=None)


def wanted_async(workers: Iterable[Worker], waiting: int, limit: int, max_workers: int) -> int:
    """How many workers to start for ``waiting`` async attempts, beyond those that are starting."""
    everyone = list(workers)
    present = sum(not worker.leaving for worker in everyone)
    starting = sum(worker.is_starting for worker in everyone)
    return max(0, min(-(-waiting // limit) - starting, max_workers - present))


def choose(workers: Iterable[Worker], expected: float | None, *, may_begin: bool = True) -> Worker | None:
    """The worker for an attempt of ``expected`` seconds; None: it has to wait.

    ``may_begin=False``: it must not run now, only behind another."""
    best: Worker | None = None
    least = float("inf")
    for worker in workers:
        if not worker.is_ready:
            continue
        if not worker.queue:
            if may_begin:
                return worker
            continue
        if worker.is_slow:
            continue
        before = worker.room_for(expected)
        if before is not None and before < least:
            best, least = worker, before
    return best


def wanted(
    workers: Iterable[Worker], backlog: Iterable[Workload], durations: Durations, max_workers: int, now: float
) -> int:
    """How many workers to start for the backlog, beyond those that are starting.

    None for attempts whose DAG file some worker is loading at the moment: another would have to load it as well, would
    take its memory once more, and would be no faster.
    """
    everyone = list(workers)
    loading = {worker.loads for worker in everyone if worker.loads is not None}
    present = sum(not worker.leaving for worker in everyone)
    starting = sum(worker.is_starting for worker in everyone)
    flowing = sum(worker.is_ready and not worker.is_slow for worker in everyone)
    count = own = unknown = 0
    medium = short = 0.0
    for workload in backlog:
        if workload.relative_fileloc in loading:
            continue
        count += 1
        expected = durations.expect(workload)
        if expected is not None and expected > SLOW_SECONDS:
            own += 1
        elif expected is not None and expected >= WORTH_A_WORKER_SECONDS:
            medium += expected
        elif expected is not None:
            short += expected
        else:
            unknown += 1
        if count >= LOOK_AHEAD:
            break
    if not count:
        return 0
    need = own + int(medium / DRAIN_SECONDS)
    if not flowing:
        # Of unknown tasks half may be long; short ones wait behind a hiccup, and one worker more is enough for them.
        need += min(unknown, max(present, 1))
        if not need and _stuck_for(everyone, now) >= _patience(present):
            need = 1
    elif short / flowing > DRAIN_SECONDS:
        need += max(0, (os.cpu_count() or 1) - present)
    return max(0, min(need - starting, max_workers - present))


def _stuck_for(workers: list[Worker], now: float) -> float:
    """Seconds since some worker last began or ended something."""
    return min((now - worker.head_since for worker in workers if worker.is_ready), default=float("inf"))


def _patience(present: int) -> float:
    """Seconds of a hiccup to sit out. The more workers there are for the processors, the likelier they hold up one
    another: another worker then makes it worse."""
    beyond = present - (os.cpu_count() or 1)
    return 0.0 if beyond < 0 else min(LONGEST_PATIENCE, SLOW_SECONDS * 2 ** min(beyond, 10))
