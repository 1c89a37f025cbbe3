"""XComs: list, look up, write, delete. Values are JSON; nothing is unpickled, here or in the services."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from queuack.api.auth.people import BackendOf, Operator, Viewer, audited
from queuack.api.backend import Backend
from queuack.api.models.xcoms import (
    XComCollectionResponse,
    XComCreateBody,
    XComResponseNative,
    XComResponseString,
    XComUpdateBody,
)
from queuack.api.query import Filters, PagingQuery, Where, where
from queuack.api.routes.instances import ROOT
from queuack.api.routes.runs import ANY_DAG, one_run
from queuack.errors import NotFound

router = APIRouter(prefix="/api/v2", tags=["XCom"])

XCOMS = f"{ROOT}/{{task_id}}/xcomEntries"
ORDER = ("dag_id", "task_id", "run_id", "map_index", "key")
FILTERS = Filters(
    instants=("logical_date", "run_after"),
    patterns=("xcom_key", "dag_display_name", "run_id", "task_id"),
    others={"map_index_filter": (int, "map_index", "eq"), "xcom_key": (str, "key", "eq")},
    columns={"xcom_key": "key"},
)
XComFilters = Annotated[Where, Depends(where("XComFilters", FILTERS))]
MapIndex = Annotated[int, Query(ge=-1)]


@router.get(XCOMS, response_model=XComCollectionResponse)
async def get_xcom_entries(
    dag_id: str,
    dag_run_id: str,
    task_id: str,
    backend: BackendOf,
    user: Viewer,
    filters: XComFilters,
    paging: PagingQuery,
    map_index: Annotated[int | None, Query(ge=-1)] = None,
) -> dict[str, Any]:
    """XComs without their values, of a task of a run; ``~`` for any DAG, run or task."""
    place: Where = []
    if dag_id != ANY_DAG and dag_run_id != ANY_DAG:
        try:
            run = await backend.call("get_run", dag_id=dag_id, run=dag_run_id)
        except NotFound:
            return {"xcom_entries": [], "total_entries": 0}
        place.append(["run_key", "", run["id"]])
    for name, value in (("dag_id", dag_id), ("run_id", dag_run_id), ("task_id", task_id)):
        if value != ANY_DAG:
            place.append([name, "eq", value])
    if map_index is not None:
        place.append(["map_index", "eq", map_index])
    params = paging.params(ORDER[0])
    if not paging.order_by:
        params["order"] = list(ORDER)
    page = await backend.call("list_page", name="xcoms", where=place + filters, **params)
    entries = [{**row, "task_display_name": row["task_id"]} for row in page["rows"]]
    return {"xcom_entries": entries, "total_entries": page["total"]}


@router.get(f"{XCOMS}/{{xcom_key:path}}", response_model=XComResponseNative | XComResponseString)
async def get_xcom_entry(
    dag_id: str,
    task_id: str,
    dag_run_id: str,
    xcom_key: str,
    backend: BackendOf,
    user: Viewer,
    map_index: MapIndex = -1,
    deserialize: bool = False,
    stringify: bool = False,
) -> Any:
    """One XCom: the JSON that is stored, or, with ``deserialize``, typed values as text; ``stringify``: all as text."""
    found = await backend.call(
        "get_xcom",
        dag_id=dag_id,
        run=dag_run_id,
        task_id=task_id,
        key=xcom_key,
        map_index=map_index,
        readable=deserialize,
    )
    shown = await _shown(backend, found)
    if stringify:
        value = shown["value"]
        text = value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return XComResponseString(**{**shown, "value": text})
    return XComResponseNative(**shown)


@router.post(XCOMS, status_code=201, response_model=XComResponseNative)
async def create_xcom_entry(
    dag_id: str, task_id: str, dag_run_id: str, body: XComCreateBody, backend: BackendOf, user: Operator
) -> dict[str, Any]:
    """Write an XCom that is not there yet."""
    await audited(
        backend, "create_xcom_entry", user, dag_id=dag_id, run_id=dag_run_id, task_id=task_id,
        map_index=body.map_index, extra=body.key,
    )  # fmt: skip
    found = await backend.call(
        "create_xcom",
        dag_id=dag_id,
        run=dag_run_id,
        task_id=task_id,
        key=body.key,
        value=body.value,
        map_index=body.map_index,
    )
    return await _shown(backend, found)


@router.patch(f"{XCOMS}/{{xcom_key:path}}", response_model=XComResponseNative)
async def update_xcom_entry(
    dag_id: str,
    task_id: str,
    dag_run_id: str,
    xcom_key: str,
    body: XComUpdateBody,
    backend: BackendOf,
    user: Operator,
) -> dict[str, Any]:
    """Write another value into an XCom."""
    await audited(
        backend, "update_xcom_entry", user, dag_id=dag_id, run_id=dag_run_id, task_id=task_id,
        map_index=body.map_index, extra=xcom_key,
    )  # fmt: skip
    found = await backend.call(
        "update_xcom",
        dag_id=dag_id,
        run=dag_run_id,
        task_id=task_id,
        key=xcom_key,
        value=body.value,
        map_index=body.map_index,
    )
    return await _shown(backend, found)


@router.delete(f"{XCOMS}/{{xcom_key:path}}", status_code=204)
async def delete_xcom_entry(
    dag_id: str,
    task_id: str,
    dag_run_id: str,
    xcom_key: str,
    backend: BackendOf,
    user: Operator,
    map_index: MapIndex = -1,
) -> Response:
    """Forget an XCom."""
    about = {"dag_id": dag_id, "task_id": task_id, "map_index": map_index}
    await audited(backend, "delete_xcom_entry", user, **about, run_id=dag_run_id, extra=xcom_key)
    await backend.call("delete_xcom", **about, run=dag_run_id, key=xcom_key)
    return Response(status_code=204)


async def _shown(backend: Backend, found: dict[str, Any]) -> dict[str, Any]:
    run = await one_run(backend, found["dag_id"], found["run_id"])
    names = {name: run[name] for name in ("logical_date", "run_after", "dag_display_name")}
    return {**found, **names, "task_display_name": found["task_id"]}
