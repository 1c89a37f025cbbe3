"""Answers ``queuack sql``: one read-only statement over live data, as JSON-able values.

Decides which statements are let through and how values of every type look. Two nets: the statement's type is checked
here, and it runs in a read-only transaction, which DuckDB itself refuses to write in.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import re
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from queuack.clock import from_us
from queuack.errors import InvalidRequest
from queuack.store.clean import ARCHIVED, show_archives
from queuack.store.queries.fence import check_inside
from queuack.store.reader import Reader, fetch

DEFAULT_LIMIT = 10_000
"""Rows handed out when the caller names no limit."""

READING_PRAGMAS = frozenset(
    {"table_info", "show_tables", "show_tables_expanded", "database_list", "database_size", "version", "storage_info",
     "functions", "show"}
)  # fmt: skip

_PRAGMA = re.compile(r"pragma\s+(\w+)", re.IGNORECASE)
_EXPLAIN = re.compile(r"explain\s+(?:analyze\s+|\([^)]*\)\s*)?", re.IGNORECASE)
_COMMENT = re.compile(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)+", re.DOTALL)
_WITH_ZONE = "TIMESTAMP WITH TIME ZONE"


class SqlResult(msgspec.Struct):
    """What a query gave."""

    columns: list[str]
    types: list[str]
    """DuckDB's type names."""
    rows: list[list[Any]]
    truncated: bool = False
    """There was more than the limit."""


def tables(reader: Reader) -> dict[str, list[tuple[str, str]]]:
    """Table → its columns: (name, type)."""
    found: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in fetch(reader, "table_columns"):
        found.setdefault(table, []).append((column, kind))
    return found


def run_sql(
    reader: Reader,
    query: str,
    params: Sequence[Any] = (),
    limit: int = DEFAULT_LIMIT,
    *,
    inside: bool = False,
    archive: Path | None = None,
) -> SqlResult:
    """Run one read-only statement and hand out at most ``limit`` rows.

    Instants are ISO 8601 strings in UTC, decimals strings, blobs hexadecimal, structs and maps objects, NaN and
    infinities strings. ``inside``: nothing but the store's tables, see ``fence.py``. What ``db clean`` put into
    ``archive`` is there as views ``archived_TABLE``. Raises InvalidRequest for a statement that does not only read,
    StoreError (from the Database's reader) for one that DuckDB refuses.
    """
    if archive is not None and ARCHIVED in query.lower():
        show_archives(reader, archive)
    statement = check_reading(reader, query)
    if inside:
        check_inside(reader, _EXPLAIN.sub("", statement, count=1))
    reader.execute("BEGIN TRANSACTION READ ONLY")
    try:
        wrapped = _without_zones(reader, statement, params)
        reader.execute(wrapped.query, list(params))
        found = reader.fetchmany(limit + 1)
    finally:
        reader.execute("ROLLBACK")
    convert = [_zoned if zoned else plain for zoned in wrapped.zoned]
    return SqlResult(
        columns=wrapped.columns,
        types=wrapped.types,
        rows=[[change(value) for change, value in zip(convert, row, strict=True)] for row in found[:limit]],
        truncated=len(found) > limit,
    )


def check_reading(reader: Reader, query: str) -> str:
    """The one statement in ``query``. Raises InvalidRequest for several, none, or one that may change things."""
    statements = reader.extract_statements(query)
    if len(statements) != 1:
        raise InvalidRequest(f"One SQL statement is expected, not {len(statements)}.")
    text = _COMMENT.sub("", statements[0].query).rstrip().rstrip(";")
    kind = statements[0].type.name
    if kind == "EXPLAIN":
        check_reading(reader, _EXPLAIN.sub("", text, count=1))
    elif kind == "PRAGMA":
        match = _PRAGMA.match(text)
        if match is None or match[1].lower() not in READING_PRAGMAS:
            raise InvalidRequest("This PRAGMA may change things; only those that show something are allowed.")
    elif kind != "SELECT":
        raise InvalidRequest(f"Only statements that read are allowed here, not {kind}.")
    return text


class _Wrapped(msgspec.Struct):
    query: str
    columns: list[str]
    types: list[str]
    zoned: list[bool]


def _without_zones(reader: Reader, statement: str, params: Sequence[Any]) -> _Wrapped:
    """The statement with its TIMESTAMPTZ columns as epoch_us, and values that contain one as text: see ``rows.py``."""
    if not re.match(r"\(|select\b|with\b|from\b|values\b|table\b", statement, re.IGNORECASE):
        reader.execute(statement, list(params))
        described = reader.description
        names, types = [column[0] for column in described], [str(column[1]) for column in described]
        return _Wrapped(query=statement, columns=names, types=types, zoned=[False] * len(names))
    reader.execute(f"DESCRIBE {statement}", list(params))
    rows = reader.fetchall()
    names, types = [row[0] for row in rows], [row[1] for row in rows]
    if not any(_WITH_ZONE in kind for kind in types):
        return _Wrapped(query=statement, columns=names, types=types, zoned=[False] * len(names))
    aliases = [f"c{index}" for index in range(len(names))]
    listed = ", ".join(_expression(alias, kind) for alias, kind in zip(aliases, types, strict=True))
    query = f"SELECT {listed} FROM ({statement}\n) result({', '.join(aliases)})"
    return _Wrapped(query=query, columns=names, types=types, zoned=[kind == _WITH_ZONE for kind in types])


def _expression(alias: str, kind: str) -> str:
    if kind == _WITH_ZONE:
        return f"CASE WHEN isfinite({alias}) THEN epoch_us({alias})::VARCHAR ELSE {alias}::VARCHAR END"
    if _WITH_ZONE in kind:
        return f"{alias}::VARCHAR"
    return alias


def _zoned(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        return from_us(int(value)).isoformat()
    except (ValueError, OverflowError):
        return value


def plain(value: Any) -> Any:
    """A value of any DuckDB type as something JSON has."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    for kinds, change in _PLAIN:
        if isinstance(value, kinds):
            return change(value)
    return str(value)


def _moment(value: dt.datetime) -> str:
    return (value if value.tzinfo is None else value.astimezone(dt.UTC)).isoformat()


_PLAIN: tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...] = (
    (dt.datetime, _moment),
    ((dt.date, dt.time), lambda value: value.isoformat()),
    (dt.timedelta, str),
    ((decimal.Decimal, uuid.UUID), str),
    ((bytes, bytearray, memoryview), lambda value: bytes(value).hex()),
    (dict, lambda value: {str(key): plain(item) for key, item in value.items()}),
    ((list, tuple, set), lambda value: [plain(item) for item in value]),
)
