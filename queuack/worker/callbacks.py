"""Callbacks of tasks and DAGs: which functions are called, with what context. An error in one is logged, no more.

Airflow page: administration-and-deployment/logging-monitoring/callbacks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from queuack import clock
from queuack.authoring.alerts import sends_mail
from queuack.authoring.context import make_context
from queuack.authoring.dag import DAG
from queuack.authoring.listeners import has_listeners, notify
from queuack.authoring.state import TaskInstanceState
from queuack.protocol import Workload
from queuack.worker.alerts import send_alert
from queuack.worker.logs import TaskLog, log_path
from queuack.worker.verdict import Verdict


def run_task_callbacks(task: Any, kind: str, context: Any, verdict: Verdict, log: TaskLog) -> None:
    """Call all of ``task.<kind>``; ``context["exception"]`` is the error of a failed attempt."""
    if verdict.error is not None:
        context["exception"] = verdict.error
    call_each(getattr(task, kind), context, kind, log)


def run_dag_callback(dag: DAG, workload: Workload, log: TaskLog) -> None:
    """What a callback workload asks for: the DAG's, or (with a task id) that of a task whose process died."""
    kind = f"on_{workload.callback_kind}_callback"
    task = dag.task_dict.get(workload.task_id) if workload.task_id else None
    owner: Any = dag if task is None else task
    callbacks = as_list(getattr(owner, kind, None))
    mails = task is not None and sends_mail(task, kind)
    if not callbacks and not mails and not (task is not None and has_listeners()):
        log.write("warning", f"{owner!r} has no {kind}.", "task")
        return
    context: Any = make_context(
        task=task if task is not None else _any_task(dag),
        run=workload.run,
        ti_id=workload.ti_id,
        map_index=workload.map_index,
        try_number=workload.try_number,
        max_tries=workload.max_tries,
        start_date_us=clock.now_us(),
        log_path=log_path(workload),
    )
    context["reason"] = workload.callback_reason
    if task is not None:
        context["exception"] = workload.callback_reason
    call_each(callbacks, context, kind, log)
    if task is not None:
        retried = workload.callback_kind == "retry"
        context["ti"].state = TaskInstanceState.UP_FOR_RETRY if retried else TaskInstanceState.FAILED
        notify(
            "on_task_instance_failed",
            previous_state=TaskInstanceState.RUNNING,
            task_instance=context["ti"],
            error=workload.callback_reason,
        )
    if mails:
        send_alert(task, context, workload.callback_reason, log)


def _any_task(dag: DAG) -> Any:
    """Airflow gives a DAG's callback the context of one of its task instances."""
    return next(iter(dag.task_dict.values()))


def as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def call_each(callbacks: Iterable[Any], context: Any, kind: str, log: TaskLog) -> None:
    for index, callback in enumerate(callbacks):
        try:
            callback(context)
        except Exception as error:
            log.write_exception(f"Failed to run {kind} #{index}", error)
