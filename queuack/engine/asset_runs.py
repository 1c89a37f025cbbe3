"""Runs that assets bring about: when what a DAG waits for is there, its run is created in the same step.

One run takes all updates since the last: an asset counts once, however often it was updated.
https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/asset-scheduling.html
"""

from __future__ import annotations

from queuack.engine import partitions
from queuack.engine.asset_book import Partition
from queuack.engine.asset_effects import AssetDequeued, AssetQueueEmptied, EventsConsumed
from queuack.engine.assets import condition_of, set_floor
from queuack.engine.catalog import DagState
from queuack.engine.effects import RunRow
from queuack.engine.events import DequeueAssets
from queuack.engine.planning import create_run, random_run_id
from queuack.engine.run import Run
from queuack.engine.states import DagRunState, DagRunType
from queuack.engine.world import World
from queuack.schedule.conditions import AliasRef, is_met


def plan_dag(world: World, dag: DagState) -> None:
    """Create the runs for which all is there, if the DAG is neither paused nor stale."""
    if not dag.is_open:
        return
    for partition in partitions.take_complete(world, dag):
        _create_for_partition(world, dag, partition)
    if world.assets.queue.get(dag.dag_id) and _is_wanted(world, dag):
        _create_for_updates(world, dag)


def _is_wanted(world: World, dag: DagState) -> bool:
    """The condition is met, and ``max_active_runs`` leaves room; else the updates wait for the next run."""
    condition = condition_of(dag.document)
    waiting = world.assets.queue[dag.dag_id].keys()
    if condition is None or dag.is_full:
        return False
    return is_met(condition, lambda leaf: bool(world.assets.ids_of(leaf) & waiting))


def dequeue(world: World, event: DequeueAssets) -> int:
    """Forget updates that wait for a run. The events stay: the next run of the DAG consumes them with its own."""
    queue = world.assets.queue
    gone = 0
    for dag_id in [event.dag_id] if event.dag_id is not None else sorted(queue):
        waiting = queue.get(dag_id, {})
        for asset_id in [event.asset_id] if event.asset_id is not None else sorted(waiting):
            if asset_id not in waiting or (event.before is not None and waiting[asset_id] >= event.before):
                continue
            del waiting[asset_id]
            world.writes.append(AssetDequeued(asset_id=asset_id, target_dag_id=dag_id))
            gone += 1
        if not waiting:
            queue.pop(dag_id, None)
    return gone


def _create_for_updates(world: World, dag: DagState) -> None:
    book = world.assets
    waiting = book.queue.pop(dag.dag_id)
    run = _create(world, dag, max(waiting.values()))
    leaves = book.references[dag.dag_id].leaves
    assets = {asset_id for leaf in leaves if not isinstance(leaf, AliasRef) for asset_id in book.ids_of(leaf)}
    last = book.next_event_id - 1
    world.writes.append(AssetQueueEmptied(target_dag_id=dag.dag_id))
    world.writes.append(
        EventsConsumed(
            run_key=run.key,
            asset_ids=tuple(sorted(assets)),
            alias_ids=tuple(book.aliases[leaf.name].id for leaf in leaves if isinstance(leaf, AliasRef)),
            after_id=book.floors.get(dag.dag_id, 0),
            until_id=last,
        )
    )
    set_floor(world, dag.dag_id, last)


def _create_for_partition(world: World, dag: DagState, partition: Partition) -> None:
    run = _create(world, dag, world.now, partition.key, partitions.date_of(world, dag, partition))
    world.writes.append(EventsConsumed(run_key=run.key, event_ids=tuple(dict.fromkeys(partition.events))))
    partitions.write(world, partition, run.key)


def _create(
    world: World, dag: DagState, run_after: int, partition_key: str | None = None, partition_date: int | None = None
) -> Run:
    row = RunRow(
        id=0,
        dag_id=dag.dag_id,
        run_id=random_run_id(world, dag.dag_id, DagRunType.ASSET_TRIGGERED, run_after),
        run_type=str(DagRunType.ASSET_TRIGGERED),
        state=str(DagRunState.QUEUED),
        logical_date=None,
        data_interval_start=None,
        data_interval_end=None,
        run_after=run_after,
        queued_at=world.now,
        start_date=None,
        end_date=None,
        conf={},
        triggered_by="asset",
        triggering_user_name=None,
        note=None,
        dag_version_id=0,
        clear_number=0,
        updated_at=world.now,
        partition_key=partition_key,
        partition_date=partition_date,
    )
    return create_run(world, dag, row)
