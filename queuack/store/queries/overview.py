"""Reads what the first page shows."""

from __future__ import annotations

from queuack.store.queries.rows import Row, rows
from queuack.store.reader import Reader, fetch


def overview(reader: Reader, *, since: int, shown: int) -> Row:
    """ended and succeeded runs since an instant (microseconds); active, failed, next: at most ``shown`` rows each."""
    ended, succeeded = fetch(reader, "ended_since", {"since": since})[0]
    params = {"shown": shown}
    return {
        "ended": ended,
        "succeeded": succeeded,
        "active": rows(reader, "active_runs", params),
        "failed": rows(reader, "failed_last_runs", params),
        "next": rows(reader, "next_dags", params),
    }


def list_tags(reader: Reader) -> list[str]:
    """Every tag of a DAG that is there."""
    return [str(row[0]) for row in fetch(reader, "all_tags")]
