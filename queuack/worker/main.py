"""A worker process: takes workloads from the daemon, runs them one at a time in its main thread, async ones beside.

It decides the order of work, what it gives back, and when to leave (told to, recycled, or the daemon stays away).
Running an attempt is ``runner``'s business, that of async tasks ``coroutines``', the socket ``link``'s, what happens
meanwhile ``keeper``'s. It never opens the database.
"""

from __future__ import annotations

import gc
import os
import resource
import threading
import time
from collections import deque
from dataclasses import dataclass

from queuack import compat, config, plugins
from queuack.authoring import masking
from queuack.authoring.exceptions import AirflowTaskTerminated
from queuack.authoring.runtime import set_runtime
from queuack.home import Home
from queuack.processes import write_worker_file
from queuack.protocol import Cancel, FromDaemon, Heartbeat, Held, Leaving, Recall, Recalled, Run, Stop, Workload
from queuack.worker.coroutines import Coroutines
from queuack.worker.dagcache import DagCache
from queuack.worker.environment import mask_environment
from queuack.worker.interrupts import Interrupts, TaskCancelled
from queuack.worker.isolation import run_in_fork
from queuack.worker.keeper import Keeper
from queuack.worker.link import RECONNECT_PAUSE, Link
from queuack.worker.listeners import WorkerComponent, notify
from queuack.worker.logs import TaskLog
from queuack.worker.runner import Runner, Workbench
from queuack.worker.runtime import WorkerRuntime

Key = tuple[int, int]
"""(ti_id, try_number)."""

GC_THRESHOLDS = (20_000, 20, 50)
"""Rarer than Python's: an attempt makes many short-lived objects and next to no cycles."""


@dataclass(frozen=True)
class Limits:
    """When a worker is replaced; 0 = never."""

    tasks: int
    memory_mb: int


