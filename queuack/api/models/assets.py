"""Bodies about assets."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from queuack.api.models.common import Answer, Body, GivenInstant, Instant
from queuack.api.models.runs import TriggerDAGRunPostBody

LONGEST_KEY = 250


class DagScheduleAssetReference(Body):
    dag_id: str
    created_at: Instant
    updated_at: Instant


class TaskInletAssetReference(Body):
    dag_id: str
    task_id: str
    created_at: Instant
    updated_at: Instant


class TaskOutletAssetReference(Body):
    dag_id: str
    task_id: str
    created_at: Instant
    updated_at: Instant


class LastAssetEventResponse(Answer):
    id: int | None = None
    timestamp: Instant | None = None


class AssetWatcherResponse(Answer):
    name: str
    trigger_id: int
    created_date: Instant


class AssetAliasResponse(Answer):
    id: int
    name: str
    group: str


class AssetAliasCollectionResponse(Answer):
    asset_aliases: list[AssetAliasResponse]
    total_entries: int


class AssetResponse(Answer):
    id: int
    name: str
    uri: str
    group: str
    extra: dict[str, Any] | None = None
    created_at: Instant
    updated_at: Instant
    scheduled_dags: list[DagScheduleAssetReference]
    producing_tasks: list[TaskOutletAssetReference]
    consuming_tasks: list[TaskInletAssetReference]
    aliases: list[AssetAliasResponse]
    watchers: list[AssetWatcherResponse]
    last_asset_event: LastAssetEventResponse | None = None


class AssetCollectionResponse(Answer):
    assets: list[AssetResponse]
    total_entries: int


class QueuedEventResponse(Answer):
    dag_id: str
    asset_id: int
    created_at: Instant
    dag_display_name: str


class QueuedEventCollectionResponse(Answer):
    queued_events: list[QueuedEventResponse]
    total_entries: int


class AssetEventAccessControl(Body):
    """Which teams' DAGs see an event. There are no teams: it is accepted and changes nothing, as in Airflow then."""

    consumer_teams: list[str] | None = None
    allow_global: bool = True


class CreateAssetEventsBody(Body):
    asset_id: int
    partition_key: Annotated[str, StringConstraints(pattern=r"\S", max_length=LONGEST_KEY)] | None = None
    extra: dict[str, Any] = Field(default_factory=dict)
    access_control: AssetEventAccessControl | None = None


class MaterializeAssetBody(TriggerDAGRunPostBody):
    """What the run is to be; all of it may be left out."""

    logical_date: GivenInstant | None = None


def asset_of(row: dict[str, Any]) -> dict[str, Any]:
    """An asset as the service ``asset_page`` gives it; without an event, both its fields are null, as in Airflow."""
    return {**row, "last_asset_event": row["last_asset_event"] or {"id": None, "timestamp": None}}
