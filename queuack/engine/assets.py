"""Assets: which there are, which are active, who refers to them; and what an update of one sets in motion.

An event is recorded once and queues every DAG that waits for its asset and is not paused; runs are made of that in
``asset_runs``, of events with partitions in ``partitions``.
https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/asset-scheduling.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from queuack.engine import partitions, watching
from queuack.engine.asset_book import AliasState, AssetState, References
from queuack.engine.asset_effects import (
    AliasAssetRow,
    AssetAliasRow,
    AssetEventRow,
    AssetQueueEmptied,
    AssetQueueRow,
    AssetReferences,
    AssetRow,
    EventFloor,
    TaskAsset,
)
from queuack.engine.asset_spec import AliasDocument, AssetDocument
from queuack.engine.catalog import DagState
from queuack.engine.deferral import Trigger
from queuack.engine.effects import LogRow
from queuack.engine.events import AttemptFinished, CreateAssetEvent
from queuack.engine.run import Run
from queuack.engine.spec import DagDocument
from queuack.engine.world import World
from queuack.errors import NotFound
from queuack.schedule.conditions import AliasRef, AssetKey, Condition, Leaf, NameRef, UriRef, expression, leaves
from queuack.schedule.timetables import AssetOrTimeTimetable, AssetTriggeredTimetable, PartitionedAssetTimetable

_json = msgspec.json.Encoder(order="deterministic")
_UNDERSTOOD = AssetTriggeredTimetable | AssetOrTimeTimetable | PartitionedAssetTimetable


@dataclass(frozen=True)
class Source:
    """Where an event comes from."""

    dag_id: str | None = None
    task_id: str | None = None
    run_id: str | None = None
    map_index: int = -1


OUTSIDE = Source()


def condition_of(document: DagDocument) -> Condition | None:
    """What the DAG waits for; None = not for assets."""
    timetable = document.timetable
    return timetable.condition if isinstance(timetable, _UNDERSTOOD) else None


# ── what DAGs say of assets ──────────────────────────────────────────────────────────────────────────
def sync_dag(world: World, dag: DagState) -> None:
    """Take in what the DAG's document says of assets; a stale DAG says nothing."""
    book, document = world.assets, dag.document
    before = book.references.get(dag.dag_id)
    says_nothing = dag.is_stale or not (document.assets or document.asset_aliases or condition_of(document))
    if says_nothing and before is None:
        return
    after = References()
    if not says_nothing:
        _read(world, dag, after, before)
        book.references[dag.dag_id] = after
    else:
        del book.references[dag.dag_id]
    old = before if before is not None else References()
    book.unindex(dag.dag_id, old.leaves)
    book.index(dag.dag_id, after.leaves)
    _refer(world, dag.dag_id, old.assets, after.assets)
    world.writes.append(_row(world, dag, after))
    _begin_waiting(world, dag, after)
    partitions.drop_outdated(world, dag)
    watching.sync(world, old.assets | after.assets, watcher_fired)
    world.to_plan[dag] = None


def _read(world: World, dag: DagState, found: References, before: References | None) -> None:
    document = dag.document
    for each in document.assets:
        asset = _ensure(world, each)
        found.assets.add(asset.id)
        if each.watchers:
            found.watchers[asset.id] = each.watchers
    for alias in document.asset_aliases:
        ensure_alias(world, alias)
    condition = condition_of(document)
    found.leaves = () if condition is None else tuple(dict.fromkeys(leaves(condition)))
    found.partitioned = isinstance(document.timetable, PartitionedAssetTimetable)
    known = {} if before is None else before.created_at
    for leaf in found.leaves:
        if isinstance(leaf, AssetKey):
            asset_id = world.assets.assets[leaf.name, leaf.uri].id
            found.created_at[asset_id] = known.get(asset_id, world.now)


