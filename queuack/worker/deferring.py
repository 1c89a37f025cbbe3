"""Deferral in the worker: what a task says when it gives its worker back, and how it goes on when it has one again.

Trigger and arguments leave as JSON with typed wrappers; nothing of the process stays. What the waiting means is the
engine's decision. Airflow page: authoring-and-scheduling/deferring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from queuack import clock
from queuack.authoring.exceptions import AirflowTaskTimeout, TaskAwaitingInput, TaskDeferred
from queuack.authoring.trigger import TRIGGER_FAIL_REPR
from queuack.protocol import TriggerRequest, Workload
from queuack.serialization import typed_json


@dataclass(frozen=True)
class Waiting:
    """What a task waits for and how it goes on: fields of ``protocol.Finished``."""

    next_method: str | None
    next_kwargs: bytes
    trigger: TriggerRequest | None = None
    timeout: int | None = None
    """Microseconds."""


def waiting_of(error: TaskDeferred | TaskAwaitingInput) -> Waiting:
    """Raises what the trigger's ``serialize`` raises, and TypeError for what cannot be JSON."""
    trigger = None
    if isinstance(error, TaskDeferred):
        classpath, kwargs = error.trigger.serialize()
        trigger = TriggerRequest(classpath, typed_json.dumps_ascii(kwargs))
    return Waiting(error.method_name, typed_json.dumps_ascii(error.kwargs or {}), trigger, _microseconds(error.timeout))


def start_waiting(task: Any) -> Waiting | None:
    """Of a task with ``start_from_trigger`` that a worker has at its beginning (a mapped one: its arguments are known
    only now): it does nothing but wait. None for any other task."""
    arguments = task.start_trigger_args if task.start_from_trigger else None
    if arguments is None:
        return None
    return Waiting(
        arguments.next_method,
        typed_json.dumps_ascii(arguments.next_kwargs or {}),
        TriggerRequest(arguments.trigger_cls, typed_json.dumps_ascii(arguments.trigger_kwargs or {})),
        _microseconds(arguments.timeout),
    )


def continuation(task: Any, workload: Workload) -> Callable[..., Any] | None:
    """What to call with the context instead of ``execute``; None when the task is at its beginning."""
    if workload.next_method is None:
        return None
    arguments = typed_json.loads(workload.next_kwargs or b"{}")
    return partial(_resume, task, workload.next_method, arguments)


def _resume(task: Any, method: str, arguments: dict[str, Any], context: Any) -> Any:
    return task.resume_execution(method, arguments, context)


def seconds_left(limit: timedelta | None, workload: Workload) -> float | None:
    """What is left of ``execution_timeout``, which covers the whole try, its waiting too; None = no limit.

    Raises AirflowTaskTimeout when nothing is left. A task that goes on only to fail has no limit."""
    if limit is None or workload.next_method == TRIGGER_FAIL_REPR:
        return None
    if workload.begun_us is None:
        return limit.total_seconds()
    left = limit.total_seconds() - (clock.now_us() - workload.begun_us) / clock.SECOND
    if left <= 0:
        raise AirflowTaskTimeout(f"Timeout: the task ran and waited longer than {limit} (execution_timeout).")
    return left


def _microseconds(timeout: timedelta | float | None) -> int | None:
    if timeout is None:
        return None
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else float(timeout)
    return round(seconds * clock.SECOND)
