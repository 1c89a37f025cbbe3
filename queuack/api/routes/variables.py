"""Variables. Values whose names stand for secrets are shown as ``***``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from queuack.api.auth.people import BackendOf, Op, audited
from queuack.api.backend import Backend
from queuack.api.bulk import carried_out, changes_of
from queuack.api.errors import Refusal
from queuack.api.models.bulk import BulkBody, BulkResponse
from queuack.api.models.configuration import (
    VariableBody,
    VariableCollectionResponse,
    VariableResponse,
    variable_of,
)
from queuack.api.query import Filters, PagingQuery, Where, where
from queuack.errors import NotFound

router = APIRouter(prefix="/api/v2", tags=["Variable"])

FILTERS = Filters(patterns=("variable_key",), columns={"variable_key": "key"})
VariableFilters = Annotated[Where, Depends(where("VariableFilters", FILTERS))]
CHANGEABLE = {"value", "description"}


@router.get("/variables", response_model=VariableCollectionResponse)
async def get_variables(backend: BackendOf, user: Op, filters: VariableFilters, paging: PagingQuery) -> dict[str, Any]:
    """Variables of the store; those of secrets backends and the environment are not listed."""
    page = await backend.call("shown_variables", where=filters, **paging.params("key", {"id": "key"}))
    return {"variables": [variable_of(row) for row in page["rows"]], "total_entries": page["total"]}


@router.post("/variables", status_code=201, response_model=VariableResponse)
async def post_variable(body: VariableBody, backend: BackendOf, user: Op) -> dict[str, Any]:
    """Make a variable."""
    await audited(backend, "post_variable", user, extra=body.key)
    await backend.call("add_variable", key=body.key, value=body.value, description=body.description)
    return await _one(backend, body.key)


@router.patch("/variables", response_model=BulkResponse)
async def bulk_variables(body: BulkBody[VariableBody], backend: BackendOf, user: Op) -> BulkResponse:
    """Make, change and delete several."""
    await audited(backend, "bulk_variables", user)
    return await carried_out(body, _Variables(backend))


@router.get("/variables/{variable_key:path}", response_model=VariableResponse)
async def get_variable(variable_key: str, backend: BackendOf, user: Op) -> dict[str, Any]:
    """One variable."""
    return await _one(backend, variable_key)


@router.patch("/variables/{variable_key:path}", response_model=VariableResponse)
async def patch_variable(
    variable_key: str,
    body: VariableBody,
    backend: BackendOf,
    user: Op,
    update_mask: Annotated[list[str] | None, Query()] = None,
) -> dict[str, Any]:
    """Change what is given."""
    if body.key != variable_key:
        raise Refusal(400, "Invalid body, key from request body doesn't match uri parameter")
    if update_mask and "key" in update_mask:
        raise Refusal(400, "The key of a variable cannot be changed.")
    await audited(backend, "patch_variable", user, extra=variable_key)
    await _Variables(backend).update(body, update_mask)
    return await _one(backend, variable_key)


@router.delete("/variables/{variable_key:path}", status_code=204)
async def delete_variable(variable_key: str, backend: BackendOf, user: Op) -> None:
    """Delete a variable."""
    await audited(backend, "delete_variable", user, extra=variable_key)
    await backend.call("delete_variable", key=variable_key)


class _Variables:
    plural = "variables"

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def key(self, entity: VariableBody) -> str:
        return entity.key

    async def known(self) -> set[str]:
        return set(await self._backend.call("variable_keys"))

    async def create(self, entities: Sequence[VariableBody], existing: set[str]) -> None:
        rows = [{"key": one.key, "value": one.value, "description": one.description} for one in entities]
        await self._backend.call("set_variables", variables=rows)

    async def update(self, entity: VariableBody, update_mask: list[str] | None) -> None:
        changes = changes_of(entity.model_dump(exclude_unset=True, include=CHANGEABLE), update_mask)
        await self._backend.call("change_variable", key=entity.key, changes=changes)

    async def delete(self, key: str) -> None:
        await self._backend.call("delete_variable", key=key)


async def _one(backend: Backend, key: str) -> dict[str, Any]:
    page = await backend.call("shown_variables", where=[["key", "eq", key]], limit=1, count=False)
    if not page["rows"]:
        raise NotFound(f"The Variable with key: `{key}` was not found")
    return variable_of(page["rows"][0])
