"""Bodies about DAG runs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Discriminator, Field, NonNegativeInt, Tag, model_validator

from queuack.api.models.common import Answer, Body, DagVersionResponse, GivenInstant, Instant, version_of
from queuack.api.models.instances import TaskInstanceResponse

LONGEST_NOTE = 1000


class DagRunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"


class DagRunMutableStates(StrEnum):
    """Into which a run can be put by hand, and in which it can be deleted."""

    QUEUED = "queued"
    SUCCESS = "success"
    FAILED = "failed"


class DAGRunResponse(Answer):
    dag_run_id: str
    dag_id: str
    logical_date: Instant | None
    queued_at: Instant | None
    start_date: Instant | None
    end_date: Instant | None
    duration: float | None
    data_interval_start: Instant | None
    data_interval_end: Instant | None
    run_after: Instant
    last_scheduling_decision: Instant | None
    run_type: str
    state: str
    triggered_by: str | None
    triggering_user_name: str | None
    conf: dict[str, Any] | None
    note: str | None
    dag_versions: list[DagVersionResponse]
    bundle_version: str | None
    dag_display_name: str
    partition_key: str | None
    partition_date: Instant | None


class DAGRunCollectionResponse(Answer):
    dag_runs: list[DAGRunResponse]
    total_entries: int | None = None
    total_entries_limit: int | None = None
    next_cursor: str | None = None
    previous_cursor: str | None = None


class TriggerDAGRunPostBody(Body):
    """What a new run is to be. ``logical_date`` must be said, be it null: the run has none then."""

    dag_run_id: str | None = None
    data_interval_start: GivenInstant | None = None
    data_interval_end: GivenInstant | None = None
    logical_date: GivenInstant | None
    run_after: Instant | None = None
    conf: dict[str, Any] | None = Field(default_factory=dict)
    note: str | None = None
    partition_key: str | None = None

    @model_validator(mode="after")
    def _whole_interval(self) -> TriggerDAGRunPostBody:
        if (self.data_interval_start is None) != (self.data_interval_end is None):
            raise ValueError("data_interval_start and data_interval_end go together: give both or none")
        return self


class DAGRunPatchBody(Body):
    state: DagRunMutableStates | None = None
    note: str | None = Field(default=None, max_length=LONGEST_NOTE)


class BulkDAGRunBody(Body):
    dag_run_id: str
    dag_id: str | None = None
    state: DagRunMutableStates | None = None
    note: str | None = Field(default=None, max_length=LONGEST_NOTE)


class DAGRunsBatchBody(Body):
    """Filters of a list that are too long for a query string."""

    order_by: str | None = None
    page_offset: NonNegativeInt = 0
    page_limit: NonNegativeInt = 100
    dag_ids: list[str] | None = None
    states: list[DagRunState | None] | None = None
    run_after_gte: GivenInstant | None = None
    run_after_gt: GivenInstant | None = None
    run_after_lte: GivenInstant | None = None
    run_after_lt: GivenInstant | None = None
    logical_date_gte: GivenInstant | None = None
    logical_date_gt: GivenInstant | None = None
    logical_date_lte: GivenInstant | None = None
    logical_date_lt: GivenInstant | None = None
    start_date_gte: GivenInstant | None = None
    start_date_gt: GivenInstant | None = None
    start_date_lte: GivenInstant | None = None
    start_date_lt: GivenInstant | None = None
    end_date_gte: GivenInstant | None = None
    end_date_gt: GivenInstant | None = None
    end_date_lte: GivenInstant | None = None
    end_date_lt: GivenInstant | None = None
    duration_gte: float | None = None
    duration_gt: float | None = None
    duration_lte: float | None = None
    duration_lt: float | None = None
    conf_contains: str | None = None


class DAGRunClearBody(Body):
    dry_run: bool = True
    only_failed: bool = False
    only_new: bool = False
    run_on_latest_version: bool | None = None
    note: str | None = Field(default=None, max_length=LONGEST_NOTE)

    @model_validator(mode="after")
    def _one_only(self) -> DAGRunClearBody:
        if self.only_new and self.only_failed:
            raise ValueError("only_new and only_failed are mutually exclusive")
        return self


class _Partitions(Body):
    partition_key: str | None = None
    partition_date_start: datetime | None = None
    partition_date_end: datetime | None = None

    @property
    def selects_partitions(self) -> bool:
        return self.partition_key is not None or self._by_date

    @property
    def _by_date(self) -> bool:
        return self.partition_date_start is not None or self.partition_date_end is not None

    def _check_selection(self, other: str, *, is_given: bool) -> None:
        if is_given + (self.partition_key is not None) + self._by_date != 1:
            raise ValueError(f"Give exactly one of {other}, partition_key and partition_date_start/partition_date_end")
        start, end = self.partition_date_start, self.partition_date_end
        if start is not None and end is not None and start > end:
            raise ValueError("partition_date_start is after partition_date_end")


class BulkDAGRunClearBody(DAGRunClearBody, _Partitions):
    dag_runs: list[BulkDAGRunBody] = []

    @model_validator(mode="after")
    def _one_selection(self) -> BulkDAGRunClearBody:
        self._check_selection("dag_runs (not empty)", is_given=bool(self.dag_runs))
        return self


class ClearPartitionsBody(_Partitions):
    run_id: str | None = None
    clear_task_instances: bool = False
    dry_run: bool = True

    @model_validator(mode="after")
    def _one_selection(self) -> ClearPartitionsBody:
        self._check_selection("run_id", is_given=self.run_id is not None)
        return self


class ClearPartitionsResponse(Answer):
    dag_runs_cleared: int
    task_instances_cleared: int
    dry_run: bool


class NewTaskResponse(Answer):
    """A task that the run does not have yet."""

    task_id: str
    task_display_name: str


def _kind_of(value: Any) -> str:
    return "full" if (value.get("id") if isinstance(value, dict) else hasattr(value, "id")) else "new"


class ClearTaskInstanceCollectionResponse(Answer):
    task_instances: list[
        Annotated[
            Annotated[TaskInstanceResponse, Tag("full")] | Annotated[NewTaskResponse, Tag("new")],
            Discriminator(_kind_of),
        ]
    ]
    total_entries: int


class DagRunAssetReference(Answer):
    run_id: str
    dag_id: str
    logical_date: Instant | None
    start_date: Instant
    end_date: Instant | None
    state: str
    data_interval_start: Instant | None
    data_interval_end: Instant | None
    partition_key: str | None
    triggering: bool


class AssetEventResponse(Answer):
    id: int
    asset_id: int
    uri: str | None = None
    name: str | None = None
    group: str | None = None
    extra: dict[str, Any] | None = None
    source_task_id: str | None = None
    source_dag_id: str | None = None
    source_run_id: str | None = None
    source_map_index: int
    created_dagruns: list[DagRunAssetReference]
    timestamp: Instant
    partition_key: str | None = None


class AssetEventCollectionResponse(Answer):
    asset_events: list[AssetEventResponse]
    total_entries: int


def run_of(row: dict[str, Any]) -> dict[str, Any]:
    """A run as the list ``dag_runs`` gives it, in Airflow's names."""
    version = version_of(row)
    return {
        **row,
        "dag_run_id": row["run_id"],
        "last_scheduling_decision": row["updated_at"],
        "dag_versions": [] if version is None else [version],
        "bundle_version": None,
    }
