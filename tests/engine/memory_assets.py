"""The part of the store in dicts that is about assets."""

from __future__ import annotations

import json

from queuack.engine import asset_effects as fx
from queuack.engine.asset_snapshot import (
    AliasSnapshot,
    AssetOfDag,
    AssetSnapshot,
    AssetsSnapshot,
    PartitionSnapshot,
    WatcherSnapshot,
)


class MemoryAssets:
    def __init__(self) -> None:
        self.assets: dict[int, fx.AssetRow] = {}
        self.aliases: dict[int, fx.AssetAliasRow] = {}
        self.alias_assets: list[tuple[int, int]] = []
        self.events: dict[int, fx.AssetEventRow] = {}
        self.queue: dict[tuple[str, int], int] = {}
        self.floors: dict[str, int] = {}
        self.consumed: dict[int, list[int]] = {}
        """Run key → events."""
        self.references: dict[str, fx.AssetReferences] = {}
        self.watchers: dict[int, fx.AssetWatchers] = {}
        self.partitions: dict[int, fx.PartitionRow] = {}
        self.partition_keys: list[fx.PartitionKeyRow] = []

    def _AssetRow(self, w: fx.AssetRow) -> None:
        self.assets[w.id] = w
        active = [row for row in self.assets.values() if row.is_active]
        assert len({row.name for row in active}) == len({row.uri for row in active}) == len(active)

    def _AssetAliasRow(self, w: fx.AssetAliasRow) -> None:
        self.aliases[w.id] = w

    def _AliasAssetRow(self, w: fx.AliasAssetRow) -> None:
        assert (w.alias_id, w.asset_id) not in self.alias_assets
        self.alias_assets.append((w.alias_id, w.asset_id))

    def _AssetEventRow(self, w: fx.AssetEventRow) -> None:
        assert w.id not in self.events
        assert w.asset_id in self.assets
        self.events[w.id] = w

    def _AssetQueueRow(self, w: fx.AssetQueueRow) -> None:
        assert (w.target_dag_id, w.asset_id) not in self.queue
        self.queue[w.target_dag_id, w.asset_id] = w.created_at

    def _AssetQueueEmptied(self, w: fx.AssetQueueEmptied) -> None:
        self.queue = {key: at for key, at in self.queue.items() if key[0] != w.target_dag_id}

    def _AssetDequeued(self, w: fx.AssetDequeued) -> None:
        del self.queue[w.target_dag_id, w.asset_id]

    def _EventFloor(self, w: fx.EventFloor) -> None:
        self.floors[w.dag_id] = w.event_id

    def _EventsConsumed(self, w: fx.EventsConsumed) -> None:
        found = list(w.event_ids) or [
            event.id
            for event in self.events.values()
            if w.after_id < event.id <= w.until_id
            and (event.asset_id in w.asset_ids or set(event.alias_ids) & set(w.alias_ids))
        ]
        self.consumed.setdefault(w.run_key, []).extend(found)

    def _AssetReferences(self, w: fx.AssetReferences) -> None:
        assert len(w.assets) == len(w.created_at)
        self.references[w.dag_id] = w

    def _AssetWatchers(self, w: fx.AssetWatchers) -> None:
        self.watchers[w.asset_id] = w

    def _PartitionRow(self, w: fx.PartitionRow) -> None:
        self.partitions[w.id] = w

    def _PartitionKeyRow(self, w: fx.PartitionKeyRow) -> None:
        assert w.asset_partition_dag_run_id in self.partitions
        self.partition_keys.append(w)

    def _PartitionDropped(self, w: fx.PartitionDropped) -> None:
        del self.partitions[w.id]
        self.partition_keys = [row for row in self.partition_keys if row.asset_partition_dag_run_id != w.id]

    def drop_assets_of(self, dag_id: str) -> None:
        self.queue = {key: at for key, at in self.queue.items() if key[0] != dag_id}
        self.floors.pop(dag_id, None)
        self.references.pop(dag_id, None)
        self.partitions = {key: row for key, row in self.partitions.items() if row.target_dag_id != dag_id}
        self.partition_keys = [row for row in self.partition_keys if row.target_dag_id != dag_id]

    def assets_snapshot(self) -> AssetsSnapshot:
        return AssetsSnapshot(
            assets=[
                AssetSnapshot(
                    id=row.id, name=row.name, uri=row.uri, group=row.group, extra=json.loads(row.extra),
                    created_at=row.created_at, updated_at=row.updated_at, is_active=row.is_active,
                )
                for row in self.assets.values()
            ],
            aliases=[
                AliasSnapshot(
                    id=row.id, name=row.name, group=row.group,
                    asset_ids=[asset_id for alias_id, asset_id in self.alias_assets if alias_id == row.id],
                )
                for row in self.aliases.values()
            ],
            queue=[
                AssetOfDag(dag_id=dag_id, asset_id=asset_id, created_at=at)
                for (dag_id, asset_id), at in self.queue.items()
            ],
            references=[
                AssetOfDag(dag_id=row.dag_id, asset_id=asset_id, created_at=at)
                for row in self.references.values()
                for asset_id, at in zip(row.assets, row.created_at, strict=True)
            ],
            floors=list(self.floors.items()),
            partitions=[self._partition(row) for row in self.partitions.values() if row.created_dag_run_id is None],
            watchers=[
                WatcherSnapshot(
                    asset_id=asset_id, name=row.name, trigger_id=row.trigger_id, trigger_hash=row.trigger_hash
                )
                for asset_id, write in self.watchers.items()
                for row in write.watchers
            ],
            next_asset_id=max(self.assets, default=0) + 1,
            next_alias_id=max(self.aliases, default=0) + 1,
            next_event_id=max(self.events, default=0) + 1,
            next_partition_id=max(self.partitions, default=0) + 1,
            next_key_id=max((row.id for row in self.partition_keys), default=0) + 1,
        )  # fmt: skip

    def _partition(self, row: fx.PartitionRow) -> PartitionSnapshot:
        keys = [key for key in self.partition_keys if key.asset_partition_dag_run_id == row.id]
        return PartitionSnapshot(
            id=row.id,
            dag_id=row.target_dag_id,
            key=row.partition_key,
            date=row.partition_date,
            fingerprint=row.fingerprint,
            created_at=row.created_at,
            keys=[(key.asset_id, key.asset_event_id, key.source_partition_key) for key in keys],
        )
