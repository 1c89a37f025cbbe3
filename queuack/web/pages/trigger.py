"""The trigger form of a DAG. The run itself is made by the REST API, whose refusal the form shows."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from queuack.api.auth.people import BackendOf
from queuack.errors import InvalidRequest
from queuack.web.fields import sections_of
from queuack.web.view import Person, ViewsOf

router = APIRouter()

EARLIER = 20
"""Latest runs whose configuration is offered."""


@router.get("/dags/{dag_id}/trigger")
async def trigger_page(
    dag_id: str,
    backend: BackendOf,
    user: Person,
    views: ViewsOf,
    conf: str = "",
    run_id: str = "",
    logical_date: str = "",
    note: str = "",
    like: str = "",
) -> Response:
    """The form, filled in with ``conf`` (JSON), or with the configuration of the run ``like``."""
    dag = await backend.call("get_dag", dag_id=dag_id)
    where = [["dag_id", "eq", dag_id]]
    row = (await backend.call("list_page", name="dags", where=where, limit=1, count=False))["rows"][0]
    listed = await backend.call("list_page", name="dag_runs", where=where, order=["-id"], limit=EARLIER, count=False)
    earlier = [run for run in listed["rows"] if run["conf"]]
    given = _given(conf)
    if like:
        given = next((run["conf"] for run in earlier if run["run_id"] == like), given)
    params = dag.get("params") or {}
    return views.page(
        "trigger.html",
        user,
        dag=dag | {"timetable_partitioned": row["timetable_partitioned"]},
        sections=sections_of(params, given),
        conf=json.dumps(_defaults(params) | given, indent=2, ensure_ascii=False),
        earlier=earlier,
        like=like,
        run_id=run_id,
        logical_date=logical_date,
        note=note,
    )


def _given(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidRequest("conf in the address is no JSON object.")
    return found


def _defaults(params: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {name: param.get("value") for name, param in params.items()}
