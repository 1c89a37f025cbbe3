"""Reads what pages show that is no row of a table: grids of tasks and runs, days, neighbours, the head of a table."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from queuack.store.queries.rows import Row, first, raw_rows, rows
from queuack.store.reader import Reader, fetch

SHOWN_ROWS = 100
"""Rows of a table that are read."""


def task_cells(reader: Reader, run_keys: list[int]) -> list[tuple[Any, ...]]:
    """Of each task in each run, by state: run_key, task_id, state, count, first_start, last_end (microseconds), tries,
    last_map_index, longest (seconds)."""
    return fetch(reader, "task_cells", {"run_keys": run_keys}) if run_keys else []


def runs_by_day(reader: Reader, dag_id: str, since: int) -> list[Row]:
    """day (``2026-01-31``, UTC), state, count of a DAG's runs from an instant (microseconds) on."""
    return raw_rows(reader, "runs_by_day", {"dag_id": dag_id, "since": since})


def run_neighbours(reader: Reader, dag_id: str, run_key: int) -> Row:
    """previous, next: run ids or None."""
    found = first(rows(reader, "run_neighbours", {"dag_id": dag_id, "run_key": run_key}))
    return found or {"previous": None, "next": None}


def instances_by_start(reader: Reader, run_key: int, limit: int) -> list[Row]:
    """task_id, map_index, state, try_number, start_date, end_date, queued_dttm, duration; instants in microseconds."""
    return raw_rows(reader, "instances_by_start", {"run_key": run_key, "limit": limit})


def attempts(reader: Reader, run_key: int, task_id: str, map_index: int) -> list[Row]:
    """Every try of a task instance, the latest first; columns as ``instances.list_history`` has them."""
    place = {"run_key": run_key, "task_id": task_id, "map_index": map_index}
    latest = first(rows(reader, "get_instance", place))
    if latest is None:
        return []
    earlier = reversed(rows(reader, "list_history", place))
    return [latest, *(attempt for attempt in earlier if attempt["try_number"] != latest["try_number"])]


def parquet_head(reader: Reader, data: bytes | Path) -> Row:
    """columns, rows (as text) and total of a Parquet table, in a file or as its bytes."""
    if isinstance(data, Path):
        return _head(reader, data)
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        file.write(data)
        file.flush()
        return _head(reader, Path(file.name))


def _head(reader: Reader, path: Path) -> Row:
    source = {"path": str(path)}
    reader.execute("SELECT count(*) FROM read_parquet($path)", source)
    total = int(reader.fetchone()[0])
    reader.execute(f"SELECT COLUMNS(*)::VARCHAR FROM read_parquet($path) LIMIT {SHOWN_ROWS}", source)
    return {"columns": [column[0] for column in reader.description], "rows": reader.fetchall(), "total": total}
