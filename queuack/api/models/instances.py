"""Bodies about task instances."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from queuack.api.models.common import Answer, DagVersionResponse, Instant, uuid_of, version_of


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
    triggerer_job: dict[str, Any] | None
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
