"""The local executor: warm workers on this machine, forked by the nursery, reached by the daemon's socket.

It hands out attempts, takes back what waits behind slow ones, starts, replaces and ends workers, and knows of every
attempt which process has it. The policy is in ``crew``; what an attempt's end means is the engine's decision.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import uuid
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from queuack.begun import Begun, read_begun
from queuack.errors import QueuackError
from queuack.executors.base import Attempt, Listener
from queuack.executors.connection import Connection
from queuack.executors.crew import LOOK_AHEAD, Handed, Worker, choose, choose_async, wanted, wanted_async
from queuack.executors.deadlines import Deadlines
from queuack.executors.durations import Durations
from queuack.executors.nursery import NurseryClient
from queuack.executors.obituary import write_obituary
from queuack.executors.recovery import await_survivors, surviving
from queuack.executors.settings import LocalSettings
from queuack.home import Home
from queuack.processes import describe_exit, kill, start_ticks
from queuack.protocol import (
    Ack,
    CallbackRan,
    Cancel,
    Executing,
    Fact,
    Finished,
    Hello,
    Leaving,
    Loading,
    Recall,
    Recalled,
    Run,
    Started,
    Stop,
    ToDaemon,
    Workload,
)

log = logging.getLogger("queuack.executor")

WATCH_SECONDS = 0.025
"""Between two looks for slow tasks, while something waits."""
LATE_SECONDS = 0.01
MAX_LATE_LOOKS = 3
CHORES_SECONDS = 1.0
LATE_CHORES_SECONDS = 0.5
"""Chores that come so late say that the daemon did not run, not that its workers are silent."""
STARTUP_SECONDS = 30.0
"""A worker that has not introduced itself by then is killed."""
DEATH_SECONDS = 1.0
"""How long a dead worker's socket may stay open (in processes it left behind) until its facts count as complete."""
NOTES_SECONDS = 60.0
"""How long the notes of a dead worker are kept: until what they say is durable, with much to spare."""
MAX_STARTING = 8
"""Workers being started at once."""


