"""DAGs: list, look up, pause, mark, delete."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from queuack.api.auth.people import BackendOf, Operator, Viewer, audited
from queuack.api.backend import Backend
from queuack.api.errors import Refusal
from queuack.api.file_tokens import FileTokens
from queuack.api.models.dags import (
    DAGCollectionResponse,
    DAGDetailsResponse,
    DAGPatchBody,
    DAGResponse,
    FileToken,
    dag_of,
    details_of,
)
from queuack.api.query import Filters, PagingQuery, SliceQuery, Where, conditions_of

router = APIRouter(prefix="/api/v2", tags=["DAG"])

RUN_BOUNDS = {
    f"dag_run_{column}_{bound}": f"run_{column}_{bound}"
    for column in ("start_date", "end_date")
    for bound in ("gte", "gt", "lte", "lt")
}
PATTERNS = ("dag_id", "dag_display_name")
ORDERS = {"next_dagrun_logical_date": "next_dagrun", "state": "last_run_state", "start_date": "last_run_start_date"}
"""Names in ``order_by`` that are others in the list."""

FILTERS = Filters(
    equals={"has_import_errors": bool, "last_dag_run_state": str, "bundle_name": str, "paused": bool},
    lists={"timetable_type": list[str]},
    patterns=PATTERNS,
    conditions={
        "owners": list[str],
        "bundle_version": str,
        "has_asset_schedule": bool,
        "asset_dependency": str,
        "dag_run_state": list[str],
        **dict.fromkeys(RUN_BOUNDS, datetime),
    },
    columns={"paused": "is_paused", "last_dag_run_state": "last_run_state", "dag_run_state": "run_state", **RUN_BOUNDS},
)
FIELDS = FILTERS.fields()


class ManyFilters(BaseModel):
    """What both the list and the change of many DAGs can be asked for."""

    tags: list[str] = []
    tags_match_mode: Literal["any", "all"] | None = None
    owners: list[str] = []
    dag_id_pattern: str | None = None
    dag_id_prefix_pattern: str | None = None
    exclude_stale: bool = True
    paused: bool | None = None

    def where(self) -> Where:
        found: Where = [["is_stale", "eq", False]] if self.exclude_stale else []
        if self.tags:
            found.append(["all_tags" if self.tags_match_mode == "all" else "any_tag", "", self.tags])
        return found + conditions_of(self, FIELDS)


class DagFilters(ManyFilters):
    dag_display_name_pattern: str | None = None
    dag_display_name_prefix_pattern: str | None = None
    has_import_errors: bool | None = None
    last_dag_run_state: Literal["queued", "running", "success", "failed"] | None = None
    bundle_name: str | None = None
    bundle_version: str | None = None
    has_asset_schedule: bool | None = None
    asset_dependency: str | None = None
    dag_run_start_date_gte: datetime | None = None
    dag_run_start_date_gt: datetime | None = None
    dag_run_start_date_lte: datetime | None = None
    dag_run_start_date_lt: datetime | None = None
    dag_run_end_date_gte: datetime | None = None
    dag_run_end_date_gt: datetime | None = None
    dag_run_end_date_lte: datetime | None = None
    dag_run_end_date_lt: datetime | None = None
    dag_run_state: list[Literal["queued", "running", "success", "failed"]] = []
    is_favorite: bool | None = None
    timetable_type: list[str] = []


def _many(said: Annotated[ManyFilters, Query()]) -> ManyFilters:
    return said


def _all(said: Annotated[DagFilters, Query()]) -> DagFilters:
    return said


def file_token(request: Request) -> FileToken:
    """Makes the token of a file."""
    tokens: FileTokens = request.app.state.file_tokens
    return tokens.issue


TokenOf = Annotated[FileToken, Depends(file_token)]
UpdateMask = Annotated[list[str] | None, Query()]


@router.get("/dags", response_model=DAGCollectionResponse)
async def get_dags(
    backend: BackendOf,
    user: Viewer,
    filters: Annotated[DagFilters, Depends(_all)],
    paging: PagingQuery,
    token: TokenOf,
) -> dict[str, Any]:
    """DAGs; those whose file is gone only without ``exclude_stale``. Filters by runs look at the latest run."""
    where = filters.where()
    if filters.is_favorite is not None:
        where.append(["favorite_of" if filters.is_favorite else "no_favorite_of", "", user.username])
    return await _page(backend, where, paging.params("dag_id", ORDERS), token)


@router.patch("/dags", response_model=DAGCollectionResponse)
async def patch_dags(
    body: DAGPatchBody,
    backend: BackendOf,
    user: Operator,
    filters: Annotated[ManyFilters, Depends(_many)],
    part: SliceQuery,
    token: TokenOf,
    update_mask: UpdateMask = None,
) -> dict[str, Any]:
    """Pause or unpause all DAGs that match. Without a pattern for the id none does; ``~`` matches all."""
    _check_mask(update_mask)
    if filters.dag_id_pattern is None and filters.dag_id_prefix_pattern is None:
        return {"dags": [], "total_entries": 0}
    where = filters.where()
    found = await _page(backend, where, {**part.params(), "order": ["dag_id"]}, token)
    await audited(backend, "patch_dags", user, extra=f"is_paused={body.is_paused}")
    await backend.call("set_paused_where", where=where, paused=body.is_paused)
    return found | {"dags": [dag | {"is_paused": body.is_paused} for dag in found["dags"]]}


@router.get("/dags/{dag_id}", response_model=DAGResponse)
async def get_dag(dag_id: str, backend: BackendOf, user: Viewer, token: TokenOf) -> dict[str, Any]:
    """One DAG, as the list has it."""
    return dag_of(await _row(backend, dag_id), token)


@router.get("/dags/{dag_id}/details", response_model=DAGDetailsResponse)
async def get_dag_details(dag_id: str, backend: BackendOf, user: Viewer, token: TokenOf) -> dict[str, Any]:
    """One DAG with what its file says besides."""
    row = await _row(backend, dag_id)
    return details_of(row, await backend.call("dag_details", dag_id=dag_id, username=user.username), token)


@router.patch("/dags/{dag_id}", response_model=DAGResponse)
async def patch_dag(
    dag_id: str, body: DAGPatchBody, backend: BackendOf, user: Operator, token: TokenOf, update_mask: UpdateMask = None
) -> dict[str, Any]:
    """Pause or unpause."""
    _check_mask(update_mask)
    await audited(backend, "patch_dag", user, dag_id=dag_id, extra=f"is_paused={body.is_paused}")
    await backend.call("set_paused", dag_id=dag_id, paused=body.is_paused)
    return dag_of(await _row(backend, dag_id), token)


@router.delete("/dags/{dag_id}", response_model=None)
async def delete_dag(dag_id: str, backend: BackendOf, user: Operator) -> Response:
    """Forget a DAG with all its records. Refused while a task of it is running."""
    await audited(backend, "delete_dag", user, dag_id=dag_id)
    await backend.call("delete_dag", dag_id=dag_id)
    return Response(status_code=204)


@router.post("/dags/{dag_id}/favorite", status_code=204)
async def favorite_dag(dag_id: str, backend: BackendOf, user: Viewer) -> None:
    """Mark a DAG as one's favorite."""
    await _row(backend, dag_id)
    await audited(backend, "favorite_dag", user, dag_id=dag_id)
    await backend.call("set_favorite", username=user.username, dag_id=dag_id, marked=True)


