"""Writes assets, their events and what hangs on them: the part of the writer's transaction about assets.

Decides the order of statements, one set-based statement per table and kind.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import chain
from typing import Any

from queuack.store.asset_batch import AssetBatch, TaskStatePlace
from queuack.store.database import Database

Keys = Callable[[Collection[TaskStatePlace]], dict[TaskStatePlace, int]]
"""Places → the ids of their runs."""

DELETE_DAG = (
    "delete_dag_consumed_events", "delete_dag_asset_queue", "delete_dag_asset_references",
    "delete_dag_alias_references", "delete_dag_name_references", "delete_dag_uri_references",
    "delete_dag_inlet_references", "delete_dag_outlet_references", "delete_dag_partitions",
    "delete_dag_partition_keys", "delete_dag_task_states",
)  # fmt: skip
"""Statements that delete what a DAG left, before its runs go."""

_ASSET = ("id", "name", "uri", "group", "extra", "created_at", "updated_at")
_EVENT = (
    "id", "asset_id", "extra", "source_task_id", "source_dag_id", "source_run_id", "source_map_index", "timestamp",
    "partition_key",
)  # fmt: skip
_PARTITION = (
    "id", "target_dag_id", "created_dag_run_id", "partition_key", "partition_date", "fingerprint", "created_at",
    "updated_at",
)  # fmt: skip
_KEY = (
    "id", "asset_id", "asset_event_id", "asset_partition_dag_run_id", "source_partition_key", "target_dag_id",
    "target_partition_key", "created_at",
)  # fmt: skip
_TASK_STATE = ("dag_id", "run_id", "task_id", "map_index", "key", "value", "updated_at", "expires_at")
_ASSET_STATE = ("asset_id", "key", "value", "updated_at", "kind", "dag_id", "run_id", "task_id", "map_index")
_REFERENCES = ("asset", "alias", "name", "uri", "inlet", "outlet")


class AssetWriter:
    """Part of the writer; runs inside its transaction."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._run = database.run
        self._keys = keys

    def write(self, batch: AssetBatch) -> None:
        if not batch:
            return
        self._write_assets(batch)
        self._write_events(batch)
        self._write_queue(batch)
        if batch.references:
            self._write_references(batch)
        self._write_watchers(batch)
        self._write_partitions(batch)
        self._write_consumed(batch)
        self._write_task_states(batch)
        self._write_asset_states(batch)

    def _write_assets(self, batch: AssetBatch) -> None:
        if batch.assets:
            rows = list(batch.assets.values())
            params = _columns(rows, *_ASSET)
            self._run("delete_assets", {"id": params["id"]})
            self._run("insert_assets", params)
            self._run("delete_active_assets", {"name": params["name"], "uri": params["uri"]})
            if active := [row for row in rows if row.is_active]:
                self._run("insert_active_assets", _columns(active, "name", "uri"))
            if len(active) < len(rows):
                self._run("delete_orphaned_asset_states")
        if batch.aliases:
            params = _columns(batch.aliases.values(), "id", "name", "group")
            self._run("delete_asset_aliases", {"id": params["id"]})
            self._run("insert_asset_aliases", params)
        if batch.alias_assets:
            self._run("insert_alias_assets", _columns(batch.alias_assets, "alias_id", "asset_id"))

    def _write_events(self, batch: AssetBatch) -> None:
        if batch.events:
            self._run("insert_asset_events", _columns(batch.events, *_EVENT))
            pairs = [(alias_id, row.id) for row in batch.events for alias_id in row.alias_ids]
            if pairs:
                alias_ids, event_ids = zip(*pairs, strict=True)
                self._run("insert_alias_events", {"alias_id": list(alias_ids), "event_id": list(event_ids)})

    def _write_queue(self, batch: AssetBatch) -> None:
        if batch.emptied:
            self._run("delete_asset_queue", {"dag_id": list(batch.emptied)})
        if batch.dequeued:
            places = {"dag_id": [dag for dag, _ in batch.dequeued], "asset_id": [asset for _, asset in batch.dequeued]}
            self._run("delete_queued_assets", places)
        if batch.queued:
            params = _columns(batch.queued, "asset_id", "created_at")
            self._run("insert_asset_queue", {**params, "dag_id": [row.target_dag_id for row in batch.queued]})
        if batch.floors:
            floors = {"dag_id": list(batch.floors), "event_id": list(batch.floors.values())}
            self._run("update_event_floors", floors)

    def _write_references(self, batch: AssetBatch) -> None:
        rows = list(batch.references.values())
        params = _columns(rows, "dag_id", "expression", "partitioned")
        self._run("update_asset_expressions", params)
        for kind in _REFERENCES:
            self._run(f"delete_{kind}_references", {"dag_id": params["dag_id"]})
        since = list(chain.from_iterable(row.created_at for row in rows))
        for kind in ("asset", "alias", "name", "uri"):
            found = [(row, subject) for row in rows for subject in getattr(row, _LISTS[kind])]
            if found:
                columns: dict[str, list[Any]] = {
                    "subject": [subject for _, subject in found],
                    "dag_id": [row.dag_id for row, _ in found],
                    "at": [row.at for row, _ in found],
                }
                self._run(f"insert_{kind}_references", columns | ({"created_at": since} if kind == "asset" else {}))
        for kind in ("inlet", "outlet"):
            pairs = [(row, used) for row in rows for used in getattr(row, f"{kind}s")]
            if pairs:
                ends = {"dag_id": [row.dag_id for row, _ in pairs], "at": [row.at for row, _ in pairs]}
                self._run(f"insert_{kind}_references", ends | _columns((u for _, u in pairs), "asset_id", "task_id"))

    def _write_watchers(self, batch: AssetBatch) -> None:
        if batch.watchers:
            self._run("delete_watchers", {"asset_id": list(batch.watchers)})
            found = [(asset_id, row) for asset_id, write in batch.watchers.items() for row in write.watchers]
            if found:
                params = _columns((row for _, row in found), "name", "trigger_id", "trigger_hash")
                self._run("insert_watchers", {**params, "asset_id": [asset_id for asset_id, _ in found]})

    def _write_partitions(self, batch: AssetBatch) -> None:
        if batch.partitions:
            self._run("delete_partitions", {"id": list(batch.partitions)})
            if rows := [row for row in batch.partitions.values() if row is not None]:
                self._run("insert_partitions", _columns(rows, *_PARTITION))
            if dropped := [key for key, row in batch.partitions.items() if row is None]:
                self._run("delete_partition_keys", {"id": dropped})
        if keys := list(chain.from_iterable(batch.partition_keys.values())):
            self._run("insert_partition_keys", _columns(keys, *_KEY))

    def _write_consumed(self, batch: AssetBatch) -> None:
        listed = [(write.run_key, event_id) for write in batch.consumed for event_id in write.event_ids]
        if listed:
            run_keys, event_ids = zip(*listed, strict=True)
            self._run("consume_events", {"run_key": list(run_keys), "event_id": list(event_ids)})
        for write in batch.consumed:
            if not write.event_ids:
                self._run(
                    "consume_event_range",
                    {
                        "run_key": write.run_key,
                        "after_id": write.after_id,
                        "until_id": write.until_id,
                        "asset_id": list(write.asset_ids),
                        "alias_id": list(write.alias_ids),
                    },
                )

    def _write_task_states(self, batch: AssetBatch) -> None:
        if batch.expired_at is not None:
            self._run("delete_expired_task_states", {"at": batch.expired_at})
        if not (batch.task_states or batch.cleared_tasks):
            return
        keys = self._keys({*batch.cleared_tasks, *(place for place, _ in batch.task_states)})
        touched: list[tuple[TaskStatePlace, str | None]] = [*((place, None) for place in batch.cleared_tasks)]
        touched = [entry for entry in (*touched, *batch.task_states) if entry[0] in keys]
        if touched:
            self._run(
                "delete_task_states",
                {
                    "dag_run_id": [keys[place] for place, _ in touched],
                    "task_id": [place[2] for place, _ in touched],
                    "map_index": [place[3] for place, _ in touched],
                    "key": [key for _, key in touched],
                },
            )
        rows = [(place, row) for (place, _), row in batch.task_states.items() if row is not None and place in keys]
        if rows:
            params = _columns((row for _, row in rows), *_TASK_STATE)
            self._run("insert_task_states", {**params, "dag_run_id": [keys[place] for place, _ in rows]})

    def _write_asset_states(self, batch: AssetBatch) -> None:
        touched: list[tuple[int, str | None]] = [(asset_id, None) for asset_id in batch.cleared_assets]
        touched += batch.asset_states
        if touched:
            asset_ids, keys = zip(*touched, strict=True)
            self._run("delete_asset_states", {"asset_id": list(asset_ids), "key": list(keys)})
        if rows := [row for row in batch.asset_states.values() if row is not None]:
            self._run("insert_asset_states", _columns(rows, *_ASSET_STATE))


_LISTS = {"asset": "assets", "alias": "aliases", "name": "names", "uri": "uris"}
"""Kind of reference → the attribute of AssetReferences."""


def _columns(rows: Any, *names: str) -> dict[str, list[Any]]:
    listed = list(rows)
    return {name: [getattr(row, name) for row in listed] for name in names}
