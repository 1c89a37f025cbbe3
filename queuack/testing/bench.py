"""What the runner needs of a process, when that process is the caller's own: a log that is the terminal, facts that
are handed over by a call, a timer that leaves the caller's other signals alone."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

from queuack import config
from queuack.authoring import masking
from queuack.authoring.dag import DAG
from queuack.home import Home
from queuack.protocol import Fact, Message, Workload
from queuack.tracebacks import format_user_exception
from queuack.worker.environment import mask_environment
from queuack.worker.interrupts import Interrupts
from queuack.worker.runner import Workbench
from queuack.worker.runtime import WorkerRuntime

log = logging.getLogger("queuack.task")

Say = Callable[[str], None]


class TerminalLog:
    """Stands where a worker has its TaskLog: what the runner itself has to say goes to ``say``.

    What the task prints or logs is left to the process, where it goes to the terminal anyway.
    """

    def __init__(self, say: Say) -> None:
        self._say = say

    def begin(self, relative_path: str) -> None:
        """Nothing to open."""

    def finish_lines(self) -> None:
        """Nothing is held back."""

    def end(self) -> None:
        """Nothing to close."""

    def write(self, level: str, event: str, logger: str, extra: dict[str, Any] | None = None) -> None:
        self._say(event)

    def write_exception(self, event: str, error: BaseException, logger: str = "task", level: str = "error") -> None:
        for line in (event, *format_user_exception(error).rstrip().splitlines()):
            self._say(line)


class OneDag:
    """Stands where a worker has its DagCache: the DAG is in memory already."""

    import_us = 0

    def has(self, workload: Workload) -> bool:
        return True

    def __init__(self, dag: DAG) -> None:
        self._dags = {each.dag_id: each for each in (dag, *dag.subdags)}

    def dag(self, workload: Workload) -> DAG:
        return self._dags[workload.run.dag_id]

    def note_imports(self) -> None:
        """Nothing is reloaded."""


class Timer(Interrupts):
    """Timeouts only, and only in the main thread; Ctrl-C stays the caller's."""

    def install(self) -> None:
        self._before: Any = None
        self._usable = threading.current_thread() is threading.main_thread()
        if self._usable:
            self._before = signal.signal(signal.SIGALRM, self._on_alarm)

    def uninstall(self) -> None:
        if self._usable:
            signal.signal(signal.SIGALRM, self._before)
        for end in (self.wake_read, self._wake_write):
            os.close(end)

    def start_timer(self, seconds: float) -> None:
        if self._usable:
            super().start_timer(seconds)

    def stop_timer(self) -> None:
        if self._usable:
            super().stop_timer()


class Collector:
    """Stands where a worker has its link: facts are kept until ``take``, questions are answered by a function."""

    def __init__(self, answer: Callable[[str, dict[str, Any]], Any]) -> None:
        self._answer = answer
        self.facts: list[Fact] = []

    def emit(self, fact: Fact, *, flush: bool = True) -> None:
        self.facts.append(fact)

    def say(self, message: Message) -> None:
        """Nobody watches the clock of this attempt."""

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        return self._answer(method, params)


def make_bench(home: Home, dag: DAG, outlet: Collector, timer: Timer, say: Say) -> Workbench:
    """Wire what an attempt needs, for this process."""
    masker = masking.current()
    mask_environment(masker, os.environ)
    return Workbench(
        outlet=outlet,
        log=TerminalLog(say),  # type: ignore[arg-type]  # same methods, no file
        dags=OneDag(dag),  # type: ignore[arg-type]  # same methods, no files
        runtime=WorkerRuntime(
            outlet,
            masker,
            xcoms=home.xcoms,
            enable_pickling=True,
            threshold_bytes=1 << 62,
        ),
        interrupts=timer,
        masker=masker,
        logs_folder=home.logs,
        import_timeout=config.get_float("core", "dagbag_import_timeout"),
        max_field_length=config.get_int("core", "max_templated_field_length"),
    )
