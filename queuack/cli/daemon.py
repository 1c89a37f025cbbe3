"""``queuack standalone`` and ``queuack scheduler``: run the daemon in the foreground."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from queuack.cli.program import parse_flags
from queuack.cli.session import Session

F = TypeVar("F", bound=Callable[..., Any])


def settings_option(function: F) -> F:
    return click.option(
        "--set", "settings", metavar="SECTION.KEY=VALUE", multiple=True, help="Override a setting; repeatable."
    )(function)


@click.command()
@settings_option
@click.pass_obj
def standalone(session: Session, settings: tuple[str, ...]) -> int | None:
    """Run everything in the foreground: the one command to start.

    Creates what is missing in the home folder, then schedules the DAGs in dags/ until Ctrl-C.
    """
    return _run(session, settings, standalone=True)


@click.command()
@settings_option
@click.pass_obj
def scheduler(session: Session, settings: tuple[str, ...]) -> int | None:
    """Run the daemon without the web interface, until Ctrl-C or SIGTERM."""
    return _run(session, settings, standalone=False)


def _run(session: Session, settings: tuple[str, ...], *, standalone: bool) -> int | None:
    session.flags |= parse_flags(settings)
    loaded = session.config
    from queuack import app  # start-up time: the whole machinery, only to run it

    with session.writing_home():
        return app.run_daemon(session.home, loaded, standalone=standalone)
