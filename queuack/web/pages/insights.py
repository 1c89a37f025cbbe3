"""Insights: how long tasks take and which became slower, what runs wait for, slots in use, the next 24 hours."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from queuack.api.auth.people import BackendOf
from queuack.web import charts, forecast
from queuack.web.view import Person, ViewsOf, duration

router = APIRouter()

PER_PAGE = 50
RUNS = 50
"""Runs of a DAG whose durations are drawn."""
SHOWN = 10
"""DAGs of the forecast that are listed."""


@router.get("/insights")
async def insights_page(
    request: Request, backend: BackendOf, user: Person, views: ViewsOf, search: str = "", page: int = 1
) -> Response:
    """All DAGs together."""
    tasks, use, waiting, ahead = await asyncio.gather(
        backend.call("task_trends"),
        backend.call("slot_use"),
        backend.call("waiting_times"),
        forecast.current(request),
    )
    slower = [row for row in tasks if row["regressed"]]
    wanted = [row for row in tasks if search.lower() in f"{row['dag_id']} {row['task_id']}".lower()]
    wanted.sort(key=lambda row: (not row["regressed"], -(row["change"] or 0) if row["regressed"] else 0))
    pages = max(1, -(-len(wanted) // PER_PAGE))
    page = min(max(page, 1), pages)
    return views.page(
        "insights.html",
        user,
        tasks=wanted[(page - 1) * PER_PAGE : page * PER_PAGE],
        total=len(wanted),
        slower=len(slower),
        page=page,
        pages=pages,
        waiting=waiting,
        use=use,
        use_chart=_use_chart(use),
        peak=max((stretch["slots"] for stretch in use["stretches"]), default=0.0),
        ahead=ahead,
        ahead_chart=forecast.chart(ahead),
        ahead_dags=(ahead or {"dags": []})["dags"][:SHOWN],
        ahead_runs=round(sum(hour["runs"] for hour in ahead["hours"])) if ahead else None,
    )


@router.get("/insights/{dag_id}")
async def dag_insights_page(dag_id: str, backend: BackendOf, user: Person, views: ViewsOf, run: str = "") -> Response:
    """One DAG: each task's durations over its latest runs, and the critical path of a run."""
    dag = await backend.call("get_dag", dag_id=dag_id)
    where = [["dag_id", "eq", dag_id], ["state", "in", ["success", "failed"]]]
    found, trends, listed = await asyncio.gather(
        backend.call("dag_durations", dag_id=dag_id, runs=RUNS),
        backend.call("task_trends"),
        backend.call("list_page", name="dag_runs", where=where, order=["-id"], limit=RUNS, count=False),
    )
    figures = {row["task_id"]: row for row in trends if row["dag_id"] == dag_id}
    runs = listed["rows"]
    chosen = run or (runs[0]["run_id"] if runs else "")
    way = await backend.call("critical_path", dag_id=dag_id, run=chosen) if chosen else None
    return views.page(
        "insights_dag.html",
        user,
        dag=dag,
        tasks=[_task(row, figures.get(row["task_id"])) for row in found],
        runs=runs,
        run=chosen,
        way=way,
        bars=_bars(way),
    )


def _use_chart(use: dict[str, Any]) -> Any:
    words = []
    for stretch in use["stretches"]:
        at = datetime.fromisoformat(stretch["start"])
        words.append(f"{at:%H:%M} UTC: {stretch['slots']:.2g} slots")
    values = [stretch["slots"] for stretch in use["stretches"]]
    return charts.columns(values, words, "Slots in use over the last 24 hours", width=384)


def _task(row: dict[str, Any], figures: dict[str, Any] | None) -> dict[str, Any]:
    points = row["points"]
    lengths = sorted(point["duration"] for point in points)
    words = [f"{point['run_id']}: {duration(point['duration'])}, {point['state']}" for point in points]
    return {
        "task_id": row["task_id"],
        "n": len(points),
        "p50": figures["p50"] if figures else lengths[len(lengths) // 2],
        "p95": figures["p95"] if figures else lengths[min(len(lengths) - 1, int(len(lengths) * 0.95))],
        "change": figures["change"] if figures else None,
        "regressed": bool(figures and figures["regressed"]),
        "chart": charts.durations(
            [point["duration"] for point in points],
            [point["state"] for point in points],
            words,
            f"{row['task_id']}: durations in the last {len(points)} runs",
        ),
    }


def _bars(way: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The steps with ``waits``, ``from`` and ``works`` in per cent of the whole."""
    if way is None:
        return []
    whole = (way["work"] + way["waiting"]) or 1.0
    at = 0.0
    bars = []
    for step in way["steps"]:
        waits, works = step["waited"] / whole * 100, step["duration"] / whole * 100
        bars.append(step | {"from": at, "waits": waits, "works": max(works, 0.3)})
        at += waits + works
    return bars
