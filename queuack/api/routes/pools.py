"""Pools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from queuack.api.auth.people import BackendOf, Op, Viewer, audited
from queuack.api.backend import Backend
from queuack.api.bulk import carried_out, changes_of
from queuack.api.errors import Refusal
from queuack.api.models.bulk import BulkBody, BulkResponse
from queuack.api.models.configuration import PoolBody, PoolCollectionResponse, PoolPatchBody, PoolResponse, pool_of
from queuack.api.query import Filters, PagingQuery, Where, where
from queuack.errors import NotFound

router = APIRouter(prefix="/api/v2", tags=["Pool"])

DEFAULT = "default_pool"
OF_DEFAULT = {"slots", "include_deferred"}
"""What can be changed of the default pool."""

FILTERS = Filters(patterns=("pool_name",), columns={"pool_name": "pool"})
PoolFilters = Annotated[Where, Depends(where("PoolFilters", FILTERS))]
UpdateMask = Annotated[list[str] | None, Query()]


@router.get("/pools", response_model=PoolCollectionResponse)
async def get_pools(backend: BackendOf, user: Viewer, filters: PoolFilters, paging: PagingQuery) -> dict[str, Any]:
    """Pools with the slots in use; -1 slots: no limit."""
    page = await backend.call("list_page", name="pools", where=filters, **paging.params("pool", {"id": "pool"}))
    return {"pools": [pool_of(row) for row in page["rows"]], "total_entries": page["total"]}


@router.post("/pools", status_code=201, response_model=PoolResponse)
async def post_pool(body: PoolBody, backend: BackendOf, user: Op) -> dict[str, Any]:
    """Make a pool."""
    await audited(backend, "post_pool", user, extra=body.name)
    await backend.call("add_pool", pool=body.name, **_fields(body))
    return await _one(backend, body.name)


@router.patch("/pools", response_model=BulkResponse)
async def bulk_pools(body: BulkBody[PoolBody], backend: BackendOf, user: Op) -> BulkResponse:
    """Make, change and delete several."""
    await audited(backend, "bulk_pools", user)
    return await carried_out(body, _Pools(backend))


@router.get("/pools/{pool_name:path}", response_model=PoolResponse)
async def get_pool(pool_name: str, backend: BackendOf, user: Viewer) -> dict[str, Any]:
    """One pool."""
    return await _one(backend, pool_name)


@router.patch("/pools/{pool_name:path}", response_model=PoolResponse)
async def patch_pool(
    pool_name: str, body: PoolPatchBody, backend: BackendOf, user: Op, update_mask: UpdateMask = None
) -> dict[str, Any]:
    """Change what is given; of the default pool slots and include_deferred only, named in ``update_mask``."""
    if body.pool and body.pool != pool_name:
        raise Refusal(400, "Invalid body, pool name from request body doesn't match uri parameter")
    await audited(backend, "patch_pool", user, extra=pool_name)
    await _Pools(backend).change(pool_name, body.model_dump(exclude_unset=True, exclude={"pool"}), update_mask)
    return await _one(backend, pool_name)


@router.delete("/pools/{pool_name:path}", status_code=204)
async def delete_pool(pool_name: str, backend: BackendOf, user: Op) -> None:
    """Delete a pool; not the default pool."""
    await audited(backend, "delete_pool", user, extra=pool_name)
    await backend.call("delete_pool", pool=pool_name)


class _Pools:
    plural = "pools"

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def key(self, entity: PoolBody) -> str:
        return entity.name

    async def known(self) -> set[str]:
        return {row["pool"] for row in await self._backend.call("list_pools")}

    async def create(self, entities: Sequence[PoolBody], existing: set[str]) -> None:
        for entity in entities:
            if entity.name in existing:
                await self._backend.call("change_pool", pool=entity.name, changes=_given(entity))
            else:
                await self._backend.call("add_pool", pool=entity.name, **_fields(entity))

    async def update(self, entity: PoolBody, update_mask: list[str] | None) -> None:
        await self.change(entity.name, _given(entity), update_mask)

    async def change(self, pool: str, given: dict[str, Any], update_mask: list[str] | None) -> None:
        changes = changes_of(given, update_mask)
        changes.pop("team_name", None)
        if pool == DEFAULT and (not update_mask or not set(update_mask) <= OF_DEFAULT):
            raise Refusal(400, "Only slots and include_deferred of the default pool can be changed, by update_mask.")
        changes = {name: value for name, value in changes.items() if value is not None or name == "description"}
        if changes.get("description", "") is None:
            changes["description"] = ""
        await self._backend.call("change_pool", pool=pool, changes=changes)

    async def delete(self, key: str) -> None:
        await self._backend.call("delete_pool", pool=key)


async def _one(backend: Backend, pool: str) -> dict[str, Any]:
    page = await backend.call("list_page", name="pools", where=[["pool", "eq", pool]], limit=1, count=False)
    if not page["rows"]:
        raise NotFound(f"The Pool with name: `{pool}` was not found")
    return pool_of(page["rows"][0])


def _fields(body: PoolBody) -> dict[str, Any]:
    return {
        "slots": body.slots,
        "description": body.description or "",
        "include_deferred": body.include_deferred,
    }


def _given(body: PoolBody) -> dict[str, Any]:
    return {name: value for name, value in _fields(body).items() if name in body.model_fields_set}
