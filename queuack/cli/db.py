"""``queuack db``: migrate, check, shell."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from queuack.cli.groups import Group
from queuack.cli.options import output_option
from queuack.cli.session import Session
from queuack.cli.sql import print_result
from queuack.cli.statements import split
from queuack.errors import QueuackError


@click.group(cls=Group)
def db() -> None:
    """Look after the database."""


@db.command()
@click.pass_obj
def migrate(session: Session) -> None:
    """Create the database or bring it to this version. The daemon does the same at its start."""
    existed = session.home.database.is_file()
    if sys.stderr.isatty():
        from rich.console import Console  # start-up time: only for the spinner on a terminal

        with Console(stderr=True).status(f"Migrating {session.home.database}"):
            session.client.call("info")
    else:
        session.client.call("info")
    done = "is up to date" if existed else "is created"
    click.echo(f"{session.home.database} {done}{' (the daemon has it open)' if session.client.live else ''}.")


@db.command()
@click.pass_obj
def check(session: Session) -> None:
    """Tell whether the database can be read; exit 1 if not."""
    session.client.call("sql", query="SELECT 1", limit=1)
    click.echo(f"{session.home.database} answers{' through the daemon' if session.client.live else ''}.")


@db.command()
@output_option
@click.pass_obj
def shell(session: Session, output: str) -> None:
    """Ask SQL queries one after another.

    End each with ; and leave with Ctrl-D. Reads stdin when it is not a terminal.
    """
    interactive = sys.stdin.isatty()
    if interactive:
        import readline  # noqa: F401  # line editing, only where somebody types

        click.echo(f"{session.home.database}: end a query with ; and leave with Ctrl-D.", err=True)
    failed = False
    for query in _queries(interactive):
        try:
            print_result(session.client.call("sql", query=query, limit=None), output)
        except QueuackError as error:
            click.echo(f"Error: {error.message}", err=True)
            failed = not interactive
    if failed:
        click.get_current_context().exit(1)


def _queries(interactive: bool) -> Iterator[str]:
    rest = ""
    while True:
        try:
            line = input(("sql> " if not rest.strip() else "...> ") if interactive else "")
        except EOFError:
            break
        statements, rest = split(f"{rest}{line}\n")
        yield from statements
    if rest.strip():
        yield rest.strip()
