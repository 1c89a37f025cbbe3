"""Task instances: list, look up, what they tried, what holds them back. What changes them is ``instance_changes``'s.

``by_index`` holds the paths that end in a map index; it comes after every router with a path below
``/taskInstances/{task_id}/``, which it would answer otherwise.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends

from queuack.api.auth.people import BackendOf, Viewer
from queuack.api.backend import Backend
from queuack.api.errors import Refusal
from queuack.api.models.instances import (
    ExtraLinkCollectionResponse,
    TaskDependencyCollectionResponse,
    TaskInstanceCollectionResponse,
    TaskInstanceHistoryCollectionResponse,
    TaskInstanceHistoryResponse,
    TaskInstanceResponse,
    TaskInstancesBatchBody,
    instance_of,
    try_of,
)
from queuack.api.query import BOUNDS, CursorQuery, Filters, Paging, PagingQuery, Where, conditions_of, where
from queuack.api.routes.runs import ANY_DAG
from queuack.errors import TaskNotFound

router = APIRouter(prefix="/api/v2", tags=["Task Instance"])
by_index = APIRouter(prefix="/api/v2", tags=["Task Instance"])

ROOT = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances"

DATES = {f"logical_date_{bound}": datetime for bound in BOUNDS}
MAPPED = Filters(
    instants=("run_after", "start_date", "end_date", "updated_at"),
    numbers=("duration",),
    lists={
        "state": list[str],
        "pool": list[str],
        "queue": list[str],
        "try_number": list[int],
        "operator": list[str],
        "map_index": list[int],
    },
    patterns=("pool_name", "queue_name", "operator_name", "rendered_map_index"),
    conditions={"executor": list[str], "version_number": list[int], **DATES},
    columns={"pool_name": "pool", "queue_name": "queue"},
)
FILTERS = Filters(
    instants=MAPPED.instants,
    numbers=MAPPED.numbers,
    lists=MAPPED.lists,
    equals={"task_id": str, "task_group_id": str},
    patterns=("task_display_name", "dag_id", "run_id", *MAPPED.patterns),
    conditions=MAPPED.conditions,
    columns=MAPPED.columns,
)
BATCH_FILTERS = Filters(
    instants=("run_after", "start_date", "end_date"),
    numbers=("duration",),
    lists={"pool": list[str], "queue": list[str], "state": list[str]},
    conditions={"executor": list[str], **DATES},
    others={name: (list[str], name.replace("dag_run_id", "run_id").removesuffix("s"), "in")
            for name in ("dag_ids", "dag_run_ids", "task_ids")},
)  # fmt: skip
InstanceFilters = Annotated[Where, Depends(where("InstanceFilters", FILTERS))]
MappedFilters = Annotated[Where, Depends(where("MappedInstanceFilters", MAPPED))]


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────
@router.get(ROOT, response_model=TaskInstanceCollectionResponse)
async def get_task_instances(
    dag_id: str, dag_run_id: str, backend: BackendOf, user: Viewer, filters: InstanceFilters, paging: CursorQuery
) -> dict[str, Any]:
    """Task instances of a run, or of all runs (``~``), of a DAG or of all (``~``)."""
    if dag_id == ANY_DAG and dag_run_id != ANY_DAG:
        raise Refusal(400, "dag_id is required when dag_run_id is specified")
    filters = await _with_group(backend, dag_id, filters)
    if dag_run_id != ANY_DAG:
        filters = [["run_key", "", await run_key(backend, dag_id, dag_run_id)], *filters]
    elif dag_id != ANY_DAG:
        await backend.call("get_dag", dag_id=dag_id)
        filters = [["dag_id", "eq", dag_id], *filters]
    order = "id" if dag_run_id == ANY_DAG else "map_index"
    page = await backend.call("list_page", name="task_instances", where=filters, **_ordered(paging.params(order)))
    return {
        "task_instances": await shown(backend, page["rows"]),
        "total_entries": page["total"],
        **paging.cursors(page),
    }


@router.post(f"{ROOT}/list", response_model=TaskInstanceCollectionResponse)
async def get_task_instances_batch(
    dag_id: Literal["~"], dag_run_id: Literal["~"], body: TaskInstancesBatchBody, backend: BackendOf, user: Viewer
) -> dict[str, Any]:
    """The same with the filters in a body, of any runs of any DAGs."""
    filters = [
        [column, operation, ["none" if one is None else one for one in value] if operation == "in" else value]
        for column, operation, value in conditions_of(body, BATCH_FILTERS.fields())
    ]
    paging = Paging(limit=body.page_limit, offset=body.page_offset, order_by=[body.order_by] if body.order_by else [])
    page = await backend.call("list_page", name="task_instances", where=filters, **paging.params("id"))
    return {"task_instances": await shown(backend, page["rows"]), "total_entries": page["total"]}


@router.get(f"{ROOT}/{{task_id}}/listMapped", response_model=TaskInstanceCollectionResponse)
async def get_mapped_task_instances(
    dag_id: str,
    dag_run_id: str,
    task_id: str,
    backend: BackendOf,
    user: Viewer,
    filters: MappedFilters,
    paging: PagingQuery,
) -> dict[str, Any]:
    """The instances of a mapped task; none for one that was mapped over nothing."""
    place = await place_of(backend, dag_id, dag_run_id, task_id)
    indexes = [["map_index", "gte", 0]]
    found = await backend.call("list_page", name="task_instances", where=place + indexes, limit=1, count=False)
    if not found["rows"]:
        await _check_mapped(backend, dag_id, task_id)
    order = _ordered(paging.params("map_index"))
    page = await backend.call("list_page", name="task_instances", where=place + indexes + filters, **order)
    return {"task_instances": await shown(backend, page["rows"]), "total_entries": page["total"]}


async def _check_mapped(backend: Backend, dag_id: str, task_id: str) -> None:
    task = next((task for task in await backend.call("list_tasks", dag_id=dag_id) if task["task_id"] == task_id), None)
    if task is None:
        raise TaskNotFound(f"Task id {task_id} not found")
    if task.get("expansion") is None:
        raise TaskNotFound(f"Task id {task_id} is not mapped")


async def _with_group(backend: Backend, dag_id: str, filters: Where) -> Where:
    """The filter by task group as one by its tasks."""
    group = next((value for column, _, value in filters if column == "task_group_id"), None)
    if group is None:
        return filters
    if dag_id == ANY_DAG:
        raise Refusal(400, "task_group_id needs a specific dag_id")
    members = await backend.call("group_tasks", dag_id=dag_id, group_id=group)
    return [["task_id", "in", members], *(one for one in filters if one[0] != "task_group_id")]


def _ordered(params: dict[str, Any]) -> dict[str, Any]:
    """By rendered map index is by label, and where there is none by number."""
    order = []
    for name in params["order"]:
        sign = "-" if name.startswith("-") else ""
        by_label = name.removeprefix("-") == "rendered_map_index"
        order += [f"{sign}label", f"{sign}map_index"] if by_label else [name]
    return {**params, "order": order}


# ── one ──────────────────────────────────────────────────────────────────────────────────────────────
@router.get(f"{ROOT}/{{task_id}}", response_model=TaskInstanceResponse)
async def get_task_instance(
    dag_id: str, dag_run_id: str, task_id: str, backend: BackendOf, user: Viewer
) -> dict[str, Any]:
    """One task instance of a task that is not mapped."""
    rows = await instance_rows(backend, dag_id, dag_run_id, task_id)
    if rows[0]["map_index"] != -1:
        raise TaskNotFound("Task instance is mapped, add the map_index value to the URL")
    return (await shown(backend, rows[:1]))[0]


@by_index.get(f"{ROOT}/{{task_id}}/{{map_index}}", response_model=TaskInstanceResponse)
async def get_mapped_task_instance(
    dag_id: str, dag_run_id: str, task_id: str, map_index: int, backend: BackendOf, user: Viewer
) -> dict[str, Any]:
    """One task instance by its map index."""
    return (await shown(backend, await instance_rows(backend, dag_id, dag_run_id, task_id, map_index)))[0]


async def run_key(backend: Backend, dag_id: str, dag_run_id: str) -> int:
    """The number of a run. Raises DagNotFound, DagRunNotFound."""
    run = await backend.call("get_run", dag_id=dag_id, run=dag_run_id)
    return int(run["id"])


async def place_of(backend: Backend, dag_id: str, dag_run_id: str, task_id: str, map_index: int | None = None) -> Where:
    """Filters that leave the instances of a task in a run."""
    place: Where = [["run_key", "", await run_key(backend, dag_id, dag_run_id)], ["task_id", "eq", task_id]]
    return place if map_index is None else [*place, ["map_index", "eq", map_index]]


async def instance_rows(
    backend: Backend, dag_id: str, dag_run_id: str, task_id: str, map_index: int | None = None
) -> list[dict[str, Any]]:
    """Rows of the instances of a task in a run, by map index, as the list gives them. Raises TaskNotFound."""
    place = await place_of(backend, dag_id, dag_run_id, task_id, map_index)
    rows = await every_instance(backend, place)
    if not rows:
        index = "" if map_index is None else f" and map_index: `{map_index}`"
        raise TaskNotFound(
            f"The Task Instance with dag_id: `{dag_id}`, run_id: `{dag_run_id}`, task_id: `{task_id}`{index} was not "
            "found"
        )
    return rows


async def every_instance(backend: Backend, filters: Where) -> list[dict[str, Any]]:
    """All rows that pass the filters."""
    rows: list[dict[str, Any]] = []
    mark: list[Any] | None = None
    while True:
        page = await backend.call(
            "list_page", name="task_instances", where=filters, order=["task_id", "map_index"], limit=1000, count=False,
            after=mark,
        )  # fmt: skip
        rows += page["rows"]
        mark = page["next"]
        if mark is None:
            return rows


async def shown(backend: Backend, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the list in Airflow's names, with what their templates became."""
    places = [[row["run_key"], row["task_id"], row["map_index"]] for row in rows]
    rendered = await backend.call("rendered_fields_of", places=places) if rows else []
    return [{**instance_of(row), "rendered_fields": fields or {}} for row, fields in zip(rows, rendered, strict=True)]


