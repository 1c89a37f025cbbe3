"""Reads versions of DAGs: their serialized form and the source they were parsed from."""

from __future__ import annotations

from queuack.store.queries.rows import Row, first, rows
from queuack.store.reader import Reader, fetch_value


def list_versions(reader: Reader, dag_id: str) -> list[Row]:
    """Versions newest first: id, version_number, dag_id, bundle_name, created_at, last_updated, dag_hash."""
    return rows(reader, "list_versions", {"dag_id": dag_id})


def dag_document(reader: Reader, dag_id: str, version_number: int | None = None) -> bytes | None:
    """The encoded DagDocument of the newest version, or of a numbered one; None when there is none."""
    text = fetch_value(reader, "document_of_dag", {"dag_id": dag_id, "version_number": version_number})
    return None if text is None else str(text).encode()


def version_document(reader: Reader, version_id: int) -> bytes | None:
    """The encoded DagDocument of a version by its id."""
    text = fetch_value(reader, "document_of_version", {"version_id": version_id})
    return None if text is None else str(text).encode()


def version_source(reader: Reader, version_id: int) -> Row | None:
    """source_code, source_code_hash, fileloc, dag_id of a version by its id."""
    return first(rows(reader, "source_of_version", {"version_id": version_id}))


def dag_source(reader: Reader, dag_id: str, version_number: int | None = None) -> Row | None:
    """The same of a DAG's newest version, or of a numbered one."""
    return first(rows(reader, "source_of_dag", {"dag_id": dag_id, "version_number": version_number}))


def source_by_hash(reader: Reader, file_hash: str) -> str | None:
    """The text of a DAG file by its hash; None when no version knows it."""
    text = fetch_value(reader, "source_by_hash", {"file_hash": file_hash})
    return None if text is None else str(text)
