"""Reads DAGs as the database knows them."""

from __future__ import annotations

from queuack.store.queries.rows import Row, first, rows
from queuack.store.reader import Reader

NO_LIMIT = 2**62


def list_dags(
    reader: Reader,
    *,
    include_stale: bool = False,
    paused: bool | None = None,
    pattern: str | None = None,
    tag: str | None = None,
    limit: int = NO_LIMIT,
    offset: int = 0,
) -> list[Row]:
    """DAGs by id with all columns of ``dag`` and ``tags``; ``pattern`` is an SQL LIKE pattern on the id, any case."""
    params = {
        "include_stale": include_stale,
        "paused": paused,
        "pattern": pattern,
        "tag": tag,
        "limit": limit,
        "offset": offset,
    }
    return rows(reader, "list_dags", params)


def get_dag(reader: Reader, dag_id: str) -> Row | None:
    """One DAG, stale or not; None when there is none."""
    return first(rows(reader, "get_dag", {"dag_id": dag_id}))
