"""What user code may ask about assets and stored state while it runs: the other end of ``worker.asset_calls``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from queuack import clock
from queuack.daemon.port import Port
from queuack.engine.asset_effects import AssetStateDeleted, AssetStateRow, TaskStateDeleted, TaskStateRow
from queuack.errors import NotFound
from queuack.store.queries import assets

Row = dict[str, Any]


def asset_find(port: Port, name: str | None = None, uri: str | None = None) -> Row | None:
    """name, uri, group, extra of the active asset."""
    found = _find(port, name, uri)
    return None if found is None else _public(found)


def assets_of_alias(port: Port, name: str) -> list[Row]:
    with port.reader() as reader:
        return [_public(row) for row in assets.assets_of_alias(reader, name)]


def asset_events(
    port: Port,
    name: str | None = None,
    uri: str | None = None,
    alias: str | None = None,
    after: int | None = None,
    before: int | None = None,
    ascending: bool = True,
    limit: int | None = None,
) -> list[Row]:
    with port.reader() as reader:
        return assets.asset_events(
            reader, name=name, uri=uri, alias=alias, after=after, before=before, ascending=ascending, limit=limit
        )


def triggering_events(port: Port, dag_id: str, run_id: str) -> list[Row]:
    with port.reader() as reader:
        return assets.consumed_events(reader, dag_id, run_id)


# ── state stores ─────────────────────────────────────────────────────────────────────────────────────
def task_state_get(port: Port, dag_id: str, run_id: str, task_id: str, map_index: int, key: str) -> str | None:
    """JSON text."""
    with port.reader() as reader:
        return assets.task_state(reader, dag_id, run_id, task_id, map_index, key, clock.now_us())


def task_state_set(
    port: Port,
    dag_id: str,
    run_id: str,
    task_id: str,
    map_index: int,
    key: str,
    value: str,
    expires_at: int | None = None,
) -> None:
    port.write(
        TaskStateRow(
            dag_id=dag_id,
            run_id=run_id,
            task_id=task_id,
            map_index=map_index,
            key=key,
            value=value,
            expires_at=expires_at,
            updated_at=clock.now_us(),
        )
    )


def task_state_delete(port: Port, dag_id: str, run_id: str, task_id: str, map_index: int, key: str | None) -> None:
    port.write(TaskStateDeleted(dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index, key=key))


def asset_state_get(port: Port, key: str, name: str | None = None, uri: str | None = None) -> str | None:
    """JSON text. Raises NotFound for an asset that is not active."""
    asset_id = _known(port, name, uri)
    with port.reader() as reader:
        return assets.asset_state(reader, asset_id, key)


def asset_state_set(
    port: Port, key: str, value: str, writer: Row, name: str | None = None, uri: str | None = None
) -> None:
    """``writer``: dag_id, run_id, task_id, map_index of a task; empty for a watcher's trigger.

    Raises NotFound for an asset that is not active.
    """
    asset_id = _known(port, name, uri)
    now, kind = clock.now_us(), "task" if writer else "watcher"
    port.write(AssetStateRow(asset_id=asset_id, key=key, value=value, updated_at=now, kind=kind, **writer))


def asset_state_delete(port: Port, key: str | None, name: str | None = None, uri: str | None = None) -> None:
    """Raises NotFound for an asset that is not active."""
    port.write(AssetStateDeleted(asset_id=_known(port, name, uri), key=key))


def _known(port: Port, name: str | None, uri: str | None) -> int:
    found = _find(port, name, uri)
    if found is None:
        raise NotFound(f"There is no active asset with {f'name {name!r}' if name else f'URI {uri!r}'}.")
    return int(found["id"])


def _find(port: Port, name: str | None, uri: str | None) -> Row | None:
    with port.reader() as reader:
        found = assets.list_assets(reader, name=name, uri=uri, only_active=True)
    return found[0] if found else None


def _public(row: Row) -> Row:
    return {key: row[key] for key in ("name", "uri", "group", "extra")}


METHODS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        asset_find,
        assets_of_alias,
        asset_events,
        triggering_events,
        task_state_get,
        task_state_set,
        task_state_delete,
        asset_state_get,
        asset_state_set,
        asset_state_delete,
    )
}
