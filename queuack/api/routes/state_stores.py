"""What is kept for assets and by task instances over their tries: list, look up, set, delete.

A key may have slashes, so these routes come before others below a task instance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from queuack.api.auth.people import BackendOf, Operator, Viewer, audited
from queuack.api.models.state_stores import (
    AssetStateStoreBody,
    AssetStateStoreCollectionResponse,
    AssetStateStoreResponse,
    TaskStateStoreBody,
    TaskStateStoreCollectionResponse,
    TaskStateStorePatchBody,
    TaskStateStoreResponse,
)
from queuack.api.query import SliceQuery
from queuack.api.routes.instances import ROOT
from queuack.errors import NotFound

router = APIRouter(prefix="/api/v2")

OF_ASSET = "/assets/{asset_id}/state-store"
OF_TASK = f"{ROOT}/{{task_id}}/state-store"
ASSET_TAG: list[Any] = ["Asset State Store"]
TASK_TAG: list[Any] = ["Task State Store"]


# ── assets ───────────────────────────────────────────────────────────────────────────────────────────
@router.get(OF_ASSET, response_model=AssetStateStoreCollectionResponse, tags=ASSET_TAG)
async def list_asset_state_store(asset_id: int, backend: BackendOf, user: Viewer, part: SliceQuery) -> dict[str, Any]:
    """What is kept for an asset, by key."""
    page = await backend.call("kept_for_asset", asset_id=asset_id, **part.params())
    return {"asset_state_store": page["rows"], "total_entries": page["total"]}


@router.get(f"{OF_ASSET}/{{key:path}}", response_model=AssetStateStoreResponse, tags=ASSET_TAG)
async def get_asset_state_store(asset_id: int, key: str, backend: BackendOf, user: Viewer) -> dict[str, Any]:
    """One key, and who set it last."""
    for row in (await backend.call("kept_for_asset", asset_id=asset_id, key=key, limit=1))["rows"]:
        return dict(row)
    raise NotFound(f"Asset state store key {key!r} not found")


@router.put(f"{OF_ASSET}/{{key:path}}", status_code=204, tags=ASSET_TAG)
async def set_asset_state_store(
    asset_id: int, key: str, body: AssetStateStoreBody, backend: BackendOf, user: Operator
) -> None:
    """Set a key, new or not."""
    await audited(backend, "set_asset_state_store", user, extra=f"{asset_id} {key}")
    await backend.call("keep_for_asset", asset_id=asset_id, key=key, value=body.value)


@router.delete(f"{OF_ASSET}/{{key:path}}", status_code=204, tags=ASSET_TAG)
async def delete_asset_state_store(asset_id: int, key: str, backend: BackendOf, user: Operator) -> None:
    """Delete a key, if it is there."""
    await audited(backend, "delete_asset_state_store", user, extra=f"{asset_id} {key}")
    await backend.call("forget_for_asset", asset_id=asset_id, key=key)


@router.delete(OF_ASSET, status_code=204, tags=ASSET_TAG)
async def clear_asset_state_store(asset_id: int, backend: BackendOf, user: Operator) -> None:
    """Delete all keys of an asset."""
    await audited(backend, "clear_asset_state_store", user, extra=str(asset_id))
    await backend.call("forget_for_asset", asset_id=asset_id)


# ── task instances ───────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Place:
    """A task instance, as the path and the query string name it."""

    dag_id: str
    dag_run_id: str
    task_id: str
    map_index: int

    def params(self) -> dict[str, Any]:
        """As services take it."""
        return {
            "dag_id": self.dag_id,
            "run": self.dag_run_id,
            "task_id": self.task_id,
            "map_index": self.map_index,
        }

    def about(self, key: str | None = None) -> dict[str, Any]:
        """As the audit log takes it."""
        place = self.params()
        return {"run_id": place.pop("run"), **place, "extra": key}


def _place(dag_id: str, dag_run_id: str, task_id: str, map_index: Annotated[int, Query(ge=-1)] = -1) -> Place:
    return Place(dag_id, dag_run_id, task_id, map_index)


PlaceOf = Annotated[Place, Depends(_place)]


@router.get(OF_TASK, response_model=TaskStateStoreCollectionResponse, tags=TASK_TAG)
async def list_task_state_store(place: PlaceOf, backend: BackendOf, user: Viewer, part: SliceQuery) -> dict[str, Any]:
    """What a task instance keeps, by key; nothing that has expired."""
    page = await backend.call("kept_by_task", **place.params(), **part.params())
    return {"task_state_store": page["rows"], "total_entries": page["total"]}


@router.get(f"{OF_TASK}/{{key:path}}", response_model=TaskStateStoreResponse, tags=TASK_TAG)
async def get_task_state_store(place: PlaceOf, key: str, backend: BackendOf, user: Viewer) -> dict[str, Any]:
    """One key."""
    for row in (await backend.call("kept_by_task", **place.params(), key=key, limit=1))["rows"]:
        return dict(row)
    raise NotFound(f"Task state store key {key!r} not found")


@router.put(f"{OF_TASK}/{{key:path}}", status_code=204, tags=TASK_TAG)
async def set_task_state_store(
    place: PlaceOf, key: str, body: TaskStateStoreBody, backend: BackendOf, user: Operator
) -> None:
    """Set a key, new or not."""
    await audited(backend, "set_task_state_store", user, **place.about(key))
    expires = body.expires_at.isoformat() if isinstance(body.expires_at, datetime) else body.expires_at
    await backend.call("keep_by_task", **place.params(), key=key, value=body.value, expires_at=expires)


@router.patch(f"{OF_TASK}/{{key:path}}", tags=TASK_TAG)
async def patch_task_state_store(
    place: PlaceOf, key: str, body: TaskStateStorePatchBody, backend: BackendOf, user: Operator
) -> None:
    """Another value for a key that is there; it expires when it would have."""
    await audited(backend, "patch_task_state_store", user, **place.about(key))
    await backend.call("change_kept_by_task", **place.params(), key=key, value=body.value)


@router.delete(f"{OF_TASK}/{{key:path}}", status_code=204, tags=TASK_TAG)
async def delete_task_state_store(place: PlaceOf, key: str, backend: BackendOf, user: Operator) -> None:
    """Delete a key, if it is there."""
    await audited(backend, "delete_task_state_store", user, **place.about(key))
    await backend.call("forget_by_task", **place.params(), key=key)


@router.delete(OF_TASK, status_code=204, tags=TASK_TAG)
async def clear_task_state_store(
    place: PlaceOf, backend: BackendOf, user: Operator, all_map_indices: bool = False
) -> None:
    """Delete all keys of a task instance, or of all instances of its task."""
    await audited(backend, "clear_task_state_store", user, **place.about())
    await backend.call("forget_by_task", **place.params(), all_map_indices=all_map_indices)
