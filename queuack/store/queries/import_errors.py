"""Reads what is wrong with DAG files."""

from __future__ import annotations

from queuack.store.queries.rows import Row, rows
from queuack.store.reader import Reader


def list_import_errors(reader: Reader) -> list[Row]:
    """Rows import_error_id, timestamp, filename, bundle_name, message, line, stacktrace by file."""
    return rows(reader, "list_import_errors")
