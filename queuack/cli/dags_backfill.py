"""``queuack dags backfill``: the spelling of Airflow 1.10 and 2.x, said in the words of ``backfill create``.

It decides what each old option means now. An option that has no meaning any more is refused with what to do instead.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from queuack.cli.backfill import create
from queuack.cli.options import INSTANT, JSON_OBJECT, output_option
from queuack.errors import UsageError

GONE = {
    "task_regex": "-t: a backfill runs whole DAGs. Clear single tasks of its runs instead: queuack tasks clear",
    "mark_success": "-m: nothing is marked without running. Mark runs instead, once they are there.",
    "local": "",
    "donot_pickle": "",
    "ignore_dependencies": "-i: a backfill runs whole DAGs, so no dependency is left out.",
    "ignore_first_depends_on_past": "",
    "pool": "--pool: the pool is the task's: set `pool` in the DAG file.",
    "delay_on_limit": "",
    "continue_on_failures": "",
    "subdir": "",
    "verbose": "",
    "yes": "",
}
"""Old option → why it is refused; empty = it changes nothing and is let pass."""


@click.command("backfill", context_settings={"show_default": False})
@click.argument("dag_id")
@click.option("-s", "--start-date", type=INSTANT, metavar="DATE", help="First date, included: --from-date.")
@click.option("-e", "--end-date", type=INSTANT, metavar="DATE", help="Last date, included: --to-date.")
@click.option("-c", "--conf", type=JSON_OBJECT, metavar="JSON", help="conf of the runs: --dag-run-conf.")
@click.option("-B", "--run-backwards", is_flag=True, help="The latest date first.")
@click.option("--rerun-failed-tasks", is_flag=True, help="Run failed runs again: --reprocess-behavior failed.")
@click.option("--reset-dagruns", is_flag=True, help="Run all runs again: --reprocess-behavior completed.")
@click.option("-n", "--dry-run", is_flag=True, help="Only show which runs would be made.")
@click.option("--disable-retry", is_flag=True, hidden=True)
@click.option("-t", "--task-regex", hidden=True)
@click.option("-m", "--mark-success", is_flag=True, hidden=True)
@click.option("-l", "--local", is_flag=True, hidden=True)
@click.option("-x", "--donot-pickle", is_flag=True, hidden=True)
@click.option("-i", "--ignore-dependencies", is_flag=True, hidden=True)
@click.option("-I", "--ignore-first-depends-on-past", is_flag=True, hidden=True)
@click.option("--pool", hidden=True)
@click.option("--delay-on-limit", type=float, hidden=True)
@click.option("--continue-on-failures", is_flag=True, hidden=True)
@click.option("-S", "--subdir", hidden=True)
@click.option("-v", "--verbose", is_flag=True, hidden=True)
@click.option("-y", "--yes", is_flag=True, hidden=True)
@output_option
@click.pass_context
def dags_backfill(
    ctx: click.Context,
    /,
    dag_id: str,
    start_date: datetime | None,
    end_date: datetime | None,
    conf: dict[str, Any] | None,
    run_backwards: bool,
    rerun_failed_tasks: bool,
    reset_dagruns: bool,
    dry_run: bool,
    disable_retry: bool,
    output: str,
    **old: Any,
) -> None:
    """Airflow 2's spelling of `backfill create`. The daemon runs the runs; this does not wait for them."""
    for name, reason in GONE.items():
        if old[name] and reason:
            raise UsageError(f"{reason} See: queuack backfill create --help")
    if disable_retry:
        raise UsageError("--disable-retry: retries are the task's: set `retries` in the DAG file.")
    if start_date is None and end_date is None:
        raise UsageError("Give -s DATE, -e DATE or both.")
    ctx.invoke(
        create,
        dag_id=dag_id,
        from_date=start_date or end_date,
        to_date=end_date or start_date,
        dag_run_conf=conf,
        run_backwards=run_backwards,
        max_active_runs=None,
        reprocess_behavior="completed" if reset_dagruns else "failed" if rerun_failed_tasks else None,
        run_on_latest_version=None,
        dry_run=dry_run,
        output=output,
    )
