"""Writes about assets: rows of Airflow's tables of assets, their events, what waits for them and what consumed them."""

from __future__ import annotations

from queuack.engine.effects import Write


class AssetRow(Write, kw_only=True):
    """Insert or replace (by ``id``) a row of ``asset``, and of ``asset_active`` as ``is_active`` says."""

    id: int
    name: str
    uri: str
    group: str
    extra: str
    """JSON object."""
    created_at: int
    updated_at: int
    is_active: bool


class AssetAliasRow(Write, kw_only=True):
    """Insert or replace a row of ``asset_alias``."""

    id: int
    name: str
    group: str


class AliasAssetRow(Write, kw_only=True):
    """One more row of ``asset_alias_asset``: the asset goes by the alias from now on."""

    alias_id: int
    asset_id: int


class AssetEventRow(Write, kw_only=True):
    """One more row of ``asset_event``, with its rows of ``asset_alias_asset_event``."""

    id: int
    asset_id: int
    extra: str
    """JSON object."""
    timestamp: int
    partition_key: str | None = None
    source_dag_id: str | None = None
    source_task_id: str | None = None
    source_run_id: str | None = None
    source_map_index: int = -1
    alias_ids: tuple[int, ...] = ()


class AssetQueueRow(Write, kw_only=True):
    """One more row of ``asset_dag_run_queue``: the DAG has an update of the asset to run for."""

    asset_id: int
    target_dag_id: str
    created_at: int


class AssetQueueEmptied(Write, kw_only=True):
    """Delete the DAG's rows of ``asset_dag_run_queue``: a run took them, or it waits for assets no more."""

    target_dag_id: str


class AssetDequeued(Write, kw_only=True):
    """Delete one row of ``asset_dag_run_queue``: somebody decided that the DAG need not run for it."""

    asset_id: int
    target_dag_id: str


class EventFloor(Write, kw_only=True):
    """``dag.last_asset_event_id``: the DAG's runs consume events above it."""

    dag_id: str
    event_id: int


class EventsConsumed(Write, kw_only=True):
    """Rows of ``dagrun_asset_event``: a run consumes the events above ``after_id`` up to ``until_id`` of some assets,
    or by some aliases; or those listed."""

    run_key: int
    asset_ids: tuple[int, ...] = ()
    alias_ids: tuple[int, ...] = ()
    after_id: int = 0
    until_id: int = 0
    event_ids: tuple[int, ...] = ()


class TaskAsset(Write, kw_only=True):
    """A task that has an asset as inlet or outlet (part of AssetReferences)."""

    task_id: str
    asset_id: int
    created_at: int


class AssetReferences(Write, kw_only=True):
    """What a DAG refers to, replacing what it did: ``dag_schedule_asset_reference`` and its kin, ``task_inlet_…`` and
    ``task_outlet_asset_reference``, ``dag.asset_expression``."""

    dag_id: str
    expression: str | None
    """JSON; None = it does not wait for assets."""
    partitioned: bool
    created_at: tuple[int, ...]
    """Of the references in ``assets``."""
    assets: tuple[int, ...] = ()
    aliases: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    inlets: tuple[TaskAsset, ...] = ()
    outlets: tuple[TaskAsset, ...] = ()
    at: int


class WatcherRow(Write, kw_only=True):
    """A row of ``asset_watcher`` (part of AssetWatchers)."""

    name: str
    trigger_id: int
    trigger_hash: int


class AssetWatchers(Write, kw_only=True):
    """The watchers of an asset, replacing those it had."""

    asset_id: int
    watchers: tuple[WatcherRow, ...]


class PartitionRow(Write, kw_only=True):
    """Insert or replace (by ``id``) a row of ``asset_partition_dag_run``: a partition that waits, or has its run."""

    id: int
    target_dag_id: str
    partition_key: str
    partition_date: int | None
    fingerprint: str
    """JSON object."""
    created_at: int
    updated_at: int
    created_dag_run_id: int | None = None


class PartitionKeyRow(Write, kw_only=True):
    """One more row of ``partitioned_asset_key_log``: an event that counts for a partition."""

    id: int
    asset_id: int
    asset_event_id: int
    asset_partition_dag_run_id: int
    source_partition_key: str
    target_dag_id: str
    target_partition_key: str
    created_at: int


class PartitionDropped(Write, kw_only=True):
    """Delete a partition that waits, and its keys: what it was begun under has changed."""

    id: int


class TaskStateRow(Write, kw_only=True):
    """Insert or replace a row of ``task_state_store``. Comes from a worker, not from the engine."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    key: str
    value: str
    """JSON."""
    expires_at: int | None
    updated_at: int


class TaskStateDeleted(Write, kw_only=True):
    """``key`` None = all of the task instance."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    key: str | None = None


class TaskStateExpired(Write, kw_only=True):
    """Delete what expired before ``at``."""

    at: int


class AssetStateRow(Write, kw_only=True):
    """Insert or replace a row of ``asset_state_store``. Comes from a worker, not from the engine."""

    asset_id: int
    key: str
    value: str
    """JSON."""
    updated_at: int
    kind: str
    """Who wrote it: task, watcher, api (Airflow's ``last_updated_by_kind``)."""
    dag_id: str | None = None
    run_id: str | None = None
    task_id: str | None = None
    map_index: int | None = None


class AssetStateDeleted(Write, kw_only=True):
    """``key`` None = all of the asset."""

    asset_id: int
    key: str | None = None
