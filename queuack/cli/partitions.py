"""``queuack partitions``: take runs out of their partitions, so that these can be made anew."""

from __future__ import annotations

from datetime import datetime

import click

from queuack.cli.groups import Group
from queuack.cli.options import INSTANT, output_option, user_name
from queuack.cli.output import Column, counted, print_rows
from queuack.cli.session import Session

COLUMNS = (
    Column("run_id", "run_id"),
    Column("partition_key", "partition_key"),
    Column("partition_date", "partition_date", kind="instant", droppable=True),
    Column("state", "state", kind="state", droppable=True),
)


@click.group(cls=Group)
def partitions() -> None:
    """Take runs out of their partitions."""


@partitions.command()
@click.option("-d", "--dag-id", required=True, metavar="DAG_ID", help="The runs of this DAG.")
@click.option("-r", "--run-id", metavar="ID", help="One run, by its id.")
@click.option("-s", "--start-date", type=INSTANT, metavar="DATE", help="Partition dates from here on.")
@click.option("-e", "--end-date", type=INSTANT, metavar="DATE", help="Partition dates up to here.")
@click.option("--partition-key", metavar="KEY", help="The runs of this partition.")
@click.option("--date", "dates", metavar="A~B", help="Partition dates from A to B, both included.")
@click.option("--clear-task-instances", is_flag=True, help="Clear the tasks of these runs too.")
@click.option("--dry-run", is_flag=True, help="Only list the runs.")
@output_option
@click.pass_context
def clear(
    ctx: click.Context,
    dag_id: str,
    run_id: str | None,
    start_date: datetime | None,
    end_date: datetime | None,
    partition_key: str | None,
    dates: str | None,
    clear_task_instances: bool,
    dry_run: bool,
    output: str,
) -> None:
    """Take the partition key and date from runs.

    Say which: one run, a partition key, or partition dates, read in the time zone of the schedule.
    """
    session: Session = ctx.obj
    if dates is not None:
        if start_date or end_date:
            raise click.UsageError("--date goes with neither --start-date nor --end-date.")
        start_date, end_date = _both(ctx, dates)
    if (run_id is not None) + (partition_key is not None) + bool(start_date or end_date) != 1:
        raise click.UsageError("Say which runs: --run-id, or --partition-key, or --start-date, --end-date or --date.")
    done = session.client.call(
        "forget_partitions",
        dag_id=dag_id,
        run=run_id,
        partition_key=partition_key,
        partition_date_start=start_date.isoformat() if start_date else None,
        partition_date_end=end_date.isoformat() if end_date else None,
        clear_task_instances=clear_task_instances,
        dry_run=dry_run,
        user=user_name(),
    )
    rows = done["runs"]
    print_rows(rows, COLUMNS, output, empty=f"No run of DAG {dag_id} fits.")
    if rows and output == "table":
        touched = counted(done["dag_runs_cleared"], "run")
        click.echo(f"{touched} {'would be taken' if dry_run else 'taken'} out of their partitions.", err=True)
        if clear_task_instances:
            tasks = counted(done["task_instances_cleared"], "task instance")
            click.echo(f"{tasks} {'would be cleared' if dry_run else 'cleared'}.", err=True)


def _both(ctx: click.Context, dates: str) -> tuple[datetime, datetime]:
    first, tilde, last = (part.strip() for part in dates.partition("~"))
    if not (first and tilde and last):
        raise click.UsageError(f"--date {dates}: write A~B, for example 2026-01-01~2026-01-31.")
    return INSTANT.convert(first, None, ctx), INSTANT.convert(last, None, ctx)
