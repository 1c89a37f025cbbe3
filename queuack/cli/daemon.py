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


@click.command()
@click.option("-p", "--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 = any that is free.")
@click.option("-H", "--host", help="Address to listen on.")
@settings_option
@click.pass_obj
def api_server(session: Session, port: int | None, host: str | None, settings: tuple[str, ...]) -> None:
    """Serve the REST API and the pages in the foreground, until Ctrl-C.

    Needs a running daemon: `queuack scheduler`. (`queuack standalone` has both.)
    """
    session.flags |= parse_flags(settings)
    session.flags |= {"api.port": str(port)} if port is not None else {}
    session.flags |= {"api.host": host} if host is not None else {}
    assert session.config is not None  # settings first: a bad one is told before anything is opened
    from queuack import app  # start-up time: the whole machinery, only to run it

    app.run_api_server(session.home, lambda url: click.echo(f"Serving {url}; Ctrl-C stops."))


def _run(session: Session, settings: tuple[str, ...], *, standalone: bool) -> int | None:
    session.flags |= parse_flags(settings)
    loaded = session.config
    from queuack import app  # start-up time: the whole machinery, only to run it

    with session.writing_home():
        return app.run_daemon(session.home, loaded, standalone=standalone)
