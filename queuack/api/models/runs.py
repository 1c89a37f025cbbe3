"""Bodies about DAG runs."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from queuack.api.models.common import Answer, Body, DagVersionResponse, GivenInstant, Instant, version_of


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
    """What a new run is to be. Without ``logical_date`` it has none, as in Airflow."""

    dag_run_id: str | None = None
    logical_date: GivenInstant | None = None
    run_after: GivenInstant | None = None
    data_interval_start: GivenInstant | None = None
    data_interval_end: GivenInstant | None = None
    conf: dict[str, Any] | None = Field(default_factory=dict)
    note: str | None = None
    partition_key: str | None = None


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
