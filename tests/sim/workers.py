"""Simulated workers: they outlive daemons, keep what was not acknowledged, answer late or twice, hang and die.

``Crew`` is the processes, ``SimExecutor`` what one daemon knows of them: it keeps the contract of ``executors.base``
and nothing more. What becomes of an attempt depends on the seed and on the attempt alone.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from queuack import clock
from queuack.begun import Begun
from queuack.engine.events import InputAsked
from queuack.executors.base import Attempt, Listener
from queuack.protocol import CallbackRan, Fact, Finished, Started, TriggerRequest, Workload, XComPush
from queuack.schedule.conditions import AssetKey
from tests.sim.chance import Chance, pick
from tests.sim.story import Story

AHEAD = 2
"""Attempts that a worker is handed at once."""

SECOND = 1_000_000
RECOVER_SECONDS = 1.0

OUTCOMES = {
    "success": 66.0, "failed": 10.0, "skipped": 3.0, "up_for_reschedule": 5.0, "deferred": 5.0, "awaiting_input": 1.0,
    "dies": 4.0, "hangs": 2.0, "fails_for_good": 2.0, "branches": 2.0,
}  # fmt: skip
DURATIONS = {0.002: 4.0, 0.3: 3.0, 20.0: 2.0, 900.0: 1.0}
HANG_SECONDS = 30 * 3600.0


class Worker:
    """One process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.queue: deque[Workload] = deque()
        """The first runs."""
        self.began = False
        """Whether the first has begun."""
        self.facts: list[Fact] = []
        """Not acknowledged."""
        self.seq = 0
        self.timer: asyncio.TimerHandle | None = None


