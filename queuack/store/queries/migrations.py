"""Reads which migrations the database went through."""

from __future__ import annotations

from queuack.store.queries.rows import Row, rows
from queuack.store.reader import Reader


def list_migrations(reader: Reader) -> list[Row]:
    """Rows version, name, applied_at by version."""
    return rows(reader, "list_migrations")
