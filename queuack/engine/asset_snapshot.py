"""What the store says of assets at start: see ``snapshot``."""

from __future__ import annotations

from typing import Any

import msgspec


class AssetSnapshot(msgspec.Struct, kw_only=True):
    id: int
    name: str
    uri: str
    group: str
    extra: dict[str, Any]
    created_at: int
    updated_at: int
    is_active: bool


class AliasSnapshot(msgspec.Struct, kw_only=True):
    id: int
    name: str
    group: str
    asset_ids: list[int]


class AssetOfDag(msgspec.Struct, kw_only=True):
    """A row of ``asset_dag_run_queue`` or ``dag_schedule_asset_reference``."""

    dag_id: str
    asset_id: int
    created_at: int


class PartitionSnapshot(msgspec.Struct, kw_only=True):
    """A partition that waits."""

    id: int
    dag_id: str
    key: str
    date: int | None
    fingerprint: str
    created_at: int
    keys: list[tuple[int, int, str]]
    """(asset id, event id, source key), in order."""


class WatcherSnapshot(msgspec.Struct, kw_only=True):
    asset_id: int
    name: str
    trigger_id: int
    trigger_hash: int


class AssetsSnapshot(msgspec.Struct, kw_only=True):
    assets: list[AssetSnapshot] = []
    aliases: list[AliasSnapshot] = []
    queue: list[AssetOfDag] = []
    references: list[AssetOfDag] = []
    floors: list[tuple[str, int]] = []
    """(DAG, the last event that its runs consumed)."""
    partitions: list[PartitionSnapshot] = []
    watchers: list[WatcherSnapshot] = []
    next_asset_id: int = 1
    next_alias_id: int = 1
    next_event_id: int = 1
    next_partition_id: int = 1
    next_key_id: int = 1
