"""Home: what runs, what failed, what comes next, whether all is well."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from queuack.api.auth.people import BackendOf
from queuack.web import forecast
from queuack.web.view import Person, ViewsOf

router = APIRouter()


@router.get("/")
async def home_page(request: Request, backend: BackendOf, user: Person, views: ViewsOf) -> Response:
    """The first page."""
    ahead = await forecast.current(request)
    return views.page(
        "home.html",
        user,
        ahead=forecast.chart(ahead),
        ahead_runs=round(sum(hour["runs"] for hour in ahead["hours"])) if ahead else 0,
        overview=await backend.call("overview"),
        health=await backend.call("health"),
        errors=await backend.call("list_import_errors"),
        home=(await backend.call("info"))["home"],
    )
