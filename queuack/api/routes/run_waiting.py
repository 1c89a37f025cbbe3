"""Waiting for a DAG run: one line of JSON each time it is looked at, the last with what it returned."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from queuack.api.auth.people import BackendOf, Viewer
from queuack.api.backend import Backend
from queuack.api.routes.runs import one_run

router = APIRouter(prefix="/api/v2", tags=["experimental"])

FINISHED = ("success", "failed")


@router.get(
    "/dags/{dag_id}/dagRuns/{dag_run_id}/wait",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/json": {"schema": {}}, "application/x-ndjson": {"schema": {"type": "string"}}}}
    },
)
async def wait_dag_run_until_finished(
    dag_id: str,
    dag_run_id: str,
    backend: BackendOf,
    user: Viewer,
    interval: Annotated[float, Query(gt=0.0)],
    result: Annotated[list[str] | None, Query()] = None,
) -> StreamingResponse:
    """The state of a run every ``interval`` seconds until it has ended; then also what the tasks named in ``result``
    returned, or else the tasks whose value is the DAG's result."""
    await one_run(backend, dag_id, dag_run_id)
    lines = _lines(backend, dag_id, dag_run_id, interval, result)
    return StreamingResponse(lines, media_type="application/x-ndjson")


async def _lines(
    backend: Backend, dag_id: str, run_id: str, interval: float, task_ids: list[str] | None
) -> AsyncIterator[str]:
    while True:
        said = {"state": (await backend.call("get_run", dag_id=dag_id, run=run_id))["state"]}
        ended = said["state"] in FINISHED
        if ended and (results := await backend.call("xcom_results", dag_id=dag_id, run=run_id, task_ids=task_ids)):
            said["results"] = results
        yield json.dumps(said) + "\n"
        if ended:
            return
        await asyncio.sleep(interval)
