"""From what user code did to the outcome of the attempt: a return, or the exception it ended with.

It runs and logs nothing. Airflow page: core-concepts/tasks ("Special Exceptions", "Timeouts").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from queuack import clock
from queuack.authoring.exceptions import (
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSensorTimeout,
    AirflowSkipException,
    DownstreamTasksSkipped,
    TaskAwaitingInput,
    TaskDeferred,
)
from queuack.errors import DagRunAlreadyExists, NotBuilt
from queuack.worker.deferring import Waiting, waiting_of


@dataclass(frozen=True)
class Verdict:
    """What is said of the attempt in Finished, and what the log says of it."""

    outcome: str
    fail_without_retry: bool = False
    retry_delay: float | None = None
    """Seconds until the retry, where a retry policy says so."""
    retry_reason: str | None = None
    reschedule_at: int | None = None
    skip_tasks: tuple[str, ...] = ()
    skip_instances: tuple[tuple[str, int], ...] = ()
    """(task id, map index) of single instances to skip."""
    error: BaseException | None = None
    """Of a failed attempt."""
    waiting: Waiting | None = None
    """Of a deferred attempt, or one that awaits input."""
    remark: str = ""
    """One line for the log, where the outcome needs explaining and is not an error."""

    def callbacks(self, *, may_retry: bool) -> str | None:
        """The attribute of the task that holds the callbacks for this outcome."""
        if self.outcome == "failed":
            return "on_retry_callback" if may_retry and not self.fail_without_retry else "on_failure_callback"
        return {"success": "on_success_callback", "skipped": "on_skipped_callback"}.get(self.outcome)


SUCCESS = Verdict("success")


def verdict_of(error: BaseException) -> Verdict:
    """The outcome of an attempt whose code ended with ``error``."""
    if isinstance(error, DownstreamTasksSkipped):
        return _skipping(_as_list(error.tasks))
    if isinstance(error, AirflowSkipException):
        return Verdict("skipped", remark=f"Skipping task. {error}".strip())
    if isinstance(error, AirflowRescheduleException):
        at = clock.to_us(error.reschedule_date)
        return Verdict("up_for_reschedule", reschedule_at=at, remark="Rescheduling task.")
    if isinstance(error, TaskDeferred):
        return Verdict("deferred", waiting=waiting_of(error), remark="Pausing task as DEFERRED.")
    if isinstance(error, TaskAwaitingInput):
        return Verdict("awaiting_input", waiting=waiting_of(error), remark="Pausing task as AWAITING_INPUT.")
    terminal = isinstance(error, AirflowFailException | AirflowSensorTimeout | NotBuilt | DagRunAlreadyExists)
    return Verdict("failed", fail_without_retry=terminal, error=error)


def _skipping(tasks: list[Any]) -> Verdict:
    """``tasks``: ids, or (id, map index) pairs, of which -1 means the task."""
    pairs = [one if isinstance(one, tuple) else (one, -1) for one in tasks]
    return Verdict(
        "success",
        skip_tasks=tuple(str(task_id) for task_id, index in pairs if index < 0),
        skip_instances=tuple((str(task_id), index) for task_id, index in pairs if index >= 0),
        remark="Skipping downstream tasks.",
    )


def _as_list(tasks: Any) -> list[Any]:
    return list(tasks) if isinstance(tasks, list | tuple | set) else [tasks]
