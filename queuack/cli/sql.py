"""``queuack sql``: a query over the database, live or at rest."""

from __future__ import annotations

import sys
from typing import Any

import click

from queuack.cli.options import output_option
from queuack.cli.output import Column, print_data, print_rows
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
    """Print {"columns", "rows"}; JSON and YAML are a list of objects. What was left out is told on stderr."""
    names, rows = result["columns"], result["rows"]
    if result.get("truncated"):
        click.echo(f"Only the first {len(rows)} rows; there are more (--limit).", err=True)
    if output in ("json", "yaml"):
        objects = [dict(zip(names, row, strict=True)) for row in rows]
        print_data(objects, output)
        return
    # by position: two columns of a query may have the same name
    keyed = [{str(index): value for index, value in enumerate(row)} for row in rows]
    columns = [Column(name, str(index)) for index, name in enumerate(names)]
    print_rows(keyed, columns, output, empty="No rows.")
