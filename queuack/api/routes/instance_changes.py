"""What people do to task instances: mark, note, clear, delete; single ones, task groups, and many at once."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from queuack.api.auth.people import BackendOf, Operator, User, audited
from queuack.api.backend import Backend
from queuack.api.errors import Refusal
from queuack.api.models.instances import ClearTaskInstancesBody, PatchTaskInstanceBody, TaskInstanceCollectionResponse
from queuack.api.query import Where
from queuack.api.routes.instances import ROOT, every_instance, instance_rows, run_key, shown

router = APIRouter(prefix="/api/v2", tags=["Task Instance"])
by_index = APIRouter(prefix="/api/v2", tags=["Task Instance"])
"""After all others, as that of ``instances``."""

Mask = Annotated[list[str] | None, Query()]
GROUP = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskGroupInstances/{group_id}"


# ── one task ─────────────────────────────────────────────────────────────────────────────────────────
@router.patch(f"{ROOT}/{{task_id}}/dry_run", response_model=TaskInstanceCollectionResponse)
async def patch_task_instance_dry_run(
    dag_id: str,
    dag_run_id: str,
    task_id: str,
    body: PatchTaskInstanceBody,
    backend: BackendOf,
    user: Operator,
    map_index: int | None = None,
    update_mask: Mask = None,
) -> dict[str, Any]:
    """What a change of state would touch."""
    rows = await _rows(backend, dag_id, dag_run_id, task_id, map_index)
    if "new_state" in _fields(body, update_mask):
        chosen = await _mark(backend, dag_id, dag_run_id, task_id, map_index, body, user, dry_run=True)
        rows = await backend.call("instance_page_rows", chosen=chosen)
    return await _collection(backend, rows)


@router.patch(f"{ROOT}/{{task_id}}/{{map_index}}/dry_run", response_model=TaskInstanceCollectionResponse)
async def patch_task_instance_dry_run_by_map_index(
    dag_id: str,
    dag_run_id: str,
    task_id: str,
    map_index: int,
    body: PatchTaskInstanceBody,
    backend: BackendOf,
    user: Operator,
    update_mask: Mask = None,
) -> dict[str, Any]:
    """The same by map index."""
    return await patch_task_instance_dry_run(dag_id, dag_run_id, task_id, body, backend, user, map_index, update_mask)


@router.patch(f"{ROOT}/{{task_id}}", response_model=TaskInstanceCollectionResponse)
async def patch_task_instance(
    dag_id: str,
    dag_run_id: str,
    task_id: str,
    body: PatchTaskInstanceBody,
    backend: BackendOf,
    user: Operator,
    map_index: int | None = None,
    update_mask: Mask = None,
) -> dict[str, Any]:
    """Mark a task instance, or all of a mapped task, success, failed or skipped; write a note on them."""
    await _rows(backend, dag_id, dag_run_id, task_id, map_index)
    await audited(
        backend, "patch_task_instance", user, dag_id=dag_id, run_id=dag_run_id, task_id=task_id, map_index=map_index
    )
    await change(backend, dag_id, dag_run_id, task_id, map_index, body, user, update_mask)
    return await _collection(backend, await instance_rows(backend, dag_id, dag_run_id, task_id, map_index))


@by_index.patch(f"{ROOT}/{{task_id}}/{{map_index}}", response_model=TaskInstanceCollectionResponse)
async def patch_task_instance_by_map_index(
    dag_id: str,
    dag_run_id: str,
    task_id: str,
    map_index: int,
    body: PatchTaskInstanceBody,
    backend: BackendOf,
    user: Operator,
    update_mask: Mask = None,
) -> dict[str, Any]:
    """The same by map index."""
    return await patch_task_instance(dag_id, dag_run_id, task_id, body, backend, user, map_index, update_mask)


@router.delete(f"{ROOT}/{{task_id}}", response_model=None)
async def delete_task_instance(
    dag_id: str, dag_run_id: str, task_id: str, backend: BackendOf, user: Operator, map_index: int = -1
) -> None:
    """Forget a task instance with its tries, XComs and notes; its run goes on without the task."""
    await instance_rows(backend, dag_id, dag_run_id, task_id, map_index)
    await audited(
        backend, "delete_task_instance", user, dag_id=dag_id, run_id=dag_run_id, task_id=task_id, map_index=map_index
    )
    await backend.call(
        "delete_task_instance", dag_id=dag_id, run=dag_run_id, task_id=task_id, map_index=map_index, user=user.username
    )


async def change(
    backend: Backend,
    dag_id: str,
    dag_run_id: str,
    task_id: str,
    map_index: int | None,
    body: PatchTaskInstanceBody,
    user: User,
    update_mask: list[str] | None,
) -> None:
    """The note, then the state. Raises 409 when nothing is left to be marked."""
    fields = _fields(body, update_mask)
    if "note" in fields and (body.note is not None or update_mask):
        await backend.call(
            "set_note",
            dag_id=dag_id,
            run=dag_run_id,
            task_id=task_id,
            map_index=-1 if map_index is None else map_index,
            note=body.note or "",
            user=user.username,
        )
    if "new_state" in fields and not await _mark(
        backend, dag_id, dag_run_id, task_id, map_index, body, user, dry_run=False
    ):
        raise Refusal(409, f"Task id {task_id} is already in {body.new_state} state")


async def _mark(
    backend: Backend,
    dag_id: str,
    dag_run_id: str,
    task_id: str,
    map_index: int | None,
    body: PatchTaskInstanceBody,
    user: User,
    *,
    dry_run: bool,
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await backend.call(
        "set_task_state",
        dag_id=dag_id,
        run=dag_run_id,
        task_id=task_id,
        map_index=-1 if map_index is None else map_index,
        state=body.new_state,
        **_reach(body),
        dry_run=dry_run,
        user=user.username,
    )
    return found


def _reach(body: PatchTaskInstanceBody | ClearTaskInstancesBody) -> dict[str, bool]:
    return {
        "include_upstream": body.include_upstream,
        "include_downstream": body.include_downstream,
        "include_future": body.include_future,
        "include_past": body.include_past,
    }


def _fields(body: PatchTaskInstanceBody, update_mask: list[str] | None) -> set[str]:
    return body.model_fields_set & set(update_mask) if update_mask else body.model_fields_set


async def _rows(
    backend: Backend, dag_id: str, dag_run_id: str, task_id: str, map_index: int | None
) -> list[dict[str, Any]]:
    """Raises 404 for a task that the DAG does not have any more, or its run not yet."""
    known = {task["task_id"] for task in await backend.call("list_tasks", dag_id=dag_id)}
    if task_id not in known:
        raise Refusal(404, f"Task '{task_id}' not found in Dag '{dag_id}'")
    return await instance_rows(backend, dag_id, dag_run_id, task_id, map_index)


async def _collection(backend: Backend, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"task_instances": await shown(backend, rows), "total_entries": len(rows)}


# ── task groups ──────────────────────────────────────────────────────────────────────────────────────
@router.patch(GROUP, response_model=TaskInstanceCollectionResponse)
async def patch_task_group_instances(
    dag_id: str,
    dag_run_id: str,
    group_id: str,
    body: PatchTaskInstanceBody,
    backend: BackendOf,
    user: Operator,
    update_mask: Mask = None,
) -> dict[str, Any]:
    """Mark all task instances of a task group; write a note on them."""
    rows = await every_instance(backend, await _group(backend, dag_id, dag_run_id, group_id))
    fields = _fields(body, update_mask)
    await audited(backend, "patch_task_group_instances", user, dag_id=dag_id, run_id=dag_run_id, extra=group_id)
    if "note" in fields and (body.note is not None or update_mask):
        for task_id in dict.fromkeys(row["task_id"] for row in rows):
            await backend.call(
                "set_note", dag_id=dag_id, run=dag_run_id, task_id=task_id, note=body.note or "", user=user.username
            )
    if "new_state" in fields:
        marked = await _mark_group(backend, dag_id, dag_run_id, group_id, body, user, dry_run=False)
        if not marked:
            raise Refusal(409, f"All task instances in the group are already in {body.new_state} state")
        rows = await backend.call("instance_page_rows", chosen=marked)
    else:
        rows = await every_instance(backend, await _group(backend, dag_id, dag_run_id, group_id))
    return await _collection(backend, rows)


@router.patch(f"{GROUP}/dry_run", response_model=TaskInstanceCollectionResponse)
async def patch_task_group_instances_dry_run(
    dag_id: str, dag_run_id: str, group_id: str, body: PatchTaskInstanceBody, backend: BackendOf, user: Operator
) -> dict[str, Any]:
    """What that would touch."""
    rows = await every_instance(backend, await _group(backend, dag_id, dag_run_id, group_id))
    if body.new_state is not None:
        marked = await _mark_group(backend, dag_id, dag_run_id, group_id, body, user, dry_run=True)
        rows = await backend.call("instance_page_rows", chosen=marked)
    return await _collection(backend, rows)


async def _group(backend: Backend, dag_id: str, dag_run_id: str, group_id: str) -> Where:
    members = await backend.call("group_tasks", dag_id=dag_id, group_id=group_id)
    return [["run_key", "", await run_key(backend, dag_id, dag_run_id)], ["task_id", "in", members]]


async def _mark_group(
    backend: Backend,
    dag_id: str,
    dag_run_id: str,
    group_id: str,
    body: PatchTaskInstanceBody,
    user: User,
    *,
    dry_run: bool,
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await backend.call(
        "set_group_state",
        dag_id=dag_id,
        run=dag_run_id,
        group_id=group_id,
        state=body.new_state,
        **_reach(body),
        dry_run=dry_run,
        user=user.username,
    )
    return found


# ── clearing ─────────────────────────────────────────────────────────────────────────────────────────
@router.post("/dags/{dag_id}/clearTaskInstances", response_model=TaskInstanceCollectionResponse)
async def post_clear_task_instances(
    dag_id: str, body: ClearTaskInstancesBody, backend: BackendOf, user: Operator
) -> dict[str, Any]:
    """Run task instances again: of a run, or of all runs with a logical date in a range. With ``dry_run`` (the
    default) say which; by default only those that failed."""
    if not body.dry_run:
        await audited(backend, "post_clear_task_instances", user, dag_id=dag_id, run_id=body.dag_run_id)
    chosen = await backend.call(
        "clear_tasks",
        dag_id=dag_id,
        run=body.dag_run_id,
        task_ids=None if body.task_ids is None else [one if isinstance(one, str) else [*one] for one in body.task_ids],
        start_date=body.start_date.isoformat() if body.start_date else None,
        end_date=body.end_date.isoformat() if body.end_date else None,
        only_failed=body.only_failed,
        only_running=body.only_running,
        reset_dag_runs=body.reset_dag_runs,
        run_on_latest_version=body.run_on_latest_version,
        prevent_running_task=body.prevent_running_task,
        note=body.note,
        **_reach(body),
        dry_run=body.dry_run,
        user=user.username,
    )
    return await _collection(backend, await backend.call("instance_page_rows", chosen=chosen))
