"""What the context costs a task: making it, and reading all of it, beside a task that does not look at it.

In this process, through what a worker calls for each attempt; what asks the daemon (``prev_…``) is not read.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from queuack import DAG
from queuack.authoring.context import Context, make_context
from queuack.authoring.context_values import SLOW
from queuack.authoring.execution import execute_task
from queuack.operators.python import PythonOperator
from queuack.protocol import RunInfo
from tests.bench.figure import Figure

ROUNDS = 2_000


def without() -> None: ...


def a_few(context: Context) -> None:
    """What most tasks read."""
    context["ds"], context["ti"].task_id, context["dag_run"].run_id, context["params"], context["logical_date"]


def everything(context: Context) -> None:
    for key in context:
        if key not in SLOW:
            context[key]
    context.upstream_ids  # noqa: B018


def context_cost() -> list[Figure]:
    run = _run()
    with DAG("d", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)):
        bare, some, full = (
            PythonOperator(task_id=function.__name__, python_callable=function, show_return_value_in_logs=False)
            for function in (without, a_few, everything)
        )
    made = _median(lambda: make_context(task=bare, run=run, ti_id=1))
    base = _median(lambda: _attempt(bare, run))
    return [
        Figure("TaskContext, made and not used", made, "µs", "≤ 200 µs", f"median of {ROUNDS:,}"),
        _beyond("TaskContext, five values read, beyond a task without", some, run, base),
        _beyond("TaskContext, every value read, beyond a task without", full, run, base),
    ]


def _beyond(name: str, task: Any, run: RunInfo, base: float) -> Figure:
    whole = _median(lambda: _attempt(task, run))
    return Figure(name, whole - base, "µs", "≤ 200 µs", f"context and call: {whole:.0f} µs, without {base:.0f} µs")


def _attempt(task: Any, run: RunInfo) -> None:
    mine = task.prepare_for_execution()
    execute_task(mine, make_context(task=mine, run=run, ti_id=1))


def _median(function: Callable[[], Any]) -> float:
    """Microseconds."""
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter_ns()
        function()
        times.append(time.perf_counter_ns() - begin)
    return statistics.median(times) / 1000


def _run() -> RunInfo:
    at = 1_767_225_600_000_000
    return RunInfo(
        dag_id="d",
        run_id="r",
        run_type="manual",
        logical_date=at,
        data_interval_start=at,
        data_interval_end=at,
        run_after=at,
    )