def _row(world: World, dag: DagState, found: References) -> AssetReferences:
    book, document = world.assets, dag.document
    condition = condition_of(document) if found.leaves else None
    tasks = () if dag.is_stale else document.tasks
    return AssetReferences(
        dag_id=dag.dag_id,
        expression=None if condition is None else _json.encode(expression(condition)).decode(),
        partitioned=found.partitioned,
        assets=tuple(found.created_at),
        created_at=tuple(found.created_at.values()),
        aliases=tuple(book.aliases[leaf.name].id for leaf in found.leaves if isinstance(leaf, AliasRef)),
        names=tuple(leaf.name for leaf in found.leaves if isinstance(leaf, NameRef)),
        uris=tuple(leaf.uri for leaf in found.leaves if isinstance(leaf, UriRef)),
        inlets=tuple(_task_assets(world, ((task.task_id, task.inlets) for task in tasks))),
        outlets=tuple(_task_assets(world, ((task.task_id, task.outlets) for task in tasks))),
        at=world.now,
    )


def _task_assets(world: World, listed: Iterable[tuple[str, tuple[Leaf, ...]]]) -> Iterable[TaskAsset]:
    for task_id, found in listed:
        for leaf in found:
            if isinstance(leaf, AssetKey):
                asset_id = world.assets.assets[leaf.name, leaf.uri].id
                yield TaskAsset(task_id=task_id, asset_id=asset_id, created_at=world.now)


def _begin_waiting(world: World, dag: DagState, found: References) -> None:
    """A DAG that waits for assets for the first time: without catchup, what happened before is not its business."""
    book = world.assets
    if not found.leaves:
        if book.queue.pop(dag.dag_id, None):
            world.writes.append(AssetQueueEmptied(target_dag_id=dag.dag_id))
    elif dag.dag_id not in book.floors:
        set_floor(world, dag.dag_id, 0 if dag.document.catchup else book.next_event_id - 1)


def recall_references(world: World, dag: DagState, since: dict[tuple[str, int], int]) -> None:
    """At restore: the DAG's references as its document has them; ``since``: (DAG, asset) → when it began to wait."""
    document = dag.document
    if dag.is_stale or not (document.assets or document.asset_aliases or condition_of(document)):
        return
    found = world.assets.references[dag.dag_id] = References()
    _read(world, dag, found, None)
    for asset_id in found.created_at:
        found.created_at[asset_id] = since.get((dag.dag_id, asset_id), world.now)
    world.assets.index(dag.dag_id, found.leaves)
    _refer(world, dag.dag_id, set(), found.assets)


def pausing_changed(world: World, dag: DagState) -> None:
    """The DAG was paused or goes on: watchers run for DAGs that are not paused."""
    found = world.assets.references.get(dag.dag_id)
    if found is not None:
        watching.sync(world, found.assets, watcher_fired)


def set_floor(world: World, dag_id: str, event_id: int) -> None:
    world.assets.floors[dag_id] = event_id
    world.writes.append(EventFloor(dag_id=dag_id, event_id=event_id))


def forget_dag(world: World, dag_id: str) -> None:
    """The DAG is deleted; its rows go with it."""
    book = world.assets
    found = book.references.pop(dag_id, None)
    if found is not None:
        book.unindex(dag_id, found.leaves)
        _refer(world, dag_id, found.assets, set())
        watching.sync(world, found.assets, watcher_fired)
    for memory in (book.queue, book.floors, book.partitions, book.changed):
        memory.pop(dag_id, None)


# ── assets and aliases ───────────────────────────────────────────────────────────────────────────────
def _ensure(world: World, document: AssetDocument) -> AssetState:
    book = world.assets
    asset = book.assets.get((document.name, document.uri))
    if asset is None:
        asset = AssetState(book.next_asset_id, document.name, document.uri, world.now)
        book.next_asset_id += 1
        book.add(asset)
    elif (asset.group, asset.extra) == (document.group, document.extra):
        return asset
    asset.group, asset.extra, asset.updated_at = document.group, document.extra, world.now
    write_asset(world, asset)
    return asset


