"""A run: its state and times, its tasks, graph and Gantt; what can be done to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from queuack.api.auth.people import BackendOf
from queuack.web.cells import Cell, gathered, together
from queuack.web.outline import outline
from queuack.web.pages.graphs import gantt_of, graph_of
from queuack.web.view import Person, ViewsOf, segment

router = APIRouter(prefix="/dags/{dag_id}/runs/{run_id}")
Row = dict[str, Any]

VIEWS = (("", "Tasks"), ("graph", "Graph"), ("gantt", "Gantt"), ("events", "Events"))
TREE = ("subdags", "SubDAGs")
"""Of runs of DAGs with a SubDagOperator."""


@router.get("")
async def run_page(
    dag_id: str,
    run_id: str,
    backend: BackendOf,
    user: Person,
    views: ViewsOf,
    view: str = "",
    group: str = "",
    fold: Annotated[Sequence[str], Query()] = (),
) -> Response:
    """One run. ``view``: which of VIEWS; ``group``: its tasks only."""
    run = await backend.call("get_run", dag_id=dag_id, run=run_id)
    run_id = run["run_id"]
    document = await backend.call("dag_document", dag_id=dag_id)
    cells = gathered(await backend.call("task_cells", run_keys=[run["id"]])).get(run["id"], {})
    lines = outline(document)
    known = {line.id for line in lines}
    has_subdags = any(task["task_type"] == "SubDagOperator" for task in document.get("tasks", ()))
    context: dict[str, Any] = {}
    if view == "graph":
        address = f"/dags/{segment(dag_id)}/runs/{segment(run_id)}"
        context["graph"] = await graph_of(backend, dag_id, run, fold, address, view="graph")
    elif view == "gantt":
        context["gantt"] = await gantt_of(backend, run)
    elif view == "subdags" and has_subdags:
        context["tree"] = await backend.call("run_tree", dag_id=dag_id, run=run_id)
    elif view == "events":
        context["entries"] = await backend.call("audit_entries", dag_id=dag_id, run_id=run_id)
    return views.page(
        "task/run.html",
        user,
        dag_id=dag_id,
        run=run,
        view=view,
        views=(*VIEWS, TREE) if has_subdags else VIEWS,
        group=group,
        lines=[line for line in lines if not group or group in (line.id, *line.inside)],
        gone=sorted(cells.keys() - known) if not group else [],
        cells=cells,
        whole=together(cells, cells.keys()),
        nothing=Cell(),
        together=together,
        neighbours=await backend.call("run_neighbours", dag_id=dag_id, run_key=run["id"]),
        **context,
    )
