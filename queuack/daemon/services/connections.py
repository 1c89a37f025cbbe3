"""Connections. Password and extra are encrypted on their way into the store; they are told to who asks for secrets."""

from __future__ import annotations

from typing import Any

from queuack import clock
from queuack.connection_form import FIELDS, check_extra, check_id
from queuack.daemon.port import Port
from queuack.daemon.services.default_connections import default_connections
from queuack.daemon.services.lists import list_page
from queuack.daemon.services.shown import restored_text, shown_text
from queuack.daemon.vault import Vault, vault, writing_vault
from queuack.engine.effects import ConnectionDeleted, ConnectionRow, LogRow
from queuack.errors import AlreadyExists, InvalidRequest, NotFound, SecretUnreadable
from queuack.sensitive import HIDDEN
from queuack.store.queries import variables

Row = dict[str, Any]


def list_connections(port: Port, secrets: bool = False) -> list[Row]:
    """As ``get_connection``; with ``secrets`` None stands for what cannot be decrypted."""
    with port.reader() as reader:
        rows = variables.list_connections(reader)
    return [_readable(row) if secrets else _hidden(row) for row in rows]


def get_connection(port: Port, conn_id: str, secrets: bool = False) -> Row:
    """conn_id, conn_type, description, host, login, password, schema, port, extra (JSON text), is_encrypted,
    is_extra_encrypted. Without ``secrets`` password and extra are ``***`` where there is one.

    Raises NotFound, and SecretUnreadable when secrets are asked for."""
    row = stored_connection(port, conn_id)
    if row is None:
        raise NotFound(f"There is no connection {conn_id!r}.")
    return unlocked(row) if secrets else _hidden(row)


def add_connection(port: Port, connection: Row) -> Row:
    """Create a connection; fields as ``get_connection``. Raises AlreadyExists."""
    conn_id = connection.get("conn_id")
    if isinstance(conn_id, str) and stored_connection(port, conn_id) is not None:
        raise AlreadyExists(f"There is a connection {conn_id!r} already.")
    set_connections(port, [connection])
    return get_connection(port, str(conn_id))


def set_connections(port: Port, connections: list[Row]) -> int:
    """Create connections, or put these in the place of those there are: all or none. Returns how many."""
    keys = writing_vault(port)
    locked = [locked_connection(keys, row) for row in connections]
    now = clock.now_us()
    port.write(*locked, *(LogRow(event="connection.set", at=now, extra=row.conn_id) for row in locked))
    return len(locked)


def merged_connection(port: Port, conn_id: str, changes: Row) -> Row:
    """The fields in plain that it would have with ``changes``. A password, or a value in extra, that comes as ``***``
    stays what it is."""
    row = stored_connection(port, conn_id)
    if row is None:
        raise NotFound(f"There is no connection {conn_id!r}.")
    plain = unlocked(row)
    kept: Row = {name: restored_text(changes[name], plain[name]) for name in ("password", "extra") if name in changes}
    return {**{name: plain[name] for name in FIELDS}, **changes, **kept}


def change_connection(port: Port, conn_id: str, changes: Row) -> None:
    """Change the fields that ``changes`` has; see ``merged_connection``."""
    set_connections(port, [{"conn_id": conn_id, **merged_connection(port, conn_id, changes)}])


def add_default_connections(port: Port) -> Row:
    """Store the connections that hooks of Airflow's providers look for; what exists stays.

    {"added", "kept": how many}."""
    existing = {row["conn_id"] for row in list_connections(port)}
    wanted = default_connections()
    new = [row for row in wanted if row["conn_id"] not in existing]
    set_connections(port, new)
    return {"added": len(new), "kept": len(wanted) - len(new)}


def shown_connections(port: Port, **page: Any) -> Row:
    """A page of the list ``connections`` (see ``lists.list_page``): the password hidden, in extra what sensitive names
    stand before, and all of it where it cannot be decrypted."""
    found = list_page(port, "connections", **page)
    for row in found["rows"]:
        try:
            extra = shown_text(unlocked(row)["extra"])
        except SecretUnreadable:
            extra = None
        row |= {"password": HIDDEN if row["password"] else row["password"], "extra": extra}
    return found


def delete_connection(port: Port, conn_id: str) -> Row:
    """Returns the row that was, secrets hidden."""
    row = get_connection(port, conn_id)
    port.write(ConnectionDeleted(conn_id=conn_id), LogRow(event="connection.delete", at=clock.now_us(), extra=conn_id))
    return row


def stored_connection(port: Port, conn_id: str) -> Row | None:
    with port.reader() as reader:
        return variables.get_connection(reader, conn_id)


def unlocked(row: Row) -> Row:
    """A stored row in plain. Raises SecretUnreadable."""
    plain = dict(row)
    for name, flag in (("password", "is_encrypted"), ("extra", "is_extra_encrypted")):
        if row[flag]:
            plain[name] = vault().unlock(row[name], f"The {name} of connection {row['conn_id']!r}")
    return plain


def locked_connection(vault: Vault, row: Row) -> ConnectionRow:
    """What is written of a connection. Raises InvalidRequest for a bad id, field or extra."""
    unknown = row.keys() - set(ConnectionRow.__struct_fields__)
    if unknown:
        raise InvalidRequest(f"A connection has no {', '.join(sorted(unknown))}.")
    given: dict[str, Any] = {name: row.get(name) for name in FIELDS}
    try:
        conn_id = check_id(row.get("conn_id"))
        check_extra(given["extra"])
    except ValueError as error:
        raise InvalidRequest(str(error)) from None
    port = given.pop("port")
    if port is not None and (not isinstance(port, int) or isinstance(port, bool)):
        raise InvalidRequest(f"The port of a connection is a whole number, not {port!r}.")
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            raise InvalidRequest(f"The {name} of a connection is a text, not {type(value).__name__}.")
    password, extra = given.pop("password"), given.pop("extra")
    return ConnectionRow(
        conn_id=conn_id,
        conn_type=given.pop("conn_type") or "",
        port=port,
        password=vault.lock(password) if password else password,
        extra=vault.lock(extra) if extra else extra,
        is_encrypted=bool(password),
        is_extra_encrypted=bool(extra),
        **given,
    )


def _hidden(row: Row) -> Row:
    return {**row, "password": HIDDEN if row["password"] else None, "extra": HIDDEN if row["extra"] else None}


def _readable(row: Row) -> Row:
    try:
        return unlocked(row)
    except SecretUnreadable:
        return {**row, "password": None, "extra": None}


METHODS = (
    list_connections,
    shown_connections,
    get_connection,
    add_connection,
    set_connections,
    merged_connection,
    change_connection,
    add_default_connections,
    delete_connection,
)
