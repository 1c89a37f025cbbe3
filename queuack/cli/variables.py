"""``queuack variables``: list, get, set, delete, import, export."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from queuack import secret_files
from queuack.cli.connections import form_names, has_other_sources, write_private
from queuack.cli.groups import Group
from queuack.cli.options import output_option
from queuack.cli.output import Column, counted, print_rows
from queuack.cli.session import Session
from queuack.errors import AlreadyExists, InvalidRequest, NotFound
from queuack.sensitive import HIDDEN


@click.group(cls=Group)
def variables() -> None:
    """Manage variables."""


@variables.command("list")
@click.option("--show-values", is_flag=True, help="Show the values, too.")
@click.option("--hide-sensitive", is_flag=True, help="With --show-values: hide them; who can tell which is a secret?")
@output_option
@click.pass_obj
def list_variables(session: Session, show_values: bool, hide_sensitive: bool, output: str) -> None:
    """List the variables that are stored."""
    if hide_sensitive and not show_values:
        raise click.UsageError("--hide-sensitive can only be used with --show-values.")
    rows = [dict(row) for row in session.client.call("list_variables")]
    for row in rows:
        if not show_values:
            row.pop("val", None)
        elif hide_sensitive:
            row["val"] = HIDDEN
    value = (Column("val", "val", wraps=True),) if show_values else ()
    columns = (Column("key", "key"), *value) if show_values else (Column("key", "key"), _DESCRIPTION)
    print_rows(rows, columns, output, empty="No variables.")


@variables.command()
@click.argument("key")
@click.option("-d", "--default", metavar="VALUE", help="Print this when there is no such variable.")
@click.option("-j", "--json", "as_json", is_flag=True, help="Decode a JSON value and print it indented.")
@click.pass_obj
def get(session: Session, key: str, default: str | None, as_json: bool) -> None:
    """Print the value of a variable.

    As a DAG file gets it: of the secrets backend, the environment or the store.
    """
    try:
        value = _find(session, key)
    except NotFound:
        if default is None:
            raise
        click.echo(default)
        return
    if not as_json:
        click.echo(value)
        return
    try:
        click.echo(json.dumps(json.loads(value), indent=2, ensure_ascii=False))
    except json.JSONDecodeError as error:
        raise InvalidRequest(f"Variable {key!r} is not JSON: {error.msg} at character {error.pos + 1}.") from None


@variables.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("key")
@click.argument("value")
@click.option("--description", metavar="TEXT", help="What it is for.")
@click.option("-j", "--json", "as_json", is_flag=True, help="Store VALUE encoded as a JSON string.")
@click.pass_obj
def set_variable(session: Session, key: str, value: str, description: str | None, as_json: bool) -> None:
    """Create or change a variable."""
    text = json.dumps(value, indent=2) if as_json else value
    session.client.call("set_variable", key=key, value=text, description=description)
    click.echo(f"Variable {key} is set.")


@variables.command()
@click.argument("key")
@click.pass_obj
def delete(session: Session, key: str) -> None:
    """Delete a variable."""
    session.client.call("delete_variable", key=key)
    click.echo(f"Variable {key} is deleted.")


@variables.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "-a",
    "--action-on-existing-key",
    type=click.Choice(("overwrite", "fail", "skip")),
    default="overwrite",
    show_default=True,
    help="What to do about a variable that exists.",
)
@click.pass_obj
def import_variables(session: Session, file: Path, action_on_existing_key: str) -> None:
    """Set the variables of FILE, all or none.

    It is .json, .yaml, .yml or .env; - reads JSON from stdin.
    """
    wanted = read_variables(file)
    existing = {row["key"] for row in session.client.call("list_variables")}
    clashes = [key for key in wanted if key in existing]
    if clashes and action_on_existing_key == "fail":
        raise AlreadyExists(f"Nothing was imported: {', '.join(clashes)} exist already.")
    skipped = set(clashes) if action_on_existing_key == "skip" else set()
    chosen = [
        {"key": key, "value": value, "description": description}
        for key, (value, description) in wanted.items()
        if key not in skipped
    ]
    session.client.call("set_variables", variables=chosen)
    click.echo(f"Imported {counted(len(chosen), 'variable')} from {file}.")
    if skipped:
        click.echo(f"Skipped, as they exist: {', '.join(sorted(skipped))}", err=True)


@variables.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.pass_obj
def export_variables(session: Session, file: Path) -> None:
    """Write all variables to a JSON FILE.

    Values are in plain; the file is readable for its owner only. - is stdout.
    """
    rows = session.client.call("list_variables")
    content = {row["key"]: _exported(row) for row in rows}
    text = json.dumps(content, indent=4, ensure_ascii=False, sort_keys=True)
    if str(file) == "-":
        click.echo(text)
        return
    write_private(file, text + "\n")
    click.echo(f"Exported {counted(len(rows), 'variable')} to {file}.")


def read_variables(file: Path) -> dict[str, tuple[str, str | None]]:
    """key → (value, description) of a file, or of stdin. Raises InvalidRequest naming what is wrong."""
    try:
        if str(file) == "-":
            content = secret_files.parse(sys.stdin.read(), "json", "stdin")
        else:
            content = secret_files.read_variables(file)
    except ValueError as error:
        raise InvalidRequest(str(error)) from None
    return {key: _imported(value) for key, value in content.items()}


def _imported(value: Any) -> tuple[str, str | None]:
    description = None
    if isinstance(value, dict) and "value" in value:
        value, description = value["value"], value.get("description")
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)), description


def _exported(row: dict[str, Any]) -> Any:
    """What ``_imported`` makes the same variable of."""
    try:
        value = json.loads(row["val"])
    except (TypeError, json.JSONDecodeError):
        value = row["val"]
    if isinstance(value, str):
        value = row["val"]
    wrapped = row.get("description") or (isinstance(value, dict) and "value" in value)
    return {"value": value, "description": row.get("description")} if wrapped else value


def _find(session: Session, key: str) -> str:
    """Raises NotFound."""
    if has_other_sources(session, form_names(key, "VAR")):
        from queuack.testing import lookup  # start-up time: user code, only where it may have a say

        found = lookup.find_variable(session.home, session.client.call, key)
        if found is not None:
            return found
    return str(session.client.call("get_variable", key=key)["val"])


_DESCRIPTION = Column("description", "description", wraps=True, droppable=True)