def ensure_alias(world: World, document: AliasDocument) -> AliasState:
    book = world.assets
    alias = book.aliases.get(document.name)
    if alias is None:
        alias = book.aliases[document.name] = AliasState(book.next_alias_id, document.name, document.group)
        book.next_alias_id += 1
    elif alias.group == document.group:
        return alias
    alias.group = document.group
    world.writes.append(AssetAliasRow(id=alias.id, name=alias.name, group=alias.group))
    return alias


def write_asset(world: World, asset: AssetState) -> None:
    world.writes.append(
        AssetRow(
            id=asset.id,
            name=asset.name,
            uri=asset.uri,
            group=asset.group,
            extra=_json.encode(asset.extra).decode(),
            created_at=asset.created_at,
            updated_at=asset.updated_at,
            is_active=asset.is_active,
        )
    )


def _refer(world: World, dag_id: str, before: set[int], after: set[int]) -> None:
    """The DAG names these assets now, and not those any more."""
    book = world.assets
    for asset_id in sorted(before - after):
        book.by_id[asset_id].referrers.discard(dag_id)
    for asset_id in sorted(before - after):
        _deactivate_unreferenced(world, book.by_id[asset_id])
    for asset_id in sorted(after):
        book.by_id[asset_id].referrers.add(dag_id)
        activate(world, book.by_id[asset_id])


def activate(world: World, asset: AssetState) -> None:
    """Make it active unless another active asset has its name or its URI."""
    book = world.assets
    if asset.is_active or not (asset.referrers or asset.aliases):
        return
    if asset.name in book.active_names or asset.uri in book.active_uris:
        return
    asset.is_active = True
    book.active_names[asset.name] = book.active_uris[asset.uri] = asset
    write_asset(world, asset)
    partitions.look_again(world, asset)


def _deactivate_unreferenced(world: World, asset: AssetState) -> None:
    """Nothing refers to it: it goes, and one that it kept from being active may come."""
    book = world.assets
    if not asset.is_active or asset.referrers or asset.aliases:
        return
    asset.is_active = False
    del book.active_names[asset.name]
    del book.active_uris[asset.uri]
    write_asset(world, asset)
    for other in [other for other in book.by_id.values() if asset.name == other.name or asset.uri == other.uri]:
        activate(world, other)


# ── events ───────────────────────────────────────────────────────────────────────────────────────────
def register(
    world: World,
    asset: AssetState,
    extra: str,
    source: Source = OUTSIDE,
    *,
    aliases: set[str] | None = None,
    partition_key: str | None = None,
    partition_date: int | None = None,
) -> int:
    """Record an event and queue the DAGs that wait for it. ``extra``: JSON object. Returns the event's id."""
    book, names = world.assets, aliases or set()
    event_id = book.next_event_id
    book.next_event_id += 1
    for name in sorted(names):
        _tie(world, asset, name)
    world.writes.append(
        AssetEventRow(
            id=event_id,
            asset_id=asset.id,
            extra=extra,
            timestamp=world.now,
            partition_key=partition_key,
            source_dag_id=source.dag_id,
            source_task_id=source.task_id,
            source_run_id=source.run_id,
            source_map_index=source.map_index,
            alias_ids=tuple(book.aliases[name].id for name in sorted(names)),
        )
    )
    for dag_id in sorted(book.waiting_for(asset, names)):
        dag = world.dags[dag_id]
        if dag.is_paused:
            continue
        if book.references[dag_id].partitioned:
            partitions.count(world, dag, asset, partitions.Counted(event_id, partition_key, partition_date, source))
        elif partition_key is None:
            _queue(world, dag, asset)
    return event_id


def _tie(world: World, asset: AssetState, alias_name: str) -> None:
    """The asset goes by the alias from now on."""
    alias = ensure_alias(world, world_alias(world, alias_name))
    if asset.id not in alias.assets:
        alias.assets.add(asset.id)
        asset.aliases.add(alias_name)
        world.writes.append(AliasAssetRow(alias_id=alias.id, asset_id=asset.id))
    activate(world, asset)


