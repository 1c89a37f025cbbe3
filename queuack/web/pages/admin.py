"""Administration: pools, variables, connections, users, the audit log, settings, processes, plugins, providers.

Forms use the REST API; who may see a page may use its endpoints. Secrets are hidden by the services.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from queuack import config
from queuack.api.auth.people import BackendOf, User
from queuack.errors import NotAllowed
from queuack.web.view import Person, ViewsOf

router = APIRouter(prefix="/admin")

TABS = (
    ("pools", "Pools", "Viewer"),
    ("variables", "Variables", "Op"),
    ("connections", "Connections", "Op"),
    ("users", "Users", "Admin"),
    ("audit", "Audit log", "Viewer"),
    ("settings", "Configuration", "Op"),
    ("processes", "Workers and jobs", "Viewer"),
    ("plugins", "Plugins", "Viewer"),
    ("providers", "Providers", "Viewer"),
)
"""Last part of the address, word, least role: those of the endpoints."""

PER_PAGE = 50
ROLES = ("Viewer", "User", "Op", "Admin")
MOST_TASKS = 200
"""Running tasks that are told beside their workers."""


def tab(views: ViewsOf, user: User, name: str, **context: Any) -> Response:
    """One page, or 403 for who may not see it."""
    _, word, least = next(entry for entry in TABS if entry[0] == name)
    if not user.may(least):
        return views.page("error.html", user, 403, message=f"{word} needs the role {least}; you are {user.role}.")
    shown = [entry for entry in TABS if user.may(entry[2])]
    return views.page(f"admin/{name}.html", user, tabs=shown, tab=name, word=word, **context)


def may(user: User, name: str) -> bool:
    return user.may(next(least for key, _, least in TABS if key == name))


async def _listed(
    backend: Any, method: str, page: int, where: list[list[Any]], order: str, **more: Any
) -> dict[str, Any]:
    """One page of a list, as the templates take it: rows, total, page, pages."""
    page = max(page, 1)
    found = await backend.call(method, where=where, order=[order], limit=PER_PAGE, offset=(page - 1) * PER_PAGE, **more)
    return {
        "rows": found["rows"],
        "total": found["total"],
        "page": page,
        "pages": max(1, -(-found["total"] // PER_PAGE)),
    }


@router.get("")
async def admin_page(user: Person) -> Response:
    """To the first page."""
    return RedirectResponse("/admin/pools", 303)


@router.get("/pools")
async def pools_page(backend: BackendOf, user: Person, views: ViewsOf, page: int = 1) -> Response:
    """Pools with their slots."""
    return tab(views, user, "pools", **await _listed(backend, "list_page", page, [], "pool", name="pools"))


@router.get("/variables")
async def variables_page(backend: BackendOf, user: Person, views: ViewsOf, search: str = "", page: int = 1) -> Response:
    """Variables; those whose name stands for a secret are hidden."""
    where = [["key", "like", [f"%{search}%"]]] if search else []
    found = await _listed(backend, "shown_variables", page, where, "key") if may(user, "variables") else {}
    return tab(views, user, "variables", **found)


@router.get("/connections")
async def connections_page(
    backend: BackendOf, user: Person, views: ViewsOf, search: str = "", page: int = 1
) -> Response:
    """Connections without their secrets."""
    where = [["conn_id", "like", [f"%{search}%"]]] if search else []
    found = await _listed(backend, "shown_connections", page, where, "conn_id") if may(user, "connections") else {}
    testable = config.get_str("core", "test_connection") == "Enabled"
    return tab(views, user, "connections", testable=testable, **found)


@router.get("/users")
async def users_page(backend: BackendOf, user: Person, views: ViewsOf) -> Response:
    """People and their roles."""
    rows = await backend.call("list_users") if may(user, "users") else []
    return tab(views, user, "users", rows=rows, roles=ROLES)


@router.get("/audit")
async def audit_page(
    backend: BackendOf,
    user: Person,
    views: ViewsOf,
    event: str = "",
    owner: str = "",
    dag_id: str = "",
    page: int = 1,
) -> Response:
    """Who did what, newest first."""
    said = {"event": event, "owner": owner, "dag_id": dag_id}
    where = [[name, "eq", value] for name, value in said.items() if value]
    return tab(views, user, "audit", **await _listed(backend, "list_page", page, where, "-id", name="event_logs"))


@router.get("/settings")
async def settings_page(backend: BackendOf, user: Person, views: ViewsOf, search: str = "") -> Response:
    """The settings in force, when ``[api] expose_config`` allows it."""
    if not may(user, "settings"):
        return tab(views, user, "settings")
    try:
        rows = await backend.call("configuration")
    except NotAllowed as refused:
        return tab(views, user, "settings", sections={}, refused=refused.message)
    about = {(setting.section, setting.key): setting for setting in config.SETTINGS}
    sections: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        setting = about[row["section"], row["key"]]
        if search.lower() in f"{row['section']}.{row['key']} {setting.help}".lower():
            more = {"help": setting.help, "changed": row["value"] != config.as_text(setting.default)}
            sections.setdefault(row["section"], []).append(row | more)
    return tab(views, user, "settings", sections=sections, refused=None)


@router.get("/processes")
async def processes_page(backend: BackendOf, user: Person, views: ViewsOf) -> Response:
    """The processes that are connected, and what workers are at."""
    running = await backend.call(
        "list_page", name="task_instances", where=[["state", "eq", "running"]], order=["-id"], limit=MOST_TASKS,
        count=False,
    )  # fmt: skip
    at: dict[int, list[dict[str, Any]]] = {}
    for row in running["rows"]:
        at.setdefault(row["pid"], []).append(row)
    processes = await backend.call("list_processes")
    return tab(views, user, "processes", processes=processes, at=at, jobs=await backend.call("list_jobs"))


@router.get("/plugins")
async def plugins_page(backend: BackendOf, user: Person, views: ViewsOf) -> Response:
    """Plugins, what they bring, and those that could not be loaded."""
    found = await backend.call("list_plugins")
    for row in found["plugins"]:
        kinds = [(kind, value) for kind, value in row.items() if kind not in ("name", "source", "error") and value]
        row["brings"] = [(kind, value if isinstance(value, list) else [value]) for kind, value in kinds]
    home = (await backend.call("info"))["home"]
    return tab(views, user, "plugins", plugins=found["plugins"], errors=found["errors"], home=home)


@router.get("/providers")
async def providers_page(backend: BackendOf, user: Person, views: ViewsOf) -> Response:
    """Airflow's provider packages that are installed."""
    return tab(views, user, "providers", rows=await backend.call("list_providers"))
