"""Reads DAG runs."""

from __future__ import annotations

from collections.abc import Sequence

from queuack.store.queries.dags import NO_LIMIT
from queuack.store.queries.rows import Row, first, raw_rows, rows
from queuack.store.reader import Reader, fetch, fetch_value


def run_key(reader: Reader, dag_id: str, run_id: str) -> int | None:
    """``dag_run.id`` of a run, None when there is no such run."""
    key = fetch_value(reader, "run_key", {"dag_id": dag_id, "run_id": run_id})
    return None if key is None else int(key)


def list_runs(
    reader: Reader,
    dag_id: str | None = None,
    *,
    state: str | Sequence[str] | None = None,
    start: int | None = None,
    end: int | None = None,
    limit: int = NO_LIMIT,
    offset: int = 0,
) -> list[Row]:
    """Runs, newest first; ``start`` and ``end`` (microseconds) bound the logical date, both included.

    All columns of ``dag_run``, ``conf`` as a dict, and ``duration`` in seconds.
    """
    states = [state] if isinstance(state, str) else None if state is None else list(state)
    params = {"dag_id": dag_id, "states": states, "start": start, "end": end, "limit": limit, "offset": offset}
    return rows(reader, "list_runs", params)


def run_states(reader: Reader, dag_ids: Sequence[str]) -> list[Row]:
    """dag_id, dag_display_name, state, count; of all DAGs when ``dag_ids`` is empty."""
    return rows(reader, "run_states", {"dag_ids": list(dag_ids)})


def recent_runs(reader: Reader, dag_ids: Sequence[str] | None = None, per_dag: int = 14) -> list[Row]:
    """The last ``per_dag`` runs of each DAG, newest first."""
    return rows(reader, "recent_runs", {"dag_id": None if dag_ids is None else list(dag_ids), "per_dag": per_dag})


def get_run(reader: Reader, dag_id: str, run_id: str | None = None, *, logical_date: int | None = None) -> Row | None:
    """One run by ``run_id`` or else by ``logical_date`` (microseconds); None when there is none."""
    if run_id is not None:
        return first(rows(reader, "get_run", {"dag_id": dag_id, "run_id": run_id}))
    return first(rows(reader, "get_run_by_date", {"dag_id": dag_id, "logical_date": logical_date}))


def scheduled_run_before(reader: Reader, dag_id: str, run_key: int) -> tuple[int, int, int] | None:
    """(start, end, run_after), microseconds, of the latest scheduled run of a DAG but this one; None = there is none.

    What the schedule goes on from; a run with a partition and no data interval has its run_after for both.
    """
    found = fetch(reader, "scheduled_run_before", {"dag_id": dag_id, "run_key": run_key})
    return (int(found[0][0]), int(found[0][1]), int(found[0][2])) if found else None


def previous_run(
    reader: Reader, dag_id: str, *, logical_date: int | None, run_after: int, state: str | None = None
) -> Row | None:
    """The run before: latest logical date below ``logical_date``; without one, latest run_after below ``run_after``.

    Fields of ``protocol.RunInfo``; instants in microseconds, here and in the result.
    """
    params = {"dag_id": dag_id, "logical_date": logical_date, "run_after": run_after, "state": state}
    return first(raw_rows(reader, "previous_run", params))


def runs_by(
    reader: Reader,
    dag_id: str,
    *,
    run_ids: Sequence[str] | None = None,
    logical_dates: Sequence[int] | None = None,
    states: Sequence[str] | None = None,
) -> list[Row]:
    """Runs of a DAG that pass every filter given, oldest first.

    Fields of ``protocol.RunInfo``; instants in microseconds, here and in the result.
    """
    params = {
        "dag_id": dag_id,
        "run_ids": None if run_ids is None else list(run_ids),
        "logical_dates": None if logical_dates is None else list(logical_dates),
        "states": None if states is None else list(states),
    }
    return raw_rows(reader, "runs_by", params)


def count_runs(reader: Reader, dag_id: str | None = None) -> list[Row]:
    """Rows dag_id, state, count."""
    return rows(reader, "count_runs", {"dag_id": dag_id})


def list_children(reader: Reader, dag_id: str, run_id: str) -> list[Row]:
    """The runs of SubDAGs directly below a run; all columns of ``dag_run``."""
    return rows(reader, "list_children", {"dag_id": dag_id, "run_id": run_id})


def list_tree(reader: Reader, dag_id: str, run_id: str) -> list[Row]:
    """A run and the runs of SubDAGs below it, to any depth, a parent before its children; ``depth``: 0 at the top."""
    return rows(reader, "list_tree", {"dag_id": dag_id, "run_id": run_id})
