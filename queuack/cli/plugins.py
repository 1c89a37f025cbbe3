"""``queuack plugins``: what is loaded, what each plugin brings, and what could not be loaded."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from queuack.cli.options import output_option
from queuack.cli.output import Column, Row, print_rows
from queuack.cli.session import Session

FIRST = ("name", "source")
LAST = "error"


@click.command()
@output_option
@click.pass_obj
def plugins(session: Session, output: str) -> None:
    """List plugins and what they bring.

    All are tried anew. What cannot be loaded is a line with its error; `without_effect` names what a plugin brings for
    Airflow's web server and Queuack does not use.
    """
    assert session.config is not None  # settings first
    from queuack.testing.command import list_plugins  # start-up time: compat and the authoring classes

    rows = list_plugins(session.home)
    names = [name for name in rows[0] if name not in (*FIRST, LAST)] if rows else []
    filled = [name for name in names if any(row[name] for row in rows)]
    columns = [Column(name, name) for name in FIRST]
    columns += [Column(name, partial(_joined, name), droppable=True) for name in filled]
    if any(row[LAST] for row in rows):
        columns.append(Column(LAST, LAST, wraps=True))
    print_rows(rows, columns, output, empty="No plugins.")


def _joined(name: str, row: Row) -> Any:
    return ", ".join(row[name]) or None
