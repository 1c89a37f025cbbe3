"""Reads what the engine remembers of assets. Interprets nothing."""

from __future__ import annotations

import msgspec

from queuack.engine.asset_snapshot import (
    AliasSnapshot,
    AssetOfDag,
    AssetSnapshot,
    AssetsSnapshot,
    PartitionSnapshot,
    WatcherSnapshot,
)
from queuack.store.reader import Reader, fetch


def read_assets(reader: Reader) -> AssetsSnapshot:
    ids = fetch(reader, "snapshot_asset_ids")[0]
    return AssetsSnapshot(
        assets=[
            AssetSnapshot(
                id=asset_id,
                name=name,
                uri=uri,
                group=group,
                extra=msgspec.json.decode(extra),
                created_at=created_at,
                updated_at=updated_at,
                is_active=is_active,
            )
            for asset_id, name, uri, group, extra, created_at, updated_at, is_active in fetch(reader, "snapshot_assets")
        ],
        aliases=[
            AliasSnapshot(id=alias_id, name=name, group=group, asset_ids=asset_ids or [])
            for alias_id, name, group, asset_ids in fetch(reader, "snapshot_asset_aliases")
        ],
        queue=_of_dags(reader, "snapshot_asset_queue"),
        references=_of_dags(reader, "snapshot_asset_references"),
        floors=[(dag_id, event_id) for dag_id, event_id in fetch(reader, "snapshot_event_floors")],
        partitions=_partitions(reader),
        watchers=[
            WatcherSnapshot(asset_id=asset_id, name=name, trigger_id=trigger_id, trigger_hash=trigger_hash)
            for asset_id, name, trigger_id, trigger_hash in fetch(reader, "snapshot_watchers")
        ],
        next_asset_id=ids[0],
        next_alias_id=ids[1],
        next_event_id=ids[2],
        next_partition_id=ids[3],
        next_key_id=ids[4],
    )


def _of_dags(reader: Reader, name: str) -> list[AssetOfDag]:
    return [
        AssetOfDag(dag_id=dag_id, asset_id=asset_id, created_at=created_at)
        for dag_id, asset_id, created_at in fetch(reader, name)
    ]


def _partitions(reader: Reader) -> list[PartitionSnapshot]:
    found: dict[int, PartitionSnapshot] = {}
    for row in fetch(reader, "snapshot_partitions"):
        partition_id, dag_id, key, date, fingerprint, created_at, asset_id, event_id, source_key = row
        partition = found.get(partition_id)
        if partition is None:
            partition = found[partition_id] = PartitionSnapshot(
                id=partition_id,
                dag_id=dag_id,
                key=key,
                date=date,
                fingerprint=fingerprint,
                created_at=created_at,
                keys=[],
            )
        partition.keys.append((asset_id, event_id, source_key))
    return list(found.values())
