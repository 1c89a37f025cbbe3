"""Running one task: hooks around ``execute``, and callbacks. Used by workers and by ``dag.test()``.

Decides the order of the calls. Timeouts, retries, XComs of the result and what an exception means are the runner's.
Airflow page: administration-and-deployment/logging-monitoring/callbacks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from queuack.authoring.assets.yielding import call
from queuack.authoring.context import Context, current_context
from queuack.authoring.context_variables import export_context

log = logging.getLogger("queuack.task")


def execute_task(task: Any, context: Context, execute: Callable[[Context], Any] | None = None) -> Any:
    """on_execute callbacks, ``pre_execute``, ``execute``, ``post_execute``; returns what ``execute`` returned.

    ``task`` is a copy from ``prepare_for_execution`` with rendered template fields. Params are validated first.
    ``execute`` is called in place of the task's own: where a deferred task goes on. What the task raises comes through:
    AirflowSkipException, AirflowRescheduleException, TaskDeferred, anything.
    """
    with current_context(context):
        export_context(context)
        begin_task(task, context)
        result = (execute or task.execute)(context)
        end_task(task, context, result)
    return result


def begin_task(task: Any, context: Context) -> None:
    """What comes before ``execute``; params are validated."""
    context["params"]
    if task._pre_execute_hook is not None:
        call(task._pre_execute_hook, context, context)
    task.pre_execute(context)
    run_callbacks(task.on_execute_callback, context)


def end_task(task: Any, context: Context, result: Any) -> None:
    """What comes after it."""
    if task._post_execute_hook is not None:
        call(task._post_execute_hook, context, context, result)
    task.post_execute(context, result)


def run_callbacks(callbacks: Any, context: Context) -> None:
    """Call each with the context; one that raises is logged and hinders nothing."""
    if callbacks is None:
        return
    many = callbacks if isinstance(callbacks, Iterable) and not callable(callbacks) else [callbacks]
    for callback in many:
        name = getattr(callback, "__name__", repr(callback))
        try:
            with current_context(context):
                if callable(callback):
                    callback(context)
        except Exception:
            log.exception("Callback %s failed", name)
