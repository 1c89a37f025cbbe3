"""``queuack sql``: a query over the database, live or at rest."""

from __future__ import annotations

import sys
from typing import Any

import click

from queuack.cli.options import output_option
from queuack.cli.output import Column, counted, fits, print_data, print_rows, print_vertically
from queuack.cli.session import Session


@click.command()
@click.argument("query")
@click.option("-n", "--limit", type=click.IntRange(min=0), metavar="N", help="Read at most N rows.")
@output_option
@click.pass_obj
def sql(session: Session, query: str, limit: int | None, output: str) -> None:
    """Query the database, live or at rest.

    QUERY is one statement that reads; - takes it from stdin. Tables and columns are named as in Airflow's
    metadata database: dag, dag_run, task_instance, xcom, ...
    """
    if query == "-":
        query = sys.stdin.read()
    print_result(session.client.call("sql", query=query, limit=limit), output)


def print_result(result: dict[str, Any], output: str) -> None:
    """Print {"columns", "rows"}; JSON and YAML are a list of objects. What was left out is told on stderr.

    Rows too wide for the terminal are printed one value a line."""
    names, rows = result["columns"], result["rows"]
    if result.get("truncated"):
        click.echo(f"Only the first {counted(len(rows), 'row')}; there are more (--limit).", err=True)
    if output in ("json", "yaml"):
        objects = [dict(zip(names, row, strict=True)) for row in rows]
        print_data(objects, output)
        return
    # by position: two columns of a query may have the same name
    keyed = [{str(index): _as_sql(value) for index, value in enumerate(row)} for row in rows]
    columns = [
        Column(name, str(index), kind="number" if _is_numeric(rows, index) else "text")
        for index, name in enumerate(names)
    ]
    if output == "table" and rows and not fits(keyed, columns):
        print_vertically(keyed, columns)
    else:
        print_rows(keyed, columns, output, empty="No rows.")


def _as_sql(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _is_numeric(rows: list[list[Any]], index: int) -> bool:
    kinds = {type(row[index]) for row in rows} - {type(None)}
    return bool(kinds) and kinds <= {int, float}
