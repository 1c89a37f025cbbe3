"""Watching: triggers that update assets from outside, while a DAG that is not paused waits for these assets.

Triggers that watch the same run once, whatever they are called. What an event does to the asset is said by the caller.
Airflow page: authoring-and-scheduling/event-scheduling.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from queuack.engine import deferral
from queuack.engine.asset_book import AssetState
from queuack.engine.asset_effects import AssetWatchers, WatcherRow
from queuack.engine.asset_spec import WatcherDocument
from queuack.engine.deferral import Watcher
from queuack.engine.events import TriggerAsked
from queuack.schedule.conditions import AssetKey

if TYPE_CHECKING:
    from queuack.engine.world import World


def sync(world: World, asset_ids: Iterable[int], on_event: Watcher) -> None:
    """Start the triggers that these assets want now, stop those that no asset wants any more."""
    for asset_id in sorted(asset_ids):
        asset = world.assets.by_id[asset_id]
        wanted = _wanted(world, asset)
        if wanted.keys() == asset.watchers.keys():
            continue
        for trigger_hash in asset.watchers.keys() - wanted.keys():
            _leave(world, asset, trigger_hash)
        for trigger_hash in sorted(wanted.keys() - asset.watchers.keys()):
            _join(world, asset, wanted[trigger_hash], on_event)
        rows = tuple(
            WatcherRow(name=name, trigger_id=trigger_id, trigger_hash=trigger_hash)
            for trigger_hash, (name, trigger_id) in asset.watchers.items()
        )
        world.writes.append(AssetWatchers(asset_id=asset.id, watchers=rows))


def _wanted(world: World, asset: AssetState) -> dict[int, WatcherDocument]:
    """Hash → watcher, of an active asset in the schedule of a DAG that is not paused."""
    book = world.assets
    waiting = book.consumers.get(AssetKey(asset.name, asset.uri), set())
    if not asset.is_active or all(world.dags[dag_id].is_paused for dag_id in waiting):
        return {}
    return {
        watcher.trigger_hash: watcher
        for dag_id in sorted(asset.referrers)
        for watcher in book.references[dag_id].watchers.get(asset.id, ())
    }


def _join(world: World, asset: AssetState, watcher: WatcherDocument, on_event: Watcher) -> None:
    watched = world.assets.watched
    known = watched.get(watcher.trigger_hash)
    if known is None:
        trigger_id = deferral.watch(world, TriggerAsked(watcher.classpath, watcher.kwargs), on_event)
        known = watched[watcher.trigger_hash] = (trigger_id, set())
    known[1].add(asset.id)
    asset.watchers[watcher.trigger_hash] = (watcher.name, known[0])


def _leave(world: World, asset: AssetState, trigger_hash: int) -> None:
    _, trigger_id = asset.watchers.pop(trigger_hash)
    watching = world.assets.watched[trigger_hash][1]
    watching.discard(asset.id)
    if not watching:
        del world.assets.watched[trigger_hash]
        deferral.drop(world, trigger_id)


def assets_of(world: World, trigger_id: int) -> list[AssetState]:
    """The assets that a trigger updates."""
    book = world.assets
    found = [ids for known, ids in book.watched.values() if known == trigger_id]
    return [book.by_id[asset_id] for ids in found for asset_id in sorted(ids)]