class Crew:
    """All workers there are, whatever daemon lives."""

    def __init__(self, loop: asyncio.AbstractEventLoop, chance: Chance, story: Story, size: int) -> None:
        self.loop = loop
        self.chance = chance
        self.story = story
        self.size = size
        self.workers: dict[str, Worker] = {}
        self.executor: SimExecutor | None = None
        """Of the daemon that lives."""
        self.calm = False
        """From now on all goes well, and quickly."""
        self.task_ids: Callable[[str], Sequence[str]] = lambda dag_id: ()
        """What a branch of the DAG may skip."""
        self.ask_a_person: Callable[[InputAsked], None] = lambda asked: None
        self.outlets: Callable[[Workload], tuple[AssetKey, ...]] = lambda workload: ()
        self._born = 0
        self._looks: dict[tuple[int, int], int] = {}
        self.begun: dict[tuple[int, int], int] = {}
        """Attempt → how often a worker began it."""
        self.notes: dict[tuple[int, int], Begun] = {}
        """What workers noted on the disk: outlives them and the daemon."""

    def hire(self) -> Worker:
        self._born += 1
        worker = Worker(f"w{self._born}")
        self.workers[worker.name] = worker
        return worker

    def give(self, worker: Worker, workload: Workload) -> None:
        worker.queue.append(workload)
        if len(worker.queue) == 1:
            self._begin(worker)

    def _begin(self, worker: Worker) -> None:
        worker.began = False
        if not worker.queue:
            return
        workload = worker.queue[0]
        look = self._looks.get((workload.ti_id, workload.try_number), 0)
        self._looks[workload.ti_id, workload.try_number] = look + 1
        rng = self.chance.of("attempt", name_of(workload), workload.try_number, look)
        delay = rng.choice([0.0005, 0.01, 0.5])
        worker.timer = self.loop.call_later(0.0005 if self.calm else delay, self._start, worker, workload, rng)

    def _start(self, worker: Worker, workload: Workload, rng: random.Random) -> None:
        worker.began = True
        self.begun[workload.ti_id, workload.try_number] = self.begun.get((workload.ti_id, workload.try_number), 0) + 1
        began_at = clock.now_us()
        key = (workload.ti_id, workload.try_number)
        self.notes[key] = Begun(*key, began_at, 1, workload.queued_dttm or 0)
        duration = 0.001 if self.calm else pick(rng, DURATIONS) * rng.uniform(0.5, 1.5)
        outcome = "success" if self.calm else pick(rng, OUTCOMES)
        if workload.callback_id is None and (duration > 0.1 or rng.random() < 0.3):
            number = self._next(worker)
            started = Started(
                seq=number, ti_id=workload.ti_id, try_number=workload.try_number, at=began_at, pid=1,
                queued_dttm=workload.queued_dttm,
            )  # fmt: skip
            self.say(worker, started, rng)
        if outcome == "hangs":
            duration = HANG_SECONDS
        limit = workload.execution_timeout
        if limit is not None and duration > limit:
            duration, outcome = limit, rng.choice(["failed", "dies"])
        worker.timer = self.loop.call_later(duration, self._end, worker, workload, outcome, began_at, rng)

    def _end(self, worker: Worker, workload: Workload, outcome: str, began_at: int, rng: random.Random) -> None:
        if self.calm and outcome in ("dies", "hangs"):
            outcome = "failed"
        if outcome in ("dies", "hangs"):
            self.kill(worker, f"died with {name_of(workload)}")
            return
        if workload.callback_id is not None:
            self.say(worker, CallbackRan(seq=self._next(worker), callback_id=workload.callback_id), rng)
        else:
            if rng.random() < 0.3:
                self.say(worker, self._xcom(worker, workload, rng), rng)
            self.say(worker, self._finished(worker, workload, outcome, began_at, rng), rng)
        worker.queue.popleft()
        self._begin(worker)
        if self.executor is not None:
            self.executor.free_again(worker)

    def _xcom(self, worker: Worker, workload: Workload, rng: random.Random) -> XComPush:
        run = workload.run
        return XComPush(
            seq=self._next(worker), dag_id=run.dag_id, run_id=run.run_id, task_id=workload.task_id,
            map_index=workload.map_index, key="return_value", encoding="json", value=str(rng.randint(0, 9)).encode(),
            at=clock.now_us(),
        )  # fmt: skip

    def _finished(
        self, worker: Worker, workload: Workload, outcome: str, began_at: int, rng: random.Random
    ) -> Finished:
        now = clock.now_us()
        fact = Finished(
            seq=self._next(worker), ti_id=workload.ti_id, try_number=workload.try_number, at=now, outcome=outcome,
            started_at=began_at, pid=1, queued_dttm=workload.queued_dttm,
        )  # fmt: skip
        if outcome == "fails_for_good":
            fact.outcome, fact.fail_without_retry = "failed", True
        elif outcome == "branches":
            fact.outcome = "success"
            others = sorted(self.task_ids(workload.run.dag_id))
            fact.skip_tasks = tuple(rng.sample(others, min(len(others), rng.randint(1, 2))))
            if others and rng.random() < 0.3:
                fact.skip_instances = ((rng.choice(others), rng.randint(0, 2)),)
        elif outcome == "up_for_reschedule":
            fact.reschedule_at = now + rng.choice([1, 60, 3600]) * SECOND
        elif outcome in ("deferred", "awaiting_input"):
            fact.next_method = "go_on"
            fact.wait_timeout = rng.choice([2, 3600]) * SECOND if outcome != "deferred" or rng.random() < 0.5 else None
            if outcome == "awaiting_input":
                self.ask_a_person(InputAsked(ti_id=workload.ti_id, options=["yes", "no"], subject="?"))
            if outcome == "deferred":
                fact.trigger = TriggerRequest("sim.Trigger", b"{}")
        if fact.outcome == "success":
            fact.outlets = self.outlets(workload)
            if workload.is_mapped_over:
                fact.map_length = rng.choice([None, 0, 1, 2, 2, 3])
        self.story.say(f"{worker.name} ends {name_of(workload)} try {workload.try_number}: {outcome}")
        return fact

    # ── saying ───────────────────────────────────────────────────────────────────────────────────
    @staticmethod
    def _next(worker: Worker) -> int:
        worker.seq += 1
        return worker.seq

    def say(self, worker: Worker, fact: Fact, rng: random.Random) -> None:
        """It is kept until it is acknowledged, and arrives after a while; now and then once more."""
        worker.facts.append(fact)
        late = 0.0005 if self.calm or rng.random() < 0.9 else rng.choice([0.02, 3.0, 120.0])
        self.loop.call_later(late, self._hand_in, worker)
        if not self.calm and rng.random() < 0.05:
            copy = msgspec.structs.replace(fact)
            self.loop.call_later(rng.choice([0.001, 1.0, 600.0, 90_000.0]), self._repeat, worker, copy)

    def _hand_in(self, worker: Worker) -> None:
        if self.executor is not None and worker.name in self.workers:
            self.executor.hear(worker)

    def _repeat(self, worker: Worker, fact: Fact) -> None:
        if self.executor is not None and fact.seq <= self.executor.heard.get(worker.name, 0):
            self.executor.listener.deliver(worker.name, [fact])

    # ── dying ────────────────────────────────────────────────────────────────────────────────────
    def kill(self, worker: Worker, why: str) -> None:
        """The process is gone, with what it had not handed in."""
        self.story.say(f"{worker.name} is dead: {why}")
        if worker.timer is not None:
            worker.timer.cancel()
        del self.workers[worker.name]
        if self.executor is not None:
            self.executor.bury(worker)

    def drop(self, worker: Worker, key: Attempt) -> None:
        """The worker is told to stop an attempt, and does."""
        if worker.queue and attempt_of(worker.queue[0]) == key:
            if worker.timer is not None:
                worker.timer.cancel()
            worker.queue.popleft()
            self._begin(worker)
        else:
            worker.queue = deque(workload for workload in worker.queue if attempt_of(workload) != key)


