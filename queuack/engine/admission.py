"""Admission: which of the scheduled instances may be handed out now: limits, the queue, and those parked under a limit.

An instance whose dependencies are met waits in one heap, ordered by priority weight (high first), then its run's date,
then task order. What a full limit refuses is parked under that limit and comes back when it frees, so a step costs what
changed. This file knows nothing of trigger rules.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import NamedTuple

from queuack.engine import states
from queuack.engine.run import Run

UNLIMITED = 1 << 60
Entry = tuple[int, int, int, int, Run]
"""(-weight, order of the run, run key, position, run)."""


class Reason(NamedTuple):
    """Why a task instance does not run: a stable code and a sentence."""

    code: str
    text: str


class Limit:
    """Something that holds a number of slots. ``parked`` are the refused, by how many slots each needs."""

    __slots__ = ("capacity", "description", "include_deferred", "is_missing", "name", "parked", "used")

    def __init__(self, name: str, capacity: int) -> None:
        self.name = name
        self.capacity = capacity
        self.used = 0
        self.parked: dict[int, list[Entry]] = {}
        self.description = ""
        self.include_deferred = False
        self.is_missing = False
        """A pool that tasks name and nobody created."""

    @property
    def free(self) -> int:
        return self.capacity - self.used

    def park(self, entry: Entry, need: int) -> None:
        heapq.heappush(self.parked.setdefault(need, []), entry)

    def wake(self) -> Iterator[Entry]:
        """As many of the parked, best first, as the free slots can hold."""
        free = self.free
        while self.parked:
            fitting = [need for need in self.parked if need <= free]
            if not fitting:
                return
            need = min(fitting, key=lambda n: self.parked[n][0])
            heap = self.parked[need]
            entry = heapq.heappop(heap)
            if not heap:
                del self.parked[need]
            if entry[4].states[entry[3]] == states.SCHEDULED:
                free -= need
                yield entry


class Admission:
    """All limits and the queue. ``admit`` yields what may be handed out; the caller hands it out at once."""

    __slots__ = ("_freed", "active", "parallelism", "pools", "ready")

    def __init__(self, parallelism: int) -> None:
        self.parallelism = parallelism
        self.active = 0
        """Instances queued or running."""
        self.pools: dict[str, Limit] = {}
        self.ready: list[Entry] = []
        self._freed: dict[Limit, None] = {}

    def pool(self, name: str) -> Limit:
        """A pool that does not exist has no slots until somebody creates it."""
        pool = self.pools.get(name)
        if pool is None:
            pool = self.pools[name] = Limit(name, 0)
            pool.is_missing = True
        return pool

    def offer(self, run: Run, i: int) -> None:
        """An instance became scheduled."""
        heapq.heappush(self.ready, (-run.plan.weights[run.task_of[i]], run.order, run.key, i, run))

    def freed(self, limit: Limit) -> None:
        """A limit has more room than before."""
        if limit.parked:
            self._freed[limit] = None

    def take(self, run: Run, i: int) -> None:
        """Occupy the slots of an instance."""
        self.active += 1
        task = run.task_of[i]
        self.pool(run.plan.pools[task]).used += run.plan.pool_slots[task]
        run.limit.used += 1
        if run.plan.task_limited[task]:
            for limit in run.task_limits[task]:
                limit.used += 1

    def give(self, run: Run, i: int) -> None:
        """Free the slots of an instance."""
        self.active -= 1
        task = run.task_of[i]
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
        ready = self.ready
        woken: dict[Limit, None] = {}
        while True:
            if self.active >= self.parallelism:
                self._freed.update(woken)
                return
            for limit in self._freed:
                woken[limit] = None
                for entry in limit.wake():
                    heapq.heappush(ready, entry)
            self._freed.clear()
            while ready and self.active < self.parallelism:
                entry = heapq.heappop(ready)
                run, i = entry[4], entry[3]
                if run.states[i] != states.SCHEDULED:
                    continue
                refusing, need = self._blocking(run, i)
                if refusing is not None:
                    refusing.park(entry, need)
                else:
                    self.take(run, i)
                    yield run, i
            for limit in woken:
                if any(need <= limit.free for need in limit.parked):
                    self._freed[limit] = None
            if not self._freed:
                return

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
