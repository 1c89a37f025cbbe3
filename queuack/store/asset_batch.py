"""The writes about assets of a batch, by table. Decides which of them wins; no SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from queuack.engine import asset_effects as fx
from queuack.engine.effects import Write

TaskStatePlace = tuple[str, str, str, int]
"""dag_id, run_id, task_id, map_index."""


class AssetBatch:
    """Filled with ``add``, then read by ``AssetWriter``."""

    def __init__(self) -> None:
        self.assets: dict[int, fx.AssetRow] = {}
        self.aliases: dict[int, fx.AssetAliasRow] = {}
        self.alias_assets: list[fx.AliasAssetRow] = []
        self.events: list[fx.AssetEventRow] = []
        self.emptied: dict[str, None] = {}
        self.dequeued: dict[tuple[str, int], None] = {}
        self.queued: list[fx.AssetQueueRow] = []
        self.floors: dict[str, int] = {}
        self.consumed: list[fx.EventsConsumed] = []
        self.references: dict[str, fx.AssetReferences] = {}
        self.watchers: dict[int, fx.AssetWatchers] = {}
        self.partitions: dict[int, fx.PartitionRow | None] = {}
        self.partition_keys: dict[int, list[fx.PartitionKeyRow]] = {}
        self.task_states: dict[tuple[TaskStatePlace, str], fx.TaskStateRow | None] = {}
        self.cleared_tasks: set[TaskStatePlace] = set()
        self.expired_at: int | None = None
        self.asset_states: dict[tuple[int, str], fx.AssetStateRow | None] = {}
        self.cleared_assets: set[int] = set()

    def __bool__(self) -> bool:
        return any(value for value in vars(self).values())

    def _emptied(self, write: fx.AssetQueueEmptied) -> None:
        """What was queued in this batch before is taken, too."""
        self.emptied[write.target_dag_id] = None
        self.queued = [row for row in self.queued if row.target_dag_id != write.target_dag_id]

    def _dequeued(self, write: fx.AssetDequeued) -> None:
        place = (write.target_dag_id, write.asset_id)
        self.dequeued[place] = None
        self.queued = [row for row in self.queued if (row.target_dag_id, row.asset_id) != place]

    def _partition_dropped(self, write: fx.PartitionDropped) -> None:
        self.partitions[write.id] = None
        self.partition_keys.pop(write.id, None)

    def _partition_key(self, write: fx.PartitionKeyRow) -> None:
        self.partition_keys.setdefault(write.asset_partition_dag_run_id, []).append(write)

    def _task_state(self, write: fx.TaskStateRow) -> None:
        self.task_states[place_of(write), write.key] = write

    def _task_state_deleted(self, write: fx.TaskStateDeleted) -> None:
        place = place_of(write)
        if write.key is not None:
            self.task_states[place, write.key] = None
            return
        self.cleared_tasks.add(place)
        self.task_states = {key: row for key, row in self.task_states.items() if key[0] != place}

    def _asset_state(self, write: fx.AssetStateRow) -> None:
        self.asset_states[write.asset_id, write.key] = write

    def _asset_state_deleted(self, write: fx.AssetStateDeleted) -> None:
        if write.key is not None:
            self.asset_states[write.asset_id, write.key] = None
            return
        self.cleared_assets.add(write.asset_id)
        self.asset_states = {key: row for key, row in self.asset_states.items() if key[0] != write.asset_id}

    def _expired(self, write: fx.TaskStateExpired) -> None:
        self.expired_at = write.at


def place_of(write: fx.TaskStateRow | fx.TaskStateDeleted) -> TaskStatePlace:
    return (write.dag_id, write.run_id, write.task_id, write.map_index)


HANDLERS: dict[type[Write], Callable[[AssetBatch, Any], None]] = {
    fx.AssetRow: lambda batch, write: batch.assets.__setitem__(write.id, write),
    fx.AssetAliasRow: lambda batch, write: batch.aliases.__setitem__(write.id, write),
    fx.AliasAssetRow: lambda batch, write: batch.alias_assets.append(write),
    fx.AssetEventRow: lambda batch, write: batch.events.append(write),
    fx.AssetQueueEmptied: AssetBatch._emptied,
    fx.AssetDequeued: AssetBatch._dequeued,
    fx.AssetQueueRow: lambda batch, write: batch.queued.append(write),
    fx.EventFloor: lambda batch, write: batch.floors.__setitem__(write.dag_id, write.event_id),
    fx.EventsConsumed: lambda batch, write: batch.consumed.append(write),
    fx.AssetReferences: lambda batch, write: batch.references.__setitem__(write.dag_id, write),
    fx.AssetWatchers: lambda batch, write: batch.watchers.__setitem__(write.asset_id, write),
    fx.PartitionRow: lambda batch, write: batch.partitions.__setitem__(write.id, write),
    fx.PartitionDropped: AssetBatch._partition_dropped,
    fx.PartitionKeyRow: AssetBatch._partition_key,
    fx.TaskStateRow: AssetBatch._task_state,
    fx.TaskStateDeleted: AssetBatch._task_state_deleted,
    fx.TaskStateExpired: AssetBatch._expired,
    fx.AssetStateRow: AssetBatch._asset_state,
    fx.AssetStateDeleted: AssetBatch._asset_state_deleted,
}
