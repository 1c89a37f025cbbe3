"""Reads what tasks have asked people, and the answers."""

from __future__ import annotations

import json

from queuack.store.queries.rows import Row, rows
from queuack.store.reader import Reader

_JSON = ("options", "defaults", "params", "assigned_users", "responded_by_user", "chosen_options", "params_input")
_FILTERS = ("ti_id", "dag_id", "run_id", "task_id", "map_index", "response_received", "state", "limit", "offset")


def list_hitl_details(
    reader: Reader,
    *,
    dag_id: str | None = None,
    run_id: str | None = None,
    task_id: str | None = None,
    map_index: int | None = None,
    response_received: bool | None = None,
    state: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Row]:
    """Rows that pass every filter given, oldest first, named as Airflow's REST API names them; ``state``: of the task.

    ``assigned_users``: [{"id", "name"}], empty = anybody may answer; ``responded_by_user``: None where nobody has
    answered, or the time was over and the defaults counted.
    """
    params = {
        "ti_id": None, "dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": map_index,
        "response_received": response_received, "state": state, "limit": limit, "offset": offset,
    }  # fmt: skip
    return _read(reader, params)


def get_hitl_detail(reader: Reader, ti_id: int) -> Row | None:
    """The same of one task instance, by its id."""
    return next(iter(_read(reader, {**dict.fromkeys(_FILTERS), "ti_id": ti_id, "offset": 0})), None)


def hitl_detail_of_try(reader: Reader, ti_id: int, try_number: int) -> Row | None:
    """What it asked in one of its tries, without the place."""
    found = rows(reader, "hitl_detail_of_try", {"ti_id": ti_id, "try_number": try_number})
    return next(iter(values_decoded(found)), None)


def _read(reader: Reader, params: Row) -> list[Row]:
    return values_decoded(rows(reader, "list_hitl_details", params))


def values_decoded(found: list[Row]) -> list[Row]:
    """Rows with their JSON columns as values."""
    for row in found:
        for name in _JSON:
            row[name] = None if row[name] is None else json.loads(row[name])
    return found
