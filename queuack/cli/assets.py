"""``queuack assets``: list, details, materialize, events, update."""

from __future__ import annotations

import json
from typing import Any

import click

from queuack.cli.groups import Group
from queuack.cli.options import output_option, user_name
from queuack.cli.output import Column, print_rows
from queuack.cli.session import Session
from queuack.errors import UsageError

COLUMNS = (
    Column("name", "name"),
    Column("uri", "uri"),
    Column("group", "group", droppable=True),
    Column("active", "is_active", droppable=True),
    Column("last_event", "last_event", kind="instant", droppable=True),
    Column("produced_by", "produced_by", wraps=True, droppable=True),
    Column("waited_for_by", "waited_for_by", wraps=True, droppable=True),
)
ALIAS_COLUMNS = (Column("name", "name"), Column("group", "group"))
PROPERTIES = (Column("property_name", "property_name"), Column("property_value", "property_value", wraps=True))
EVENT_COLUMNS = (
    Column("id", "id", kind="number"),
    Column("timestamp", "timestamp", kind="instant"),
    Column("name", "name"),
    Column("partition_key", "partition_key", droppable=True),
    Column("source", "source", droppable=True),
    Column("extra", "extra_text", wraps=True, droppable=True),
    Column("runs", "runs", wraps=True, droppable=True),
)
RUN_COLUMNS = (
    Column("dag_id", "dag_id"),
    Column("run_id", "run_id"),
    Column("state", "state", kind="state"),
    Column("run_type", "run_type", droppable=True),
)

name_option = click.option("--name", metavar="NAME", help="Name of the asset.")
uri_option = click.option("--uri", metavar="URI", help="URI of the asset.")
alias_flag = click.option("--alias", is_flag=True, help="Asset aliases, not assets.")
partition_option = click.option("--partition-key", metavar="KEY", help="Partition.")


@click.group(cls=Group)
def assets() -> None:
    """List, look up and update assets."""


@assets.command("list")
@alias_flag
@output_option
@click.pass_obj
def list_assets(session: Session, alias: bool, output: str) -> None:
    """List the assets that DAGs name."""
    if alias:
        print_rows(session.dags_client.call("list_asset_aliases"), ALIAS_COLUMNS, output)
        return
    print_rows([_listed(row) for row in session.dags_client.call("list_assets")], COLUMNS, output)


@assets.command()
@alias_flag
@name_option
@uri_option
@output_option
@click.pass_obj
def details(session: Session, alias: bool, name: str | None, uri: str | None, output: str) -> None:
    """Show one asset, or one alias."""
    if alias:
        if name is None or uri is not None:
            raise UsageError("--alias takes --name, and no --uri.")
        row = session.dags_client.call("get_asset_alias", name=name)
    else:
        row = session.dags_client.call("get_asset", name=name, uri=uri)
    if output in ("table", "plain"):
        rows = [{"property_name": key, "property_value": _text(value)} for key, value in row.items()]
        print_rows(rows, PROPERTIES, output)
    else:
        print_rows([row], tuple(Column(key, key) for key in row), output)


@assets.command()
@name_option
@uri_option
@partition_option
@output_option
@click.pass_obj
def materialize(session: Session, name: str | None, uri: str | None, partition_key: str | None, output: str) -> None:
    """Trigger the DAG that has the asset as outlet."""
    client = session.dags_client
    row = client.call("materialize_asset", name=name, uri=uri, user=user_name(), partition_key=partition_key)
    print_rows([row], RUN_COLUMNS, output)


@assets.command()
@name_option
@uri_option
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most so many.")
@output_option
@click.pass_obj
def events(session: Session, name: str | None, uri: str | None, limit: int, output: str) -> None:
    """List the latest events, newest first."""
    found = session.dags_client.call("list_asset_events", name=name, uri=uri, limit=limit)
    print_rows([_event(row) for row in found], EVENT_COLUMNS, output)


@assets.command()
@name_option
@uri_option
@click.option("--extra", metavar="JSON", default="{}", help="A JSON object that goes with the event.")
@partition_option
@output_option
@click.pass_obj
def update(
    session: Session, name: str | None, uri: str | None, extra: str, partition_key: str | None, output: str
) -> None:
    """Say that an asset was updated from outside."""
    try:
        said = json.loads(extra)
    except json.JSONDecodeError as error:
        raise UsageError(f"--extra is not JSON: {error}.") from None
    if not isinstance(said, dict):
        raise UsageError("--extra must be a JSON object.")
    client = session.dags_client
    row = client.call("create_asset_event", name=name, uri=uri, extra=said, partition_key=partition_key)
    print_rows([_event(row)], EVENT_COLUMNS, output)


def _listed(row: dict[str, Any]) -> dict[str, Any]:
    last = row["last_asset_event"]
    return {
        **row,
        "last_event": None if last is None else last["timestamp"],
        "produced_by": ", ".join(f"{task['dag_id']}.{task['task_id']}" for task in row["producing_tasks"]),
        "waited_for_by": ", ".join(dag["dag_id"] for dag in row["scheduled_dags"]),
    }


def _event(row: dict[str, Any]) -> dict[str, Any]:
    source = f"{row['source_dag_id']}.{row['source_task_id']}" if row["source_dag_id"] else ""
    runs = ", ".join(f"{run['dag_id']} {run['run_id']}" for run in row["created_dagruns"])
    return {**row, "source": source, "extra_text": json.dumps(row["extra"]) if row["extra"] else "", "runs": runs}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
