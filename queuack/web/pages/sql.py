"""The SQL page: read-only queries over the live store, as table, chart and CSV.

A query runs at most ``SECONDS`` and hands out at most ``MOST`` rows; a few at a time, so that they do not take the
answers of the other pages. Saved queries are kept in the browser (``static/console.js``): they are a person's notes.
"""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from queuack.api.auth.people import BackendOf
from queuack.api.errors import Refusal
from queuack.errors import QueuackError
from queuack.web.examples import EXAMPLES
from queuack.web.view import Person, ViewsOf

router = APIRouter()

SECONDS = 10.0
LIMITS = (100, 1_000, 10_000)
MOST = LIMITS[-1]
AT_ONCE = 2
LEAST_ROLE = "Op"


def new_gate() -> asyncio.Semaphore:
    """How many queries run at a time."""
    return asyncio.Semaphore(AT_ONCE)


@router.get("/sql")
async def sql_page(
    request: Request, backend: BackendOf, user: Person, views: ViewsOf, q: str = "", limit: int = LIMITS[1]
) -> Response:
    """The page; with ``q`` its result."""
    if not user.may(LEAST_ROLE):
        return views.page("error.html", user, 403, message=f"SQL needs the role {LEAST_ROLE}; you are {user.role}.")
    result, error = None, None
    if q.strip():
        try:
            result = await _asked(request, backend, q, limit)
        except QueuackError as refused:
            error = refused.message
    return views.page(
        "sql.html",
        user,
        200 if error is None else 400,
        q=q,
        limit=limit,
        limits=LIMITS,
        result=result,
        numeric=_numeric(result),
        error=error,
        tables=await backend.call("sql_tables"),
        examples=EXAMPLES,
        seconds=int(SECONDS),
    )


@router.get("/sql.csv")
async def sql_csv(request: Request, backend: BackendOf, user: Person, q: str, limit: int = MOST) -> Response:
    """The result as CSV (RFC 4180)."""
    if not user.may(LEAST_ROLE):
        raise Refusal(403, f"SQL needs the role {LEAST_ROLE}; you are {user.role}.")
    result = await _asked(request, backend, q, limit)
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(result["columns"])
    lines.writerows(["" if value is None else value for value in row] for row in result["rows"])
    headers = {"Content-Disposition": 'attachment; filename="query.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


async def _asked(request: Request, backend: Any, query: str, limit: int) -> dict[str, Any]:
    async with request.app.state.sql_gate:
        found: dict[str, Any] = await backend.call(
            "sql", query=query, limit=max(1, min(limit, MOST)), timeout=SECONDS, inside=True
        )
    return found


def _numeric(result: dict[str, Any] | None) -> list[bool]:
    """Which columns hold numbers."""
    if result is None:
        return []
    kinds = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "HUGEINT", "REAL")
    return [any(kind in str(name).upper() for kind in kinds) and "[" not in str(name) for name in result["types"]]
