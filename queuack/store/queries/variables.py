"""Reads variables and connections that are kept in the database."""

from __future__ import annotations

from queuack.store.queries.rows import Row, first, rows
from queuack.store.reader import Reader, fetch_value


def list_variables(reader: Reader) -> list[Row]:
    """Rows key, value, description by key."""
    return rows(reader, "list_variables")


def get_variable(reader: Reader, key: str) -> str | None:
    """The text of a variable, None when there is none."""
    value = fetch_value(reader, "get_variable", {"key": key})
    return None if value is None else str(value)


def list_connections(reader: Reader) -> list[Row]:
    """Connections by id, passwords included: the caller hides what must not be seen."""
    return rows(reader, "list_connections")


def get_connection(reader: Reader, conn_id: str) -> Row | None:
    """conn_id, conn_type, description, host, login, password, schema, port, extra (JSON text); None = none such."""
    return first(rows(reader, "get_connection", {"conn_id": conn_id}))
