"""Task instances: list and look up."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from queuack.api.auth.people import BackendOf, Viewer
from queuack.api.models.instances import TaskInstanceCollectionResponse, instance_of
from queuack.api.query import CursorQuery, Filters, Where, where
from queuack.api.routes.runs import ANY_DAG

router = APIRouter(prefix="/api/v2", tags=["Task Instance"])

FILTERS = Filters(
    instants=("run_after", "start_date", "end_date", "updated_at"),
    numbers=("duration",),
    lists={
        "state": list[str],
        "pool": list[str],
        "queue": list[str],
        "try_number": list[int],
        "operator": list[str],
        "map_index": list[int],
    },
    equals={"task_id": str},
    patterns=("task_display_name", "dag_id", "run_id", "task_group_id", "pool_name", "queue_name", "operator_name"),
    conditions={"version_number": list[int]},
    columns={"pool_name": "pool", "queue_name": "queue", "task_group_id": "task_id"},
)
InstanceFilters = Annotated[Where, Depends(where("InstanceFilters", FILTERS))]


@router.get("/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances", response_model=TaskInstanceCollectionResponse)
async def get_task_instances(
    dag_id: str, dag_run_id: str, backend: BackendOf, user: Viewer, filters: InstanceFilters, paging: CursorQuery
) -> dict[str, Any]:
    """Task instances of a run, or of all runs (``~``), of a DAG or of all (``~``)."""
    if dag_id != ANY_DAG:
        filters = [["dag_id", "eq", dag_id], *filters]
    if dag_run_id != ANY_DAG:
        run = await backend.call("get_run", dag_id=dag_id, run=dag_run_id)
        filters = [["run_key", "", run["id"]], *filters]
    page = await backend.call("list_page", name="task_instances", where=filters, **paging.params("id"))
    return {
        "task_instances": [instance_of(row) for row in page["rows"]],
        "total_entries": page["total"],
        **paging.cursors(page),
    }
