"""``queuack logs``: the log of a task instance, in the order in which people name it: DAG, run, task."""

from __future__ import annotations

from typing import Any

import click

from queuack.cli.tasks import logs as tasks_logs

_OPTIONS = [param for param in tasks_logs.params if isinstance(param, click.Option)]


@click.command("logs", params=[*_OPTIONS])
@click.argument("dag_id")
@click.argument("logical_date_or_run_id", metavar="LOGICAL_DATE_OR_RUN_ID")
@click.argument("task_id")
@click.pass_context
def logs(ctx: click.Context, /, dag_id: str, logical_date_or_run_id: str, task_id: str, **options: Any) -> None:
    """Print the log of a task instance; -f follows it.

    The same as `queuack tasks logs`; the task may also stand before the run.
    """
    ctx.invoke(tasks_logs, dag_id=dag_id, task_id=task_id, logical_date_or_run_id=logical_date_or_run_id, **options)
