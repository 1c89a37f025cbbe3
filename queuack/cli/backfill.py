"""``queuack backfill``: run a DAG for dates of the past; look at backfills, pause and cancel them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from queuack.cli.groups import Group
from queuack.cli.options import INSTANT, JSON_OBJECT, output_option, user_name
from queuack.cli.output import Column, Row, counted, print_data, print_record, print_rows
from queuack.cli.session import Session

BEHAVIORS = ("none", "completed", "failed")
REASONS = ("in flight", "already exists", "unknown")


def _status(row: Row) -> str:
    if row["completed_at"] is not None:
        return "completed"
    return "paused" if row["is_paused"] else "active"


def _dates(row: Row) -> str:
    """``7 success, 1 running, 2 already exists``."""
    return ", ".join(f"{count} {outcome}" for outcome, count in row["dates"].items())


COLUMNS = (
    Column("id", "id", kind="number"),
    Column("dag_id", "dag_id"),
    Column("from_date", "from_date", kind="instant"),
    Column("to_date", "to_date", kind="instant"),
    Column("status", _status),
    Column("reprocess", "reprocess_behavior", droppable=True),
    Column("max_active_runs", "max_active_runs", kind="number", droppable=True),
    Column("dates", _dates, wraps=True),
)
DATE_COLUMNS = (
    Column("#", "sort_ordinal", kind="number"),
    Column("logical_date", "logical_date", kind="instant"),
    Column("state", "state", kind="state"),
    Column("exception_reason", "exception_reason"),
    Column("run_id", "run_id"),
    Column("partition_key", "partition_key", droppable=True),
)
DRY_COLUMNS = (
    Column("logical_date", "logical_date"),
    Column("partition_key", "partition_key"),
    Column("partition_date", "partition_date"),
)

id_argument = click.argument("backfill_id", type=int)


@click.group(cls=Group)
def backfill() -> None:
    """Run a DAG for dates of the past."""


@backfill.command()
@click.option("--dag-id", required=True, metavar="DAG_ID", help="The DAG.")
@click.option("--from-date", required=True, type=INSTANT, metavar="DATE", help="First date, included.")
@click.option("--to-date", required=True, type=INSTANT, metavar="DATE", help="Last date, included.")
@click.option("--dag-run-conf", type=JSON_OBJECT, metavar="JSON", help="conf of the runs, a JSON object.")
@click.option("--run-backwards", is_flag=True, help="The latest date first.")
@click.option(
    "--max-active-runs", type=click.IntRange(min=1), metavar="N", help="So many runs of it at once.  [default: 10]"
)
@click.option(
    "--reprocess-behavior",
    type=click.Choice(BEHAVIORS),
    help="Dates that have a run already: which to run again.  [default: none]",
)
@click.option(
    "--run-on-latest-version/--no-run-on-latest-version",
    default=None,
    help="Runs that run again take the DAG as it is now, or stay with theirs.  [default: as it is now]",
)
@click.option("--dry-run", is_flag=True, help="Only show which runs would be made.")
@output_option
@click.pass_obj
def create(
    session: Session,
    dag_id: str,
    from_date: datetime,
    to_date: datetime,
    dag_run_conf: dict[str, Any] | None,
    run_backwards: bool,
    max_active_runs: int | None,
    reprocess_behavior: str | None,
    run_on_latest_version: bool | None,
    dry_run: bool,
    output: str,
) -> None:
    """Create the runs that a DAG's schedule has between two dates."""
    asked = {
        "dag_id": dag_id,
        "from_date": from_date.isoformat(),
        "to_date": to_date.isoformat(),
        "run_backwards": run_backwards,
        "dag_run_conf": dag_run_conf,
        "reprocess_behavior": reprocess_behavior,
    }
    client = session.dags_client
    if dry_run:
        found = client.call("create_backfill_dry_run", **asked)
        print_rows(found, [column for column in DRY_COLUMNS if _is_used(found, column.title)], output, empty="No runs.")
        return
    row = client.call(
        "create_backfill",
        **asked,
        max_active_runs=max_active_runs,
        run_on_latest_version=run_on_latest_version,
        user=user_name(),
    )
    print_rows([row], COLUMNS, output)
    if output != "table":
        return
    if not client.live:
        click.echo("No daemon is running: its runs are made when one does (queuack standalone).", err=True)
    elif client.call("get_dag", dag_id=dag_id)["is_paused"]:
        click.echo(f"DAG {dag_id} is paused: its runs start after `queuack dags unpause {dag_id}`.", err=True)
    refused = sum(row["dates"].get(reason, 0) for reason in REASONS)
    if refused:
        click.echo(f"{counted(refused, 'date')} got no run: queuack backfill show {row['id']}", err=True)


@backfill.command("list")
@click.option("--dag-id", metavar="DAG_ID", help="Only those of this DAG.")
@click.option("--active", is_flag=True, help="Only those that are not completed.")
@output_option
@click.pass_obj
def list_backfills(session: Session, dag_id: str | None, active: bool, output: str) -> None:
    """List the backfills, newest first."""
    rows = session.client.call("list_backfills", dag_id=dag_id, active=active or None)
    print_rows(rows, COLUMNS, output, empty="No backfills.")


@backfill.command()
@id_argument
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="N", help="At most N dates.")
@output_option
@click.pass_obj
def show(session: Session, backfill_id: int, limit: int | None, output: str) -> None:
    """Show a backfill and what became of each of its dates."""
    row = session.client.call("get_backfill", backfill_id=backfill_id)
    dates = session.client.call("list_backfill_dag_runs", backfill_id=backfill_id, limit=limit)
    if output in ("json", "yaml"):
        print_data({**row, "dag_runs": dates}, output)
        return
    if output == "table":
        print_record({**row, "dates": _dates(row)}, output)
        click.echo()
    print_rows(
        dates, [column for column in DATE_COLUMNS if column.title == "#" or _is_used(dates, column.title)], output
    )


def _control(name: str, method: str, text: str) -> None:
    @backfill.command(name, help=text)
    @id_argument
    @output_option
    @click.pass_obj
    def command(session: Session, backfill_id: int, output: str) -> None:
        print_rows([session.client.call(method, backfill_id=backfill_id)], COLUMNS, output)


_control("pause", "pause_backfill", "Start no further runs of a backfill.")
_control("unpause", "unpause_backfill", "Start runs of a paused backfill again.")
_control("cancel", "cancel_backfill", "End a backfill: queued runs fail, running ones go on.")


def _is_used(rows: list[dict[str, Any]], field: str) -> bool:
    """Columns that are empty all the way down say nothing."""
    return any(row.get(field) is not None for row in rows)