# ── tries, dependencies, links ───────────────────────────────────────────────────────────────────────
@router.get(f"{ROOT}/{{task_id}}/tries", response_model=TaskInstanceHistoryCollectionResponse)
async def get_task_instance_tries(
    dag_id: str, dag_run_id: str, task_id: str, backend: BackendOf, user: Viewer, map_index: int = -1
) -> dict[str, Any]:
    """All tries of a task instance, oldest first."""
    tries = await backend.call("task_tries", dag_id=dag_id, run=dag_run_id, task_id=task_id, map_index=map_index)
    return {"task_instances": [try_of(row) for row in tries], "total_entries": len(tries)}


@router.get(f"{ROOT}/{{task_id}}/{{map_index}}/tries", response_model=TaskInstanceHistoryCollectionResponse)
async def get_mapped_task_instance_tries(
    dag_id: str, dag_run_id: str, task_id: str, map_index: int, backend: BackendOf, user: Viewer
) -> dict[str, Any]:
    """The same by map index."""
    return await get_task_instance_tries(dag_id, dag_run_id, task_id, backend, user, map_index)


@router.get(f"{ROOT}/{{task_id}}/tries/{{task_try_number}}", response_model=TaskInstanceHistoryResponse)
async def get_task_instance_try_details(
    dag_id: str,
    dag_run_id: str,
    task_id: str,
    task_try_number: int,
    backend: BackendOf,
    user: Viewer,
    map_index: int = -1,
) -> dict[str, Any]:
    """One try."""
    tries = await backend.call("task_tries", dag_id=dag_id, run=dag_run_id, task_id=task_id, map_index=map_index)
    for row in reversed(tries):
        if row["try_number"] == task_try_number:
            return try_of(row)
    raise TaskNotFound(
        f"The Task Instance with dag_id: `{dag_id}`, run_id: `{dag_run_id}`, task_id: `{task_id}`, try_number: "
        f"`{task_try_number}` and map_index: `{map_index}` was not found"
    )


