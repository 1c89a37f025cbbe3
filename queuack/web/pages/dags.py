"""The list of DAGs: search, tags, state and paused filters, recent runs as bars, pause and trigger."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from queuack.api.auth.people import BackendOf
from queuack.web.view import Person, ViewsOf

router = APIRouter()

PER_PAGE = 50
BARS = 14
"""Recent runs of a DAG that are shown."""

ORDERS = {"name": "dag_id", "next": "next_dagrun", "recent": "-last_run_start_date"}


@router.get("/dags")
async def dags_page(
    backend: BackendOf,
    user: Person,
    views: ViewsOf,
    search: str = "",
    tag: str = "",
    owner: str = "",
    state: str = "",
    paused: str = "",
    favorite: bool = False,
    sort: str = "name",
    page: int = 1,
) -> Response:
    """One page of the list."""
    where: list[list[Any]] = [["is_stale", "eq", False]]
    where += [["dag_id", "like", [f"%{search}%"]]] if search else []
    where += [["any_tag", "", [tag]]] if tag else []
    where += [["owners", "", [owner]]] if owner else []
    where += [["last_run_state", "eq", state]] if state else []
    where += [["is_paused", "eq", paused == "true"]] if paused in ("true", "false") else []
    favorites = await backend.call("favorites", username=user.username)
    where += [["dag_id", "in", favorites]] if favorite else []
    found = await backend.call(
        "list_page",
        name="dags",
        where=where,
        order=[ORDERS.get(sort, "dag_id")],
        limit=PER_PAGE,
        offset=(max(page, 1) - 1) * PER_PAGE,
    )
    rows = await with_recent_runs(backend, found["rows"])
    return views.page(
        "dags.html",
        user,
        dags=rows,
        total=found["total"],
        page=max(page, 1),
        pages=max(1, -(-found["total"] // PER_PAGE)),
        tags=await backend.call("list_tags"),
        favorites=set(favorites),
        owners=sorted({owner.strip() for row in rows for owner in (row["owners"] or "").split(",") if owner.strip()}),
        home=(await backend.call("info"))["home"],
        errors=await backend.call("list_import_errors"),
    )


async def with_recent_runs(backend: Any, dags: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with ``runs`` (oldest first, each with ``height`` in pixels), ``last`` and ``typical`` (seconds)."""
    found = await backend.call("recent_runs", dag_ids=[dag["dag_id"] for dag in dags], per_dag=BARS)
    by_dag: dict[str, list[dict[str, Any]]] = {}
    for run in found:
        by_dag.setdefault(run["dag_id"], []).insert(0, run)
    return [dag | _summary(by_dag.get(dag["dag_id"], [])) for dag in dags]


def _summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    lengths = sorted(run["duration"] for run in runs if run["duration"] is not None)
    longest = max(lengths, default=0) or 1
    for run in runs:
        run["height"] = round(6 + 16 * min(1.0, (run["duration"] or 0) / longest))
    return {
        "runs": runs,
        "last": runs[-1] if runs else None,
        "typical": lengths[len(lengths) // 2] if lengths else None,
    }
