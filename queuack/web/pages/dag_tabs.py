"""The further tabs of a DAG: runs, tasks, calendar, durations, code, assets, backfills, events, details."""

from __future__ import annotations

import difflib
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from queuack.api.auth.people import BackendOf
from queuack.web.cells import gathered, together
from queuack.web.outline import outline, upstream_of
from queuack.web.pages.dag import NEWEST, dag_page, lines_of, runs_page
from queuack.web.view import Person, ViewsOf

router = APIRouter(prefix="/dags/{dag_id}")
Row = dict[str, Any]

PER_PAGE = 50
CHARTED, CHARTS = 40, 24
"""Runs in the charts of durations, and the tasks, slowest first, that have one."""

STATES = ("running", "queued", "success", "failed")


@router.get("/runs")
async def runs_tab(
    dag_id: str, backend: BackendOf, user: Person, views: ViewsOf, state: str = "", run_type: str = "", page: int = 1
) -> Response:
    """The runs as a list."""
    where: list[list[Any]] = [["dag_id", "eq", dag_id]]
    where += [["state", "eq", state]] if state else []
    where += [["run_type", "eq", run_type]] if run_type else []
    page = max(page, 1)
    found = await backend.call(
        "list_page", name="dag_runs", where=where, order=NEWEST, limit=PER_PAGE, offset=(page - 1) * PER_PAGE
    )
    pages = max(1, -(-found["total"] // PER_PAGE))
    shown = {"runs": found["rows"], "total": found["total"], "page": page, "pages": pages}
    return await dag_page(backend, user, views, dag_id, "runs", "dag/runs.html", states=STATES, **shown)


@router.get("/tasks")
async def tasks_tab(dag_id: str, backend: BackendOf, user: Person, views: ViewsOf) -> Response:
    """The tasks of the newest version, with what became of them in the last runs."""
    document = await backend.call("dag_document", dag_id=dag_id)
    runs = list(reversed((await runs_page(backend, dag_id, 10, count=False))["rows"]))
    cells = gathered(await backend.call("task_cells", run_keys=[run["id"] for run in runs]))
    return await dag_page(
        backend,
        user,
        views,
        dag_id,
        "tasks",
        "dag/tasks.html",
        lines=[line for line in outline(document) if not line.is_group],
        tasks={task["task_id"]: task for task in document.get("tasks", ())},
        upstream=upstream_of(document),
        runs=runs,
        cells=cells,
    )


@router.get("/calendar")
async def calendar_tab(dag_id: str, backend: BackendOf, user: Person, views: ViewsOf) -> Response:
    """A year of days (UTC), each with the states of its runs."""
    counts: dict[str, dict[str, int]] = {}
    for row in await backend.call("runs_by_day", dag_id=dag_id):
        counts.setdefault(row["day"], {})[row["state"] or "none"] = row["count"]
    today = datetime.now(UTC).date()
    first = today - timedelta(days=364 + today.weekday())
    days = [first + timedelta(days=number) for number in range((today - first).days + 1)]
    weeks = [days[at : at + 7] for at in range(0, len(days), 7)]
    return await dag_page(backend, user, views, dag_id, "calendar", "dag/calendar.html", weeks=weeks, counts=counts)


@router.get("/durations")
async def durations_tab(dag_id: str, backend: BackendOf, user: Person, views: ViewsOf) -> Response:
    """How long runs and tasks took, and how long after their interval runs landed."""
    runs = list(reversed((await runs_page(backend, dag_id, CHARTED, count=False))["rows"]))
    cells = gathered(await backend.call("task_cells", run_keys=[run["id"] for run in runs]))
    charts = []
    for line in await lines_of(backend, dag_id):
        values = [together(cells.get(run["id"], {}), line.members).duration for run in runs]
        if any(value is not None for value in values):
            charts.append((line, values, _middle(values)))
    charts.sort(key=lambda chart: -(chart[2] or 0))
    return await dag_page(
        backend,
        user,
        views,
        dag_id,
        "durations",
        "dag/durations.html",
        runs=runs,
        whole=[run["duration"] for run in runs],
        typical=_middle([run["duration"] for run in runs]),
        landing=[_landing(run) for run in runs],
        charts=charts[:CHARTS],
        further=max(0, len(charts) - CHARTS),
    )


def _middle(values: list[float | None]) -> float | None:
    found = sorted(value for value in values if value is not None)
    return found[len(found) // 2] if found else None


def _landing(run: Row) -> float | None:
    """Seconds from the moment a run was due to its end."""
    if run["end_date"] is None or run["run_after"] is None:
        return None
    due, end = (datetime.fromisoformat(run[name]) for name in ("run_after", "end_date"))
    return max(0.0, (end - due).total_seconds())


@router.get("/code")
async def code_tab(
    dag_id: str,
    backend: BackendOf,
    user: Person,
    views: ViewsOf,
    version: int | None = None,
    against: int | None = None,
) -> Response:
    """The file as a version knows it, or what differs between two versions."""
    versions = await backend.call("code_versions", dag_id=dag_id)
    code = await backend.call("version_code", dag_id=dag_id, version_number=version)
    number = version or (versions[0]["version_number"] if versions else None)
    diff = None
    if against is not None and against != number:
        other = await backend.call("version_code", dag_id=dag_id, version_number=against)
        diff = list(_diff(other["source_code"], code["source_code"], f"version {against}", f"version {number}"))
    context = {"versions": versions, "code": code, "number": number, "against": against, "diff": diff}
    return await dag_page(backend, user, views, dag_id, "code", "dag/code.html", **context)


def _diff(before: str, after: str, old: str, new: str) -> list[tuple[str, str]]:
    """(kind, line): ``add``, ``del``, ``at`` or nothing."""
    kinds = {"+": "add", "-": "del", "@": "at"}
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), old, new, lineterm="", n=4)
    return [(kinds.get(line[:1], ""), line) for line in lines]


@router.get("/assets")
async def assets_tab(dag_id: str, backend: BackendOf, user: Person, views: ViewsOf) -> Response:
    """What the DAG waits for, what its tasks read and write, and what waits for its next run."""
    document = await backend.call("dag_document", dag_id=dag_id)
    queued = {row["name"]: row for row in await backend.call("list_queued_asset_events", dag_id=dag_id)}
    roles: dict[str, dict[str, list[str]]] = {}
    for asset in await backend.call("list_assets"):
        for role, field in (("writes", "producing_tasks"), ("reads", "consuming_tasks")):
            for task in asset[field]:
                if task["dag_id"] == dag_id:
                    roles.setdefault(asset["name"], {}).setdefault(role, []).append(task["task_id"])
        if any(dag["dag_id"] == dag_id for dag in asset["scheduled_dags"]):
            roles.setdefault(asset["name"], {})["schedule"] = []
    context = {"assets": document.get("assets", ()), "roles": roles, "queued": queued}
    return await dag_page(backend, user, views, dag_id, "assets", "dag/assets.html", **context)


@router.get("/backfills")
async def backfills_tab(dag_id: str, backend: BackendOf, user: Person, views: ViewsOf) -> Response:
    """Runs over dates that are past."""
    found = await backend.call("list_backfills", dag_id=dag_id, limit=PER_PAGE)
    return await dag_page(backend, user, views, dag_id, "backfills", "dag/backfills.html", backfills=found)


@router.get("/events")
async def events_tab(dag_id: str, backend: BackendOf, user: Person, views: ViewsOf, page: int = 1) -> Response:
    """The audit log of this DAG."""
    page = max(page, 1)
    found = await backend.call("audit_entries", dag_id=dag_id, limit=PER_PAGE + 1, offset=(page - 1) * PER_PAGE)
    pages = page + (len(found) > PER_PAGE)
    context = {"entries": found[:PER_PAGE], "page": page, "pages": pages}
    return await dag_page(backend, user, views, dag_id, "events", "dag/events.html", **context)


@router.get("/details")
async def details_tab(dag_id: str, backend: BackendOf, user: Person, views: ViewsOf) -> Response:
    """Everything that was said of the DAG."""
    return await dag_page(backend, user, views, dag_id, "details", "dag/details.html")
