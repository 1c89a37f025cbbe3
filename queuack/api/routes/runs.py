"""DAG runs: list, look up, trigger."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from queuack.api.auth.people import BackendOf, Operator, Viewer, audited
from queuack.api.models.runs import DAGRunCollectionResponse, DAGRunResponse, TriggerDAGRunPostBody, run_of
from queuack.api.query import CursorQuery, Filters, Where, where
from queuack.errors import DagRunNotFound

router = APIRouter(prefix="/api/v2", tags=["DagRun"])

ANY_DAG = "~"
"""Stands for all DAGs in a path."""

FILTERS = Filters(
    instants=("run_after", "logical_date", "start_date", "end_date", "updated_at"),
    numbers=("duration",),
    lists={"run_type": list[str], "state": list[str]},
    patterns=("run_id", "triggering_user_name", "dag_id", "partition_key"),
    conditions={"dag_version": list[int]},
)
RunFilters = Annotated[Where, Depends(where("RunFilters", FILTERS))]


@router.get("/dags/{dag_id}/dagRuns", response_model=DAGRunCollectionResponse)
async def get_dag_runs(
    dag_id: str, backend: BackendOf, user: Viewer, filters: RunFilters, paging: CursorQuery
) -> dict[str, Any]:
    """Runs of one DAG, or of all (``~``)."""
    if dag_id != ANY_DAG:
        await backend.call("get_dag", dag_id=dag_id)
        filters = [["dag_id", "eq", dag_id], *filters]
    page = await backend.call("list_page", name="dag_runs", where=filters, **paging.params("id"))
    return {"dag_runs": [run_of(row) for row in page["rows"]], "total_entries": page["total"], **paging.cursors(page)}


@router.get("/dags/{dag_id}/dagRuns/{dag_run_id}", response_model=DAGRunResponse)
async def get_dag_run(dag_id: str, dag_run_id: str, backend: BackendOf, user: Viewer) -> dict[str, Any]:
    """One run."""
    where = [["dag_id", "eq", dag_id], ["run_id", "eq", dag_run_id]]
    page = await backend.call("list_page", name="dag_runs", where=where, limit=1, count=False)
    if not page["rows"]:
        raise DagRunNotFound(f"The DagRun with dag_id: `{dag_id}` and run_id: `{dag_run_id}` was not found")
    return run_of(page["rows"][0])


@router.post("/dags/{dag_id}/dagRuns", response_model=DAGRunResponse)
async def trigger_dag_run(
    dag_id: str, body: TriggerDAGRunPostBody, backend: BackendOf, user: Operator
) -> dict[str, Any]:
    """Make a run."""
    await audited(backend, "trigger_dag_run", user, dag_id=dag_id, run_id=body.dag_run_id)
    row = await backend.call(
        "trigger_run",
        dag_id=dag_id,
        run_id=body.dag_run_id,
        logical_date=body.logical_date.isoformat() if body.logical_date else None,
        conf=body.conf or {},
        note=body.note,
        partition_key=body.partition_key,
        triggered_by="rest_api",
        user=user.username,
    )
    return await get_dag_run(dag_id, row["run_id"], backend, user)
