"""Connections. Passwords, and values in extra whose names stand for secrets, are shown as ``***``; they stay what they
are where they come back like that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request

from queuack.api import connection_tests
from queuack.api.auth.people import BackendOf, Op, audited
from queuack.api.backend import Backend
from queuack.api.bulk import carried_out
from queuack.api.errors import Refusal
from queuack.api.models.bulk import BulkBody, BulkResponse
from queuack.api.models.configuration import (
    AsyncConnectionTestResponse,
    ConnectionBody,
    ConnectionCollectionResponse,
    ConnectionResponse,
    ConnectionTestQueuedResponse,
    ConnectionTestRequestBody,
    ConnectionTestResponse,
    connection_of,
)
from queuack.api.query import Filters, PagingQuery, Where, where
from queuack.errors import NotFound
from queuack.sensitive import HIDDEN

router = APIRouter(prefix="/api/v2", tags=["Connection"])

FILTERS = Filters(patterns=("connection_id",), columns={"connection_id": "conn_id"})
ConnectionFilters = Annotated[Where, Depends(where("ConnectionFilters", FILTERS))]
TestToken = Annotated[str, Header(alias="Airflow-Connection-Test-Token")]


@router.get("/connections", response_model=ConnectionCollectionResponse)
async def get_connections(
    backend: BackendOf, user: Op, filters: ConnectionFilters, paging: PagingQuery
) -> dict[str, Any]:
    """Connections of the store; those of secrets backends and the environment are not listed."""
    page = await backend.call("shown_connections", where=filters, **paging.params("conn_id", {"id": "conn_id"}))
    return {"connections": [connection_of(row) for row in page["rows"]], "total_entries": page["total"]}


@router.post("/connections", status_code=201, response_model=ConnectionResponse)
async def post_connection(body: ConnectionBody, backend: BackendOf, user: Op) -> dict[str, Any]:
    """Make a connection."""
    await audited(backend, "post_connection", user, extra=body.connection_id)
    connection = {"conn_id": body.connection_id, **body.fields(given_only=False)}
    await backend.call("add_connection", connection=connection)
    return await _one(backend, body.connection_id)


@router.patch("/connections", response_model=BulkResponse)
async def bulk_connections(body: BulkBody[ConnectionBody], backend: BackendOf, user: Op) -> BulkResponse:
    """Make, change and delete several."""
    await audited(backend, "bulk_connections", user)
    return await carried_out(body, _Connections(backend))


@router.post("/connections/defaults", status_code=204)
async def create_default_connections(backend: BackendOf, user: Op) -> None:
    """Make those that hooks of Airflow's providers look for when a task names none; what exists stays."""
    await audited(backend, "create_default_connections", user)
    await backend.call("add_default_connections")


@router.post("/connections/test", response_model=ConnectionTestResponse)
async def test_connection(body: ConnectionBody, backend: BackendOf, user: Op) -> dict[str, Any]:
    """Try a connection, as it stands in the body. Disabled unless ``[core] test_connection`` is Enabled."""
    connection_tests.check_allowed()
    await audited(backend, "test_connection", user, extra=body.connection_id)
    works, message = await connection_tests.tried(body.connection_id, await _to_test(backend, body))
    return {"status": works, "message": message}


@router.post("/connections/enqueue-test", status_code=202, response_model=ConnectionTestQueuedResponse)
async def enqueue_connection_test(
    body: ConnectionTestRequestBody, request: Request, backend: BackendOf, user: Op
) -> connection_tests.Test:
    """The same without waiting: the answer's token asks what came of it. It is tried on this machine, whatever
    ``executor`` and ``queue`` say."""
    connection_tests.check_allowed()
    await audited(backend, "enqueue_connection_test", user, extra=body.connection_id)
    fields = await _to_test(backend, body)
    tests: connection_tests.Tests = request.app.state.connection_tests

    async def keep() -> None:
        if body.commit_on_success:
            await backend.call("set_connections", connections=[{"conn_id": body.connection_id, **fields}])

    return tests.begin(body.connection_id, fields, keep)


@router.get("/connections/enqueue-test", response_model=AsyncConnectionTestResponse)
async def get_connection_test(request: Request, user: Op, token: TestToken) -> connection_tests.Test:
    """What came of a test. Tests are forgotten when the API restarts."""
    tests: connection_tests.Tests = request.app.state.connection_tests
    return tests.find(token)


@router.get("/connections/{connection_id}", response_model=ConnectionResponse)
async def get_connection(connection_id: str, backend: BackendOf, user: Op) -> dict[str, Any]:
    """One connection."""
    return await _one(backend, connection_id)


@router.patch("/connections/{connection_id}", response_model=ConnectionResponse)
async def patch_connection(
    connection_id: str,
    body: ConnectionBody,
    backend: BackendOf,
    user: Op,
    update_mask: Annotated[list[str] | None, Query()] = None,
) -> dict[str, Any]:
    """Change what is given."""
    if body.connection_id != connection_id:
        raise Refusal(400, "The connection_id in the request body does not match the URL parameter")
    await audited(backend, "patch_connection", user, extra=connection_id)
    await _Connections(backend).update(body, update_mask)
    return await _one(backend, connection_id)


@router.delete("/connections/{connection_id}", status_code=204)
async def delete_connection(connection_id: str, backend: BackendOf, user: Op) -> None:
    """Delete a connection."""
    await audited(backend, "delete_connection", user, extra=connection_id)
    await backend.call("delete_connection", conn_id=connection_id)


class _Connections:
    plural = "connections"

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def key(self, entity: ConnectionBody) -> str:
        return entity.connection_id

    async def known(self) -> set[str]:
        return {row["conn_id"] for row in await self._backend.call("list_connections")}

    async def create(self, entities: Sequence[ConnectionBody], existing: set[str]) -> None:
        new = [entity for entity in entities if entity.connection_id not in existing]
        rows = [{"conn_id": entity.connection_id, **entity.fields(given_only=False)} for entity in new]
        await self._backend.call("set_connections", connections=rows)
        for entity in entities:
            if entity.connection_id in existing:
                await self.update(entity, None)

    async def update(self, entity: ConnectionBody, update_mask: list[str] | None) -> None:
        given = entity.fields(given_only=True)
        if update_mask:
            given = {name: value for name, value in given.items() if name in update_mask}
        await self._backend.call("change_connection", conn_id=entity.connection_id, changes=given)

    async def delete(self, key: str) -> None:
        await self._backend.call("delete_connection", conn_id=key)


async def _one(backend: Backend, conn_id: str) -> dict[str, Any]:
    page = await backend.call("shown_connections", where=[["conn_id", "eq", conn_id]], limit=1, count=False)
    if not page["rows"]:
        raise NotFound(f"The Connection with connection_id: `{conn_id}` was not found")
    return connection_of(page["rows"][0])


async def _to_test(backend: Backend, body: ConnectionBody) -> dict[str, Any]:
    """The fields to try: those of the body over those of the store.

    Raises 400 where stored secrets would go to another host than their own."""
    try:
        stored = await backend.call("get_connection", conn_id=body.connection_id, secrets=True)
    except NotFound:
        return body.fields(given_only=False)
    given = body.fields(given_only=True)
    moved = any(name in given and (given[name] or None) != (stored[name] or None) for name in ("host", "port"))
    if moved:
        if given.get("password") in (None, "", HIDDEN):
            raise Refusal(400, "Host or port differ from the stored connection: say its password too.")
        return body.fields(given_only=False)
    merged: dict[str, Any] = await backend.call("merged_connection", conn_id=body.connection_id, changes=given)
    return merged
