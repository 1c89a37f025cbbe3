"""Reads assets, their events, and what is stored for assets and task instances."""

from __future__ import annotations

from typing import Any

import msgspec

from queuack.store.queries.rows import Row, raw_rows, rows
from queuack.store.queries.runs import run_key
from queuack.store.reader import Reader, fetch, fetch_value

NO_LIMIT = 2**62


def list_assets(
    reader: Reader, *, name: str | None = None, uri: str | None = None, only_active: bool = False
) -> list[Row]:
    """id, name, uri, group, extra, created_at, updated_at, is_active; by name."""
    found = rows(reader, "list_assets", {"name": name, "uri": uri, "only_active": only_active})
    return [_with_extra(row) for row in found]


def assets_of_alias(reader: Reader, name: str) -> list[Row]:
    """The active assets that go by an alias, as ``list_assets``."""
    return [_with_extra(row) for row in rows(reader, "assets_of_alias", {"name": name})]


def list_aliases(reader: Reader, name: str | None = None) -> list[Row]:
    """id, name, group; by name."""
    return rows(reader, "list_asset_aliases", {"name": name})


def asset_relations(reader: Reader, name: str, asset_ids: list[int]) -> dict[int, list[Row]]:
    """Asset (or alias) → rows of one of the queries asset_scheduled_dags, asset_producing_tasks,
    asset_consuming_tasks, aliases_of_assets, last_asset_events."""
    found: dict[int, list[Row]] = {asset_id: [] for asset_id in asset_ids}
    for row in rows(reader, name, {"asset_id": asset_ids}):
        found[row.pop("asset_id")].append(row)
    return found


def alias_scheduled_dags(reader: Reader, alias_ids: list[int]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {alias_id: [] for alias_id in alias_ids}
    for row in rows(reader, "alias_scheduled_dags", {"alias_id": alias_ids}):
        found[row.pop("alias_id")].append(row)
    return found


def asset_events(
    reader: Reader,
    *,
    name: str | None = None,
    uri: str | None = None,
    alias: str | None = None,
    after: int | None = None,
    before: int | None = None,
    source_dag_id: str | None = None,
    event_id: int | None = None,
    ascending: bool = True,
    limit: int | None = None,
) -> list[Row]:
    """Events in order of time, instants in microseconds: id, timestamp, extra, asset {name, uri, group, extra},
    source_task_id, source_dag_id, source_run_id, source_map_index, partition_key, source_aliases, created_dagruns.

    By name alone or URI alone: of the active asset.
    """
    params = {
        "name": name,
        "uri": uri,
        "only_active": (name is None) != (uri is None),
        "alias": alias,
        "after": after,
        "before": before,
        "source_dag_id": source_dag_id,
        "event_id": event_id,
        "ascending": ascending,
        "limit": NO_LIMIT if limit is None else limit,
    }
    return _events(reader, raw_rows(reader, "asset_events", params))


def consumed_events(reader: Reader, dag_id: str, run_id: str) -> list[Row]:
    """The events a run consumed, as ``asset_events``."""
    key = run_key(reader, dag_id, run_id)
    return [] if key is None else _events(reader, raw_rows(reader, "consumed_events", {"run_key": key}))


def triggered_runs(reader: Reader, event_ids: list[int]) -> set[tuple[int, str, str]]:
    """(event id, dag_id, run_id) of the runs that consumed one of these events as their last."""
    if not event_ids:
        return set()
    found = fetch(reader, "triggered_runs", {"event_id": event_ids})
    return {(event_id, dag_id, run_id) for event_id, dag_id, run_id in found if event_id in set(event_ids)}


def materializing_dags(reader: Reader, *, name: str | None, uri: str | None) -> list[str]:
    """DAGs with a task that has the asset as outlet."""
    return [str(dag_id) for (dag_id,) in fetch(reader, "materializing_dags", {"name": name, "uri": uri})]


def queued_events(reader: Reader, dag_id: str | None = None) -> list[Row]:
    """asset_id, dag_id, name, uri, created_at of what waits for a run."""
    return rows(reader, "queued_asset_events", {"dag_id": dag_id})


def task_state(
    reader: Reader, dag_id: str, run_id: str, task_id: str, map_index: int, key: str, now: int
) -> str | None:
    """JSON text; None when there is none, or none any more at ``now``."""
    found = run_key(reader, dag_id, run_id)
    if found is None:
        return None
    params = {"run_key": found, "task_id": task_id, "map_index": map_index, "key": key, "now": now}
    value: str | None = fetch_value(reader, "task_state", params)
    return value


def expired_task_states(reader: Reader, at: int, most: int) -> list[Row]:
    """dag_id, run_id, task_id, map_index, key, expires_at, total (how many there are in all) of what has expired at
    ``at``, the oldest first."""
    return rows(reader, "expired_task_states", {"at": at, "most": most})


def asset_state(reader: Reader, asset_id: int, key: str) -> str | None:
    """JSON text; None when there is none."""
    value: str | None = fetch_value(reader, "asset_state", {"asset_id": asset_id, "key": key})
    return value


def _events(reader: Reader, found: list[Row]) -> list[Row]:
    if not found:
        return []
    ids = [row["id"] for row in found]
    aliases: dict[int, list[str]] = {}
    for event_id, name in fetch(reader, "event_aliases", {"event_id": ids}):
        aliases.setdefault(event_id, []).append(name)
    runs: dict[int, list[Row]] = {}
    for row in raw_rows(reader, "event_runs", {"event_id": ids}):
        runs.setdefault(row.pop("event_id"), []).append(row)
    return [_event(row, aliases.get(row["id"], []), runs.get(row["id"], [])) for row in found]


def _event(row: Row, aliases: list[str], runs: list[Row]) -> Row:
    asset = {name: row.pop(name) for name in ("name", "uri", "group")}
    asset["extra"] = _decoded(row.pop("asset_extra"))
    extra = _decoded(row.pop("event_extra"))
    return {**row, "asset": asset, "extra": extra, "source_aliases": aliases, "created_dagruns": runs}


def _with_extra(row: Row) -> Row:
    others = {name: value for name, value in row.items() if name != "asset_extra"}
    return {**others, "extra": _decoded(row["asset_extra"])}


def _decoded(text: str) -> Any:
    return msgspec.json.decode(text)