@router.post("/dags/{dag_id}/unfavorite", status_code=204)
async def unfavorite_dag(dag_id: str, backend: BackendOf, user: Viewer) -> None:
    """Take the mark away. 409 where there is none."""
    await _row(backend, dag_id)
    if dag_id not in await backend.call("favorites", username=user.username):
        raise Refusal(409, f"The DAG {dag_id!r} is not marked as favorite.")
    await audited(backend, "unfavorite_dag", user, dag_id=dag_id)
    await backend.call("set_favorite", username=user.username, dag_id=dag_id, marked=False)


async def _page(backend: Backend, where: Where, paging: dict[str, Any], token: FileToken) -> dict[str, Any]:
    page = await backend.call("list_page", name="dags", where=where, **paging)
    return {"dags": [dag_of(row, token) for row in page["rows"]], "total_entries": page["total"]}


async def _row(backend: Backend, dag_id: str) -> dict[str, Any]:
    """Raises DagNotFound, with the nearest id."""
    page = await backend.call("list_page", name="dags", where=[["dag_id", "eq", dag_id]], limit=1, count=False)
    if not page["rows"]:
        await backend.call("get_dag", dag_id=dag_id)
    row: dict[str, Any] = page["rows"][0]
    return row


def _check_mask(update_mask: list[str] | None) -> None:
    if update_mask and update_mask != ["is_paused"]:
        raise Refusal(400, "Only `is_paused` can be changed through the REST API.")
