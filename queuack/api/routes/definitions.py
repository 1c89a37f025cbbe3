"""What DAG files define besides DAGs: tasks, versions, tags, sources; what is wrong with them; parsing them again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse

from queuack.api.auth.people import BackendOf, Operator, Viewer, audited
from queuack.api.errors import Refusal
from queuack.api.file_tokens import FileTokens
from queuack.api.models.common import DagVersionResponse
from queuack.api.models.dags import (
    DAGSourceResponse,
    DagStatsCollectionResponse,
    DAGTagCollectionResponse,
    DAGVersionCollectionResponse,
    DAGWarningCollectionResponse,
    version_response,
)
from queuack.api.models.records import ImportErrorCollectionResponse, ImportErrorResponse, import_error_of
from queuack.api.models.tasks import TaskCollectionResponse, TaskResponse, task_of
from queuack.api.negotiation import TEXT_TOO, Accepted
from queuack.api.query import Filters, PagingQuery, Where, where
from queuack.api.routes.runs import ANY_DAG
from queuack.errors import NotFound, TaskNotFound

router = APIRouter(prefix="/api/v2")

RUN_STATES = ("queued", "running", "success", "failed")

VersionFilters = Annotated[
    Where,
    Depends(
        where(
            "VersionFilters",
            Filters(equals={"version_number": int, "bundle_name": str}, conditions={"bundle_version": str}),
        )
    ),
]
TagFilters = Annotated[
    Where, Depends(where("TagFilters", Filters(patterns=("tag_name",), columns={"tag_name": "name"})))
]
WarningFilters = Annotated[
    Where, Depends(where("WarningFilters", Filters(equals={"dag_id": str, "warning_type": str})))
]
ErrorFilters = Annotated[
    Where,
    Depends(where("ErrorFilters", Filters(equals={"filename": str, "bundle_name": str}, patterns=("filename",)))),
]

SORTABLE = frozenset(TaskResponse.model_fields) - {
    "template_fields",
    "downstream_task_ids",
    "doc_md",
    "params",
    "class_ref",
    "is_mapped",
    "extra_links",
}


@router.get("/dags/{dag_id}/tasks", response_model=TaskCollectionResponse, tags=["Task"])
async def get_tasks(dag_id: str, backend: BackendOf, user: Viewer, order_by: str = "task_id") -> dict[str, Any]:
    """The tasks of a DAG's newest version; ``params`` are the DAG's."""
    name = order_by.lstrip("-")
    if name not in SORTABLE:
        raise Refusal(400, f"Tasks cannot be sorted by {name!r}; by these: {', '.join(sorted(SORTABLE))}.")
    rows = await backend.call("defined_tasks", dag_id=dag_id)
    rows.sort(key=lambda row: (row[name] is None, row[name]), reverse=order_by.startswith("-"))
    return {"tasks": [task_of(row) for row in rows], "total_entries": len(rows)}


@router.get("/dags/{dag_id}/tasks/{task_id}", response_model=TaskResponse, tags=["Task"])
async def get_task(dag_id: str, task_id: str, backend: BackendOf, user: Viewer) -> dict[str, Any]:
    """One task."""
    for row in await backend.call("defined_tasks", dag_id=dag_id):
        if row["task_id"] == task_id:
            return task_of(row)
    raise TaskNotFound(f"Task with id {task_id} was not found")


@router.get("/dags/{dag_id}/dagVersions", response_model=DAGVersionCollectionResponse, tags=["DagVersion"])
async def get_dag_versions(
    dag_id: str, backend: BackendOf, user: Viewer, filters: VersionFilters, paging: PagingQuery
) -> dict[str, Any]:
    """Versions of a DAG, or of all (``~``)."""
    if dag_id != ANY_DAG:
        await backend.call("get_dag", dag_id=dag_id)
        filters = [["dag_id", "eq", dag_id], *filters]
    page = await backend.call("list_page", name="dag_versions", where=filters, **paging.params("id"))
    return {"dag_versions": [version_response(row) for row in page["rows"]], "total_entries": page["total"]}


@router.get("/dags/{dag_id}/dagVersions/{version_number}", response_model=DagVersionResponse, tags=["DagVersion"])
async def get_dag_version(dag_id: str, version_number: int, backend: BackendOf, user: Viewer) -> dict[str, Any]:
    """One version."""
    filters = [["dag_id", "eq", dag_id], ["version_number", "eq", version_number]]
    page = await backend.call("list_page", name="dag_versions", where=filters, limit=1, count=False)
    if not page["rows"]:
        raise NotFound(f"The DagVersion with dag_id: `{dag_id}` and version_number: `{version_number}` was not found")
    return version_response(page["rows"][0])


@router.get("/dagSources/{dag_id}", response_model=DAGSourceResponse, responses=TEXT_TOO, tags=["DagSource"])
async def get_dag_source(
    dag_id: str, backend: BackendOf, user: Viewer, accept: Accepted, version_number: int | None = None
) -> Any:
    """The text of the file that a version was made of; the newest where no number is given."""
    found = await backend.call("version_source", dag_id=dag_id, version_number=version_number)
    return PlainTextResponse(found["content"]) if accept == "text/plain" else {"dag_id": dag_id, **found}


@router.get("/dagStats", response_model=DagStatsCollectionResponse, tags=["DagStats"])
async def get_dag_stats(
    backend: BackendOf, user: Viewer, dag_ids: Annotated[list[str] | None, Query()] = None
) -> dict[str, Any]:
    """How many runs DAGs have in each state; DAGs without runs are left out."""
    dags: dict[str, dict[str, Any]] = {}
    for row in await backend.call("run_states", dag_ids=dag_ids or []):
        dag = dags.setdefault(row["dag_id"], {**row, "counts": {}})
        dag["counts"][row["state"]] = row["count"]
    for dag in dags.values():
        dag["stats"] = [{"state": state, "count": dag["counts"].get(state, 0)} for state in RUN_STATES]
    return {"dags": list(dags.values()), "total_entries": len(dags)}


@router.get("/dagTags", response_model=DAGTagCollectionResponse, tags=["DAG"])
async def get_dag_tags(backend: BackendOf, user: Viewer, filters: TagFilters, paging: PagingQuery) -> dict[str, Any]:
    """Every tag of a DAG whose file is there."""
    page = await backend.call("list_page", name="dag_tags", where=filters, **paging.params("name"))
    return {"tags": [row["name"] for row in page["rows"]], "total_entries": page["total"]}


@router.get("/dagWarnings", response_model=DAGWarningCollectionResponse, tags=["DagWarning"])
async def list_dag_warnings(
    backend: BackendOf, user: Viewer, filters: WarningFilters, paging: PagingQuery
) -> dict[str, Any]:
    """What is questionable about DAGs: tasks in pools that do not exist, looked up now."""
    page = await backend.call("list_page", name="dag_warnings", where=filters, **paging.params("dag_id"))
    return {"dag_warnings": page["rows"], "total_entries": page["total"]}


@router.get("/importErrors", response_model=ImportErrorCollectionResponse, tags=["Import Error"])
async def get_import_errors(
    backend: BackendOf, user: Viewer, filters: ErrorFilters, paging: PagingQuery
) -> dict[str, Any]:
    """DAG files that cannot be imported, and why."""
    page = await backend.call("list_page", name="import_errors", where=filters, **paging.params("id"))
    return {"import_errors": [import_error_of(row) for row in page["rows"]], "total_entries": page["total"]}


@router.get("/importErrors/{import_error_id}", response_model=ImportErrorResponse, tags=["Import Error"])
async def get_import_error(import_error_id: int, backend: BackendOf, user: Viewer) -> dict[str, Any]:
    """One of them."""
    filters = [["id", "eq", import_error_id]]
    page = await backend.call("list_page", name="import_errors", where=filters, limit=1, count=False)
    if not page["rows"]:
        raise NotFound(f"The ImportError with import_error_id: `{import_error_id}` was not found")
    return import_error_of(page["rows"][0])


@router.put("/parseDagFile/{file_token}", status_code=201, response_model=None, tags=["DAG Parsing"])
async def reparse_dag_file(file_token: str, request: Request, backend: BackendOf, user: Operator) -> Response:
    """Have a file parsed at once; its token is in the answers about its DAGs."""
    tokens: FileTokens = request.app.state.file_tokens
    file = tokens.relative_fileloc(file_token)
    await audited(backend, "reparse_dag_file", user, extra=file)
    await backend.call("reparse_file", relative_fileloc=file)
    return Response("null", status_code=201, media_type="application/json")
