"""``/docs``: the REST API to read, made of the application's own OpenAPI document. Open to everybody, as in Airflow."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from queuack.api import described
from queuack.api.auth.people import User
from queuack.api.described import Document, Endpoint, Field
from queuack.web.view import LoginNeeded, ViewsOf, person

router = APIRouter()


@router.get("/docs")
async def docs_page(request: Request, views: ViewsOf) -> Response:
    """Every endpoint by tag: what it does, takes and answers."""
    document: Document = request.app.openapi()
    by_tag: dict[str, list[dict[str, Any]]] = {}
    for one in described.endpoints(document):
        by_tag.setdefault(one.tag, []).append(_shown(document, one))
    user: User | None
    try:
        user = await person(request)
    except LoginNeeded:
        user = None
    return views.page("api_docs.html", user, tags=sorted(by_tag.items()), title=document["info"]["title"])


def _shown(document: Document, one: Endpoint) -> dict[str, Any]:
    operation = one.operation
    taken = described.parameters(document, operation)
    return {
        "id": operation["operationId"],
        "method": one.method,
        "path": one.path,
        "words": operation.get("description") or "",
        "opens": one.method == "GET" and not any(field.required for field in taken),
        "tables": [table for table in _tables(document, operation, taken) if table[1]],
        "statuses": {status: answer["description"] for status, answer in operation["responses"].items()},
    }


def _tables(document: Document, operation: Document, taken: list[Field]) -> list[tuple[str, list[Field]]]:
    answers = [
        (f"Answer {status}", described.answer_fields(document, answer))
        for status, answer in operation["responses"].items()
        if status.startswith("2")
    ]
    return [("Parameters", taken), ("Body", described.body_fields(document, operation)), *answers]
