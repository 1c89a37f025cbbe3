"""Backfills, what became of their dates, and which runs exist for some dates."""

from __future__ import annotations

from collections.abc import Sequence

from queuack.store.queries.rows import Row, decoded, first, raw_rows, rows
from queuack.store.reader import Reader, fetch


def list_backfills(
    reader: Reader, dag_id: str | None = None, *, active: bool | None = None, limit: int, offset: int = 0
) -> list[Row]:
    """All columns, newest first. ``active``: only those that are not over, or only those that are."""
    params = {"dag_id": dag_id, "id": None, "active": active, "limit": limit, "offset": offset}
    return [_row(row) for row in rows(reader, "list_backfills", params)]


def get_backfill(reader: Reader, backfill_id: int) -> Row | None:
    params = {"dag_id": None, "id": backfill_id, "active": None, "limit": 1, "offset": 0}
    found = first(rows(reader, "list_backfills", params))
    return None if found is None else _row(found)


def count_dates(reader: Reader, backfill_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Backfill id → (state of the run, reason why there is none, or ``pending``) → number of dates."""
    found: dict[int, dict[str, int]] = {backfill_id: {} for backfill_id in backfill_ids}
    for backfill_id, outcome, count in fetch(reader, "count_backfill_dates", {"backfill_id": list(backfill_ids)}):
        found[backfill_id][outcome] = count
    return found


def list_dates(reader: Reader, backfill_id: int, *, limit: int, offset: int = 0) -> list[Row]:
    """Rows of ``backfill_dag_run`` in order, with run_id and state of the run."""
    return rows(reader, "list_backfill_dates", {"backfill_id": backfill_id, "limit": limit, "offset": offset})


def runs_at(
    reader: Reader, dag_id: str, *, logical_dates: Sequence[int] = (), partition_dates: Sequence[int] = ()
) -> list[Row]:
    """The latest run for each date: id, run_id, state, logical_date, partition_date (microseconds)."""
    params = {"dag_id": dag_id, "logical_dates": list(logical_dates), "partition_dates": list(partition_dates)}
    return raw_rows(reader, "runs_at", params)


def taken_run_ids(reader: Reader, dag_id: str, run_ids: Sequence[str]) -> set[str]:
    return {run_id for (run_id,) in fetch(reader, "taken_run_ids", {"dag_id": dag_id, "run_ids": list(run_ids)})}


def _row(row: Row) -> Row:
    text = row["dag_run_conf"]
    return {**row, "dag_run_conf": None if text is None else decoded(text)}
