"""Reads task instances, their earlier attempts and their rendered fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from queuack.store.queries.rows import Row, first, raw_rows, rows
from queuack.store.queries.runs import run_key
from queuack.store.queries.versions import dag_document
from queuack.store.reader import Reader


def list_instances(reader: Reader, dag_id: str, run_id: str, *, states: Sequence[str] | None = None) -> list[Row]:
    """The task instances of a run by task_id; empty when there is no such run. ``duration`` is in seconds."""
    key = run_key(reader, dag_id, run_id)
    if key is None:
        return []
    return rows(reader, "list_instances", {"run_key": key, "states": None if states is None else list(states)})


def list_instances_of_runs(reader: Reader, run_keys: Sequence[int]) -> list[Row]:
    """The task instances of several runs (``dag_run.id``), run after run, by task_id."""
    return rows(reader, "list_instances_of_runs", {"run_keys": list(run_keys)})


def get_instance(reader: Reader, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> Row | None:
    """One task instance, None when there is none."""
    key = run_key(reader, dag_id, run_id)
    if key is None:
        return None
    return first(rows(reader, "get_instance", {"run_key": key, "task_id": task_id, "map_index": map_index}))


def last_map_index(reader: Reader, dag_id: str, run_id: str, task_id: str) -> int | None:
    """The highest map index of a mapped task that has been expanded; None when it has not, or is not mapped."""
    key = run_key(reader, dag_id, run_id)
    found = [] if key is None else rows(reader, "last_map_index", {"run_key": key, "task_id": task_id})
    return next((row["map_index"] for row in found if row["map_index"] >= 0), None)


def get_instance_by_id(reader: Reader, ti_id: int) -> Row | None:
    """One task instance by its id."""
    return first(rows(reader, "get_instance_by_id", {"id": ti_id}))


def count_instances(reader: Reader, dag_id: str, run_id: str) -> dict[str | None, int]:
    """State → number of task instances of a run."""
    key = run_key(reader, dag_id, run_id)
    found = [] if key is None else rows(reader, "count_instances", {"run_key": key})
    return {row["state"]: row["count"] for row in found}


def task_states(
    reader: Reader,
    dag_id: str,
    *,
    run_ids: Sequence[str] | None = None,
    logical_dates: Sequence[int] | None = None,
    task_ids: Sequence[str] | None = None,
    group_id: str | None = None,
    states: Sequence[str] | None = None,
) -> list[Row]:
    """Rows run_id, logical_date (microseconds), task_id, map_index, state, try_number that pass every filter given.

    ``group_id`` stands for the tasks of a task group and of the groups inside it, as the DAG's newest version has them.
    """
    wanted = None if task_ids is None else list(task_ids)
    if group_id is not None:
        members = tasks_of_group(reader, dag_id, group_id)
        wanted = members if wanted is None else [task_id for task_id in wanted if task_id in members]
    params = {
        "dag_id": dag_id,
        "run_ids": None if run_ids is None else list(run_ids),
        "logical_dates": None if logical_dates is None else list(logical_dates),
        "task_ids": wanted,
        "states": None if states is None else list(states),
    }
    return raw_rows(reader, "task_states", params)


def previous_instance(
    reader: Reader, dag_id: str, task_id: str, map_index: int, *, before: int | None, state: str | None
) -> Row | None:
    """The task in the latest run with a logical date below ``before``. Instants, here and there, in microseconds."""
    params = {"dag_id": dag_id, "task_id": task_id, "map_index": map_index, "before": before, "state": state}
    return first(raw_rows(reader, "previous_instance", params))


def tasks_of_group(reader: Reader, dag_id: str, group_id: str) -> list[str]:
    """Ids of the tasks in a task group and in the groups inside it; empty when there is no such group."""
    document = dag_document(reader, dag_id)
    if document is None:
        return []
    dag = msgspec.json.decode(document)
    inside = {group_id}
    groups: list[dict[str, Any]] = dag.get("task_groups", [])
    for _ in groups:
        inside |= {group["group_id"] for group in groups if group.get("parent") in inside}
    return [task["task_id"] for task in dag.get("tasks", []) if task.get("task_group") in inside]


def list_history(
    reader: Reader, dag_id: str, run_id: str, task_id: str | None = None, map_index: int | None = None
) -> list[Row]:
    """Attempts that ended and were not the last, oldest first; of the whole run when no task is named."""
    key = run_key(reader, dag_id, run_id)
    if key is None:
        return []
    return rows(reader, "list_history", {"run_key": key, "task_id": task_id, "map_index": map_index})


def rendered_fields(reader: Reader, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> Row | None:
    """Field → rendered value; None when the task has not run."""
    key = run_key(reader, dag_id, run_id)
    if key is None:
        return None
    found = first(rows(reader, "rendered_fields", {"run_key": key, "task_id": task_id, "map_index": map_index}))
    return None if found is None else found["rendered_fields"]


def rendered_fields_of(
    reader: Reader, places: Sequence[tuple[int, str, int]]
) -> dict[tuple[int, str, int], dict[str, Any]]:
    """(run key, task id, map index) → field → rendered value, of those that have some."""
    found = {}
    for near in _clusters(sorted(places)):
        run_keys, task_ids, map_indexes = map(list, zip(*near, strict=True))
        params = {"run_key": run_keys, "task_id": task_ids, "map_index": map_indexes}
        for row in rows(reader, "rendered_fields_of", params):
            found[row["dag_run_id"], row["task_id"], row["map_index"]] = row["rendered_fields"]
    return found


FAR = 20_000
"""Runs apart from which on two are looked up one by one: zone maps skip what lies between."""


def _clusters(places: Sequence[tuple[int, str, int]]) -> list[list[tuple[int, str, int]]]:
    """Sorted places, split where the run keys are far apart."""
    found: list[list[tuple[int, str, int]]] = []
    for place in places:
        if found and place[0] - found[-1][-1][0] < FAR:
            found[-1].append(place)
        else:
            found.append([place])
    return found
