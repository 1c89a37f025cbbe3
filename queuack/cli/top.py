"""``queuack top``: what the daemon does at this moment, drawn anew every two seconds; once where nobody watches.

Decides what of it fits the terminal. It asks and draws; ``top_view`` lays the picture out.
"""

from __future__ import annotations

import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from queuack.cli.options import FORMATS
from queuack.cli.output import on_terminal, print_data
from queuack.cli.session import Session
from queuack.errors import QueuackError

MOST = 200
"""Tasks and runs asked for; a terminal has fewer lines."""


@click.command()
@click.option(
    "-n",
    "--interval",
    type=click.FloatRange(min=0.1),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="Time between two looks.",
)
@click.option("--once", is_flag=True, help="Look once and end; so it is, too, where stdout is no terminal.")
@click.option(
    "-o", "--output", type=click.Choice(FORMATS), default="table", show_default=True, help="Form; but table looks once."
)
@click.pass_obj
def top(session: Session, interval: float, once: bool, output: str) -> None:
    """Watch runs, tasks, workers and pools, live. End with q or Ctrl-C.

    Shows what a running daemon has in its memory, what has run longest first.
    """
    if not session.client.live:
        raise QueuackError("No daemon is running, so there is nothing to watch: queuack standalone.")
    if output in ("json", "yaml"):
        print_data(look(session), output)
        return
    from queuack.cli import top_view  # start-up time: rich, only where it is drawn

    if once or output == "plain" or not on_terminal():
        click.echo(top_view.text(look(session), str(session.home.root)), nl=False)
        return
    with top_view.screen() as draw, _keys() as pressed:
        while True:
            draw(look(session), str(session.home.root))
            if pressed(interval) in ("q", "Q"):
                return


def look(session: Session) -> dict[str, Any]:
    """overview (see the service), load (tasks, runs, pools), processes, health."""
    call = session.client.call
    return {
        "overview": call("overview"),
        "load": call("load", most=MOST),
        "processes": call("list_processes"),
        "health": call("health"),
    }


@contextmanager
def _keys() -> Iterator[Any]:
    """A function that waits so many seconds for a key and returns it, or nothing."""
    if not sys.stdin.isatty():
        import time

        yield lambda seconds: time.sleep(seconds)
        return
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def pressed(seconds: float) -> str:
        ready, _, _ = select.select([descriptor], [], [], seconds)
        return sys.stdin.read(1) if ready else ""

    try:
        tty.setcbreak(descriptor)
        yield pressed
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