@router.get(f"{ROOT}/{{task_id}}/{{map_index}}/tries/{{task_try_number}}", response_model=TaskInstanceHistoryResponse)
async def get_mapped_task_instance_try_details(
    dag_id: str, dag_run_id: str, task_id: str, map_index: int, task_try_number: int, backend: BackendOf, user: Viewer
) -> dict[str, Any]:
    """The same by map index."""
    return await get_task_instance_try_details(dag_id, dag_run_id, task_id, task_try_number, backend, user, map_index)


@router.get(f"{ROOT}/{{task_id}}/dependencies", response_model=TaskDependencyCollectionResponse)
async def get_task_instance_dependencies(
    dag_id: str, dag_run_id: str, task_id: str, backend: BackendOf, user: Viewer, map_index: int = -1
) -> dict[str, Any]:
    """What holds a task instance back; nothing for one that is running or over."""
    (row,) = await instance_rows(backend, dag_id, dag_run_id, task_id, map_index)
    if row["state"] not in HELD:
        return {"dependencies": []}
    reasons = await backend.call("failed_deps", dag_id=dag_id, run=dag_run_id, task_id=task_id, map_index=map_index)
    found = sorted(({"name": one["dep"], "reason": one["reason"]} for one in reasons), key=lambda one: one["name"])
    return {"dependencies": found}


HELD = (None, "scheduled", "up_for_retry", "up_for_reschedule")


@router.get(f"{ROOT}/{{task_id}}/{{map_index}}/dependencies", response_model=TaskDependencyCollectionResponse)
async def get_task_instance_dependencies_by_map_index(
    dag_id: str, dag_run_id: str, task_id: str, map_index: int, backend: BackendOf, user: Viewer
) -> dict[str, Any]:
    """The same by map index."""
    return await get_task_instance_dependencies(dag_id, dag_run_id, task_id, backend, user, map_index)


@router.get(f"{ROOT}/{{task_id}}/links", response_model=ExtraLinkCollectionResponse)
async def get_extra_links(
    dag_id: str,
    dag_run_id: str,
    task_id: str,
    backend: BackendOf,
    user: Viewer,
    map_index: int = -1,
    try_number: int | None = None,
) -> dict[str, Any]:
    """Links of the operator and of plugins: name and URL, null where the task has not left one."""
    await instance_rows(backend, dag_id, dag_run_id, task_id, map_index)
    if try_number is not None:
        await get_task_instance_try_details(dag_id, dag_run_id, task_id, try_number, backend, user, map_index)
    links = await backend.call("task_links", dag_id=dag_id, run=dag_run_id, task_id=task_id, map_index=map_index)
    return {"extra_links": links, "total_entries": len(links)}
