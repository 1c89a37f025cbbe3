"""What a query needs of a database connection: a type, and the ways of running a named statement. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from queuack.store.statements import statement_text

Params = Sequence[Any] | Mapping[str, Any]


class Reader(Protocol):
    """A DuckDB cursor, as ``Database.reader()`` hands out. Not to be shared by threads."""

    @property
    def description(self) -> Any: ...

    def execute(self, query: Any, parameters: Any = ...) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def fetchone(self) -> Any: ...

    def fetchmany(self, size: Any = ...) -> list[Any]: ...

    def extract_statements(self, query: str) -> list[Any]: ...

    def interrupt(self) -> None: ...


def fetch(reader: Reader, name: str, params: Params = ()) -> list[tuple[Any, ...]]:
    """Run a named statement; all rows as tuples."""
    reader.execute(statement_text(name), params)
    return reader.fetchall()


def fetch_value(reader: Reader, name: str, params: Params = ()) -> Any:
    """Run a named statement of one column; its first value, None when there is no row."""
    rows = fetch(reader, name, params)
    return rows[0][0] if rows else None