class Worker:
    def __init__(self, home: Home, worker_id: str) -> None:
        self._home = home
        self._file = home.workers / f"{worker_id}.json"
        self._lock = threading.Lock()
        self._waiting: deque[Workload] = deque()
        self._current: Workload | None = None
        self._leaving = False
        self._terminated = False
        self._done = 0
        self._kill_grace = config.get_float("workers", "kill_grace")
        self._limits = Limits(
            config.get_int("workers", "max_tasks_per_worker"), config.get_int("workers", "max_worker_memory_mb")
        )
        self._interrupts = Interrupts()
        self._link = Link(
            home,
            worker_id,
            self._interrupts,
            self._on_message,
            self._holding,
            config.get_float("workers", "reconnect_timeout"),
        )
        self._bench = make_bench(home, self._link, self._interrupts)
        self._heartbeat_interval = min(5.0, config.get_float("workers", "heartbeat_timeout") / 4)
        self._heartbeat_at = 0.0
        self._keeper = Keeper(
            self._link,
            self._bench.log,
            self._interrupts,
            heartbeat_interval=self._heartbeat_interval,
            kill_grace=self._kill_grace,
        )
        self._plugins_lock = threading.Lock()
        self._coroutines = Coroutines(
            self._bench,
            self._link,
            self._kill_grace,
            prepare=self._refresh_plugins,
            idle=self._interrupts.wake,
        )
        self._runner = Runner(self._bench)

    def serve(self) -> None:
        """Work until it is time to leave."""
        self._interrupts.install()
        self._bench.log.install(config.get_str("logging", "logging_level"))
        write_worker_file(self._file)
        set_runtime(self._bench.runtime)
        gc.set_threshold(*GC_THRESHOLDS)
        self._keeper.start()
        component = WorkerComponent(self._file.stem)
        notify("on_starting", component=component)
        try:
            self._loop()
        finally:
            notify("before_stopping", component=component)
            self._link.close()
            self._link.forget_begun()
            self._file.unlink(missing_ok=True)

    def _loop(self) -> None:
        link, interrupts = self._link, self._interrupts
        while True:
            if not link.connected and not link.connect():
                if link.given_up or interrupts.stop_requested:
                    self._abandon()
                    return
                time.sleep(RECONNECT_PAUSE)
                continue
            link.receive()
            if interrupts.stop_requested and not self._terminated:
                self._terminated = True
                self._coroutines.stop_all(AirflowTaskTerminated("The worker was asked to terminate (SIGTERM)."))
                if not self._leaving:
                    self._leave()
            workload = self._next()
            if workload is not None:
                self._run(workload)
                continue
            if not self._leaving and self._is_worn():
                self._leave()
                continue
            if self._leaving and not link.outbox_size and not self._coroutines.busy:
                return
            link.flush()
            self._bench.dags.look_again()
            ready = link.wait((interrupts.wake_read, *self._bench.log.pipe_fds), self._patience())
            if interrupts.wake_read in ready:
                interrupts.drain_wake()
            if not ready.isdisjoint(self._bench.log.pipe_fds):
                self._bench.log.drain()

    def _patience(self) -> float | None:
        """How long to wait for something to happen. Says that it lives, while it has async tasks."""
        if not self._link.connected:
            return 0
        if not self._coroutines.busy:
            return None
        now = time.monotonic()
        if now >= self._heartbeat_at:
            self._link.say(Heartbeat())
            self._heartbeat_at = now + self._heartbeat_interval
        return self._heartbeat_at - now

    def _abandon(self) -> None:
        """The daemon does not come back: end the async tasks, whatever they do."""
        until = time.monotonic() + self._kill_grace
        self._coroutines.stop_all(TaskCancelled("the daemon has been gone for too long"))
        while self._coroutines.busy:
            if time.monotonic() > until:
                os._exit(1)
            time.sleep(RECONNECT_PAUSE)

    def _next(self) -> Workload | None:
        with self._lock:
            # What was not begun is not begun without the daemon: it may have given it to another meanwhile.
            if not self._waiting or not self._link.connected:
                return None
            self._current = self._waiting.popleft()
            return self._current

    def _run(self, workload: Workload) -> None:
        self._keeper.watch(workload)
        try:
            self._refresh_plugins()
            if workload.isolation == "fork":
                run_in_fork(self._bench, self._interrupts, self._link, workload, self._kill_grace)
            else:
                self._runner.run(workload, more_waits=bool(self._waiting))
        finally:
            self._keeper.release()
            self._current = None
        self._done += 1
        if not self._leaving and self._is_worn():
            self._leave()

    def _refresh_plugins(self) -> None:
        with self._plugins_lock:
            if plugins.have_changed(self._home):
                self._bench.dags.forget()
                plugins.reload_plugins(self._home)

    def _is_worn(self) -> bool:
        limits = self._limits
        if limits.tasks and self._done + self._coroutines.done >= limits.tasks:
            return True
        return bool(limits.memory_mb) and resident_mb() > limits.memory_mb

    def _leave(self) -> None:
        """Give back what waits; the loop ends when every fact is acknowledged and the async tasks are done."""
        with self._lock:
            self._leaving = True
            returned = [(workload.ti_id, workload.try_number) for workload in self._waiting]
            self._waiting.clear()
        self._link.say(Leaving())
        if returned:
            self._link.say(Recalled(returned))

    # ── from the daemon; in the thread that reads ────────────────────────────────────────────────
    def _on_message(self, message: FromDaemon) -> None:
        match message:
            case Run(workloads):
                self._take(workloads)
            case Recall(attempts):
                self._link.say(Recalled(self._give_back(set(attempts))))
            case Cancel(ti_id, try_number, reason):
                self._cancel((ti_id, try_number), reason)
            case Stop():
                with self._lock:
                    self._leaving = True
                    self._waiting.clear()  # The daemon stops; it will find them in its database.
                self._interrupts.wake()

    def _take(self, workloads: list[Workload]) -> None:
        with self._lock:
            leaving = self._leaving
            if not leaving:
                self._waiting.extend(workload for workload in workloads if not workload.is_async)
                for workload in workloads:
                    if workload.is_async:
                        self._coroutines.submit(workload)
        if leaving:
            self._link.say(Recalled([(workload.ti_id, workload.try_number) for workload in workloads]))

    def _give_back(self, keys: set[Key]) -> list[Key]:
        with self._lock:
            given = [key for workload in self._waiting if (key := (workload.ti_id, workload.try_number)) in keys]
            kept = [workload for workload in self._waiting if (workload.ti_id, workload.try_number) not in keys]
            self._waiting.clear()
            self._waiting.extend(kept)
        return given

    def _cancel(self, key: Key, reason: str) -> None:
        if self._coroutines.cancel(key, reason):
            return
        if self._give_back({key}):
            self._link.say(Recalled([key]))
            return
        current = self._current
        if current is not None and (current.ti_id, current.try_number) == key:
            self._interrupts.cancel(key, reason)

    def _holding(self) -> list[Held]:
        with self._lock:
            current = [self._current] if self._current is not None else []
            return self._coroutines.held() + [
                Held(workload.ti_id, workload.try_number, phase, workload.callback_id)
                for phase, workloads in (("running", current), ("waiting", list(self._waiting)))
                for workload in workloads
            ]


def make_bench(home: Home, link: Link, interrupts: Interrupts) -> Workbench:
    """Wire what an attempt needs from the settings."""
    masker = masking.current()
    mask_environment(masker, os.environ)
    settings = config.current()
    logs_folder = settings.get_path("logging", "base_log_folder")
    folders = (*(settings.get_path("core", key) for key in ("dags_folder", "plugins_folder")), home.root / "config")
    return Workbench(
        outlet=link,
        log=TaskLog(logs_folder, masker),
        dags=DagCache(folders, lambda version_id: link.ask("dag_source", {"version_id": version_id})),
        runtime=WorkerRuntime(
            link,
            masker,
            xcoms=home.xcoms,
            enable_pickling=config.get_boolean("core", "enable_xcom_pickling"),
            threshold_bytes=config.get_int("core", "xcom_max_inline_bytes"),
        ),
        interrupts=interrupts,
        masker=masker,
        logs_folder=logs_folder,
        import_timeout=config.get_float("core", "dagbag_import_timeout"),
        max_field_length=config.get_int("core", "max_templated_field_length"),
    )


def resident_mb() -> float:
    """Memory of this process now, in MiB; its peak where there is no ``/proc``."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize() / (1 << 20)
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(home: Home, name: str) -> None:
    """The life of a worker called ``name``: the nursery calls it in a fresh fork."""
    if config.current().home != home:
        config.configure(config.load(home))
    compat.install()
    plugins.add_folders_to_path(home)
    plugins.load_plugins(home)
    Worker(home, name).serve()
