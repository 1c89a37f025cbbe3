"""``queuack connections``: list, get, add, delete, import, export, test, create-default-connections."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from queuack import connection_form as form
from queuack import secret_files
from queuack.cli.groups import Group
from queuack.cli.options import output_option
from queuack.cli.output import Column, counted, print_record, print_rows
from queuack.cli.session import Session
from queuack.errors import InvalidRequest, NotFound, QueuackError, UsageError
from queuack.sensitive import HIDDEN

STORED = ("conn_type", "description", "host", "login", "password", "schema", "port", "extra")
"""Fields of a connection in files."""
COLUMNS = (
    Column("conn_id", "conn_id"),
    Column("conn_type", "conn_type"),
    Column("description", "description", wraps=True),
)
DETAILS = ("conn_id", "conn_type", "description", "host", "schema", "login", "password", "port", "is_encrypted",
           "is_extra_encrypted", "extra_dejson", "get_uri")  # fmt: skip


@click.group(cls=Group)
def connections() -> None:
    """Manage connections."""


@connections.command("list")
@click.option("--show-values", is_flag=True, help="Show all fields, secrets too.")
@click.option("--hide-sensitive", is_flag=True, help="With --show-values: hide passwords and extras.")
@output_option
@click.pass_obj
def list_connections(session: Session, show_values: bool, hide_sensitive: bool, output: str) -> None:
    """List the connections that are stored."""
    if hide_sensitive and not show_values:
        raise click.UsageError("--hide-sensitive can only be used with --show-values.")
    rows = session.client.call("list_connections", secrets=show_values and not hide_sensitive)
    if show_values:
        details = [_details(row, hidden=hide_sensitive) for row in rows]
        print_rows(details, [Column(name, name) for name in DETAILS], output, empty="No connections.")
    else:
        shown = [{name: row[name] for name in ("conn_id", "conn_type", "description")} for row in rows]
        print_rows(shown, COLUMNS, output, empty="No connections.")


@connections.command()
@click.argument("conn_id")
@click.option("--show-values", is_flag=True, help="Show password and extra, too.")
@click.option("--color", hidden=True, expose_value=False)
@output_option
@click.pass_obj
def get(session: Session, conn_id: str, show_values: bool, output: str) -> None:
    """Show a connection as a DAG file gets it.

    It is looked for in the secrets backend, the environment and the store.
    """
    if has_other_sources(session, form_names(conn_id, "CONN")):
        from queuack.testing import lookup  # start-up time: user code, only where it may have a say

        row = lookup.find_connection(session.home, session.client.call, conn_id)
        if row is None:
            raise NotFound(f"There is no connection {conn_id!r}.")
    else:
        row = session.client.call("get_connection", conn_id=conn_id, secrets=show_values)
    print_record(_details(row, hidden=not show_values), output)


@connections.command(context_settings={"ignore_unknown_options": True})
@click.argument("conn_id")
@click.option("--conn-uri", metavar="URI", help="The connection as a URI; - reads it from stdin.")
@click.option("--conn-json", metavar="JSON", help="The connection as a JSON object; - reads it from stdin.")
@click.option("--conn-type", metavar="TYPE")
@click.option("--conn-description", metavar="TEXT")
@click.option("--conn-host", metavar="HOST")
@click.option("--conn-login", metavar="NAME")
@click.option("--conn-password", metavar="PASSWORD", help="Seen by all users of this machine: better by stdin.")
@click.option("--conn-schema", metavar="SCHEMA")
@click.option("--conn-port", type=int, metavar="PORT")
@click.option("--conn-extra", metavar="JSON", help="A JSON object.")
@click.pass_obj
def add(session: Session, /, conn_id: str, **options: Any) -> None:
    """Store a new connection.

    Give its type and fields, its URI or its JSON.
    """
    fields = added_fields(conn_id, {name.removeprefix("conn_"): value for name, value in options.items()})
    session.client.call("add_connection", connection={"conn_id": conn_id, **fields})
    click.echo(f"Connection {conn_id} is added.")


@connections.command()
@click.argument("conn_id")
@click.option("--color", hidden=True, expose_value=False)
@click.pass_obj
def delete(session: Session, conn_id: str) -> None:
    """Delete a connection from the store."""
    session.client.call("delete_connection", conn_id=conn_id)
    click.echo(f"Connection {conn_id} is deleted.")


@connections.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--file-format", type=click.Choice(secret_files.FORMATS), help="Default: by the ending; json for stdout.")
@click.option("--format", "old_format", type=click.Choice(secret_files.FORMATS), hidden=True)
@click.option("--serialization-format", type=click.Choice(("uri", "json")), help="Of a line in an env file.")
@click.pass_obj
def export_connections(
    session: Session,
    file: Path,
    file_format: str | None,
    old_format: str | None,
    serialization_format: str | None,
) -> None:
    """Write all connections to FILE.

    Secrets are in plain; the file is readable for its owner only. - is stdout.
    """
    if file_format and old_format:
        raise click.UsageError("--format is the old name of --file-format: give one of them.")
    wanted = file_format or old_format or ("json" if str(file) == "-" else _format_of(file))
    if serialization_format and wanted != "env":
        raise click.UsageError("--serialization-format is for env files only.")
    rows = session.client.call("list_connections", secrets=True)
    text = exported(rows, wanted, serialization_format or "uri")
    if str(file) == "-":
        click.echo(text, nl=False)
        return
    write_private(file, text)
    click.echo(f"Exported {counted(len(rows), 'connection')} to {file}.")


@connections.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace connections that exist, instead of skipping them.")
@click.pass_obj
def import_connections(session: Session, file: Path, overwrite: bool) -> None:
    """Store the connections of FILE.

    It is .json, .yaml, .yml or .env; - reads JSON from stdin.
    """
    wanted = read_connections(file)
    existing = {row["conn_id"] for row in session.client.call("list_connections")}
    skipped = [] if overwrite else [conn_id for conn_id in wanted if conn_id in existing]
    chosen = [{"conn_id": conn_id, **fields} for conn_id, fields in wanted.items() if conn_id not in skipped]
    session.client.call("set_connections", connections=chosen)
    click.echo(f"Imported {counted(len(chosen), 'connection')} from {file}.")
    if skipped:
        click.echo(f"Skipped, as they exist: {', '.join(sorted(skipped))}. Replace them with --overwrite.", err=True)


@connections.command()
@click.argument("conn_id")
@click.pass_obj
def test(session: Session, conn_id: str) -> None:
    """Try a connection.

    The hook of its type tries it, in this process.
    """
    if session.config.get_str("core", "test_connection") != "Enabled":
        raise QueuackError(
            'Testing connections is disabled. Allow it by test_connection = "Enabled" in [core] of queuack.toml, or '
            "once by queuack --set core.test_connection=Enabled connections test …"
        )
    from queuack.testing import lookup  # start-up time: user code

    works, message = lookup.try_connection(session.home, session.client.call, conn_id)
    if not works:
        raise QueuackError(f"Connection {conn_id} failed: {message}")
    click.echo(f"Connection {conn_id} works. {message}".rstrip())


@connections.command("create-default-connections")
@click.pass_obj
def create_default_connections(session: Session) -> None:
    """Store providers' default connections.

    Hooks look for these when a task names none. Those that exist stay as they are.
    """
    done = session.client.call("add_default_connections")
    click.echo(f"Added {counted(done['added'], 'connection')}; {done['kept']} were there.")


def added_fields(conn_id: str, given: dict[str, Any]) -> dict[str, Any]:
    """What ``connections add`` stores. ``given``: the options without ``conn_``. Raises UsageError, InvalidRequest."""
    uri, text, extra = (_from_stdin(given.pop(name)) for name in ("uri", "json", "extra"))
    if uri and text:
        raise UsageError("Give --conn-uri or --conn-json, not both.")
    whole = "--conn-uri" if uri else "--conn-json" if text else None
    if whole is None:
        if not given["type"]:
            raise UsageError("Say what the connection is: --conn-type, --conn-uri or --conn-json.")
        given["conn_type"] = form.type_name(given.pop("type"))
        return {**given, "extra": extra}
    others = [name for name, value in given.items() if value is not None and name != "description"]
    others += ["extra"] if text and extra else []
    if others:
        raise UsageError(f"{whole} has all fields in it: leave out {', '.join(f'--conn-{name}' for name in others)}.")
    try:
        fields = form.from_uri(uri) if uri else form.from_json(text or "")
        fields["extra"] = form.typed_extra(fields.get("extra")) if uri else fields.get("extra")
    except ValueError as error:
        raise InvalidRequest(f"{whole}: {error}") from None
    if not fields.get("conn_type"):
        raise InvalidRequest(f"{whole}: it does not say the type of the connection.")
    if fields.pop("conn_id", conn_id) != conn_id:
        raise InvalidRequest(f"{whole}: its conn_id is another one.")
    given_too = {"description": given["description"], "extra": extra}
    return fields | {name: value for name, value in given_too.items() if value}


def exported(rows: list[dict[str, Any]], file_format: str, serialization: str) -> str:
    """The text of an export file."""
    fields = {row["conn_id"]: {name: row[name] for name in STORED} for row in rows}
    if file_format == "env":
        lines = {
            conn_id: json.dumps(values) if serialization == "json" else form.to_uri(values)
            for conn_id, values in fields.items()
        }
        return "".join(f"{conn_id}={line}\n" for conn_id, line in lines.items())
    if file_format == "yaml":
        import yaml  # start-up time: only for YAML files

        return str(yaml.safe_dump(fields, allow_unicode=True))
    return json.dumps(fields, indent=2, ensure_ascii=False) + "\n"


def read_connections(file: Path) -> dict[str, dict[str, Any]]:
    """conn_id → fields of a file, or of stdin. Raises InvalidRequest."""
    try:
        if str(file) == "-":
            return secret_files.connections_of(secret_files.parse(sys.stdin.read(), "json", "stdin"), "stdin")
        return secret_files.read_connections(file)
    except ValueError as error:
        raise InvalidRequest(str(error)) from None


def write_private(file: Path, text: str) -> None:
    """Write ``file`` so that only its owner can read it."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        os.fchmod(descriptor, 0o600)
        out.write(text)


