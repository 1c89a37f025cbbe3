"""``queuack variables``: list, get, set, delete, import, export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from queuack.cli.groups import Group
from queuack.cli.options import output_option
from queuack.cli.output import Column, counted, print_rows
from queuack.cli.session import Session
from queuack.errors import AlreadyExists, InvalidRequest, NotFound

HIDDEN = "***"
SECRET_WORDS = (
    "access_key",
    "access_token",
    "api_key",
    "apikey",
    "authorization",
    "keyfile_dict",
    "passphrase",
    "passwd",
    "password",
    "private_key",
    "proxies",
    "proxy",
    "secret",
    "service_account",
    "token",
)
"""A key with one of these in it names a secret; ``[core] sensitive_var_conn_names`` adds more."""


@click.group(cls=Group)
def variables() -> None:
    """Manage variables."""


@variables.command("list")
@click.option("--show-values", is_flag=True, help="Show the values, too.")
@click.option("--hide-sensitive", is_flag=True, help="With --show-values: mask values whose key sounds secret.")
@output_option
@click.pass_obj
def list_variables(session: Session, show_values: bool, hide_sensitive: bool, output: str) -> None:
    """List the variables."""
    rows = [dict(row) for row in session.client.call("list_variables")]
    for row in rows:
        if not show_values:
            row.pop("val", None)
        elif hide_sensitive and _sounds_secret(session, row["key"]):
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
    """Print the value of a variable."""
    try:
        value = session.client.call("get_variable", key=key)["val"]
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
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
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
    """Set the variables of FILE (.json, .yaml, .yml or .env)."""
    wanted = read_variables(file)
    existing = {row["key"] for row in session.client.call("list_variables")}
    clashes = [key for key in wanted if key in existing]
    if clashes and action_on_existing_key == "fail":
        raise AlreadyExists(f"Nothing was imported: {', '.join(clashes)} exist already.")
    skipped = set(clashes) if action_on_existing_key == "skip" else set()
    for key, (value, description) in wanted.items():
        if key not in skipped:
            session.client.call("set_variable", key=key, value=value, description=description)
    click.echo(f"Imported {counted(len(wanted) - len(skipped), 'variable')} from {file}.")
    if skipped:
        click.echo(f"Skipped, as they exist: {', '.join(sorted(skipped))}", err=True)


@variables.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.pass_obj
def export_variables(session: Session, file: Path) -> None:
    """Write all variables to a JSON FILE; - is stdout."""
    rows = session.client.call("list_variables")
    content = {row["key"]: _exported(row) for row in rows}
    text = json.dumps(content, indent=4, ensure_ascii=False, sort_keys=True)
    if str(file) == "-":
        click.echo(text)
        return
    file.write_text(text + "\n", encoding="utf-8")
    click.echo(f"Exported {counted(len(rows), 'variable')} to {file}.")


def read_variables(file: Path) -> dict[str, tuple[str, str | None]]:
    """key → (value, description) of a file, by its ending. Raises InvalidRequest naming what is wrong."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".env" or file.name == ".env":
        return _read_env(file, text)
    content: Any
    if file.suffix in (".yaml", ".yml"):
        import yaml  # start-up time: only for YAML files

        try:
            content = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise InvalidRequest(f"{file} is not valid YAML: {' '.join(str(error).split())}.") from None
    elif file.suffix == ".json":
        try:
            content = json.loads(text)
        except json.JSONDecodeError as error:
            raise InvalidRequest(f"{file} is not valid JSON: {error}.") from None
    else:
        raise InvalidRequest(f"{file}: the name must end in .json, .yaml, .yml or .env.")
    if not isinstance(content, dict):
        raise InvalidRequest(f"{file} must hold an object of variables by key.")
    return {str(key): _imported(value) for key, value in content.items()}


def _read_env(file: Path, text: str) -> dict[str, tuple[str, str | None]]:
    found: dict[str, tuple[str, str | None]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, equals, value = line.partition("=")
        if not equals or not key.strip():
            raise InvalidRequest(f"{file}, line {number}: write KEY=VALUE.")
        found[key.strip()] = (value.strip(), None)
    return found


def _imported(value: Any) -> tuple[str, str | None]:
    description = None
    if isinstance(value, dict) and "value" in value and set(value) <= {"value", "description"}:
        value, description = value["value"], value.get("description")
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)), description


def _exported(row: dict[str, Any]) -> Any:
    try:
        value = json.loads(row["val"])
    except (TypeError, json.JSONDecodeError):
        value = row["val"]
    return {"value": value, "description": row["description"]} if row.get("description") else value


def _sounds_secret(session: Session, key: str) -> bool:
    more = session.config.get_str("core", "sensitive_var_conn_names").lower().split(",")
    return any(word and word in key.lower() for word in (*SECRET_WORDS, *(word.strip() for word in more)))


_DESCRIPTION = Column("description", "description", wraps=True, droppable=True)
