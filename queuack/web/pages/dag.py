"""A DAG: its head and tabs, and the grid of tasks and runs that it opens with."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from queuack.api.auth.people import BackendOf, User
from queuack.api.backend import Backend
from queuack.errors import InvalidRequest
from queuack.web.cells import gathered
from queuack.web.grid import columns, columns_at_once, shape
from queuack.web.outline import Line, outline
from queuack.web.view import Person, Views, ViewsOf

router = APIRouter()
Row = dict[str, Any]

TABS = (
    ("", "Grid"),
    ("graph", "Graph"),
    ("runs", "Runs"),
    ("tasks", "Tasks"),
    ("calendar", "Calendar"),
    ("gantt", "Gantt"),
    ("durations", "Durations"),
    ("code", "Code"),
    ("backfills", "Backfills"),
    ("assets", "Assets"),
    ("events", "Events"),
    ("details", "Details"),
)
"""Last segment of the address, word."""

NEWEST = ["-run_after", "-id"]
"""The order of a DAG's runs."""


async def dag_page(
    backend: Backend, user: User, views: Views, dag_id: str, tab: str, template: str, **context: Any
) -> Response:
    """A page with the head and the tabs of a DAG. Raises DagNotFound."""
    dag = await backend.call("get_dag", dag_id=dag_id)
    return views.page(
        template,
        user,
        dag=dag,
        tab=tab,
        tabs=TABS,
        is_favorite=dag_id in await backend.call("favorites", username=user.username),
        **context,
    )


async def runs_page(backend: Backend, dag_id: str, limit: int, **further: Any) -> Row:
    """A page of a DAG's runs, newest first."""
    found: Row = await backend.call(
        "list_page", name="dag_runs", where=[["dag_id", "eq", dag_id]], order=NEWEST, limit=limit, **further
    )
    return found


async def lines_of(backend: Backend, dag_id: str) -> list[Line]:
    """The outline of the newest version. Raises DagNotFound."""
    return outline(await backend.call("dag_document", dag_id=dag_id))


@router.get("/dags/{dag_id}")
async def grid_page(dag_id: str, backend: BackendOf, user: Person, views: ViewsOf) -> Response:
    """The grid, its newest runs first."""
    lines = await lines_of(backend, dag_id)
    page = await runs_page(backend, dag_id, columns_at_once(lines))
    return await dag_page(
        backend,
        user,
        views,
        dag_id,
        "",
        "dag/grid.html",
        lines=lines,
        shape=shape(lines),
        columns=await _columns(backend, dag_id, lines, page["rows"]),
        total=page["total"],
        next=place_text(page["next"]),
    )


@router.get("/dags/{dag_id}/columns")
async def grid_columns(dag_id: str, backend: BackendOf, user: Person, before: str = "") -> Response:
    """Further columns of the grid: the newest, or those before the place ``before`` (what ``X-Next`` was)."""
    lines = await lines_of(backend, dag_id)
    page = await runs_page(backend, dag_id, columns_at_once(lines), count=False, after=_place(before))
    body = f'<ul data-shape="{shape(lines)}">{await _columns(backend, dag_id, lines, page["rows"])}</ul>'
    return HTMLResponse(body, headers={"Cache-Control": "no-store", "X-Next": place_text(page["next"])})


def place_text(mark: list[Any] | None) -> str:
    """Where a page of runs ends, as text in an address; empty at the end."""
    return ",".join(str(part) for part in mark or ())


def _place(text: str) -> list[int] | None:
    try:
        return [int(part) for part in text.split(",")] if text else None
    except ValueError:
        raise InvalidRequest("before is no place in the list of runs.") from None


async def _columns(backend: Backend, dag_id: str, lines: list[Line], runs: list[Row]) -> str:
    """Oldest on the left, as they are read."""
    cells = gathered(await backend.call("task_cells", run_keys=[run["id"] for run in runs]))
    return columns(dag_id, lines, list(reversed(runs)), cells)
