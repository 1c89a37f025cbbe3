"""Reads XComs, in the encoding they were written in: nothing is decoded here, least of all a pickle."""

from __future__ import annotations

from typing import Any

from queuack.store.queries.rows import Row, first, rows
from queuack.store.queries.runs import run_key as key_of_run
from queuack.store.reader import Reader


def get_xcom(
    reader: Reader,
    dag_id: str,
    run_id: str,
    task_id: str,
    map_index: int = -1,
    key: str = "return_value",
    *,
    include_prior_dates: bool = False,
) -> Row | None:
    """encoding, value (bytes), timestamp, key, run_id, map_index of one XCom; None when there is none.

    With ``include_prior_dates`` the latest one of this run or of the DAG's runs before it.
    """
    found = key_of_run(reader, dag_id, run_id)
    if found is None:
        return None
    params = {
        "run_key": found,
        "dag_id": dag_id,
        "task_id": task_id,
        "map_index": map_index,
        "key": key,
    }
    if include_prior_dates:
        return first(_with_bytes(rows(reader, "get_xcom_of_prior_dates", params)))
    return first(_with_bytes(rows(reader, "get_xcom", {**params, "run_id": run_id})))


def slice_xcoms(
    reader: Reader, dag_id: str, run_id: str, task_id: str, key: str, *, start: int = 0, stop: int | None = None
) -> list[Row]:
    """map_index, encoding, value (bytes) of a task's instances, by map index: from ``start`` to before ``stop``."""
    params = _instances_of(reader, dag_id, run_id, task_id, key)
    if params is None:
        return []
    limit = None if stop is None else max(0, stop - start)
    return _with_bytes(rows(reader, "slice_xcoms", {**params, "limit": limit, "offset": start}))


def xcoms_of_prior_dates(reader: Reader, dag_id: str, run_id: str, task_id: str, key: str) -> list[Row]:
    """run_id, map_index, encoding, value (bytes) of a task's instances in this run and in the DAG's runs before it.

    By map index, of one map index the earlier run's first."""
    found = key_of_run(reader, dag_id, run_id)
    if found is None:
        return []
    params = {"run_key": found, "dag_id": dag_id, "task_id": task_id, "key": key}
    return _with_bytes(rows(reader, "xcoms_of_prior_dates", params))


def count_xcoms(reader: Reader, dag_id: str, run_id: str, task_id: str, key: str) -> int:
    """How many instances of a task have an XCom under ``key``."""
    params = _instances_of(reader, dag_id, run_id, task_id, key)
    return 0 if params is None else int(rows(reader, "count_xcoms", params)[0]["found"])


def _instances_of(reader: Reader, dag_id: str, run_id: str, task_id: str, key: str) -> dict[str, Any] | None:
    found = key_of_run(reader, dag_id, run_id)
    if found is None:
        return None
    return {"run_key": found, "dag_id": dag_id, "run_id": run_id, "task_id": task_id, "key": key}


def list_xcoms(
    reader: Reader,
    dag_id: str,
    run_id: str,
    task_id: str | None = None,
    map_index: int | None = None,
    key: str | None = None,
    *,
    run_key: int | None = None,
) -> list[Row]:
    """The XComs of a run that pass every filter given, by task, map index and key; ``value`` is bytes.

    ``run_key``: where the caller knows it already."""
    found = key_of_run(reader, dag_id, run_id) if run_key is None else run_key
    if found is None:
        return []
    params = {
        "run_key": found,
        "dag_id": dag_id,
        "run_id": run_id,
        "task_id": task_id,
        "map_index": map_index,
        "key": key,
    }
    return _with_bytes(rows(reader, "list_xcoms", params))


def _with_bytes(found: list[Row]) -> list[Row]:
    for row in found:
        held = row.pop("value_bytes")
        row["value"] = row["value"].encode() if held is None else held
    return found
