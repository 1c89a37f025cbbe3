"""``queuack dags report`` and ``dags reserialize``: how long DAG files take to load; have them parsed anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from queuack.cli.options import output_option
from queuack.cli.output import Column, Row, counted, print_rows
from queuack.cli.session import Session
from queuack.errors import QueuackError

F = TypeVar("F", bound=Callable[..., Any])

BUNDLE = "dags-folder"
"""The one bundle there is: the dags folder, under the name Airflow gives it."""

COLUMNS = (
    Column("file", "file"),
    Column("duration", lambda row: f"{row['duration']:.3f}s", kind="number"),
    Column("dag_num", "dag_num", kind="number"),
    Column("task_num", "task_num", kind="number"),
    Column("dags", "dags", wraps=True),
)


def bundle_option(function: F) -> F:
    return click.option(
        "-B",
        "--bundle-name",
        "bundles",
        type=click.Choice([BUNDLE]),
        multiple=True,
        expose_value=False,
        help="The dags folder is the only bundle.",
    )(function)


@click.command()
@bundle_option
@output_option
@click.pass_obj
def report(session: Session, output: str) -> None:
    """Tell how long DAG files take to load, slowest first.

    Parses all of them now, in child processes, and records nothing. Exit 1 if one cannot be loaded.
    """
    assert session.config is not None
    from queuack.testing.loading import load_times  # start-up time: the parser, only to parse

    rows: list[Row] = []
    broken: list[str] = []
    for row in load_times(session.home, session.client.call):
        broken += [row["file"]] if row.pop("failed") else []
        rows.append(row)
    rows.sort(key=lambda row: (-row["duration"], row["file"]))
    print_rows(rows, COLUMNS, output, empty="No DAG files.")
    if broken:
        click.echo(
            f"Error: {counted(len(broken), 'file')} could not be imported: {', '.join(sorted(broken))}", err=True
        )
        click.get_current_context().exit(1)


@click.command()
@bundle_option
@click.pass_obj
def reserialize(session: Session) -> None:
    """Parse all DAG files anew, changed or not.

    The running daemon is asked to do it and does so beside its work; without one it is done here.
    """
    client = session.client
    if client.live:
        client.call("reparse_files")
        click.echo("The daemon parses all DAG files anew. What fails: queuack dags list-import-errors")
        return
    count = client.call("sync", anew=True)
    errors = len(client.call("list_import_errors"))
    click.echo(f"{counted(count, 'file')} parsed.")
    if errors:
        raise QueuackError(f"{counted(errors, 'file')} could not be imported: queuack dags list-import-errors")
