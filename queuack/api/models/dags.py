"""Bodies about DAGs, their versions, tags, sources and counts of runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from pydantic import Field

from queuack.api.models.common import Answer, Body, DagVersionResponse, Instant, uuid_of

APERIODIC = frozenset(
    {
        "NullTimetable",
        "OnceTimetable",
        "ContinuousTimetable",
        "AssetTriggeredTimetable",
        "PartitionedAssetTimetable",
        "PartitionedAtRuntime",
    }
)
"""Timetables whose runs do not follow the clock, so that there is nothing to backfill."""


class DagTagResponse(Answer):
    name: str
    dag_id: str
    dag_display_name: str


class DAGResponse(Answer):
    dag_id: str
    dag_display_name: str
    is_paused: bool
    is_stale: bool
    last_parsed_time: Instant | None
    last_parse_duration: float | None
    last_expired: Instant | None
    bundle_name: str | None
    bundle_version: str | None
    relative_fileloc: str | None
    fileloc: str
    description: str | None
    timetable_summary: str | None
    timetable_description: str | None
    timetable_partitioned: bool
    timetable_periodic: bool
    tags: list[DagTagResponse]
    max_active_tasks: int
    max_active_runs: int | None
    max_consecutive_failed_dag_runs: int
    has_task_concurrency_limits: bool
    has_import_errors: bool
    next_dagrun_logical_date: Instant | None
    next_dagrun_data_interval_start: Instant | None
    next_dagrun_data_interval_end: Instant | None
    next_dagrun_run_after: Instant | None
    allowed_run_types: list[str] | None
    owners: list[str]
    is_backfillable: bool
    file_token: str


class DAGCollectionResponse(Answer):
    dags: list[DAGResponse]
    total_entries: int


class DAGDetailsResponse(DAGResponse):
    catchup: bool
    dag_run_timeout: timedelta | None
    asset_expression: dict[str, Any] | None
    doc_md: str | None
    start_date: datetime | None
    end_date: datetime | None
    is_paused_upon_creation: bool | None
    params: dict[str, Any] | None
    render_template_as_native_obj: bool
    template_search_path: list[str] | None
    timezone: str | None
    last_parsed: Instant | None
    default_args: dict[str, Any] | None
    rerun_with_latest_version: bool | None = None
    owner_links: dict[str, str] | None = None
    is_favorite: bool = False
    active_runs_count: int = 0
    latest_dag_version: DagVersionResponse | None
    concurrency: int = Field(description="The old name of max_active_tasks.", json_schema_extra={"deprecated": True})


class DAGPatchBody(Body):
    is_paused: bool


class DAGSourceResponse(Answer):
    content: str | None
    dag_id: str
    version_number: int | None
    dag_display_name: str


class DagStatsStateResponse(Answer):
    state: str
    count: int


class DagStatsResponse(Answer):
    dag_id: str
    dag_display_name: str
    stats: list[DagStatsStateResponse]


class DagStatsCollectionResponse(Answer):
    dags: list[DagStatsResponse]
    total_entries: int


class DAGTagCollectionResponse(Answer):
    tags: list[str]
    total_entries: int


class DAGVersionCollectionResponse(Answer):
    dag_versions: list[DagVersionResponse]
    total_entries: int


class DAGWarningResponse(Answer):
    dag_id: str
    warning_type: str
    message: str
    timestamp: Instant
    dag_display_name: str


class DAGWarningCollectionResponse(Answer):
    dag_warnings: list[DAGWarningResponse]
    total_entries: int


FileToken = Callable[[str | None, str | None], str]


def dag_of(row: dict[str, Any], file_token: FileToken) -> dict[str, Any]:
    """A DAG as the list ``dags`` gives it, in Airflow's names."""
    shown = {"dag_id": row["dag_id"], "dag_display_name": row["dag_display_name"]}
    periodic = row["timetable_type"] not in APERIODIC
    return {
        **row,
        "fileloc": row["fileloc"] or "",
        "last_parse_duration": None,
        "last_expired": None,
        "bundle_version": None,
        "timetable_summary": None if row["timetable_summary"] == "None" else row["timetable_summary"],
        "timetable_periodic": periodic,
        "tags": [{"name": name, **shown} for name in row["tags"]],
        "next_dagrun_logical_date": row["next_dagrun"],
        "next_dagrun_run_after": row["next_dagrun_create_after"],
        "allowed_run_types": None,
        "owners": [owner.strip() for owner in (row["owners"] or "").split(",") if owner.strip()],
        "is_backfillable": periodic,
        "file_token": file_token(row["bundle_name"], row["relative_fileloc"]),
    }


def details_of(row: dict[str, Any], more: dict[str, Any], file_token: FileToken) -> dict[str, Any]:
    """``row`` as for ``dag_of``; ``more``: what the service ``dag_details`` knows."""
    expression = msgspec.json.decode(row["asset_expression"]) if row["asset_expression"] else None
    doc = more["doc_md"]
    version = more["latest_version"]
    return {
        **dag_of(row, file_token),
        **{name: more[name] for name in ("catchup", "start_date", "end_date", "is_paused_upon_creation", "params")},
        **{name: more[name] for name in ("render_template_as_native_obj", "timezone", "default_args", "owner_links")},
        **{name: more[name] for name in ("is_favorite", "active_runs_count")},
        "dag_run_timeout": None if more["dag_run_timeout"] is None else timedelta(seconds=more["dag_run_timeout"]),
        "asset_expression": expression or None,
        "doc_md": None if doc is None else inspect.cleandoc(doc),
        "template_search_path": None,
        "concurrency": row["max_active_tasks"],
        "last_parsed": row["last_parsed_time"],
        "latest_dag_version": None if version is None else version_response(version),
    }


def version_response(row: dict[str, Any]) -> dict[str, Any]:
    """A version as the list ``dag_versions`` gives it."""
    return {**row, "id": uuid_of(row["id"]), "bundle_version": None, "bundle_url": None}
