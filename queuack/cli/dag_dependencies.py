"""``queuack dags show-dependencies``: which DAGs and assets lead to which, as lines, or as a drawing by Graphviz."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from queuack.cli.options import output_option
from queuack.cli.output import Column, Row, print_rows
from queuack.cli.session import Session

SHAPES = {"dag": "box", "asset": "cylinder", "alias": "diamond"}


def _named(end: str) -> Column:
    def name(row: Row) -> str:
        side = row[end]
        return str(side["name"]) if side["kind"] == "dag" else f"{side['kind']} {side['name']}"

    return Column(end, name)


COLUMNS = (
    _named("source"),
    Column("kind", "kind"),
    _named("target"),
    Column("task_id", "task_id", droppable=True),
)


@click.command("show-dependencies")
@click.option(
    "-s", "--save", type=click.Path(dir_okay=False, path_type=Path), help="Write a .dot, .svg, .png or .pdf file."
)
@output_option
@click.pass_obj
def show_dependencies(session: Session, save: Path | None, output: str) -> None:
    """List which DAGs lead to which, or save a drawing.

    By triggers, sensors, markers and SubDAGs that DAG files name in plain text, and by assets.
    """
    rows = session.dags_client.call("dag_dependencies")
    if save is None:
        print_rows(rows, COLUMNS, output, empty="No DAG depends on another.")
        return
    from queuack.cli import graph  # start-up time: only to draw

    graph.save_text(dot(rows), save)
    click.echo(f"Saved {save}.")


def dot(rows: Sequence[Row]) -> str:
    """Graphviz text: a box for each DAG, a cylinder for each asset, a diamond for each alias."""
    ends = {(row[end]["kind"], row[end]["name"]): None for row in rows for end in ("source", "target")}
    numbers = {end: f"n{number}" for number, end in enumerate(ends)}
    lines = ["digraph dependencies {", "  rankdir=LR;"]
    lines += [
        f"  {numbers[kind, name]} [label={_quoted(name)}, shape={SHAPES.get(kind, 'box')}];" for kind, name in ends
    ]
    for row in rows:
        source, target = (numbers[row[end]["kind"], row[end]["name"]] for end in ("source", "target"))
        label = row["kind"] + (f": {row['task_id']}" if row["task_id"] else "")
        lines.append(f"  {source} -> {target} [label={_quoted(label)}];")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
