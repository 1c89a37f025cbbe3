"""What task instances keep over their tries and what is kept for assets, as people see and change it.

Tasks themselves reach it through ``asset_runtime``. Airflow page: core-concepts/task-and-asset-state.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from queuack import clock, config
from queuack.daemon.asset_runtime import task_state_set
from queuack.daemon.port import Port
from queuack.daemon.services.assets import get_asset_by_id
from queuack.daemon.services.lists import list_page
from queuack.daemon.services.runs import get_run, instant
from queuack.daemon.services.tasks import get_task_instance
from queuack.engine.asset_effects import AssetStateDeleted, AssetStateRow, TaskStateDeleted
from queuack.errors import InvalidRequest, InvalidValue, NotFound, TaskNotFound
from queuack.store.queries import assets

Row = dict[str, Any]
DAY = 86_400 * clock.SECOND
DEFAULT = "default"
"""``expires_at``: as ``[state_store] default_retention_days`` says."""


# ── assets ───────────────────────────────────────────────────────────────────────────────────────────
def kept_for_asset(port: Port, asset_id: int, key: str | None = None, limit: int = 50, offset: int = 0) -> Row:
    """{"rows", "total"} by key: key, value, updated_at, last_updated_by. Raises NotFound for an unknown asset."""
    get_asset_by_id(port, asset_id)
    where: list[list[Any]] = [["asset_id", "eq", asset_id]]
    if key is not None:
        where.append(["key", "eq", key])
    page = list_page(port, "asset_states", where, limit=limit, offset=offset)
    return {"rows": [_asset_row(row) for row in page["rows"]], "total": page["total"]}


def keep_for_asset(port: Port, asset_id: int, key: str, value: Any) -> None:
    """Set a key, new or not. Raises NotFound for an unknown asset, InvalidValue."""
    get_asset_by_id(port, asset_id)
    text = _checked(key, value)
    port.write(AssetStateRow(asset_id=asset_id, key=key, value=text, updated_at=clock.now_us(), kind="api"))


def forget_for_asset(port: Port, asset_id: int, key: str | None = None) -> None:
    """One key, or all. Nothing happens for a key that there is not. Raises NotFound for an unknown asset."""
    get_asset_by_id(port, asset_id)
    port.write(AssetStateDeleted(asset_id=asset_id, key=key))


def _asset_row(row: Row) -> Row:
    by = {name: row.pop(f"last_updated_by_{name}") for name in ("kind", "dag_id", "run_id", "task_id", "map_index")}
    return {
        **row,
        "value": msgspec.json.decode(row["value"]),
        "last_updated_by": None if by["kind"] is None else by,
    }


# ── task instances ───────────────────────────────────────────────────────────────────────────────────
def kept_by_task(
    port: Port,
    dag_id: str,
    run: str,
    task_id: str,
    map_index: int = -1,
    key: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Row:
    """{"rows", "total"} by key: key, value, updated_at, expires_at. What has expired is not there, nor is anything of
    a task instance that does not exist."""
    place = {"dag_id": dag_id, "run_id": run, "task_id": task_id, "map_index": map_index}
    where: list[list[Any]] = [[name, "eq", value] for name, value in place.items()]
    where.append(["kept_at", "", clock.now_us()])
    if key is not None:
        where.append(["key", "eq", key])
    page = list_page(port, "task_states", where, limit=limit, offset=offset)
    rows = [{**row, "value": msgspec.json.decode(row["value"])} for row in page["rows"]]
    return {"rows": rows, "total": page["total"]}


def keep_by_task(
    port: Port,
    dag_id: str,
    run: str,
    task_id: str,
    key: str,
    value: Any,
    map_index: int = -1,
    expires_at: str | None = DEFAULT,
) -> None:
    """Set a key, new or not; it expires at an instant (ISO 8601), never (None), or as settings say (``default``).

    Raises TaskNotFound, InvalidValue.
    """
    row = get_task_instance(port, dag_id, run, task_id, map_index)
    at = _default_expiry() if expires_at == DEFAULT else instant(expires_at, "expires_at")
    task_state_set(port, dag_id, row["run_id"], task_id, map_index, key, _checked(key, value), at)


def change_kept_by_task(
    port: Port, dag_id: str, run: str, task_id: str, key: str, value: Any, map_index: int = -1
) -> None:
    """Another value for a key that there is; it expires when it would have. Raises NotFound, InvalidValue."""
    run_id = get_task_instance(port, dag_id, run, task_id, map_index)["run_id"]
    found = kept_by_task(port, dag_id, run_id, task_id, map_index, key)["rows"]
    if not found:
        raise NotFound(f"Task state store key {key!r} not found")
    at = instant(found[0]["expires_at"], "expires_at")
    task_state_set(port, dag_id, run_id, task_id, map_index, key, _checked(key, value), at)


def forget_by_task(
    port: Port,
    dag_id: str,
    run: str,
    task_id: str,
    map_index: int = -1,
    key: str | None = None,
    all_map_indices: bool = False,
) -> None:
    """One key, or all, of one task instance or of all of its task. Raises TaskNotFound."""
    if not all_map_indices:
        row = get_task_instance(port, dag_id, run, task_id, map_index)
        run_id, indexes = row["run_id"], [map_index]
    else:
        found = get_run(port, dag_id, run)
        run_id = found["run_id"]
        of_task = [["run_key", "", found["id"]], ["task_id", "eq", task_id]]
        if not list_page(port, "task_instances", of_task, limit=1, count=False)["rows"]:
            raise TaskNotFound(f"Run {run_id!r} of DAG {dag_id!r} has no task {task_id!r}.")
        with port.reader() as reader:
            indexes = assets.task_state_places(reader, found["id"], task_id)
    place = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id}
    port.write(*(TaskStateDeleted(**place, map_index=index, key=key) for index in indexes))


def _default_expiry() -> int | None:
    days = config.get_int("state_store", "default_retention_days")
    if days < 0:
        raise InvalidRequest(f"[state_store] default_retention_days is {days}; it is 0 (for ever) or more.")
    return None if days == 0 else clock.now_us() + days * DAY


def _checked(key: str, value: Any) -> str:
    """The value as JSON text. Raises InvalidValue for one that is too large."""
    text = json.dumps(value)
    limit = config.get_int("state_store", "max_value_storage_bytes")
    if 0 < limit < len(text):
        raise InvalidValue(
            f"The value of key {key!r} has {len(text)} bytes; [state_store] max_value_storage_bytes allows {limit}."
        )
    return text


METHODS = (
    kept_for_asset,
    keep_for_asset,
    forget_for_asset,
    kept_by_task,
    keep_by_task,
    change_kept_by_task,
    forget_by_task,
)
