"""The book of assets from what the store holds. Who refers to what is in the DAGs' documents; the rest is rows."""

from __future__ import annotations

from queuack.engine import assets, watching
from queuack.engine.asset_book import AliasState, AssetState, Partition
from queuack.engine.asset_snapshot import AssetsSnapshot
from queuack.engine.world import World


def restore_assets(world: World, found: AssetsSnapshot) -> None:
    """Call when the DAGs are there, and the triggers, but before those nobody wants are dropped."""
    book = world.assets
    book.next_asset_id, book.next_alias_id = found.next_asset_id, found.next_alias_id
    book.next_event_id = found.next_event_id
    book.next_partition_id, book.next_key_id = found.next_partition_id, found.next_key_id
    _restore_names(world, found)
    for dag_id, floor in found.floors:
        book.floors[dag_id] = floor
    for row in found.queue:
        if row.dag_id in world.dags:
            book.queue.setdefault(row.dag_id, {})[row.asset_id] = row.created_at
    _restore_partitions(world, found)
    _restore_watchers(world, found)
    since = {(row.dag_id, row.asset_id): row.created_at for row in found.references}
    for dag in world.dags.values():
        assets.recall_references(world, dag, since)
    watching.sync(world, list(book.by_id), assets.watcher_fired)
    world.unsaid, world.writes = world.unsaid + world.writes, []


def _restore_names(world: World, found: AssetsSnapshot) -> None:
    book = world.assets
    for row in found.assets:
        asset = AssetState(row.id, row.name, row.uri, row.created_at)
        asset.group, asset.extra, asset.updated_at = row.group, row.extra, row.updated_at
        book.add(asset)
        if row.is_active:
            asset.is_active = True
            book.active_names[asset.name] = book.active_uris[asset.uri] = asset
    for alias in found.aliases:
        state = book.aliases[alias.name] = AliasState(alias.id, alias.name, alias.group)
        state.assets.update(alias.asset_ids)
        for asset_id in alias.asset_ids:
            book.by_id[asset_id].aliases.add(alias.name)


def _restore_partitions(world: World, found: AssetsSnapshot) -> None:
    book = world.assets
    for row in found.partitions:
        if row.dag_id not in world.dags:
            continue
        partition = Partition(row.id, row.dag_id, row.key, row.date, row.fingerprint, row.created_at)
        for asset_id, event_id, key in row.keys:
            partition.keys.setdefault(asset_id, set()).add(key)
            partition.events.append(event_id)
        book.partitions.setdefault(row.dag_id, {})[row.key] = partition
        book.changed.setdefault(row.dag_id, {})[row.key] = None


def _restore_watchers(world: World, found: AssetsSnapshot) -> None:
    """A watcher whose trigger is gone is started anew by ``watching.sync``."""
    book = world.assets
    for row in found.watchers:
        trigger = world.triggers.get(row.trigger_id)
        asset = book.by_id.get(row.asset_id)
        if trigger is None or asset is None:
            continue
        trigger.on_event = assets.watcher_fired
        asset.watchers[row.trigger_hash] = (row.name, row.trigger_id)
        book.watched.setdefault(row.trigger_hash, (row.trigger_id, set()))[1].add(asset.id)
