"""What tasks ask people: list the questions, look one up, answer it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from queuack.api.auth.people import BackendOf, Operator, Viewer, audited
from queuack.api.models.hitl import (
    HITLDetail,
    HITLDetailCollection,
    HITLDetailHistory,
    HITLDetailResponse,
    UpdateHITLDetailPayload,
    question_of,
)
from queuack.api.models.instances import try_of
from queuack.api.query import Filters, PagingQuery, Where, where
from queuack.api.routes.instances import ROOT, shown
from queuack.api.routes.runs import ANY_DAG

router = APIRouter(prefix="/api/v2", tags=["Task Instance"])

QUESTION = f"{ROOT}/{{task_id}}/{{map_index}}/hitlDetails"
FILTERS = Filters(
    instants=("created_at",),
    lists={"state": list[str], "responded_by_user_id": list[str], "responded_by_user_name": list[str]},
    equals={"task_id": str, "map_index": int},
    patterns=("dag_id", "task_id"),
    conditions={"response_received": bool},
    others={"subject_search": (str, "subject", "like"), "body_search": (str, "body", "like")},
)
QuestionFilters = Annotated[Where, Depends(where("QuestionFilters", FILTERS))]


@router.get("/dags/{dag_id}/dagRuns/{dag_run_id}/hitlDetails", response_model=HITLDetailCollection)
async def get_hitl_details(
    dag_id: str, dag_run_id: str, backend: BackendOf, user: Viewer, filters: QuestionFilters, paging: PagingQuery
) -> dict[str, Any]:
    """What tasks ask, of a run or of all (``~``), of a DAG or of all (``~``); ``state`` is the task's."""
    for name, value in (("dag_id", dag_id), ("run_id", dag_run_id)):
        if value != ANY_DAG:
            filters = [[name, "eq", value], *filters]
    page = await backend.call("hitl_detail_page", where=filters, **paging.params("ti_id"))
    instances = await shown(backend, [row["task_instance"] for row in page["rows"]])
    details = [question_of(row, instance) for row, instance in zip(page["rows"], instances, strict=True)]
    return {"hitl_details": details, "total_entries": page["total"]}


@router.get(QUESTION, response_model=HITLDetail)
async def get_hitl_detail(
    dag_id: str, dag_run_id: str, task_id: str, map_index: int, backend: BackendOf, user: Viewer
) -> dict[str, Any]:
    """What one task instance has asked last."""
    asked = await backend.call("get_hitl_detail", dag_id=dag_id, run=dag_run_id, task_id=task_id, map_index=map_index)
    page = await backend.call("hitl_detail_page", where=[["ti_id", "eq", asked["ti_id"]]], limit=1, count=False)
    (row,) = page["rows"]
    (instance,) = await shown(backend, [row["task_instance"]])
    return question_of(row, instance)


@router.get(f"{QUESTION}/tries/{{try_number}}", response_model=HITLDetailHistory)
async def get_hitl_detail_try_detail(
    dag_id: str,
    dag_run_id: str,
    task_id: str,
    map_index: int,
    try_number: int | None,
    backend: BackendOf,
    user: Viewer,
) -> dict[str, Any]:
    """What it asked in one of its tries."""
    row = await backend.call(
        "get_hitl_detail_of_try",
        dag_id=dag_id,
        run=dag_run_id,
        task_id=task_id,
        map_index=map_index,
        try_number=try_number,
    )
    return question_of(row, try_of(row["task_instance"]))


@router.patch(QUESTION, response_model=HITLDetailResponse)
async def update_hitl_detail(
    dag_id: str,
    dag_run_id: str,
    task_id: str,
    map_index: int,
    body: UpdateHITLDetailPayload,
    backend: BackendOf,
    user: Operator,
) -> dict[str, Any]:
    """Answer; the task goes on. Who may: those whom the task asks, or anybody where it names nobody."""
    about = {"dag_id": dag_id, "run_id": dag_run_id, "task_id": task_id, "map_index": map_index}
    await audited(backend, "update_hitl_detail", user, **about)
    row = await backend.call(
        "update_hitl_detail",
        dag_id=dag_id,
        run=dag_run_id,
        task_id=task_id,
        map_index=map_index,
        chosen_options=body.chosen_options,
        params_input=body.params_input,
        user_id=user.username,
    )
    return {**row, "responded_by": row["responded_by_user"]}
