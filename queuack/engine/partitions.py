"""Partitions: which keys an event counts for, and when a partition of a DAG has all it waits for.

A partition that waits remembers the mappers it was begun under; it is dropped when they change.
Airflow page: authoring-and-scheduling/assets, "Asset partitioning".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from queuack.engine.asset_book import AssetState, Partition
from queuack.engine.asset_effects import PartitionDropped, PartitionKeyRow, PartitionRow
from queuack.engine.effects import LogRow
from queuack.engine.instants import to_us
from queuack.schedule.conditions import AssetKey, is_met
from queuack.schedule.partition_mappers import RollupMapper
from queuack.schedule.timetables import PartitionedAssetTimetable

if TYPE_CHECKING:
    from queuack.engine.assets import Source
    from queuack.engine.catalog import DagState
    from queuack.engine.world import World

_json = msgspec.json.Encoder(order="deterministic")


class Counted(NamedTuple):
    """An event that may count for partitions."""

    event_id: int
    key: str | None
    date: int | None
    """``partition_date`` of the producing run, when the key is that run's."""
    source: Source


def timetable_of(dag: DagState) -> PartitionedAssetTimetable:
    timetable = dag.document.timetable
    assert isinstance(timetable, PartitionedAssetTimetable)  # its References say so
    return timetable


def fingerprint(dag: DagState) -> str:
    return _json.encode(timetable_of(dag).fingerprint).decode()


# ── events come in ───────────────────────────────────────────────────────────────────────────────────
def count(world: World, dag: DagState, asset: AssetState, event: Counted) -> None:
    """Let an event count for the DAG's partitions; one that cannot is noted in the audit log."""
    if not event.key:
        _note(world, event, "missing partition key", f"DAG {dag.dag_id!r} listens to partitions of {asset.name!r}.")
        return
    mapper = timetable_of(dag).mapper(AssetKey(asset.name, asset.uri))
    try:
        targets = mapper.downstream(event.key)
    except (ValueError, TypeError, IndexError, KeyError, OverflowError) as error:
        text = f"{event.key!r} of asset {asset.name!r} for DAG {dag.dag_id!r}: {type(error).__name__}: {error}"
        _note(world, event, "failed to map partition_key", text)
        return
    limit = mapper.max_downstream_keys or world.settings.partition_mapper_max_downstream_keys
    if len(targets) > limit:
        text = f"{event.key!r} of asset {asset.name!r} is {len(targets)} partitions of DAG {dag.dag_id!r} (> {limit})."
        _note(world, event, "partition fan-out exceeded", text)
        return
    date = event.date if mapper.carries_date else None
    for target in targets:
        _count_for(world, dag, asset, event, target, date)
    world.to_plan[dag] = None


def _count_for(world: World, dag: DagState, asset: AssetState, event: Counted, target: str, date: int | None) -> None:
    book, key = world.assets, event.key
    assert key is not None  # checked in count()
    waiting = book.partitions.setdefault(dag.dag_id, {})
    partition = waiting.get(target)
    if partition is None:
        partition = Partition(book.next_partition_id, dag.dag_id, target, date, fingerprint(dag), world.now)
        book.next_partition_id += 1
        waiting[target] = partition
        write(world, partition)
    elif date is not None and partition.date != date:
        # Two producers that disagree: no date is better than one that depends on who came first.
        partition.date = date if partition.date is None else None
        write(world, partition)
    partition.keys.setdefault(asset.id, set()).add(key)
    partition.events.append(event.event_id)
    world.writes.append(
        PartitionKeyRow(
            id=book.next_key_id,
            asset_id=asset.id,
            asset_event_id=event.event_id,
            asset_partition_dag_run_id=partition.id,
            source_partition_key=key,
            target_dag_id=dag.dag_id,
            target_partition_key=target,
            created_at=world.now,
        )
    )
    book.next_key_id += 1
    book.changed.setdefault(dag.dag_id, {})[target] = None


