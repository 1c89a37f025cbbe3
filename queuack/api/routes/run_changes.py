"""What people do to DAG runs: mark, note, clear, delete; one by one and many at once."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

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
from queuack.api.models.instances import instance_of
from queuack.api.models.runs import (
    BulkDAGRunBody,
    BulkDAGRunClearBody,
    ClearPartitionsBody,
    ClearPartitionsResponse,
    ClearTaskInstanceCollectionResponse,
    DAGRunClearBody,
    DAGRunCollectionResponse,
    DAGRunPatchBody,
    DAGRunResponse,
)
from queuack.api.routes.runs import ANY_DAG, one_run
from queuack.errors import NotFound, QueuackError

router = APIRouter(prefix="/api/v2", tags=["DagRun"])

Key = tuple[str, str]
"""DAG id, run id."""


@router.patch("/dags/{dag_id}/dagRuns/{dag_run_id}", response_model=DAGRunResponse)
async def patch_dag_run(
    dag_id: str,
    dag_run_id: str,
    body: DAGRunPatchBody,
    backend: BackendOf,
    user: Operator,
    update_mask: Annotated[list[str] | None, Query()] = None,
) -> dict[str, Any]:
    """Mark a run success or failed, queue it again, write a note on it."""
    await one_run(backend, dag_id, dag_run_id)
    await audited(backend, "patch_dag_run", user, dag_id=dag_id, run_id=dag_run_id)
    fields = body.model_fields_set & set(update_mask) if update_mask else body.model_fields_set
    if "note" in fields:
        await _note(backend, (dag_id, dag_run_id), body.note, user)
    if "state" in fields and body.state is not None:
        await backend.call("set_run_state", dag_id=dag_id, run=dag_run_id, state=body.state, user=user.username)
    return await one_run(backend, dag_id, dag_run_id)


async def _note(backend: Backend, key: Key, note: str | None, user: User) -> None:
    await backend.call("set_note", dag_id=key[0], run=key[1], note=note or "", user=user.username)


@router.delete("/dags/{dag_id}/dagRuns/{dag_run_id}", status_code=204)
async def delete_dag_run(dag_id: str, dag_run_id: str, backend: BackendOf, user: Operator) -> Response:
    """Forget a run that is not running, with its task instances and all they left but their logs."""
    await one_run(backend, dag_id, dag_run_id)
    await audited(backend, "delete_dag_run", user, dag_id=dag_id, run_id=dag_run_id)
    await backend.call("delete_run", dag_id=dag_id, run=dag_run_id, user=user.username)
    return Response(status_code=204)


# ── clearing ─────────────────────────────────────────────────────────────────────────────────────────
@router.post(
    "/dags/{dag_id}/dagRuns/{dag_run_id}/clear", response_model=ClearTaskInstanceCollectionResponse | DAGRunResponse
)
async def clear_dag_run(
    dag_id: str, dag_run_id: str, body: DAGRunClearBody, backend: BackendOf, user: Operator
) -> dict[str, Any]:
    """Run a run again; with ``dry_run`` (the default) say what would."""
    await one_run(backend, dag_id, dag_run_id)
    if not body.dry_run:
        await audited(backend, "clear_dag_run", user, dag_id=dag_id, run_id=dag_run_id)
    touched = await _clear(backend, (dag_id, dag_run_id), body, user)
    if body.dry_run:
        return {"task_instances": touched, "total_entries": len(touched)}
    return await one_run(backend, dag_id, dag_run_id)


@router.post(
    "/dags/{dag_id}/clearDagRuns", response_model=ClearTaskInstanceCollectionResponse | DAGRunCollectionResponse
)
async def clear_dag_runs(dag_id: str, body: BulkDAGRunClearBody, backend: BackendOf, user: Operator) -> dict[str, Any]:
    """The same of several runs: those named, or those of a partition, or of partition dates."""
    keys = await _runs_of_partitions(backend, dag_id, body) if not body.dag_runs else _named_runs(dag_id, body)
    for key in keys:
        await one_run(backend, *key)
    touched: list[dict[str, Any]] = []
    for key in keys:
        if not body.dry_run:
            await audited(backend, "clear_dag_runs", user, dag_id=key[0], run_id=key[1])
        touched += await _clear(backend, key, body, user)
    if body.dry_run:
        return {"task_instances": touched, "total_entries": len(touched)}
    runs = [await one_run(backend, *key) for key in keys]
    return {"dag_runs": runs, "total_entries": len(runs)}


async def _clear(backend: Backend, key: Key, body: DAGRunClearBody, user: User) -> list[dict[str, Any]]:
    chosen = await backend.call(
        "clear_dag_runs",
        dag_id=key[0],
        run=key[1],
        only_failed=body.only_failed,
        only_new=body.only_new,
        run_on_latest_version=body.run_on_latest_version,
        note=body.note,
        dry_run=body.dry_run,
        user=user.username,
    )
    if not body.dry_run:
        return []
    new = [{"task_id": row["task_id"], "task_display_name": row["task_id"]} for row in chosen if not row["id"]]
    return [instance_of(row) for row in await backend.call("instance_page_rows", chosen=chosen)] + new


def _named_runs(dag_id: str, body: BulkDAGRunClearBody) -> list[Key]:
    keys = []
    for entry in body.dag_runs:
        own = entry.dag_id or dag_id
        if own == ANY_DAG:
            raise Refusal(400, f"With '~' in the URL each entry names its DAG; that of {entry.dag_run_id!r} does not.")
        if dag_id not in (ANY_DAG, own):
            raise Refusal(400, f"Entry dag_id {own!r} does not match the URL dag_id {dag_id!r}.")
        keys.append((own, entry.dag_run_id))
    return list(dict.fromkeys(keys))


async def _runs_of_partitions(backend: Backend, dag_id: str, body: BulkDAGRunClearBody) -> list[Key]:
    if dag_id == ANY_DAG:
        raise Refusal(400, "Partition selectors require a concrete dag_id; '~' is not supported.")
    runs = await backend.call("runs_of_partitions", dag_id=dag_id, **_partitions(body))
    return [(dag_id, run_id) for run_id in runs]


def _partitions(body: BulkDAGRunClearBody | ClearPartitionsBody) -> dict[str, str | None]:
    start, end = body.partition_date_start, body.partition_date_end
    return {
        "partition_key": body.partition_key,
        "partition_date_start": start.isoformat() if start else None,
        "partition_date_end": end.isoformat() if end else None,
    }


@router.post("/dags/{dag_id}/clearPartitions", response_model=ClearPartitionsResponse)
async def clear_dag_run_partitions(dag_id: str, body: ClearPartitionsBody, backend: BackendOf, user: Operator) -> Any:
    """Take partition key and date off runs."""
    if not body.dry_run:
        await audited(backend, "clear_dag_run_partitions", user, dag_id=dag_id, run_id=body.run_id)
    return await backend.call(
        "forget_partitions",
        dag_id=dag_id,
        run=body.run_id,
        **_partitions(body),
        clear_task_instances=body.clear_task_instances,
        dry_run=body.dry_run,
        user=user.username,
    )


# ── many at once ─────────────────────────────────────────────────────────────────────────────────────
@router.patch("/dags/{dag_id}/dagRuns", response_model=BulkResponse, response_model_exclude_none=False)
async def bulk_dag_runs(
    dag_id: str, body: BulkBody[BulkDAGRunBody], backend: BackendOf, user: Operator
) -> BulkResponse:
    """Mark, note and delete several runs; each that cannot be is in the answer with the reason."""
    answer = BulkResponse()
    for action in body.actions:
        done = getattr(answer, action.action) or BulkActionResponse()
        setattr(answer, action.action, done)
        if isinstance(action, BulkCreateAction):
            error = "Runs are not created in bulk: trigger them one by one."
            done.errors.append({"error": error, "status_code": 405})
            continue
        await _do_all(backend, dag_id, action, done, user)
    return answer


async def _do_all(
    backend: Backend,
    dag_id: str,
    action: BulkUpdateAction[BulkDAGRunBody] | BulkDeleteAction[BulkDAGRunBody],
    done: BulkActionResponse,
    user: User,
) -> None:
    wanted: dict[Key, BulkDAGRunBody] = {}
    for given in action.entities:
        entity = BulkDAGRunBody(dag_run_id=given) if isinstance(given, str) else given
        own = entity.dag_id or dag_id
        if ANY_DAG in (own, entity.dag_run_id):
            error = f"With '~' in the URL the body names the DAG; that of {entity.dag_run_id!r} does not."
            done.errors.append({"error": error, "status_code": 400})
        else:
            wanted[own, entity.dag_run_id] = entity
    missing = [key for key in wanted if not await _exists(backend, key)]
    if missing and action.action_on_non_existence == BulkActionNotOnExistence.FAIL:
        error = f"The DagRuns with these identifiers: {sorted(missing)} were not found"
        done.errors.append({"error": error, "status_code": 404})
        return
    for key in [key for key in wanted if key not in missing]:
        await audited(backend, "bulk_dag_runs", user, dag_id=key[0], run_id=key[1], extra=action.action)
        try:
            if isinstance(action, BulkDeleteAction):
                await backend.call("delete_run", dag_id=key[0], run=key[1], user=user.username)
            else:
                await _update(backend, key, wanted[key], user)
        except QueuackError as refusal:
            done.errors.append({"error": refusal.message, "status_code": refusal.http_status})
        else:
            done.success.append(f"{key[0]}.{key[1]}")


async def _update(backend: Backend, key: Key, entity: BulkDAGRunBody, user: User) -> None:
    if entity.state is not None:
        await backend.call("set_run_state", dag_id=key[0], run=key[1], state=entity.state, user=user.username)
    if entity.note is not None:
        await _note(backend, key, entity.note, user)


async def _exists(backend: Backend, key: Key) -> bool:
    try:
        await one_run(backend, *key)
    except NotFound:
        return False
    return True