def world_alias(world: World, name: str) -> AliasDocument:
    known = world.assets.aliases.get(name)
    return AliasDocument(name=name, group="asset" if known is None else known.group)


def _queue(world: World, dag: DagState, asset: AssetState) -> None:
    waiting = world.assets.queue.setdefault(dag.dag_id, {})
    if asset.id not in waiting:
        waiting[asset.id] = world.now
        world.writes.append(AssetQueueRow(asset_id=asset.id, target_dag_id=dag.dag_id, created_at=world.now))
    world.to_plan[dag] = None


def watcher_fired(world: World, trigger: Trigger, payload: bytes) -> None:
    """A watcher's trigger has an event: one of each asset that it watches."""
    extra = msgspec.json.encode({"from_trigger": True, "payload": msgspec.Raw(payload)}).decode()
    for asset in watching.assets_of(world, trigger.row.id):
        register(world, asset, extra)


def create_event(world: World, event: CreateAssetEvent) -> int:
    """An event from outside. Returns its id. Raises NotFound."""
    leaf: Leaf | None = None
    if event.name is not None and event.uri is not None:
        leaf = AssetKey(event.name, event.uri)
    elif event.name is not None:
        leaf = NameRef(event.name)
    elif event.uri is not None:
        leaf = UriRef(event.uri)
    asset = None if leaf is None else world.assets.find(leaf)
    if asset is None:
        raise NotFound(f"There is no asset with name {event.name!r} and URI {event.uri!r}.")
    extra = _json.encode(event.extra).decode()
    text = _json.encode({"name": asset.name, "uri": asset.uri}).decode()
    world.writes.append(LogRow(event="create_asset_event", at=world.now, extra=text))
    return register(world, asset, extra, partition_key=event.partition_key)


def task_succeeded(world: World, run: Run, i: int, event: AttemptFinished) -> None:
    """The events of a task that succeeded: one for each outlet, or for each partition it named; and those by alias."""
    if not event.outlets:
        return
    source = Source(run.dag_id, run.plan.task_ids[run.task_of[i]], run.run_id, run.map_indexes[i])
    for leaf in event.outlets:
        if isinstance(leaf, AliasRef):
            continue
        asset = world.assets.find(leaf)
        if asset is None or not asset.is_active:
            world.log_task(run, i, "inactive asset", extra=f"No event is recorded for the inactive outlet {leaf!r}.")
            continue
        _outlet_updated(world, run, asset, event, source)
    _aliases_updated(world, run, event, source)


def _outlet_updated(world: World, run: Run, asset: AssetState, event: AttemptFinished, source: Source) -> None:
    key, date = run.partition_key, run.partition_date
    said = [one for one in event.asset_events if not one.alias and (one.name, one.uri) == (asset.name, asset.uri)]
    if not said:
        register(world, asset, "{}", source, partition_key=key, partition_date=date)
    for one in said:
        own = one.partition_key if one.partition_key is not None else key
        register(world, asset, one.extra, source, partition_key=own, partition_date=date if own == key else None)


def _aliases_updated(world: World, run: Run, event: AttemptFinished, source: Source) -> None:
    """One event for each asset and extra, by all the aliases it was said of; an unknown asset comes into being."""
    outlets = {leaf.name for leaf in event.outlets if isinstance(leaf, AliasRef)}
    said: dict[tuple[str, str, str, str], set[str]] = {}
    for one in event.asset_events:
        if one.alias in outlets:
            said.setdefault((one.name, one.uri, one.asset_extra, one.extra), set()).add(one.alias)
    for (name, uri, asset_extra, extra), aliases in said.items():
        asset = world.assets.assets.get((name, uri))
        if asset is None:
            asset = _ensure(world, AssetDocument(name=name, uri=uri, extra=msgspec.json.decode(asset_extra)))
        register(
            world,
            asset,
            extra,
            source,
            aliases=aliases,
            partition_key=run.partition_key,
            partition_date=run.partition_date,
        )