def form_names(name: str, kind: str) -> tuple[str, ...]:
    """The environment variables that a connection (CONN) or variable (VAR) may be in."""
    return tuple(f"{prefix}_{kind}_{name.upper()}" for prefix in ("QUEUACK", "AIRFLOW"))


def has_other_sources(session: Session, variables: tuple[str, ...]) -> bool:
    """Whether more than the store may have a say: one of these environment variables, or a secrets backend."""
    backends = (session.config.get("workers", "secrets_backend"), session.config.get("secrets", "backend"))
    return any(backends) or any(name in os.environ for name in variables)


def _details(row: dict[str, Any], *, hidden: bool) -> dict[str, Any]:
    shown = {name: row.get(name) for name in DETAILS}
    password, extra = row.get("password"), row.get("extra")
    if hidden:
        plain = {**row, "password": HIDDEN if password else None, "extra": None}
        return shown | {
            "password": HIDDEN if password else password,
            "extra_dejson": HIDDEN if extra else {},
            "get_uri": form.to_uri(plain).replace("%2A%2A%2A", HIDDEN) + ("?…" if extra else ""),
        }
    return shown | {"extra_dejson": form.decoded(extra) if extra else {}, "get_uri": form.to_uri(row)}


def _format_of(file: Path) -> str:
    try:
        return secret_files.format_of(file)
    except ValueError as error:
        raise InvalidRequest(f"{error} Or give --file-format.") from None


def _from_stdin(value: str | None) -> str | None:
    return sys.stdin.read().strip() if value == "-" else value
