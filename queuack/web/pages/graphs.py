"""Graph and Gantt of a run of a DAG, as tabs of the DAG and as parts of the run's page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from markupsafe import Markup

from queuack.api.auth.people import BackendOf
from queuack.api.backend import Backend
from queuack.web.cells import Cell, gathered
from queuack.web.graph import Picture, groups_folded, picture, svg
from queuack.web.outline import Line, outline
from queuack.web.pages.dag import dag_page, runs_page
from queuack.web.view import Person, ViewsOf, segment

router = APIRouter(prefix="/dags/{dag_id}")
Row = dict[str, Any]

CHOICE = 25
"""Runs that are offered."""
BARS = 500
"""Task instances of a Gantt chart."""
NOTHING = "-"
"""In the address: no group is folded."""


@lru_cache(maxsize=64)
def _drawn(text: str, folded: frozenset[str]) -> Picture:
    """Layouts take a while and change with the DAG's version only."""
    return picture(msgspec.json.decode(text), folded)


async def graph_of(
    backend: Backend, dag_id: str, run: Row | None, fold: Sequence[str], address: str, **keep: str
) -> Markup:
    """The graph with the states of a run. ``fold``: groups, ``NOTHING`` or none for what is usual."""
    if run is None:
        text = msgspec.json.encode(await backend.call("dag_document", dag_id=dag_id)).decode()
    else:
        text = await backend.call("version_document", dag_id=dag_id, version_id=run["created_dag_version_id"])
    document = msgspec.json.decode(text)
    lines = outline(document)
    folded = set(fold) - {NOTHING} if fold else groups_folded(lines)
    drawn = await run_in_threadpool(_drawn, text, frozenset(folded))
    cells: dict[str, Cell] = {}
    if run is not None:
        cells = gathered(await backend.call("task_cells", run_keys=[run["id"]])).get(run["id"], {})

    def link(line: Line) -> str:
        if run is None:
            return f"/dags/{segment(dag_id)}/tasks"
        return f"/dags/{segment(dag_id)}/runs/{segment(run['run_id'])}/tasks/{segment(line.id)}"

    def folding(line: Line, fold_it: bool) -> str:
        said = sorted(folded | {line.id} if fold_it else folded - {line.id}) or [NOTHING]
        return f"{address}?" + urlencode([*keep.items(), *(("fold", group) for group in said)])

    labels = {(above, below): label for above, below, label in document.get("edge_labels", ())}
    return svg(drawn, cells, link, folding, labels)


async def chosen_run(backend: Backend, dag_id: str, runs: Sequence[Row], run: str) -> Row | None:
    """The run that was asked for, or the newest."""
    if not run:
        return runs[0] if runs else None
    found: Row = await backend.call("get_run", dag_id=dag_id, run=run)
    return found


@router.get("/graph")
async def graph_tab(
    dag_id: str,
    backend: BackendOf,
    user: Person,
    views: ViewsOf,
    run: str = "",
    fold: Annotated[Sequence[str], Query()] = (),
) -> Response:
    """The graph of the newest run, or of another."""
    runs = (await runs_page(backend, dag_id, CHOICE, count=False))["rows"]
    chosen = await chosen_run(backend, dag_id, runs, run)
    keep = {"run": run} if run else {}
    graph = await graph_of(backend, dag_id, chosen, fold, f"/dags/{segment(dag_id)}/graph", **keep)
    return await dag_page(
        backend, user, views, dag_id, "graph", "dag/graph.html", runs=runs, chosen=chosen, graph=graph, fold=fold
    )


@router.get("/gantt")
async def gantt_tab(dag_id: str, backend: BackendOf, user: Person, views: ViewsOf, run: str = "") -> Response:
    """When each task of a run waited and ran."""
    runs = (await runs_page(backend, dag_id, CHOICE, count=False))["rows"]
    chosen = await chosen_run(backend, dag_id, runs, run)
    gantt = await gantt_of(backend, chosen) if chosen else None
    return await dag_page(
        backend, user, views, dag_id, "gantt", "dag/gantt.html", runs=runs, chosen=chosen, gantt=gantt
    )


async def gantt_of(backend: Backend, run: Row) -> Row:
    """bars: task_id, map_index, state, wait, left, width (percent of the whole), seconds; whole: seconds."""
    rows = await backend.call("run_timeline", run_key=run["id"], limit=BARS)
    begun = [row for row in rows if row["start_date"] is not None]
    if not begun:
        return {"bars": [], "whole": 0.0, "waiting": len(rows)}
    first = min(row["queued_dttm"] or row["start_date"] for row in begun)
    first = min(first, min(row["start_date"] for row in begun))
    last = max(row["end_date"] or row["start_date"] for row in begun)
    now = max((row["end_date"] or 0 for row in begun), default=0)
    last = max(last, now, first + 1)
    bars = []
    for row in begun:
        start = row["start_date"]
        end = row["end_date"] or last
        queued = min(row["queued_dttm"] or start, start)
        bars.append(
            {
                "task_id": row["task_id"],
                "map_index": row["map_index"],
                "state": row["state"] or "none",
                "wait": 100 * (queued - first) / (last - first),
                "left": 100 * (start - first) / (last - first),
                "width": 100 * (end - start) / (last - first),
                "seconds": (end - start) / 1e6 if row["end_date"] else None,
            }
        )
    return {"bars": bars, "whole": (last - first) / 1e6, "waiting": len(rows) - len(begun)}
