"""``queuack pools``: list, get, set, delete, import, export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from queuack.cli.groups import Group
from queuack.cli.options import output_option
from queuack.cli.output import Column, counted, print_rows
from queuack.cli.session import Session
from queuack.errors import InvalidRequest

COLUMNS = (
    Column("pool", "pool"),
    Column("slots", "slots", kind="number"),
    Column("running", "running_slots", kind="number", droppable=True),
    Column("queued", "queued_slots", kind="number", droppable=True),
    Column("open", "open_slots", kind="number", droppable=True),
    Column("include_deferred", "include_deferred", droppable=True),
    Column("description", "description", wraps=True, droppable=True),
)
EXPORTED = ("slots", "description", "include_deferred")


@click.group(cls=Group)
def pools() -> None:
    """Manage pools."""


@pools.command("list")
@output_option
@click.pass_obj
def list_pools(session: Session, output: str) -> None:
    """List the pools and how full they are."""
    print_rows(session.client.call("list_pools"), COLUMNS, output)


@pools.command()
@click.argument("pool")
@output_option
@click.pass_obj
def get(session: Session, pool: str, output: str) -> None:
    """Show one pool."""
    print_rows([session.client.call("get_pool", pool=pool)], COLUMNS, output)


@pools.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("pool")
@click.argument("slots", type=click.IntRange(min=-1))
@click.argument("description")
@click.option("--include-deferred", is_flag=True, help="Deferred tasks take slots, too.")
@output_option
@click.pass_obj
def set_pool(session: Session, pool: str, slots: int, description: str, include_deferred: bool, output: str) -> None:
    """Create or change a pool. SLOTS -1 means no limit."""
    row = _set(session, pool, slots, description, include_deferred)
    print_rows([row], COLUMNS, output)


@pools.command()
@click.argument("pool")
@output_option
@click.pass_obj
def delete(session: Session, pool: str, output: str) -> None:
    """Delete a pool; prints what it was."""
    print_rows([session.client.call("delete_pool", pool=pool)], COLUMNS, output)


@pools.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@output_option
@click.pass_obj
def import_pools(session: Session, file: Path, output: str) -> None:
    """Create or change the pools of a JSON FILE.

    It holds {"name": {"slots": 5, "description": "", "include_deferred": false}, ...}.
    """
    wanted = _read(file)
    print_rows([_set(session, name, **fields) for name, fields in wanted.items()], COLUMNS, output)


@pools.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def export_pools(session: Session, file: Path) -> None:
    """Write all pools to a JSON FILE that `pools import` reads."""
    rows = session.client.call("list_pools")
    content = {row["pool"]: {name: row.get(name) for name in EXPORTED} for row in rows}
    file.write_text(json.dumps(content, indent=4, ensure_ascii=False) + "\n", encoding="utf-8")
    click.echo(f"Exported {counted(len(rows), 'pool')} to {file}.")


def _set(session: Session, pool: str, slots: int, description: str, include_deferred: bool) -> dict[str, Any]:
    row: dict[str, Any] = session.client.call(
        "set_pool", pool=pool, slots=slots, description=description, include_deferred=include_deferred
    )
    return row


def _read(file: Path) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{file} is not valid JSON: {error}.") from None
    if not isinstance(content, dict):
        raise InvalidRequest(f"{file} must hold an object of pools by name.")
    for name, fields in content.items():
        if not isinstance(fields, dict) or type(fields.get("slots")) is not int:
            raise InvalidRequest(f'{file}: pool {name!r} needs whole "slots", such as {{"slots": 5}}.')
    return {
        name: {
            "slots": fields["slots"],
            "description": fields.get("description") or "",
            "include_deferred": bool(fields.get("include_deferred", False)),
        }
        for name, fields in content.items()
    }
