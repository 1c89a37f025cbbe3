"""Task instances, many at once: marked, noted, deleted; each that cannot be is in the answer with the reason."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from queuack.api.auth.people import BackendOf, Operator, User, audited
from queuack.api.backend import Backend
from queuack.api.errors import Refusal
from queuack.api.models.bulk import (
    BulkActionNotOnExistence,
    BulkActionResponse,
    BulkBody,
    BulkCreateAction,
    BulkDeleteAction,
    BulkResponse,
    BulkUpdateAction,
)
from queuack.api.models.instances import BulkTaskInstanceBody
from queuack.api.routes.instance_changes import change
from queuack.api.routes.instances import ROOT, instance_rows
from queuack.api.routes.runs import ANY_DAG
from queuack.errors import NotFound, QueuackError

router = APIRouter(prefix="/api/v2", tags=["Task Instance"])

Key = tuple[str, str, str, int]
"""DAG id, run id, task id, map index."""


@router.patch(ROOT, response_model=BulkResponse)
async def bulk_task_instances(
    dag_id: str, dag_run_id: str, body: BulkBody[BulkTaskInstanceBody], backend: BackendOf, user: Operator
) -> BulkResponse:
    """Change and delete several. An entry without map index means all instances of its task."""
    answer = BulkResponse()
    for action in body.actions:
        done = getattr(answer, action.action) or BulkActionResponse()
        setattr(answer, action.action, done)
        if isinstance(action, BulkCreateAction):
            done.errors.append({"error": "Task instances are not created in bulk: runs have them.", "status_code": 405})
            continue
        wanted, missing = await _wanted(backend, dag_id, dag_run_id, action.entities, done)
        if missing and action.action_on_non_existence == BulkActionNotOnExistence.FAIL:
            error = f"The task instances with these identifiers: {missing} were not found"
            done.errors.append({"error": error, "status_code": 404})
            continue
        for key, entity in wanted.items():
            await _one(backend, key, entity, action, done, user)
    return answer


async def _wanted(
    backend: Backend, dag_id: str, dag_run_id: str, entities: list[Any], done: BulkActionResponse
) -> tuple[dict[Key, BulkTaskInstanceBody], list[str]]:
    """The instances that are there, and the names of the entries without any."""
    wanted: dict[Key, BulkTaskInstanceBody] = {}
    missing = []
    for given in entities:
        entity = BulkTaskInstanceBody(task_id=given) if isinstance(given, str) else given
        place = (entity.dag_id or dag_id, entity.dag_run_id or dag_run_id)
        if ANY_DAG in place:
            error = f"With '~' in the URL the body names DAG and run; that of task {entity.task_id!r} does not."
            done.errors.append({"error": error, "status_code": 400})
            continue
        try:
            rows = await instance_rows(backend, *place, entity.task_id, entity.map_index)
        except NotFound:
            index = "" if entity.map_index is None else f"[{entity.map_index}]"
            missing.append(f"{place[0]}.{place[1]}.{entity.task_id}{index}")
            continue
        wanted.update(((*place, entity.task_id, row["map_index"]), entity) for row in rows)
    return wanted, missing


async def _one(
    backend: Backend,
    key: Key,
    entity: BulkTaskInstanceBody,
    action: BulkUpdateAction[BulkTaskInstanceBody] | BulkDeleteAction[BulkTaskInstanceBody],
    done: BulkActionResponse,
    user: User,
) -> None:
    dag_id, run_id, task_id, map_index = key
    about = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": map_index}
    await audited(backend, "bulk_task_instances", user, **about, extra=action.action)
    try:
        if isinstance(action, BulkUpdateAction):
            await change(backend, dag_id, run_id, task_id, map_index, entity, user, action.update_mask)
        else:
            place = {"dag_id": dag_id, "run": run_id, "task_id": task_id, "map_index": map_index}
            await backend.call("delete_task_instance", **place, user=user.username)
    except Refusal as refusal:
        done.errors.append({"error": refusal.detail, "status_code": refusal.status_code})
    except QueuackError as refusal:
        done.errors.append({"error": refusal.message, "status_code": refusal.http_status})
    else:
        done.success.append(f"{dag_id}.{run_id}.{task_id}[{map_index}]")