class SimExecutor:
    """One daemon's executor."""

    def __init__(self, crew: Crew, listener: Listener, submitted: Callable[[Workload], None]) -> None:
        self._crew = crew
        self.listener = listener
        self._submitted = submitted
        self.backlog: deque[Workload] = deque()
        self.holding: dict[Attempt, str] = {}
        """Attempt → the worker that has it, as far as this daemon knows."""
        self.heard: dict[str, int] = {}

    # ── what the daemon asks ─────────────────────────────────────────────────────────────────────
    async def start(self) -> None:
        self._pump()

    async def stop(self, grace: float) -> None:
        self.backlog.clear()

    async def recover(self, timeout: float) -> set[Attempt]:
        """Workers come back one after the other; what they had not handed in comes with them."""
        held: set[Attempt] = set()
        await asyncio.sleep(RECOVER_SECONDS)
        for worker in list(self._crew.workers.values()):
            for workload in worker.queue:
                self.holding[attempt_of(workload)] = worker.name
                held.add(attempt_of(workload))
            for fact in worker.facts:
                if isinstance(fact, Finished):
                    held.add((fact.ti_id, fact.try_number))
                elif isinstance(fact, CallbackRan):
                    held.add((-fact.callback_id, 1))
            self.hear(worker)
        return held

    def begun_by_the_dead(self) -> dict[Attempt, Begun]:
        return {key: note for key, note in self._crew.notes.items() if key not in self.holding}

    def forget_the_dead(self) -> None:
        """Nothing: a note that is kept for longer must do no harm."""

    def submit(self, workloads: Sequence[Workload]) -> None:
        for workload in workloads:
            self._submitted(workload)
            self.backlog.append(workload)
        self._pump()

    def cancel(self, ti_id: int, try_number: int, reason: str) -> None:
        key = (ti_id, try_number)
        name = self.holding.pop(key, None)
        if name is None:
            self.backlog = deque(workload for workload in self.backlog if attempt_of(workload) != key)
            return
        worker = self._crew.workers.get(name)
        if worker is not None:
            self._crew.drop(worker, key)
        self._pump()

    def acknowledge(self, worker_id: str, seq: int) -> None:
        worker = self._crew.workers.get(worker_id)
        if worker is not None:
            worker.facts = [fact for fact in worker.facts if fact.seq > seq]

    def attach(self, connection: Any, hello: Any) -> None: ...
    def on_message(self, connection: Any, message: Any) -> None: ...
    def on_disconnect(self, connection: Any) -> None: ...

    @property
    def slots(self) -> int:
        return self._crew.size

    @property
    def load(self) -> int:
        return len(self.holding) + len(self.backlog)

    # ── what workers do ──────────────────────────────────────────────────────────────────────────
    def hear(self, worker: Worker) -> None:
        """A worker hands in what this daemon has not heard: in order, and none twice."""
        heard = self.heard.get(worker.name, 0)
        new = [fact for fact in worker.facts if fact.seq > heard]
        if not new:
            return
        self.heard[worker.name] = new[-1].seq
        for fact in new:
            if isinstance(fact, Finished):
                self.holding.pop((fact.ti_id, fact.try_number), None)
            elif isinstance(fact, CallbackRan):
                self.holding.pop((-fact.callback_id, 1), None)
        self.listener.deliver(worker.name, new)
        self._pump()

    def free_again(self, worker: Worker) -> None:
        self._pump()

    def bury(self, worker: Worker) -> None:
        """Its process is dead: what it had begun is lost, what it had not comes back."""
        gone = [key for key, name in self.holding.items() if name == worker.name]
        waiting = {attempt_of(workload) for workload in list(worker.queue)[0 if not worker.began else 1 :]}
        for key in gone:
            del self.holding[key]
            if key in waiting:
                self.listener.returned(*key)
            else:
                self.listener.lost(*key, "its worker died")
        self._pump()

    def _pump(self) -> None:
        crew = self._crew
        while self.backlog:
            worker = next((w for w in crew.workers.values() if not w.queue), None)
            if worker is None and len(crew.workers) < crew.size:
                worker = crew.hire()
            if worker is None:
                worker = next((w for w in crew.workers.values() if len(w.queue) < AHEAD and not crew.calm), None)
            if worker is None:
                return
            workload = self.backlog.popleft()
            self.holding[attempt_of(workload)] = worker.name
            crew.give(worker, workload)


def attempt_of(workload: Workload) -> Attempt:
    return workload.ti_id, workload.try_number


def name_of(workload: Workload) -> str:
    index = "" if workload.map_index < 0 else f"[{workload.map_index}]"
    callback = "" if workload.callback_id is None else f" {workload.callback_kind} callback"
    return f"{workload.run.dag_id}/{workload.run.run_id}/{workload.task_id}{index}{callback}"
