"""Reads the audit log and the callbacks."""

from __future__ import annotations

from queuack.store.queries.rows import Row, rows
from queuack.store.reader import Reader


def list_log(
    reader: Reader,
    *,
    dag_id: str | None = None,
    run_id: str | None = None,
    task_id: str | None = None,
    event: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[Row]:
    """Entries of the audit log that pass every filter given, newest first."""
    params = {
        "dag_id": dag_id,
        "run_id": run_id,
        "task_id": task_id,
        "event": event,
        "limit": limit,
        "offset": offset,
    }
    return rows(reader, "list_log", params)


def list_callbacks(reader: Reader, *, dag_id: str | None = None, run_id: str | None = None) -> list[Row]:
    """Callbacks in the order of their creation; ``state`` is pending or success."""
    return rows(reader, "list_callbacks", {"dag_id": dag_id, "run_id": run_id})
