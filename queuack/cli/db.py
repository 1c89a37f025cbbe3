"""``queuack db``: migrate, check, shell, reset, backup, restore."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from queuack.cli import cleaning
from queuack.cli.groups import Group
from queuack.cli.options import confirm, output_option
from queuack.cli.output import counted
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
@click.option("--retry", type=click.IntRange(min=0), default=0, metavar="N", help="Try N more times.")
@click.option("--retry-delay", type=click.IntRange(min=1), default=1, metavar="SECONDS", help="Pause between tries.")
@click.option("--full", is_flag=True, help="Read every value, to find damaged parts.")
@click.pass_obj
def check(session: Session, retry: int, retry_delay: int, full: bool) -> None:
    """Tell whether the database can be read; exit 1 if not."""
    for left in range(retry, -1, -1):
        try:
            done = _check_all(session) if full else session.client.call("sql", query="SELECT 1", limit=1) and "answers"
        except QueuackError as error:
            if not left:
                raise
            click.echo(f"{error.message.splitlines()[0]} Trying again in {counted(retry_delay, 'second')}.", err=True)
            time.sleep(retry_delay)
        else:
            live = "" if full else " through the daemon" if session.client.live else ""
            click.echo(f"{session.home.database} {done}{live}.")
            return


def _check_all(session: Session) -> str:
    assert session.config is not None  # settings first: a bad one is told before anything is opened
    from queuack import client, upkeep  # start-up time: the store, for this command only

    client.call_or(session.home, "check_database", partial(upkeep.check_offline, session.home))
    return "has been read: nothing is damaged"


@db.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def backup(session: Session, file: Path | None) -> None:
    """Copy the database to FILE, also while it is in use.

    Without FILE: a name by date in [database] backup_folder. A daemon goes on scheduling meanwhile.
    """
    assert session.config is not None  # as above
    from queuack import client, upkeep  # start-up time: as above

    target = None if file is None else file.expanduser().absolute()
    made = client.call_or(
        session.home,
        "backup_database",
        partial(upkeep.backup_offline, session.home, target),
        file=None if target is None else str(target),
    )
    click.echo(f"Backed up {_contents(made)} to {made['file']}.")
    _tell_of_files(session, made, "Not in it: ")


@db.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def restore(session: Session, file: Path, yes: bool) -> None:
    """Put the backup FILE in the database's place.

    No daemon may run. The replaced database is kept beside.
    """
    assert session.config is not None  # as above
    from queuack import upkeep  # start-up time: as above

    upkeep.refuse_beside_daemon(session.home)
    if session.home.database.exists():
        confirm(f"Replace {session.home.database} by {file}?", yes)
    with session.writing_home():
        done = upkeep.restore_offline(session.home, file.expanduser().absolute())
    click.echo(f"Restored {_contents(done)} from {file}.")
    if done["replaced"]:
        click.echo(f"The database that was there is {done['replaced']}.")
    _tell_of_files(session, done, "It needs: ")


@db.command()
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("-s", "--skip-init", is_flag=True, help="Do not create a new one.")
@click.option("-m", "--use-migration-files", is_flag=True, help="As always: nothing changes by it.")
@click.pass_obj
def reset(session: Session, yes: bool, skip_init: bool, use_migration_files: bool) -> None:
    """Start with an empty database.

    No daemon may run. The database that was there is kept beside.
    """
    assert session.config is not None  # as above
    from queuack import upkeep  # start-up time: as above

    upkeep.refuse_beside_daemon(session.home)
    confirm(f"Take {session.home.database} away and begin with an empty one?", yes)
    with session.writing_home():
        replaced = upkeep.reset_offline(session.home, create=not skip_init)
    click.echo(f"The database that was there is {replaced}." if replaced else "There was no database.")
    if not skip_init:
        click.echo(f"{session.home.database} is new and empty.")


def _contents(made: dict[str, Any]) -> str:
    return f"{made['dag_runs']:,} runs with {made['task_instances']:,} task instances"


def _tell_of_files(session: Session, made: dict[str, Any], intro: str) -> None:
    """What the database refers to and no copy of it holds."""
    if made["encrypted"]:
        key = f"the key of {counted(made['encrypted'], 'encrypted value')}"
        click.echo(f"{intro}{key} ({session.home.fernet_key_file} or [core] fernet_key).")
    if made["large_xcoms"]:
        click.echo(f"{intro}{counted(made['large_xcoms'], 'large XCom')} in {session.home.xcoms}.")


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


cleaning.add_to(db)


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
