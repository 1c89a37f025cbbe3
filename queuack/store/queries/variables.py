"""Reads variables and connections that are kept in the database, as they are stored: encrypted where a row says so."""

from __future__ import annotations

from queuack.store.queries.rows import Row, first
from queuack.store.reader import Params, Reader, fetch_value
from queuack.store.statements import statement_text


def list_variables(reader: Reader) -> list[Row]:
    """Rows key, val, description, is_encrypted, by key."""
    return _rows(reader, "list_variables")


def get_variable(reader: Reader, key: str) -> Row | None:
    """key, val, description, is_encrypted; None = none such."""
    return first(_rows(reader, "get_variable", {"key": key}))


def variable_keys(reader: Reader, prefix: str = "") -> list[str]:
    """The keys that begin with ``prefix``, in order."""
    return [str(row["key"]) for row in _rows(reader, "variable_keys", {"prefix": prefix})]


def list_connections(reader: Reader) -> list[Row]:
    """Rows as ``get_connection``, by id."""
    return _rows(reader, "list_connections")


def get_connection(reader: Reader, conn_id: str) -> Row | None:
    """conn_id, conn_type, description, host, login, password, schema, port, extra (JSON text), is_encrypted (the
    password), is_extra_encrypted; None = none such."""
    return first(_rows(reader, "get_connection", {"conn_id": conn_id}))


def count_encrypted(reader: Reader) -> int:
    """Variables and connections that have an encrypted value."""
    return int(fetch_value(reader, "count_encrypted", {}))


def _rows(reader: Reader, name: str, params: Params = ()) -> list[Row]:
    """The columns as they are: ``extra`` is a text here, and may be encrypted."""
    reader.execute(statement_text(name), params)
    names = [column[0] for column in reader.description]
    return [dict(zip(names, row, strict=True)) for row in reader.fetchall()]
