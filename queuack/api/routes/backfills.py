"""Backfills: list, look up, create, try out, pause, cancel."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import NonNegativeInt

from queuack.api.auth.people import BackendOf, Operator, User, Viewer, audited
from queuack.api.backend import Backend
from queuack.api.models.backfills import (
    BackfillCollectionResponse,
    BackfillPostBody,
    BackfillResponse,
    DryRunBackfillCollectionResponse,
)
from queuack.api.query import PagingQuery

router = APIRouter(prefix="/api/v2/backfills", tags=["Backfill"])


@router.get("", response_model=BackfillCollectionResponse)
async def list_backfills(dag_id: str, backend: BackendOf, user: Viewer, paging: PagingQuery) -> dict[str, Any]:
    """Backfills of a DAG."""
    named = [["dag_id", "eq", dag_id]]
    page = await backend.call("list_page", name="backfills", where=named, **paging.params("id"))
    rows = [{**row, "dag_run_conf": row["conf"]} for row in page["rows"]]
    return {"backfills": rows, "total_entries": page["total"]}


@router.get("/{backfill_id}", response_model=BackfillResponse)
async def get_backfill(backfill_id: NonNegativeInt, backend: BackendOf, user: Viewer) -> dict[str, Any]:
    """One backfill."""
    return dict(await backend.call("get_backfill", backfill_id=backfill_id))


@router.put("/{backfill_id}/pause", response_model=BackfillResponse)
async def pause_backfill(backfill_id: NonNegativeInt, backend: BackendOf, user: Operator) -> dict[str, Any]:
    """No further run of it starts until it goes on."""
    return await _changed(backend, "pause_backfill", user, backfill_id)


@router.put("/{backfill_id}/unpause", response_model=BackfillResponse)
async def unpause_backfill(backfill_id: NonNegativeInt, backend: BackendOf, user: Operator) -> dict[str, Any]:
    """Go on with it."""
    return await _changed(backend, "unpause_backfill", user, backfill_id)


@router.put("/{backfill_id}/cancel", response_model=BackfillResponse)
async def cancel_backfill(backfill_id: NonNegativeInt, backend: BackendOf, user: Operator) -> dict[str, Any]:
    """End it: its queued runs fail, running ones go on."""
    return await _changed(backend, "cancel_backfill", user, backfill_id)


@router.post("", response_model=BackfillResponse)
async def create_backfill(body: BackfillPostBody, backend: BackendOf, user: Operator) -> dict[str, Any]:
    """Run a DAG for dates of the past; answers when its runs have been made, or after 30 seconds."""
    await audited(backend, "create_backfill", user, dag_id=body.dag_id)
    made = await backend.call(
        "create_backfill",
        **_said(body),
        max_active_runs=body.max_active_runs,
        run_on_latest_version=body.run_on_latest_version,
        user=user.username,
    )
    return dict(made)


@router.post("/dry_run", response_model=DryRunBackfillCollectionResponse)
async def create_backfill_dry_run(body: BackfillPostBody, backend: BackendOf, user: Operator) -> dict[str, Any]:
    """The runs that such a backfill would make or run again; none is made."""
    rows = await backend.call("create_backfill_dry_run", **_said(body))
    return {"backfills": rows, "total_entries": len(rows)}


async def _changed(backend: Backend, method: str, user: User, backfill_id: int) -> dict[str, Any]:
    row = await backend.call("get_backfill", backfill_id=backfill_id)
    await audited(backend, method, user, dag_id=row["dag_id"], extra=str(backfill_id))
    return dict(await backend.call(method, backfill_id=backfill_id))


def _said(body: BackfillPostBody) -> dict[str, Any]:
    return {
        "dag_id": body.dag_id,
        "from_date": body.from_date.isoformat(),
        "to_date": body.to_date.isoformat(),
        "run_backwards": body.run_backwards,
        "dag_run_conf": body.dag_run_conf,
        "reprocess_behavior": str(body.reprocess_behavior),
    }
