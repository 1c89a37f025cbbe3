"""Between the loop and the executor: commands become workloads, a worker's facts become events.

It translates and nothing else: what runs where is the executor's decision, what may run is the engine's.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from queuack import clock
from queuack.daemon.asking import Asking, event_of, question_of
from queuack.daemon.loop import Loop
from queuack.engine import effects
from queuack.engine.effects import Command, Write
from queuack.engine.events import (
    AttemptFinished,
    AttemptLost,
    AttemptReturned,
    AttemptStarted,
    CallbackFinished,
    TriggerAsked,
)
from queuack.engine.relevance import is_mapped_over, upstream_map_indexes
from queuack.engine.run import Run
from queuack.errors import QueuackError
from queuack.executors.base import Executor
from queuack.logpaths import attempt_log
from queuack.protocol import (
    CallbackRan,
    Fact,
    Finished,
    Rendered,
    RunInfo,
    Started,
    TimetableAnswer,
    TriggerRequest,
    Workload,
    XComClear,
    XComPush,
)

log = logging.getLogger("queuack.daemon")

MAX_CALLBACK_LOSSES = 3
"""A callback whose process died this often is given up."""


class TriggerHost(Protocol):
    """Where triggers run."""

    def act(self, command: effects.StartTrigger | effects.StopTrigger) -> None: ...

    def acknowledge(self, name: str, seq: int) -> bool:
        """Whether ``name`` is a process of its own."""


class Front:
    """Implements the loop's Observer and the executor's listener. One per daemon."""

    def __init__(self, *, isolation: str, means: dict[tuple[str, str], float]) -> None:
        self.loop: Loop
        self.executor: Executor
        self.asking: Asking
        self.triggers: TriggerHost
        self.find_runs: Callable[[effects.FindRuns], None]
        """Answers which runs of a backfill exist."""
        self.seal: Callable[[str], str] = str
        """Encrypts the arguments of triggers."""
        self._isolation = isolation
        self._means = means
        self._hostname = socket.gethostname()
        self._unpushed: dict[str, int] = {}
        self._callback_losses: dict[int, int] = {}
        self.watchers: list[Any] = []
        """Functions that are given the writes of each durable round."""

    # ── loop → executor ──────────────────────────────────────────────────────────────────────────
    def act(self, commands: Sequence[Command]) -> None:
        workloads: list[Workload] = []
        for command in commands:
            if isinstance(command, effects.Dispatch):
                workload = self._workload(command)
                if workload is not None:
                    workloads.append(workload)
            elif isinstance(command, effects.Cancel):
                self.executor.cancel(command.ti_id, command.try_number, command.reason)
            elif isinstance(command, effects.StartTrigger | effects.StopTrigger):
                self.triggers.act(command)
            elif isinstance(command, effects.AskTimetable):
                self._ask(command)
            elif isinstance(command, effects.FindRuns):
                self.find_runs(command)
            elif isinstance(command, effects.RunCallback):
                callback = self._callback(command.callback)
                if callback is None:
                    self.loop.post(CallbackFinished(callback_id=command.callback.id, state="failed"))
                else:
                    workloads.append(callback)
        if workloads:
            self.executor.submit(workloads)

    def _ask(self, command: effects.AskTimetable) -> None:
        def take(answer: TimetableAnswer) -> None:
            if answer.error is not None:
                log.error("%s: the timetable %s: %s", command.dag_id, command.importable, answer.error)
            self.loop.post(event_of(command, answer))

        self.asking.put(question_of(command), take)

    def acknowledge(self, worker_id: str, seq: int) -> None:
        if self._unpushed.get(worker_id, seq + 1) <= seq:
            del self._unpushed[worker_id]
        if not self.triggers.acknowledge(worker_id, seq):
            self.executor.acknowledge(worker_id, seq)

    def committed(self, writes: Sequence[Write]) -> None:
        for watch in self.watchers:
            watch(writes)

    def _workload(self, command: effects.Dispatch) -> Workload | None:
        run = self.loop.engine.runs.get(command.run_key)
        if run is None:
            return None
        plan = run.plan
        task = plan.document.tasks[command.task_index]
        isolation = task.isolation or self._isolation
        return Workload(
            ti_id=command.ti_id,
            task_id=task.task_id,
            map_index=command.map_index,
            try_number=command.try_number,
            max_tries=command.max_tries,
            isolation=isolation,
            is_async=task.is_async and isolation == "warm" and command.next_method is None,
            execution_timeout=_seconds_left(task.execution_timeout, command.begun_us),
            next_method=command.next_method,
            next_kwargs=command.next_kwargs,
            begun_us=command.begun_us,
            log_path=attempt_log(run.dag_id, run.run_id, task.task_id, command.map_index, command.try_number),
            expected_duration=self._means.get((run.dag_id, task.task_id)),
            task_reschedule_count=command.task_reschedule_count,
            first_reschedule_us=command.first_reschedule_us,
            inactive_assets=self.loop.engine.inactive_assets(task),
            upstream_map_indexes=upstream_map_indexes(run, command.task_index, command.map_index),
            is_mapped_over=is_mapped_over(run, command.task_index),
            queued_dttm=command.queued_dttm,
            **self._origin(run),
        )

    def _callback(self, row: effects.CallbackRow) -> Workload | None:
        engine = self.loop.engine
        dag = engine.dags.get(row.dag_id)
        run = engine.run_of(row.dag_id, row.run_id) or engine.ended_run(row.dag_id, row.run_id)
        if dag is None or run is None:
            log.warning(
                "The %s callback of run %s of %s is given up: the run is gone.", row.kind, row.run_id, row.dag_id
            )
            return None
        return Workload(
            ti_id=-row.id,
            task_id=row.task_id or "",
            map_index=row.map_index,
            callback_id=row.id,
            callback_kind=row.kind,
            callback_reason=row.reason,
            callback_data=row.data,
            log_path=attempt_log(row.dag_id, row.run_id, row.task_id or "dag_callback", row.map_index, 0),
            **self._origin(run),
        )

    def _origin(self, run: Run) -> dict[str, Any]:
        """The part of a workload that is the same for every task of a run."""
        plan = run.plan
        return {
            "fileloc": plan.document.fileloc,
            "relative_fileloc": plan.document.relative_fileloc,
            "file_hash": plan.file_hash,
            "version_id": plan.version_id,
            "version_number": plan.version_number,
            "run": run_info(run.row),
        }

    # ── executor → loop ──────────────────────────────────────────────────────────────────────────
    def deliver(self, worker_id: str, facts: Sequence[Fact]) -> None:
        """Facts of a worker, in order and none twice."""
        loop = self.loop
        for fact in facts:
            if isinstance(fact, Finished):
                loop.post_outcome(self._finished(worker_id, fact))
            elif isinstance(fact, Started):
                loop.post_soon(
                    AttemptStarted(
                        ti_id=fact.ti_id,
                        try_number=fact.try_number,
                        at=fact.at,
                        pid=fact.pid,
                        worker_id=worker_id,
                        hostname=self._hostname,
                        queued_dttm=fact.queued_dttm,
                    )
                )
            elif isinstance(fact, CallbackRan):
                loop.post(CallbackFinished(callback_id=fact.callback_id, state=fact.state, output=fact.output))
            else:
                self.take_row(worker_id, fact)
        if facts:
            loop.acknowledge(worker_id, facts[-1].seq)

    def take_row(self, worker_id: str, fact: Fact) -> None:
        """A fact that is a row and no business of the engine: an XCom, a rendered field."""
        self._unpushed[worker_id] = fact.seq
        self.loop.write(self._row(fact))

    def _asked(self, request: TriggerRequest) -> TriggerAsked | None:
        """None when its arguments cannot be kept."""
        try:
            return TriggerAsked(request.classpath, self.seal(request.kwargs.decode()), request.queue)
        except QueuackError as error:
            log.error("A task cannot wait for %s: %s", request.classpath, error.message)
            return None

    def _finished(self, worker_id: str, fact: Finished) -> AttemptFinished:
        return AttemptFinished(
            ti_id=fact.ti_id,
            try_number=fact.try_number,
            at=fact.at,
            outcome=fact.outcome,
            queued_dttm=fact.queued_dttm,
            fail_without_retry=fact.fail_without_retry,
            retry_delay=fact.retry_delay,
            retry_reason=fact.retry_reason,
            reschedule_at=fact.reschedule_at,
            skip_tasks=fact.skip_tasks,
            skip_instances=fact.skip_instances,
            map_length=fact.map_length,
            rendered_map_index=fact.rendered_map_index,
            trigger=None if fact.trigger is None else self._asked(fact.trigger),
            next_method=fact.next_method,
            next_kwargs=fact.next_kwargs,
            wait_timeout=fact.wait_timeout,
            outlets=fact.outlets,
            asset_events=fact.asset_events,
            started_at=fact.started_at,
            pid=fact.pid,
            worker_id=worker_id,
            hostname=self._hostname,
        )

    @staticmethod
    def _row(fact: Fact) -> Write:
        match fact:
            case XComPush():
                return effects.XComRow(
                    dag_id=fact.dag_id,
                    run_id=fact.run_id,
                    task_id=fact.task_id,
                    map_index=fact.map_index,
                    key=fact.key,
                    encoding=fact.encoding,
                    value=fact.value,
                    at=fact.at,
                )
            case XComClear():
                return effects.XComsCleared(
                    dag_id=fact.dag_id,
                    run_id=fact.run_id,
                    task_id=fact.task_id,
                    map_index=fact.map_index,
                    key=fact.key,
                )
            case Rendered():
                return effects.RenderedFieldsRow(
                    dag_id=fact.dag_id,
                    run_id=fact.run_id,
                    task_id=fact.task_id,
                    map_index=fact.map_index,
                    rendered=fact.rendered,
                )
        raise TypeError(f"unexpected fact {type(fact).__name__}")

    def lost(self, ti_id: int, try_number: int, reason: str) -> None:
        """The process that ran an attempt died."""
        if ti_id < 0:
            self._callback_lost(-ti_id, reason)
            return
        self.loop.post(AttemptLost(ti_id=ti_id, try_number=try_number, at=clock.now_us(), reason=reason))

    def returned(self, ti_id: int, try_number: int) -> None:
        """An attempt was handed out and never begun."""
        if ti_id < 0:
            self._callback_lost(-ti_id, "")
            return
        self.loop.post(AttemptReturned(ti_id=ti_id, try_number=try_number))

    def _callback_lost(self, callback_id: int, reason: str) -> None:
        losses = self._callback_losses.get(callback_id, 0) + bool(reason)
        self._callback_losses[callback_id] = losses
        row = self.loop.engine.callbacks.get(callback_id)
        if row is None:
            return
        if losses >= MAX_CALLBACK_LOSSES:
            log.error("A callback of DAG %s ended its process %d times (%s): given up.", row.dag_id, losses, reason)
            self.loop.post(CallbackFinished(callback_id=callback_id, state="failed", output=reason))
            return
        self.act([effects.RunCallback(callback=row)])

    def awaits_push(self, worker_id: str) -> bool:
        """Whether XComs this worker pushed are not durable yet (it may be about to read them)."""
        return worker_id in self._unpushed


def _seconds_left(limit: float | None, begun_us: int | None) -> float | None:
    """Of ``execution_timeout``, which covers a whole try; at least an instant."""
    if limit is None or begun_us is None:
        return limit
    return max(0.001, limit - (clock.now_us() - begun_us) / clock.SECOND)


def run_info(row: effects.RunRow) -> RunInfo:
    """A run as a worker needs it."""
    return RunInfo(
        dag_id=row.dag_id,
        run_id=row.run_id,
        run_type=row.run_type,
        logical_date=row.logical_date,
        data_interval_start=row.data_interval_start,
        data_interval_end=row.data_interval_end,
        run_after=row.run_after,
        queued_at=row.queued_at,
        start_date=row.start_date,
        end_date=row.end_date,
        state=row.state,
        conf=row.conf,
        triggered_by=row.triggered_by,
        triggering_user_name=row.triggering_user_name,
        note=row.note,
        clear_number=row.clear_number,
        partition_key=row.partition_key,
        partition_date=row.partition_date,
    )
