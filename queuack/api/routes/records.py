"""The deployment: settings, plugins, providers, jobs, and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse
from pydantic import AwareDatetime

from queuack.api.auth.people import BackendOf, Op, Viewer
from queuack.api.errors import Refusal
from queuack.api.models.records import (
    Config,
    EventLogCollectionResponse,
    EventLogResponse,
    JobCollectionResponse,
    PluginCollectionResponse,
    PluginImportErrorCollectionResponse,
    ProviderCollectionResponse,
    config_of,
    event_log_of,
    plugin_of,
)
from queuack.api.negotiation import TEXT_TOO, Accepted
from queuack.api.query import LARGEST, LIMIT, Filters, PagingQuery, Where, where
from queuack.errors import InvalidRequest, NotFound

router = APIRouter(prefix="/api/v2")

NAMES = ("dag_id", "task_id", "run_id", "owner", "event")
LOG_FILTERS = Filters(
    equals={**dict.fromkeys(NAMES, str), "map_index": int, "try_number": int},
    patterns=NAMES,
    conditions={"excluded_events": list[str]},
    others={
        "included_events": (list[str], "event", "in"),
        "before": (datetime, "dttm", "lt"),
        "after": (datetime, "dttm", "gt"),
    },
)
LogFilters = Annotated[Where, Depends(where("LogFilters", LOG_FILTERS))]

JOB_ORDERS = frozenset(
    {
        "id",
        "dag_id",
        "state",
        "job_type",
        "start_date",
        "end_date",
        "latest_heartbeat",
        "executor_class",
        "hostname",
        "unixname",
    }
)


@router.get("/eventLogs", response_model=EventLogCollectionResponse, tags=["Event Log"])
async def get_event_logs(backend: BackendOf, user: Viewer, filters: LogFilters, paging: PagingQuery) -> dict[str, Any]:
    """Who did what."""
    page = await backend.call("list_page", name="event_logs", where=filters, **paging.params("id"))
    return {"event_logs": [event_log_of(row) for row in page["rows"]], "total_entries": page["total"]}


@router.get("/eventLogs/{event_log_id}", response_model=EventLogResponse, tags=["Event Log"])
async def get_event_log(event_log_id: int, backend: BackendOf, user: Viewer) -> dict[str, Any]:
    """One entry of the audit log."""
    filters = [["id", "eq", event_log_id]]
    page = await backend.call("list_page", name="event_logs", where=filters, limit=1, count=False)
    if not page["rows"]:
        raise NotFound(f"The Event Log with id: `{event_log_id}` not found")
    return event_log_of(page["rows"][0])


@router.get("/config", response_model=Config, responses=TEXT_TOO, tags=["Config"])
async def get_config(backend: BackendOf, user: Op, accept: Accepted, section: str | None = None) -> Any:
    """The settings in force, secrets hidden. Refused unless ``[api] expose_config`` allows it."""
    return _config(await backend.call("configuration", section=section), accept)


@router.get("/config/section/{section}/option/{option}", response_model=Config, responses=TEXT_TOO, tags=["Config"])
async def get_config_value(section: str, option: str, backend: BackendOf, user: Op, accept: Accepted) -> Any:
    """One setting."""
    return _config(await backend.call("configuration", section=section.lower(), key=option.lower()), accept)


@router.get("/jobs", response_model=JobCollectionResponse, tags=["Job"])
async def get_jobs(
    backend: BackendOf,
    user: Viewer,
    paging: PagingQuery,
    is_alive: bool | None = None,
    job_state: str | None = None,
    job_type: str | None = None,
    hostname: str | None = None,
    executor_class: str | None = None,
    start_date_gte: AwareDatetime | None = None,
    start_date_gt: AwareDatetime | None = None,
    start_date_lte: AwareDatetime | None = None,
    start_date_lt: AwareDatetime | None = None,
    end_date_gte: AwareDatetime | None = None,
    end_date_gt: AwareDatetime | None = None,
    end_date_lte: AwareDatetime | None = None,
    end_date_lt: AwareDatetime | None = None,
) -> dict[str, Any]:
    """The processes that schedule, parse and wait; ``id`` is the process id. Those that ended are not kept."""
    wanted = {"state": job_state, "job_type": job_type, "hostname": hostname, "executor_class": executor_class}
    ended = any(bound is not None for bound in (end_date_gte, end_date_gt, end_date_lte, end_date_lt))
    rows = [
        row
        for row in await backend.call("list_jobs")
        if all(value is None or row[name] == value for name, value in wanted.items())
        and _within(
            datetime.fromisoformat(row["start_date"]), start_date_gte, start_date_gt, start_date_lte, start_date_lt
        )
        and not ended
        and is_alive is not False
    ]
    for name in reversed(paging.order_by or ["id"]):
        plain = name.removeprefix("-")
        if plain not in JOB_ORDERS:
            raise InvalidRequest(f"jobs cannot be sorted by {plain!r}; by these: {', '.join(sorted(JOB_ORDERS))}.")
        rows.sort(key=lambda row, plain=plain: (row[plain] is None, row[plain]), reverse=name.startswith("-"))  # type: ignore[misc]
    return {"jobs": _cut(rows, paging.limit, paging.offset), "total_entries": len(rows)}


@router.get("/plugins", response_model=PluginCollectionResponse, tags=["Plugin"])
async def get_plugins(backend: BackendOf, user: Viewer, limit: int = LIMIT, offset: int = 0) -> dict[str, Any]:
    """Plugins as the parser found them; what they bring for Airflow's web server is not used and not listed."""
    rows = [plugin_of(row) for row in (await backend.call("list_plugins"))["plugins"]]
    return {"plugins": _cut(rows, limit, offset), "total_entries": len(rows)}


@router.get("/plugins/importErrors", response_model=PluginImportErrorCollectionResponse, tags=["Plugin"])
async def import_errors(backend: BackendOf, user: Viewer) -> dict[str, Any]:
    """Plugins that are left out, and why."""
    errors = (await backend.call("list_plugins"))["errors"]
    rows = [{"source": source, "error": error} for source, error in sorted(errors.items())]
    return {"import_errors": rows, "total_entries": len(rows)}


@router.get("/providers", response_model=ProviderCollectionResponse, tags=["Provider"])
async def get_providers(backend: BackendOf, user: Viewer, limit: int = LIMIT, offset: int = 0) -> dict[str, Any]:
    """Airflow's provider packages that are installed."""
    rows = await backend.call("list_providers")
    return {"providers": _cut(rows, limit, offset), "total_entries": len(rows)}


def _config(rows: list[dict[str, Any]], accept: str) -> Any:
    found = config_of(rows)
    return PlainTextResponse(found.as_text()) if accept == "text/plain" else found


def _cut(rows: list[Any], limit: int, offset: int) -> list[Any]:
    if limit < 0 or offset < 0:
        raise Refusal(422, "limit and offset are 0 or more.")
    return rows[offset : offset + min(limit, LARGEST)]


def _within(at: datetime, gte: datetime | None, gt: datetime | None, lte: datetime | None, lt: datetime | None) -> bool:
    return (
        (gte is None or at >= gte)
        and (gt is None or at > gt)
        and (lte is None or at <= lte)
        and (lt is None or at < lt)
    )
