"""``queuack state-store``: what task instances keep over their tries."""

from __future__ import annotations

import click

from queuack.cli.groups import Group
from queuack.cli.options import output_option
from queuack.cli.output import Column, counted, print_rows
from queuack.cli.session import Session

COLUMNS = (
    Column("dag_id", "dag_id"),
    Column("run_id", "run_id"),
    Column("task_id", "task_id"),
    Column("map_index", "map_index", kind="number"),
    Column("key", "key"),
    Column("expired", "expires_at", kind="instant", droppable=True),
)


@click.group("state-store", cls=Group)
def state_store() -> None:
    """Look after what tasks keep over their tries."""


@state_store.command()
@click.option("--dry-run", is_flag=True, help="Only list what would be deleted, 1000 rows at most.")
@output_option
@click.pass_obj
def clean(session: Session, dry_run: bool, output: str) -> None:
    """Delete what has expired.

    A running daemon does it every hour by itself; what has expired is not read any more in any case.
    """
    found = session.client.call("clean_task_states", dry_run=dry_run)
    if dry_run:
        print_rows(found["rows"], COLUMNS, output, empty="Nothing to delete.")
        if output == "table" and found["count"] > len(found["rows"]):
            click.echo(f"… {counted(found['count'], 'row')} in all.")
    else:
        click.echo(f"{counted(found['count'], 'row')} deleted." if found["count"] else "Nothing to delete.")
