"""Bodies about task instances."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import NonNegativeInt, StringConstraints, field_validator, model_validator

from queuack.api.models.common import Answer, Body, DagVersionResponse, GivenInstant, Instant, uuid_of, version_of
from queuack.api.models.records import JobResponse

BY_HAND = ("success", "failed", "skipped")
"""States into which people can put a task instance."""


class TaskInstanceState(StrEnum):
    REMOVED = "removed"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    RESTARTING = "restarting"
    FAILED = "failed"
    UP_FOR_RETRY = "up_for_retry"
    UP_FOR_RESCHEDULE = "up_for_reschedule"
    UPSTREAM_FAILED = "upstream_failed"
    SKIPPED = "skipped"
    DEFERRED = "deferred"
    AWAITING_INPUT = "awaiting_input"


class TriggerResponse(Answer):
    id: int
    classpath: str
    kwargs: str
    created_date: Instant
    queue: str | None
    triggerer_id: int | None


class TaskInstanceResponse(Answer):
    id: UUID
    task_id: str
    dag_id: str
    dag_run_id: str
    map_index: int
    logical_date: Instant | None
    run_after: Instant
    start_date: Instant | None
    end_date: Instant | None
    duration: float | None
    state: str | None
    try_number: int
    max_tries: int
    task_display_name: str
    dag_display_name: str
    hostname: str | None
    unixname: str | None
    pool: str
    pool_slots: int
    queue: str | None
    priority_weight: int | None
    operator: str | None
    operator_name: str | None
    queued_when: Instant | None
    scheduled_when: Instant | None
    pid: int | None
    executor: str | None
    executor_config: str
    note: str | None
    rendered_map_index: str | None
    rendered_fields: dict[str, Any] = {}
    trigger: TriggerResponse | None
    triggerer_job: JobResponse | None
    dag_version: DagVersionResponse | None


class TaskInstanceCollectionResponse(Answer):
    task_instances: list[TaskInstanceResponse]
    total_entries: int | None = None
    total_entries_limit: int | None = None
    next_cursor: str | None = None
    previous_cursor: str | None = None


def instance_of(row: dict[str, Any]) -> dict[str, Any]:
    """A task instance as the list ``task_instances`` gives it, in Airflow's names. Arguments of triggers stay here."""
    return {
        **row,
        "id": uuid_of(row["id"]),
        "dag_run_id": row["run_id"],
        "task_display_name": row["task_id"],
        "queued_when": row["queued_dttm"],
        "scheduled_when": row["scheduled_dttm"],
        "executor": None,
        "executor_config": "{}",
        "trigger": _trigger(row),
        "triggerer_job": None,
        "dag_version": version_of(row),
    }


def _trigger(row: dict[str, Any]) -> dict[str, Any] | None:
    if row["trigger_id"] is None:
        return None
    return {
        "id": row["trigger_id"],
        "classpath": row["trigger_classpath"],
        "kwargs": "{}",
        "created_date": row["trigger_created_date"],
        "queue": None,
        "triggerer_id": None,
    }


# ── tries, dependencies, links ───────────────────────────────────────────────────────────────────────
class TaskInstanceHistoryResponse(Answer):
    task_id: str
    dag_id: str
    dag_run_id: str
    map_index: int
    start_date: Instant | None
    end_date: Instant | None
    duration: float | None
    state: str | None
    try_number: int
    max_tries: int
    task_display_name: str
    dag_display_name: str
    hostname: str | None
    unixname: str | None
    pool: str
    pool_slots: int
    queue: str | None
    priority_weight: int | None
    operator: str | None
    operator_name: str | None
    queued_when: Instant | None
    scheduled_when: Instant | None
    pid: int | None
    executor: str | None
    executor_config: str
    dag_version: DagVersionResponse | None


class TaskInstanceHistoryCollectionResponse(Answer):
    task_instances: list[TaskInstanceHistoryResponse]
    total_entries: int


class TaskDependencyResponse(Answer):
    name: str
    reason: str


class TaskDependencyCollectionResponse(Answer):
    dependencies: list[TaskDependencyResponse]


class ExtraLinkCollectionResponse(Answer):
    extra_links: dict[str, str | None]
    total_entries: int


# ── what is asked ────────────────────────────────────────────────────────────────────────────────────
class TaskInstancesBatchBody(Body):
    """Filters of a list that are too long for a query string. A state of null: none yet."""

    dag_ids: list[str] | None = None
    dag_run_ids: list[str] | None = None
    task_ids: list[str] | None = None
    state: list[TaskInstanceState | None] | None = None
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
    pool: list[str] | None = None
    queue: list[str] | None = None
    executor: list[str] | None = None
    page_offset: NonNegativeInt = 0
    page_limit: NonNegativeInt = 100
    order_by: str | None = None


class ClearTaskInstancesBody(Body):
    """What is to run again; ``task_ids`` are tasks, or a task and one map index."""

    dry_run: bool = True
    start_date: GivenInstant | None = None
    end_date: GivenInstant | None = None
    only_failed: bool = True
    only_running: bool = False
    reset_dag_runs: bool = True
    task_ids: list[str | tuple[str, int]] | None = None
    dag_run_id: str | None = None
    include_upstream: bool = False
    include_downstream: bool = False
    include_future: bool = False
    include_past: bool = False
    run_on_latest_version: bool | None = None
    prevent_running_task: bool = False
    note: Annotated[str, StringConstraints(max_length=1000)] | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> ClearTaskInstancesBody:
        if self.only_failed and self.only_running and {"only_failed", "only_running"} <= self.model_fields_set:
            raise ValueError("only_failed and only_running go not together")
        if self.start_date and self.end_date and self.start_date > self.end_date:
            raise ValueError("end_date is before start_date")
        if self.dag_run_id and (self.start_date or self.end_date):
            raise ValueError("Give dag_run_id, or start_date and end_date, not both")
        if self.task_ids is not None and not self.task_ids:
            raise ValueError("task_ids needs at least one entry")
        return self


class PatchTaskInstanceBody(Body):
    """A new state (success, failed, skipped), a note, and who else gets the state."""

    new_state: TaskInstanceState | None = None
    note: Annotated[str, StringConstraints(max_length=1000)] | None = None
    include_upstream: bool = False
    include_downstream: bool = False
    include_future: bool = False
    include_past: bool = False

    @field_validator("new_state", mode="before")
    @classmethod
    def _by_hand(cls, said: Any) -> str:
        if not isinstance(said, str) or said.lower() not in BY_HAND:
            raise ValueError(f"{said!r} is not one of {', '.join(BY_HAND)}")
        return said.lower()


class BulkTaskInstanceBody(PatchTaskInstanceBody):
    task_id: str
    map_index: int | None = None
    dag_id: str | None = None
    dag_run_id: str | None = None


def try_of(row: dict[str, Any]) -> dict[str, Any]:
    """A try as the service ``task_tries`` gives it, in Airflow's names."""
    return {
        **row,
        "dag_run_id": row["run_id"],
        "task_display_name": row["task_id"],
        "queued_when": row["queued_dttm"],
        "scheduled_when": row["scheduled_dttm"],
        "executor": None,
        "executor_config": "{}",
        "dag_version": version_of(row),
    }
