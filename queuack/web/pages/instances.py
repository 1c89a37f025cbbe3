"""A task instance: state, tries, log, XComs, rendered templates, why it waits; of a mapped task, its instances."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response, StreamingResponse

from queuack.api.auth.people import BackendOf
from queuack.api.backend import Backend
from queuack.errors import TaskNotFound
from queuack.web.loglines import LEVELS, as_html, as_text
from queuack.web.outline import outline, upstream_of
from queuack.web.shown import shown_value
from queuack.web.view import Person, ViewsOf

router = APIRouter(prefix="/dags/{dag_id}/runs/{run_id}/tasks/{task_id}")
Row = dict[str, Any]

VIEWS = (
    ("", "Log"),
    ("xcom", "XCom"),
    ("rendered", "Rendered"),
    ("dependencies", "Dependencies"),
    ("details", "Details"),
    ("events", "Events"),
)
PER_PAGE = 50
FIRST_PORTION = 128 * 1024
"""Bytes of a log that a page begins with: its end."""
PORTION = 512 * 1024
OVER = ("success", "failed", "skipped", "upstream_failed", "removed")
"""States in which nothing is written any more."""


@router.get("")
async def task_page(
    dag_id: str,
    run_id: str,
    task_id: str,
    backend: BackendOf,
    user: Person,
    views: ViewsOf,
    view: str = "",
    attempt: int | None = None,
    state: str = "",
    page: int = 1,
) -> Response:
    """A task in a run: the instance, or of a mapped task the list of them."""
    run = await backend.call("get_run", dag_id=dag_id, run=run_id)
    page = max(page, 1)
    where: list[list[Any]] = [["run_key", "", run["id"]], ["task_id", "eq", task_id]]
    found = await backend.call(
        "list_page", name="task_instances", where=where, order=["map_index"], limit=2, count=False
    )
    if not found["rows"]:
        raise TaskNotFound(f"Run {run_id!r} of DAG {dag_id!r} has no task {task_id!r}.")
    if found["rows"][0]["map_index"] < 0 and len(found["rows"]) == 1:
        return await _instance(dag_id, run, task_id, -1, backend, user, views, view, attempt)
    counts: dict[str, int] = {}
    cells = await backend.call("task_cells", run_keys=[run["id"]])
    for cell in cells:
        if cell[1] == task_id:
            counts[cell[2]] = counts.get(cell[2], 0) + cell[3]
    where += [["state", "eq", state]] if state else []
    rows = await backend.call(
        "list_page",
        name="task_instances",
        where=where,
        order=["map_index"],
        limit=PER_PAGE,
        offset=(page - 1) * PER_PAGE,
    )
    return views.page(
        "task/mapped.html",
        user,
        dag_id=dag_id,
        run=run,
        task_id=task_id,
        counts=counts,
        state=state,
        instances=rows["rows"],
        total=rows["total"],
        page=page,
        pages=max(1, -(-rows["total"] // PER_PAGE)),
        neighbours=await backend.call("run_neighbours", dag_id=dag_id, run_key=run["id"]),
    )


@router.get("/log")
async def log_portion(
    dag_id: str,
    run_id: str,
    task_id: str,
    backend: BackendOf,
    user: Person,
    map_index: int = -1,
    attempt: int | None = None,
    offset: str = "0",
) -> Response:
    """What came after ``offset`` (what the last portion said): JSON with html, offset, more, over."""
    place = {"dag_id": dag_id, "run": run_id, "task_id": task_id, "map_index": map_index, "try_number": attempt}
    said = await backend.call("read_log", **place, offset=_offsets(offset), limit=PORTION)
    shown = _portion(said) | {"html": str(as_html(said["lines"]))}
    return JSONResponse(shown, headers={"Cache-Control": "no-store"})


@router.get("/log.txt")
async def log_file(
    dag_id: str,
    run_id: str,
    task_id: str,
    backend: BackendOf,
    user: Person,
    map_index: int = -1,
    attempt: int | None = None,
) -> Response:
    """The whole log as text, to keep."""
    place = {"dag_id": dag_id, "run": run_id, "task_id": task_id, "map_index": map_index, "try_number": attempt}
    first = await backend.call("read_log", **place, offset=0, limit=PORTION)

    async def lines() -> AsyncIterator[str]:
        said = first
        yield as_text(said["lines"])
        while said["more"]:
            said = await backend.call("read_log", **place, offset=said["offset"], limit=PORTION)
            yield as_text(said["lines"])

    index = f".{map_index}" if map_index >= 0 else ""
    said = f"{dag_id}.{run_id}.{task_id}{index}"
    name = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in said)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{first["try_number"]}.log"'}
    return StreamingResponse(lines(), media_type="text/plain; charset=utf-8", headers=headers)


@router.get("/{map_index}")
async def instance_page(
    dag_id: str,
    run_id: str,
    task_id: str,
    map_index: int,
    backend: BackendOf,
    user: Person,
    views: ViewsOf,
    view: str = "",
    attempt: int | None = None,
) -> Response:
    """One instance of a mapped task."""
    run = await backend.call("get_run", dag_id=dag_id, run=run_id)
    return await _instance(dag_id, run, task_id, map_index, backend, user, views, view, attempt)


async def _instance(
    dag_id: str,
    run: Row,
    task_id: str,
    map_index: int,
    backend: Backend,
    user: Person,
    views: ViewsOf,
    view: str,
    attempt: int | None,
) -> Response:
    place = {"dag_id": dag_id, "run": run["run_id"], "task_id": task_id, "map_index": map_index}
    attempts, text, neighbours = await asyncio.gather(
        backend.call("task_attempts", run_key=run["id"], task_id=task_id, map_index=map_index),
        backend.call("version_document", dag_id=dag_id, version_id=run["created_dag_version_id"]),
        backend.call("run_neighbours", dag_id=dag_id, run_key=run["id"]),
    )
    if not attempts:
        raise TaskNotFound(f"Task {task_id!r} of run {run['run_id']!r} has no instance with map index {map_index}.")
    instance = attempts[0]
    document = msgspec.json.decode(text)
    task: Row = next((one for one in document.get("tasks", ()) if one["task_id"] == task_id), {})
    waits = instance["state"] not in (*OVER, "running")
    context: dict[str, Any] = {"why": await backend.call("failed_deps", **place) if waits else []}
    xcoms: list[Row] = []
    if view == "xcom" or task.get("extra_links"):
        of_run = {"run_key": run["id"], "dag_id": dag_id, "run_id": run["run_id"]}
        xcoms = await backend.call("shown_xcoms", **of_run, task_id=task_id, map_index=map_index)
    if view == "":
        said = await backend.call("read_log", **place, try_number=attempt, offset=-FIRST_PORTION, limit=FIRST_PORTION)
        context["log"] = _portion(said) | {"html": as_html(said["lines"])}
    elif view == "xcom":
        context["xcoms"] = [row | _value(row) for row in xcoms]
    elif view == "rendered":
        fields = await backend.call("rendered_fields", **place)
        context["fields"] = {name: _rendered(value) for name, value in fields.items()}
    elif view == "dependencies":
        context["neighbours_of"] = await _dependencies(backend, run, document, task)
    elif view == "events":
        context["entries"] = await backend.call("audit_entries", dag_id=dag_id, run_id=run["run_id"], task_id=task_id)
    return views.page(
        "task/instance.html",
        user,
        dag_id=dag_id,
        run=run,
        task_id=task_id,
        map_index=map_index,
        instance=instance,
        attempts=attempts,
        attempt=attempt or instance["try_number"] or 1,
        task=task,
        view=view,
        views=VIEWS,
        levels=LEVELS,
        links=_links(task, xcoms),
        neighbours=neighbours,
        **context,
    )


def _portion(said: Row) -> Row:
    offset = said["offset"]
    text = ",".join(map(str, offset)) if isinstance(offset, list) else str(offset)
    return {
        "offset": text,
        "more": said["more"],
        "size": said["size"],
        "over": said["state"] in OVER,
        "begin": said["begin"],
    }


def _offsets(text: str) -> list[int]:
    try:
        return [max(0, int(part)) for part in text.split(",")]
    except ValueError:
        return [0]


def _value(row: Row) -> Row:
    if row["table"] is not None or row["text"] is None:
        return {}
    return shown_value(row["text"])


def _rendered(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _links(task: Row, xcoms: list[Row]) -> list[tuple[str, str]]:
    """Extra links whose URL a worker has left: to the web, or within these pages."""
    urls = {row["key"]: shown_value(row["text"])["text"] for row in xcoms if row["text"]}
    found = [(name, urls.get(key, "")) for name, key in task.get("extra_links", ())]
    return [(name, url) for name, url in found if url.startswith(("https://", "http://", "/"))]


async def _dependencies(backend: Backend, run: Row, document: Row, task: Row) -> Row:
    """upstream and downstream: (task id, state) each."""
    states: dict[str, str] = {}
    for cell in await backend.call("task_cells", run_keys=[run["id"]]):
        states[cell[1]] = cell[2] if cell[1] not in states else "several"
    labels = {line.id for line in outline(document)}
    task_id = task.get("task_id", "")
    return {
        "upstream": [(one, states.get(one, "none")) for one in upstream_of(document).get(task_id, ())],
        "downstream": [(one, states.get(one, "none")) for one in task.get("downstream_task_ids", ()) if one in labels],
    }