class LocalExecutor:
    """Implements ``executors.base.Executor``."""

    def __init__(self, home: Home, listener: Listener, nursery: NurseryClient, settings: LocalSettings) -> None:
        self._home = home
        self._listener = listener
        self._nursery = nursery
        self._settings = settings
        self._durations = Durations()
        self._backlog: deque[Workload] = deque()
        self._async_backlog: deque[Workload] = deque()
        self._workers: dict[str, Worker] = {}
        self._by_connection: dict[Connection, Worker] = {}
        self._where: dict[Attempt, Worker] = {}
        self._adopted: set[Attempt] = set()
        """What workers had already when they introduced themselves: theirs, or accounted for since."""
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._pumping = False
        self._watch: asyncio.TimerHandle | None = None
        self._late_looks = 0
        self._deadlines = Deadlines(self._loop, self._on_deadline)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._chores: asyncio.Task[None] | None = None
        self._start_failures = 0
        self._no_fork_before = 0.0
        self._stopping = False

    # ── what the daemon asks ─────────────────────────────────────────────────────────────────────
    @property
    def load(self) -> int:
        return len(self._where) + len(self._backlog) + len(self._async_backlog)

    @property
    def slots(self) -> int:
        return max(0, self._settings.parallelism - self.load)

    @property
    def workers(self) -> list[Worker]:
        """For status pages and tests."""
        return list(self._workers.values())

    async def start(self) -> None:
        self._chores = self._loop.create_task(self._do_chores())
        self._pump()

    def submit(self, workloads: Sequence[Workload]) -> None:
        for workload in workloads:
            (self._async_backlog if workload.is_async else self._backlog).append(workload)
        self._pump()

    def cancel(self, ti_id: int, try_number: int, reason: str) -> None:
        key = (ti_id, try_number)
        worker = self._where.get(key)
        if worker is None:
            for backlog in (self._backlog, self._async_backlog):
                kept = [workload for workload in backlog if (workload.ti_id, workload.try_number) != key]
                backlog.clear()
                backlog.extend(kept)
            return
        entry = worker.entry(key)
        assert entry is not None
        entry.cancelled = True
        if worker.connection is not None:
            worker.connection.send(Cancel(ti_id, try_number, reason))
        self._deadlines.set(key, self._settings.kill_grace, f"the task did not stop when it was cancelled ({reason})")

    def acknowledge(self, worker_id: str, seq: int) -> None:
        worker = self._workers.get(worker_id)
        if worker is None:
            return
        worker.acknowledged = max(worker.acknowledged, seq)
        if worker.connection is not None:
            worker.connection.send(Ack(seq))

    async def recover(self, timeout: float) -> set[Attempt]:
        """What the workers of an earlier daemon hold. A worker that does not come back within ``timeout`` seconds is
        killed; files of dead ones are removed."""
        await await_survivors(self._home, lambda worker_id: worker_id in self._workers, self._changed, timeout)
        return set(self._adopted)

    def begun_by_the_dead(self) -> dict[Attempt, Begun]:
        """What workers began that are dead or unheard of; the last note of each attempt."""
        return {
            (begun.ti_id, begun.try_number): begun for path in self._notes_of_the_dead() for begun in read_begun(path)
        }

    def forget_the_dead(self) -> None:
        """What ``begun_by_the_dead`` said is durable."""
        for path in self._notes_of_the_dead():
            path.unlink(missing_ok=True)

    def _notes_of_the_dead(self) -> list[Path]:
        alive = surviving(self._home)
        found = self._home.workers.glob("*.begun")
        return [path for path in found if path.stem not in self._workers and path.stem not in alive]

    async def stop(self, grace: float) -> None:
        self._stopping = True
        if self._chores is not None:
            self._chores.cancel()
        for worker in self._workers.values():
            worker.leaving = True
            if worker.connection is not None:
                worker.connection.send(Stop())
        for number, patience in ((0, grace), (signal.SIGTERM, self._settings.kill_grace), (signal.SIGKILL, 5.0)):
            for worker in list(self._workers.values()):
                if number:
                    worker.killed_because = worker.killed_because or "it was stopped with the daemon"
                    self._signal(worker, number)
            if await self._all_gone(patience):
                break
        self._deadlines.clear_all()
        if self._watch is not None:
            self._watch.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, *([self._chores] if self._chores else []), return_exceptions=True)

    async def _all_gone(self, patience: float) -> bool:
        until = self._loop.time() + patience
        while self._workers and self._loop.time() < until:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), max(0.0, until - self._loop.time()))
            except TimeoutError:
                pass
        return not self._workers

    # ── handing out ──────────────────────────────────────────────────────────────────────────────
    def _pump_soon(self) -> None:
        if not self._pumping:
            self._pumping = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        """Hand out what can be handed out, start workers for what cannot, look again later if anything waits."""
        self._pumping = False
        if self._stopping:
            return
        now = self._loop.time()
        batches: dict[str, list[Workload]] = {}
        room = self._settings.parallelism - self._running
        while self._backlog:
            expected = self._durations.expect(self._backlog[0])
            worker = choose(self._workers.values(), expected, may_begin=room > 0)
            if worker is None:
                break
            room -= not worker.queue
            workload = self._backlog.popleft()
            self._hand(worker, workload, expected, now)
            batches.setdefault(worker.worker_id, []).append(workload)
        while self._async_backlog and room > 0:
            worker = choose_async(self._workers.values(), self._settings.async_tasks_per_worker)
            if worker is None:
                break
            room -= 1
            workload = self._async_backlog.popleft()
            key = (workload.ti_id, workload.try_number)
            worker.last_heard = worker.last_heard if worker.has_work else now
            worker.coroutines[key] = Handed(key, workload, None)
            self._where[key] = worker
            batches.setdefault(worker.worker_id, []).append(workload)
        for worker_id, workloads in batches.items():
            connection = self._workers[worker_id].connection
            if connection is not None:
                connection.send(Run(workloads))
        self._grow(now)
        if self._watch is None and self._something_waits():
            self._watch = self._loop.call_later(WATCH_SECONDS, self._look_for_slow, now + WATCH_SECONDS)

    def _hand(self, worker: Worker, workload: Workload, expected: float | None, now: float) -> None:
        key = (workload.ti_id, workload.try_number)
        if not worker.queue:
            worker.last_heard = worker.last_heard if worker.has_work else now
            worker.advance(now)
        worker.queue[key] = Handed(key, workload, expected)
        self._where[key] = worker

    @property
    def _running(self) -> int:
        """Attempts that run, or are the next of their worker."""
        return sum(bool(worker.queue) + len(worker.coroutines) for worker in self._workers.values())

    def _something_waits(self) -> bool:
        may_grow = len(self._workers) < self._settings.worker_limit
        return any(
            worker.queue
            and worker.is_ready
            and (worker.waiting or (self._backlog and (may_grow or not worker.is_slow)))
            for worker in self._workers.values()
        )

    def _look_for_slow(self, due: float) -> None:
        """Take back what waits behind slow tasks. A look that comes late says more of the daemon than of the tasks."""
        self._watch = None
        now = self._loop.time()
        if now - due > LATE_SECONDS and self._late_looks < MAX_LATE_LOOKS:
            self._late_looks += 1
            self._pump()
            return
        self._late_looks = 0
        for worker in self._workers.values():
            worker.look(now)
            if worker.connection is None or not worker.is_slow:
                continue
            keys = [entry.key for entry in worker.waiting if not entry.recalled and not entry.cancelled]
            if keys:
                for key in keys:
                    worker.queue[key].recalled = True
                worker.connection.send(Recall(keys))
        self._pump()

    def _take_back(self, worker: Worker, keys: Sequence[Attempt]) -> None:
        """The worker gave these back, or has stopped what was cancelled."""
        for key in reversed(keys):
            entry = self._remove(worker, key)
            if entry is None or entry.cancelled:
                continue
            if entry.workload is None:
                self._listener.returned(*key)
            elif entry.workload.is_async:
                self._async_backlog.appendleft(entry.workload)
            else:
                self._backlog.appendleft(entry.workload)
        self._pump_soon()

    def _remove(self, worker: Worker, key: Attempt) -> Handed | None:
        head = worker.head
        entry = worker.queue.pop(key, None) or worker.coroutines.pop(key, None)
        if entry is not None:
            self._where.pop(key, None)
            self._deadlines.clear(key)
            worker.idle_since = self._loop.time()
            if entry is head:
                worker.advance(worker.idle_since)
        return entry

    # ── workers come and go ──────────────────────────────────────────────────────────────────────
    def _grow(self, now: float) -> None:
        if self._stopping or now < self._no_fork_before:
            return
        present = sum(not worker.leaving for worker in self._workers.values())
        starting = sum(worker.is_starting for worker in self._workers.values())
        count = wanted(
            self._workers.values(),
            (self._backlog[index] for index in range(min(len(self._backlog), LOOK_AHEAD))),
            self._durations,
            self._settings.worker_limit,
            now,
        )
        if self._async_backlog and self._running < self._settings.parallelism:
            settings = self._settings
            waiting = len(self._async_backlog)
            crowd = wanted_async(
                self._workers.values(), waiting, settings.async_tasks_per_worker, settings.worker_limit
            )
            count = max(count, crowd)
        count = max(count, self._settings.min_workers - present)
        for _ in range(min(count, MAX_STARTING - starting)):
            self._start_worker(now)

    def _start_worker(self, now: float) -> None:
        worker = Worker(f"w{uuid.uuid4().hex[:12]}", born_at=now, last_heard=now, idle_since=now)
        self._workers[worker.worker_id] = worker
        self._spawn(self._fork(worker))

    async def _fork(self, worker: Worker) -> None:
        def on_exit(pid: int, status: int) -> None:
            self._on_exit(worker, status)

        try:
            worker.pid = await self._nursery.fork("worker", worker.worker_id, on_exit=on_exit)
        except QueuackError as error:
            self._start_failed(worker, error.message)
            self._workers.pop(worker.worker_id, None)
            self._changed.set()

    def _start_failed(self, worker: Worker, reason: str) -> None:
        """A worker never came up: do not try again at once, again and again."""
        self._start_failures += 1
        pause = min(5.0, 0.05 * 2**self._start_failures)
        self._no_fork_before = self._loop.time() + pause
        log.error("Worker %s could not start (%s); next try in %.1f s.", worker.worker_id, reason, pause)
        self._loop.call_later(pause + 0.001, self._pump)

    def attach(self, connection: Connection, hello: Hello) -> None:
        now = self._loop.time()
        worker = self._workers.get(hello.name)
        if worker is None:
            worker = Worker(hello.name, pid=hello.pid, adopted=True, born_at=now)
            self._workers[hello.name] = worker
        if worker.connection is not None:
            self._by_connection.pop(worker.connection, None)
        worker.pid = hello.pid
        worker.start_ticks = start_ticks(hello.pid)
        worker.introduced = True
        worker.connection = connection
        worker.last_heard = worker.idle_since = now
        self._by_connection[connection] = worker
        self._start_failures = 0
        self._compare(worker, hello)
        if worker.acknowledged:
            connection.send(Ack(worker.acknowledged))
        if self._stopping:
            connection.send(Stop())
        self._changed.set()
        self._pump_soon()

    def _compare(self, worker: Worker, hello: Hello) -> None:
        """What the worker says it has is true; what it does not know of never reached it."""
        held = {(entry.ti_id, entry.try_number): entry for entry in hello.holding}
        for key in [entry.key for entry in worker.entries if entry.key not in held]:
            entry = self._remove(worker, key)
            if entry is not None and not entry.cancelled:
                self._listener.returned(*key)
        for key, entry_held in held.items():
            known = worker.entry(key)
            if known is None:
                self._adopted.add(key)
                known = Handed(key, None, None)
                (worker.coroutines if entry_held.is_async else worker.queue)[key] = known
                self._where[key] = worker
                worker.advance(self._loop.time())
            known.running = known.running or entry_held.phase != "waiting"
            if known.cancelled and worker.connection is not None:
                worker.connection.send(Cancel(*key, "cancelled"))

    def on_disconnect(self, connection: Connection) -> None:
        worker = self._by_connection.pop(connection, None)
        if worker is None or worker.connection is not connection:
            return
        worker.connection = None
        if worker.exited:
            self._bury(worker)
        else:
            self._spawn(self._await_death(worker))

    async def _await_death(self, worker: Worker) -> None:
        """It hung up: it ends, or it comes back."""
        since = self._loop.time()
        until = since + self._settings.kill_grace
        while worker.connection is None and not worker.exited:
            # The nursery reports how its children end; of the others, and after its own death, only that they did.
            reported = not worker.adopted and self._loop.time() - since < DEATH_SECONDS
            if not reported and (worker.pid is None or start_ticks(worker.pid) != worker.start_ticks):
                self._on_exit(worker, None)
                return
            if self._loop.time() > until:
                self._kill(worker, "it hung up and did not come back")
                until = float("inf")
            await asyncio.sleep(0.01)

    def _on_exit(self, worker: Worker, status: int | None) -> None:
        if worker.exited:
            return
        worker.exited = True
        worker.exit_status = status
        if worker.connection is None:
            self._bury(worker)
        else:  # What it said last may still be in the socket.
            self._loop.call_later(DEATH_SECONDS, self._bury, worker)

    def _bury(self, worker: Worker) -> None:
        """It is dead and all it said has been heard: settle what it held, replace it."""
        if self._workers.pop(worker.worker_id, None) is None:
            return
        if worker.connection is not None:
            self._by_connection.pop(worker.connection, None)
            worker.connection.close()
        (self._home.workers / f"{worker.worker_id}.json").unlink(missing_ok=True)
        self._loop.call_later(NOTES_SECONDS, self._forget_notes, worker.worker_id)
        reason = f"The worker (pid {worker.pid}) {describe_exit(worker.exit_status)}."
        if worker.killed_because:
            reason = f"The worker (pid {worker.pid}) was killed: {worker.killed_because}."
        if not worker.introduced and not worker.leaving:
            self._start_failed(worker, reason)
        for entry in worker.entries:
            key = entry.key
            self._remove(worker, key)
            if entry.running and entry.workload is not None and self._settings.logs_folder is not None:
                write_obituary(self._settings.logs_folder, entry.workload, worker)
            if entry.cancelled:
                continue
            if entry.running:
                self._listener.lost(*key, reason)
            elif not self._stopping:
                self._listener.returned(*key)
        self._changed.set()
        self._pump_soon()

    def _forget_notes(self, worker_id: str) -> None:
        (self._home.workers / f"{worker_id}.begun").unlink(missing_ok=True)

    # ── what workers say ─────────────────────────────────────────────────────────────────────────
    def on_message(self, connection: Connection, message: ToDaemon) -> None:
        worker = self._by_connection.get(connection)
        if worker is None:
            return
        worker.last_heard = self._loop.time()
        match message:
            case Fact():
                self._on_fact(worker, message)
            case Recalled(attempts):
                self._take_back(worker, attempts)
            case Loading(ti_id, try_number):
                if worker.head is not None and worker.head.key == (ti_id, try_number):
                    worker.loading = True
            case Executing(ti_id, try_number):
                self._on_executing(worker, (ti_id, try_number))
            case Leaving():
                worker.leaving = True
                self._pump_soon()

    def _on_fact(self, worker: Worker, fact: Fact) -> None:
        if fact.seq <= worker.last_seq:
            return
        worker.last_seq = fact.seq
        match fact:
            case Started(ti_id=ti_id, try_number=try_number):
                entry = worker.entry((ti_id, try_number))
                if entry is not None:
                    entry.running = True
                if (ti_id, try_number) in worker.queue:
                    worker.advance(worker.last_heard)
                if ti_id < 0:
                    return  # A callback has no state to begin; its end acknowledges this too.
            case Finished(ti_id=ti_id, try_number=try_number):
                entry = self._remove(worker, (ti_id, try_number))
                workload = entry.workload if entry is not None else None
                if workload is not None and fact.started_at is not None and not workload.is_async:
                    self._durations.learn(workload, max(0, fact.at - fact.started_at - fact.import_us) / 1e6)
                self._pump_soon()
            case CallbackRan(callback_id=callback_id):
                self._remove(worker, (-callback_id, 1))
                self._pump_soon()
        self._listener.deliver(worker.worker_id, [fact])

    def _on_executing(self, worker: Worker, key: Attempt) -> None:
        if worker.loading and worker.head is not None and worker.head.key == key:
            worker.advance(self._loop.time())
        entry = worker.entry(key)
        if entry is None or entry.workload is None or entry.workload.execution_timeout is None:
            return
        limit = entry.workload.execution_timeout
        self._deadlines.set(
            key, limit + self._settings.kill_grace, f"the task did not yield to its execution_timeout of {limit:g} s"
        )

    # ── ends ─────────────────────────────────────────────────────────────────────────────────────
    def _on_deadline(self, key: Attempt, reason: str) -> None:
        worker = self._where.get(key)
        if worker is not None:
            self._kill(worker, reason)

    def _kill(self, worker: Worker, reason: str) -> None:
        worker.killed_because = worker.killed_because or reason
        worker.leaving = True
        log.warning("Worker %s (pid %s) is killed: %s.", worker.worker_id, worker.pid, reason)
        self._signal(worker, signal.SIGKILL)

    def _signal(self, worker: Worker, number: int) -> None:
        if worker.pid is None or worker.exited:
            return
        if worker.start_ticks is not None:
            if start_ticks(worker.pid) == worker.start_ticks:
                kill(worker.pid, number)
            return
        try:
            self._nursery.signal(worker.pid, number)
        except QueuackError:
            kill(worker.pid, number)

    async def _do_chores(self) -> None:
        """Once a second: send idle workers home, end hung ones."""
        while True:
            due = self._loop.time() + CHORES_SECONDS
            await asyncio.sleep(CHORES_SECONDS)
            now = self._loop.time()
            self._excuse(now, now - due)
            spare = sum(worker.is_ready for worker in self._workers.values()) - self._settings.min_workers
            for worker in list(self._workers.values()):
                if worker.is_starting and now - worker.born_at > STARTUP_SECONDS:
                    self._kill(worker, "it did not introduce itself")
                elif (
                    worker.has_work and worker.connection and now - worker.last_heard > self._settings.heartbeat_timeout
                ):
                    self._kill(worker, f"no heartbeat for {self._settings.heartbeat_timeout:g} s")
                elif spare > 0 and not self._backlog and self._is_long_idle(worker, now):
                    worker.leaving = True
                    spare -= 1
                    if worker.connection is not None:
                        worker.connection.send(Stop())

    def _excuse(self, now: float, late: float) -> None:
        """The daemon itself stood still (stopped, machine asleep): what workers said meanwhile is not read yet."""
        if late > LATE_CHORES_SECONDS:
            for worker in self._workers.values():
                worker.last_heard = min(now, worker.last_heard + late)

    def _is_long_idle(self, worker: Worker, now: float) -> bool:
        return worker.is_ready and not worker.has_work and now - worker.idle_since > self._settings.idle_timeout

    def _spawn(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
