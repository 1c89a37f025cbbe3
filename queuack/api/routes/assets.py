"""Assets, their aliases and events, what waits for a run of them, and materializing them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from queuack.api.auth.people import BackendOf, Operator, Viewer, audited
from queuack.api.models.assets import (
    AssetAliasCollectionResponse,
    AssetAliasResponse,
    AssetCollectionResponse,
    AssetResponse,
    CreateAssetEventsBody,
    MaterializeAssetBody,
    QueuedEventCollectionResponse,
    QueuedEventResponse,
    asset_of,
)
from queuack.api.models.runs import AssetEventCollectionResponse, AssetEventResponse, DAGRunResponse
from queuack.api.query import Filters, PagingQuery, Where, where
from queuack.api.routes.runs import one_run
from queuack.errors import NotFound

router = APIRouter(prefix="/api/v2", tags=["Asset"])

FILTERS = Filters(patterns=("name", "uri"))
ALIAS_FILTERS = Filters(patterns=("name",))
EVENT_FILTERS = Filters(
    instants=("timestamp",),
    equals={
        "asset_id": int,
        "source_dag_id": str,
        "source_task_id": str,
        "source_run_id": str,
        "source_map_index": int,
    },
    patterns=("name",),
)
AssetFilters = Annotated[Where, Depends(where("AssetFilters", FILTERS))]
AliasFilters = Annotated[Where, Depends(where("AliasFilters", ALIAS_FILTERS))]
EventFilters = Annotated[Where, Depends(where("AssetEventFilters", EVENT_FILTERS))]

QUEUED = "/assets/{asset_id}/queuedEvents"
QUEUED_OF_DAG = "/dags/{dag_id}/assets/queuedEvents"
QUEUED_FOR_DAG = "/dags/{dag_id}/assets/{asset_id}/queuedEvents"


# ── assets and aliases ───────────────────────────────────────────────────────────────────────────────
@router.get("/assets", response_model=AssetCollectionResponse)
async def get_assets(
    backend: BackendOf,
    user: Viewer,
    filters: AssetFilters,
    paging: PagingQuery,
    dag_ids: Annotated[list[str] | None, Query()] = None,
    only_active: bool = True,
) -> dict[str, Any]:
    """Assets; with ``dag_ids`` (several, or one text with commas) those that one of these DAGs names."""
    if only_active:
        filters = [["is_active", "", True], *filters]
    if dag_ids:
        wanted = dag_ids[0].split(",") if len(dag_ids) == 1 else dag_ids
        filters = [["dag_ids", "", wanted], *filters]
    page = await backend.call("asset_page", where=filters, **paging.params("id"))
    return {"assets": [asset_of(row) for row in page["rows"]], "total_entries": page["total"]}


@router.get("/assets/aliases", response_model=AssetAliasCollectionResponse)
async def get_asset_aliases(
    backend: BackendOf, user: Viewer, filters: AliasFilters, paging: PagingQuery
) -> dict[str, Any]:
    """Asset aliases."""
    page = await backend.call("list_page", name="asset_aliases", where=filters, **paging.params("id"))
    return {"asset_aliases": page["rows"], "total_entries": page["total"]}


@router.get("/assets/aliases/{asset_alias_id}", response_model=AssetAliasResponse)
async def get_asset_alias(asset_alias_id: int, backend: BackendOf, user: Viewer) -> dict[str, Any]:
    """One alias."""
    named = [["id", "eq", asset_alias_id]]
    page = await backend.call("list_page", name="asset_aliases", where=named, limit=1, count=False)
    for row in page["rows"]:
        return dict(row)
    raise NotFound(f"The Asset Alias with ID: `{asset_alias_id}` was not found")


# ── events ───────────────────────────────────────────────────────────────────────────────────────────
@router.get("/assets/events", response_model=AssetEventCollectionResponse)
async def get_asset_events(
    backend: BackendOf, user: Viewer, filters: EventFilters, paging: PagingQuery
) -> dict[str, Any]:
    """Updates of assets, each with the runs that consumed it."""
    page = await backend.call("asset_event_page", where=filters, **paging.params("timestamp"))
    return {"asset_events": page["rows"], "total_entries": page["total"]}


@router.post("/assets/events", response_model=AssetEventResponse)
async def create_asset_event(body: CreateAssetEventsBody, backend: BackendOf, user: Operator) -> dict[str, Any]:
    """Update an asset from outside; DAGs that wait for it run."""
    asset = await backend.call("get_asset_by_id", asset_id=body.asset_id)
    await audited(backend, "create_asset_event", user, extra=asset["uri"])
    made = await backend.call(
        "create_asset_event",
        name=asset["name"],
        uri=asset["uri"],
        extra={**body.extra, "from_rest_api": True},
        partition_key=body.partition_key,
    )
    page = await backend.call("asset_event_page", where=[["id", "eq", made["id"]]], limit=1, count=False)
    return dict(page["rows"][0])


@router.post("/assets/{asset_id}/materialize", response_model=DAGRunResponse)
async def materialize_asset(
    asset_id: int, backend: BackendOf, user: Operator, body: MaterializeAssetBody | None = None
) -> dict[str, Any]:
    """Trigger the one DAG that has the asset as outlet; 409 where there are several."""
    asset = await backend.call("get_asset_by_id", asset_id=asset_id)
    await audited(backend, "materialize_asset", user, extra=asset["uri"])
    said = MaterializeAssetBody() if body is None else body
    dates = ("logical_date", "run_after", "data_interval_start", "data_interval_end")
    run = await backend.call(
        "materialize_asset",
        name=asset["name"],
        uri=asset["uri"],
        run_id=said.dag_run_id,
        **{name: value.isoformat() for name in dates if (value := getattr(said, name)) is not None},
        conf=said.conf or {},
        note=said.note,
        partition_key=said.partition_key,
        triggered_by="rest_api",
        user=user.username,
    )
    return await one_run(backend, run["dag_id"], run["run_id"])


# ── what waits for a run ─────────────────────────────────────────────────────────────────────────────
@router.get(QUEUED, response_model=QueuedEventCollectionResponse)
async def get_asset_queued_events(
    asset_id: int, backend: BackendOf, user: Viewer, before: str | None = None
) -> dict[str, Any]:
    """The DAGs that have an update of the asset to run for."""
    return _queued(await backend.call("list_queued_asset_events", asset_id=asset_id, before=before))


@router.delete(QUEUED, status_code=204)
async def delete_asset_queued_events(
    asset_id: int, backend: BackendOf, user: Operator, before: str | None = None
) -> None:
    """Forget them. The events stay: the next run of a DAG consumes them."""
    await audited(backend, "delete_asset_queued_events", user, extra=str(asset_id))
    await backend.call("delete_queued_asset_events", asset_id=asset_id, before=before)


@router.get("/assets/{asset_id}", response_model=AssetResponse)
async def get_asset(asset_id: int, backend: BackendOf, user: Viewer) -> dict[str, Any]:
    """One asset, active or not."""
    return asset_of(await backend.call("get_asset_by_id", asset_id=asset_id))


@router.get(QUEUED_OF_DAG, response_model=QueuedEventCollectionResponse)
async def get_dag_asset_queued_events(
    dag_id: str, backend: BackendOf, user: Viewer, before: str | None = None
) -> dict[str, Any]:
    """The updates that a DAG has to run for."""
    return _queued(await backend.call("list_queued_asset_events", dag_id=dag_id, before=before))


@router.delete(QUEUED_OF_DAG, status_code=204)
async def delete_dag_asset_queued_events(
    dag_id: str, backend: BackendOf, user: Operator, before: str | None = None
) -> None:
    """Forget them."""
    await audited(backend, "delete_dag_asset_queued_events", user, dag_id=dag_id)
    await backend.call("delete_queued_asset_events", dag_id=dag_id, before=before)


@router.get(QUEUED_FOR_DAG, response_model=QueuedEventResponse)
async def get_dag_asset_queued_event(
    dag_id: str, asset_id: int, backend: BackendOf, user: Viewer, before: str | None = None
) -> dict[str, Any]:
    """The update of one asset that a DAG has to run for."""
    found = await backend.call("list_queued_asset_events", dag_id=dag_id, asset_id=asset_id, before=before)
    for row in found:
        return dict(row)
    raise NotFound(f"Queued event with dag_id: `{dag_id}` and asset_id: `{asset_id}` was not found")


@router.delete(QUEUED_FOR_DAG, status_code=204)
async def delete_dag_asset_queued_event(
    dag_id: str, asset_id: int, backend: BackendOf, user: Operator, before: str | None = None
) -> None:
    """Forget it."""
    await audited(backend, "delete_dag_asset_queued_event", user, dag_id=dag_id, extra=str(asset_id))
    await backend.call("delete_queued_asset_events", dag_id=dag_id, asset_id=asset_id, before=before)


def _queued(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"queued_events": rows, "total_entries": len(rows)}
