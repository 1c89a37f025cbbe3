"""One attempt of an async task: its ``aexecute`` on the event loop, all that surrounds it in a thread beside.

Decides how the coroutine is timed, cancelled and judged; the order of everything else is ``runner``'s. The environment
of the process is shared by all attempts and stays as it is: no ``AIRFLOW_CTX_*``. Airflow page: core-concepts/tasks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import Context
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from queuack import clock
from queuack.authoring.context import current_context, keep_apart
from queuack.authoring.exceptions import AirflowTaskTimeout
from queuack.authoring.execution import begin_task, end_task
from queuack.faults import reach
from queuack.protocol import Executing, Workload
from queuack.worker.deferring import seconds_left
from queuack.worker.interrupts import Owner, TaskCancelled, is_interrupt
from queuack.worker.logs import log_path
from queuack.worker.runner import Attempt, Workbench, started_fact
from queuack.worker.verdict import Verdict

T = TypeVar("T")

AGAIN = 0.5
"""A coroutine that goes on after it was cancelled is cancelled once more after this part of ``kill_grace``."""


class Checkpoint:
    """Implements ``interrupts.Guard`` for code in a thread, which nothing can interrupt: it stops where it arms."""

    def __init__(self) -> None:
        self.stopped_by: BaseException | None = None

    def arm(self, owner: Owner) -> None:
        error, self.stopped_by = self.stopped_by, None
        if error is not None:
            raise error

    def disarm(self) -> None: ...

    def is_interrupt(self, error: BaseException) -> bool:
        return is_interrupt(error)

    def start_timer(self, seconds: float) -> None: ...

    def stop_timer(self) -> None: ...


class AsyncAttempt(Attempt):
    """``live`` and ``stop`` are for the event loop's thread."""

    def __init__(self, bench: Workbench, workload: Workload, kill_grace: float) -> None:
        self._checkpoint = Checkpoint()
        super().__init__(replace(bench, interrupts=self._checkpoint), workload, clock.now_us())
        self._kill_grace = kill_grace
        self._variables = Context()
        self._coroutine: asyncio.Task[tuple[Any, BaseException | None]] | None = None
        self._threads: Executor
        self.begun = False

    @property
    def workload(self) -> Workload:
        return self._workload

    async def live(self, threads: Executor, prepare: Callable[[], None]) -> None:
        """From Started to Finished; ``prepare`` is called once Started is said. Raises TaskCancelled."""
        self._threads = threads
        await self._aside(partial(self._open, prepare))
        try:
            verdict = await self._outcome()
            await self._aside(partial(self._conclude, verdict, False))
        finally:
            await self._aside(self._close)

    def stop(self, error: BaseException) -> None:
        """End the coroutine with ``error``; between two pieces of user code it ends at the next."""
        if self._checkpoint.stopped_by is None:
            self._checkpoint.stopped_by = error
        if self._coroutine is not None:
            self._coroutine.cancel()
            asyncio.get_running_loop().call_later(AGAIN * self._kill_grace, self._coroutine.cancel)

    def give_up(self, error: Exception) -> None:
        """End as failed, for what went wrong is none of the task's code. Said twice it counts once."""
        self._bench.log.write_exception("The task cannot go on", error)
        self._say_finished(Verdict("failed", error=error), flush=True)

    # ── in order ─────────────────────────────────────────────────────────────────────────────────
    def _open(self, prepare: Callable[[], None]) -> None:
        workload, bench = self._workload, self._bench
        reach("worker.before_started")
        self._started_at = clock.now_us()
        self.begun = True
        bench.outlet.emit(started_fact(workload, self._started_at))
        reach("worker.after_started")
        keep_apart()
        bench.log.enter(log_path(workload))
        prepare()

    async def _outcome(self) -> Verdict:
        try:
            verdict = await self._aside(self._prepare)
            if verdict is not None:
                return verdict
            try:
                result = await self._run()
            except BaseException as error:
                return await self._aside(partial(self._weigh, error))
            return await self._aside(partial(self._settle, result))
        except BaseException as error:
            return await self._aside(partial(self._judge, error))

    async def _run(self) -> Any:
        await self._aside(partial(self._in_context, begin_task))
        result = await self._await()
        await self._aside(partial(self._in_context, end_task, result))
        return result

    def _in_context(self, step: Callable[..., None], *args: Any) -> None:
        self._checkpoint.arm((self._workload.ti_id, self._workload.try_number))
        with current_context(self._context):
            step(self._task, self._context, *args)

    async def _await(self) -> Any:
        """What ``aexecute`` returns."""
        workload, limit, loop = self._workload, self._task.execution_timeout, asyncio.get_running_loop()
        left = seconds_left(limit, workload)
        self._checkpoint.arm((workload.ti_id, workload.try_number))
        self._coroutine = loop.create_task(self._caught(), context=self._variables)
        timer = None
        if left is not None:
            self._bench.outlet.say(Executing(workload.ti_id, workload.try_number))
            timeout = AirflowTaskTimeout(f"Timeout: the task ran longer than {limit} (execution_timeout).")
            timer = loop.call_later(left, self.stop, timeout)
        try:
            result, error = await self._coroutine
        finally:
            self._coroutine = None
            if timer is not None:
                timer.cancel()
        stopped_by = self._checkpoint.stopped_by
        if isinstance(stopped_by, TaskCancelled):
            raise stopped_by
        self._checkpoint.stopped_by = None  # It has struck, or came too late.
        if error is None:
            return result
        if stopped_by is not None and isinstance(error, asyncio.CancelledError):
            raise stopped_by from error
        raise error

    async def _caught(self) -> tuple[Any, BaseException | None]:
        """The coroutine's result or error: a SystemExit must not end the loop, nor a StopIteration confuse it."""
        try:
            with current_context(self._context):
                return await self._task.aexecute(self._context), None
        except BaseException as error:
            return None, error

    def _close(self) -> None:
        self._bench.log.leave()
        self._bench.dags.note_imports()

    async def _aside(self, function: Callable[[], T]) -> T:
        """Call it in a thread, in this attempt's context."""

        def call() -> tuple[T | None, BaseException | None]:
            try:
                return self._variables.run(function), None
            except BaseException as error:
                return None, error

        result, error = await asyncio.get_running_loop().run_in_executor(self._threads, call)
        if error is not None:
            raise error
        return result  # type: ignore[return-value]
