"""Admission: which of the scheduled instances may be handed out now: limits, the queue, and those parked under a limit.

An instance whose dependencies are met waits in a heap, ordered by priority weight (high first), then its run's date,
then task order. There are two: of tasks that take a worker each, and of async tasks, which share workers. What a full
limit refuses is parked under that limit and comes back when it frees, so a step costs what changed. This file knows
nothing of trigger rules.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from queuack.engine import states
from queuack.engine.run import Run

UNLIMITED = 1 << 60
Entry = tuple[int, int, int, int, Run]
"""(-weight, order of the run, run key, position, run)."""
Rooms = tuple[bool, bool]
"""Whether there is room for a task that takes a worker, and for an async one."""


class Reason(NamedTuple):
    """Why a task instance does not run: a stable code and a sentence."""

    code: str
    text: str


class Limit:
    """Something that holds a number of slots. ``parked`` are the refused, by the slots each needs and whether it is
    async."""

    __slots__ = ("capacity", "description", "include_deferred", "is_missing", "name", "parked", "used")

    def __init__(self, name: str, capacity: int) -> None:
        self.name = name
        self.capacity = capacity
        self.used = 0
        self.parked: dict[tuple[int, bool], list[Entry]] = {}
        self.description = ""
        self.include_deferred = False
        self.is_missing = False
        """A pool that tasks name and nobody created."""

    @property
    def free(self) -> int:
        return self.capacity - self.used

    def park(self, entry: Entry, need: int, is_async: bool) -> None:
        heapq.heappush(self.parked.setdefault((need, is_async), []), entry)

    def fitting(self, free: int) -> Iterable[tuple[int, bool]]:
        """The kinds of the parked that ``free`` slots could hold."""
        return [kind for kind in self.parked if kind[0] <= free]

    def wake(self, rooms: Rooms) -> Iterator[Entry]:
        """As many of the parked, best first, as the free slots can hold; none of what has no room elsewhere."""
        free = self.free
        while self.parked:
            fitting = [kind for kind in self.fitting(free) if rooms[kind[1]]]
            if not fitting:
                return
            kind = min(fitting, key=lambda n: self.parked[n][0])
            heap = self.parked[kind]
            entry = heapq.heappop(heap)
            if not heap:
                del self.parked[kind]
            if entry[4].states[entry[3]] == states.SCHEDULED:
                free -= kind[0]
                yield entry


class Admission:
    """All limits and the queue. ``admit`` yields what may be handed out; the caller hands it out at once."""

    __slots__ = (
        "_freed",
        "active",
        "ahead",
        "async_active",
        "has_coroutines",
        "parallelism",
        "pools",
        "ready",
        "workers",
    )

    def __init__(self, parallelism: int, workers: int | None = None, *, has_coroutines: bool = True) -> None:
        self.parallelism = parallelism
        self.workers = parallelism if workers is None else min(workers, parallelism)
        """Tasks that are not async at once."""
        self.has_coroutines = has_coroutines
        """Async tasks share workers; False: they take one each."""
        self.ahead = 0
        """Tasks that are not async may be handed out so far beyond both."""
        self.active = 0
        """Instances queued or running."""
        self.async_active = 0
        """Of them, async."""
        self.pools: dict[str, Limit] = {}
        self.ready: tuple[list[Entry], list[Entry]] = ([], [])
        """Those that take a worker each, and async ones."""
        self._freed: dict[Limit, None] = {}

    @property
    def rooms(self) -> Rooms:
        active, ahead = self.active, self.ahead
        alone = active - self.async_active < self.workers + ahead and active < self.parallelism + ahead
        return alone, active < self.parallelism

    def is_async(self, run: Run, task: int) -> bool:
        return self.has_coroutines and bool(run.plan.is_async[task])

    def pool(self, name: str) -> Limit:
        """A pool that does not exist has no slots until somebody creates it."""
        pool = self.pools.get(name)
        if pool is None:
            pool = self.pools[name] = Limit(name, 0)
            pool.is_missing = True
        return pool

    def offer(self, run: Run, i: int) -> None:
        """An instance became scheduled."""
        task = run.task_of[i]
        heap = self.ready[self.has_coroutines and run.plan.is_async[task]]
        heapq.heappush(heap, (-run.plan.weights[task], run.order, run.key, i, run))

    def freed(self, limit: Limit) -> None:
        """A limit has more room than before."""
        if limit.parked:
            self._freed[limit] = None

    def take(self, run: Run, i: int) -> None:
        """Occupy the slots of an instance."""
        self.active += 1
        task = run.task_of[i]
        if self.has_coroutines and run.plan.is_async[task]:
            self.async_active += 1
        self.pool(run.plan.pools[task]).used += run.plan.pool_slots[task]
        run.limit.used += 1
        if run.plan.task_limited[task]:
            for limit in run.task_limits[task]:
                limit.used += 1

    def give(self, run: Run, i: int) -> None:
        """Free the slots of an instance."""
        self.active -= 1
        task = run.task_of[i]
        if self.has_coroutines and run.plan.is_async[task]:
            self.async_active -= 1
        freed = self._freed
        pool = self.pool(run.plan.pools[task])
        pool.used -= run.plan.pool_slots[task]
        if pool.parked:
            freed[pool] = None
        limit = run.limit
        limit.used -= 1
        if limit.parked:
            freed[limit] = None
        if run.plan.task_limited[task]:
            for limit in run.task_limits[task]:
                limit.used -= 1
                if limit.parked:
                    freed[limit] = None

    def hold(self, run: Run, i: int, *, pool: bool) -> None:
        """Occupy what an instance takes while it waits for a trigger: the limits of its task, and, with ``pool``, its
        slots there."""
        task = run.task_of[i]
        if pool:
            self.pool(run.plan.pools[task]).used += run.plan.pool_slots[task]
        if run.plan.task_limited[task]:
            for limit in run.task_limits[task]:
                limit.used += 1

    def let_go(self, run: Run, i: int, *, pool: bool) -> None:
        """Free what ``hold`` occupied."""
        task = run.task_of[i]
        if pool:
            held = self.pool(run.plan.pools[task])
            held.used -= run.plan.pool_slots[task]
            self.freed(held)
        if run.plan.task_limited[task]:
            for limit in run.task_limits[task]:
                limit.used -= 1
                self.freed(limit)

    def admit(self) -> Iterator[tuple[Run, int]]:
        """Instances that every limit lets pass, best first; their slots are taken."""
        woken: dict[Limit, None] = {}
        while any(rooms := self.rooms):
            for limit in self._freed:
                woken[limit] = None
                for entry in limit.wake(rooms):
                    heapq.heappush(self.ready[self.is_async(entry[4], entry[4].task_of[entry[3]])], entry)
            self._freed.clear()
            while (found := self._next()) is not None:
                entry = found
                run, i = entry[4], entry[3]
                if run.states[i] != states.SCHEDULED:
                    continue
                refusing, need = self._blocking(run, i)
                if refusing is not None:
                    refusing.park(entry, need, self.is_async(run, run.task_of[i]))
                else:
                    self.take(run, i)
                    yield run, i
            rooms = self.rooms
            for limit in woken:
                if any(rooms[kind[1]] for kind in limit.fitting(limit.free)):
                    self._freed[limit] = None
            if not self._freed:
                break
        for limit in woken:
            if limit.fitting(limit.free):
                self._freed[limit] = None  # What its free slots could hold waits for room elsewhere.

    def _next(self) -> Entry | None:
        """Take the best of those for which there is room."""
        alone, shared = self.ready
        active = self.active
        if shared and active < self.parallelism:
            if alone and self.rooms[0] and alone[0] < shared[0]:
                return heapq.heappop(alone)
            return heapq.heappop(shared)
        ahead = self.ahead
        if alone and active - self.async_active < self.workers + ahead and active < self.parallelism + ahead:
            return heapq.heappop(alone)
        return None

    def _blocking(self, run: Run, i: int) -> tuple[Limit | None, int]:
        gate = run.dag.gate
        if not gate.capacity:
            return gate, 1
        task = run.task_of[i]
        need = run.plan.pool_slots[task]
        pool = self.pool(run.plan.pools[task])
        if pool.used + need > pool.capacity:
            return pool, need
        limit = run.limit
        if limit.used >= limit.capacity:
            return limit, 1
        if run.plan.task_limited[task]:
            for limit in run.task_limits[task]:
                if limit.used >= limit.capacity:
                    return limit, 1
        return None, 0