def write(world: World, partition: Partition, run_key: int | None = None) -> None:
    """``run_key``: it has its run."""
    world.writes.append(
        PartitionRow(
            id=partition.id,
            target_dag_id=partition.dag_id,
            partition_key=partition.key,
            partition_date=partition.date,
            fingerprint=partition.fingerprint,
            created_at=partition.created_at,
            updated_at=world.now,
            created_dag_run_id=run_key,
        )
    )


def _note(world: World, event: Counted, name: str, text: str) -> None:
    source = event.source
    world.writes.append(
        LogRow(
            event=name,
            at=world.now,
            dag_id=source.dag_id,
            run_id=source.run_id,
            task_id=source.task_id,
            map_index=source.map_index,
            extra=text,
        )
    )


# ── what waits ───────────────────────────────────────────────────────────────────────────────────────
def drop_outdated(world: World, dag: DagState) -> None:
    """The DAG's schedule may have changed: partitions begun under other mappers are void, the others looked at anew."""
    book = world.assets
    waiting = book.partitions.get(dag.dag_id)
    if not waiting or dag.is_stale:
        return
    found = book.references.get(dag.dag_id)
    now = fingerprint(dag) if found is not None and found.partitioned else None
    for key, partition in list(waiting.items()):
        if partition.fingerprint != now:
            del waiting[key]
            world.writes.append(PartitionDropped(id=partition.id))
    book.changed[dag.dag_id] = dict.fromkeys(waiting)


def look_again(world: World, asset: AssetState) -> None:
    """The asset is active again: partitions that wait for it may be complete."""
    book = world.assets
    for dag_id, waiting in book.partitions.items():
        found = [key for key, partition in waiting.items() if asset.id in partition.keys]
        if found:
            book.changed.setdefault(dag_id, {}).update(dict.fromkeys(found))
            world.to_plan[world.dags[dag_id]] = None


def take_complete(world: World, dag: DagState) -> list[Partition]:
    """The partitions that have all they wait for, oldest first; they wait no more."""
    book = world.assets
    changed = book.changed.pop(dag.dag_id, None)
    waiting = book.partitions.get(dag.dag_id)
    if not changed or not waiting:
        return []
    found = [waiting[key] for key in changed if key in waiting and _is_complete(world, dag, waiting[key])]
    for partition in found:
        del waiting[partition.key]
    return sorted(found, key=lambda partition: partition.id)


def _is_complete(world: World, dag: DagState, partition: Partition) -> bool:
    updated = {asset_id for asset_id in partition.keys if _has_enough(world, dag, partition, asset_id)}
    return is_met(timetable_of(dag).condition, lambda leaf: bool(updated & world.assets.ids_of(leaf)))


def _has_enough(world: World, dag: DagState, partition: Partition, asset_id: int) -> bool:
    """An inactive asset counts for nothing until it is active again."""
    asset = world.assets.by_id[asset_id]
    if not asset.is_active:
        return False
    mapper = timetable_of(dag).mapper(AssetKey(asset.name, asset.uri))
    if not isinstance(mapper, RollupMapper):
        return True
    try:
        return mapper.is_satisfied(partition.key, frozenset(partition.keys[asset_id]))
    except (ValueError, TypeError, OverflowError):  # keys that the mapper cannot read back
        return False


def date_of(world: World, dag: DagState, partition: Partition) -> int | None:
    """What the mappers that know of time read from the key, if they agree; else what the producer's run had."""
    found = set()
    try:
        for asset_id in partition.keys:
            asset = world.assets.by_id[asset_id]
            date = timetable_of(dag).mapper(AssetKey(asset.name, asset.uri)).partition_date(partition.key)
            if date is not None:
                found.add(to_us(date))
    except (ValueError, TypeError, OverflowError):
        return None
    if not found:
        return partition.date
    return found.pop() if len(found) == 1 else None
