"""DAG runs: list, look up, trigger, and what triggered them. What changes them is ``run_changes``'s."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request

from queuack.api.auth.people import BackendOf, Operator, Viewer, audited
from queuack.api.backend import Backend
from queuack.api.models.runs import (
    AssetEventCollectionResponse,
    DAGRunCollectionResponse,
    DAGRunResponse,
    DAGRunsBatchBody,
    TriggerDAGRunPostBody,
    run_of,
)
from queuack.api.query import CursorQuery, Filters, Paging, Where, conditions_of, where
from queuack.errors import DagRunNotFound

router = APIRouter(prefix="/api/v2", tags=["DagRun"])

ANY_DAG = "~"
"""Stands for all DAGs in a path."""

FILTERS = Filters(
    instants=("run_after", "logical_date", "start_date", "end_date", "updated_at"),
    numbers=("duration",),
    lists={"run_type": list[str], "state": list[str]},
    patterns=("run_id", "triggering_user_name", "dag_id", "partition_key"),
    conditions={
        "dag_version": list[int],
        "conf_contains": str,
        "bundle_version": str,
        "consuming_asset_pattern": str,
    },
    columns={"consuming_asset_pattern": "consuming_asset"},
)
BATCH_FILTERS = Filters(
    instants=("run_after", "logical_date", "start_date", "end_date"),
    numbers=("duration",),
    conditions={"conf_contains": str},
    others={"dag_ids": (list[str], "dag_id", "in"), "states": (list[str], "state", "in")},
)
RunFilters = Annotated[Where, Depends(where("RunFilters", FILTERS))]


@router.get("/dags/{dag_id}/dagRuns", response_model=DAGRunCollectionResponse)
async def get_dag_runs(
    dag_id: str,
    backend: BackendOf,
    user: Viewer,
    filters: RunFilters,
    paging: CursorQuery,
    partition_date_gte: date | None = None,
    partition_date_lte: date | None = None,
) -> dict[str, Any]:
    """Runs of one DAG, or of all (``~``). Days of partitions are those of the timetable's time zone, both included."""
    if dag_id != ANY_DAG:
        await backend.call("get_dag", dag_id=dag_id)
        filters = [["dag_id", "eq", dag_id], *filters]
    if partition_date_gte or partition_date_lte:
        first, last = (None if day is None else day.isoformat() for day in (partition_date_gte, partition_date_lte))
        filters = [*filters, *await backend.call("partition_days", dag_id=dag_id, first=first, last=last)]
    page = await backend.call("list_page", name="dag_runs", where=filters, **paging.params("id"))
    return {"dag_runs": [run_of(row) for row in page["rows"]], "total_entries": page["total"], **paging.cursors(page)}


@router.post("/dags/{dag_id}/dagRuns/list", response_model=DAGRunCollectionResponse)
async def get_list_dag_runs_batch(
    dag_id: Literal["~"], body: DAGRunsBatchBody, backend: BackendOf, user: Viewer
) -> dict[str, Any]:
    """The same with the filters in a body, of any DAGs."""
    filters = [
        [column, operation, ["none" if one is None else one for one in value] if operation == "in" else value]
        for column, operation, value in conditions_of(body, BATCH_FILTERS.fields())
    ]
    paging = Paging(limit=body.page_limit, offset=body.page_offset, order_by=[body.order_by] if body.order_by else [])
    page = await backend.call("list_page", name="dag_runs", where=filters, **paging.params("id"))
    return {"dag_runs": [run_of(row) for row in page["rows"]], "total_entries": page["total"]}


@router.get("/dags/{dag_id}/dagRuns/{dag_run_id}", response_model=DAGRunResponse)
async def get_dag_run(dag_id: str, dag_run_id: str, backend: BackendOf, user: Viewer) -> dict[str, Any]:
    """One run."""
    return await one_run(backend, dag_id, dag_run_id)


async def one_run(backend: Backend, dag_id: str, dag_run_id: str) -> dict[str, Any]:
    """A run as ``run_of`` gives it. Raises DagRunNotFound."""
    where = [["dag_id", "eq", dag_id], ["run_id", "eq", dag_run_id]]
    page = await backend.call("list_page", name="dag_runs", where=where, limit=1, count=False)
    if not page["rows"]:
        raise DagRunNotFound(f"The DagRun with dag_id: `{dag_id}` and run_id: `{dag_run_id}` was not found")
    return run_of(page["rows"][0])


@router.post("/dags/{dag_id}/dagRuns", response_model=DAGRunResponse)
async def trigger_dag_run(
    dag_id: str, body: TriggerDAGRunPostBody, backend: BackendOf, user: Operator, request: Request
) -> dict[str, Any]:
    """Make a run."""
    await audited(backend, "trigger_dag_run", user, dag_id=dag_id, run_id=body.dag_run_id)
    row = await backend.call(
        "trigger_run",
        dag_id=dag_id,
        run_id=body.dag_run_id,
        logical_date=body.logical_date.isoformat() if body.logical_date else None,
        data_interval_start=body.data_interval_start.isoformat() if body.data_interval_start else None,
        data_interval_end=body.data_interval_end.isoformat() if body.data_interval_end else None,
        run_after=body.run_after.isoformat() if body.run_after else None,
        conf=body.conf or {},
        note=body.note,
        partition_key=body.partition_key,
        triggered_by="ui" if request.headers.get("referer") else "rest_api",
        user=user.username,
    )
    return await one_run(backend, dag_id, row["run_id"])


@router.get("/dags/{dag_id}/dagRuns/{dag_run_id}/upstreamAssetEvents", response_model=AssetEventCollectionResponse)
async def get_upstream_asset_events(dag_id: str, dag_run_id: str, backend: BackendOf, user: Viewer) -> dict[str, Any]:
    """The asset events that a run consumed."""
    run = await one_run(backend, dag_id, dag_run_id)
    events = await backend.call("consumed_asset_events", dag_id=dag_id, run=run["run_id"])
    return {"asset_events": events, "total_entries": len(events)}
