"""Logs of tries: as JSON, or line by line while they are read. They are kept here and nowhere else, and that is said.

A continuation token says from which byte on to read.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import NonNegativeInt, PositiveInt

from queuack.api.auth.people import BackendOf, Viewer
from queuack.api.backend import Backend
from queuack.api.errors import Refusal
from queuack.api.models.logs import ExternalLogUrlResponse, TaskInstancesLogResponse
from queuack.api.routes.instances import ROOT

router = APIRouter(prefix="/api/v2", tags=["Task Instance"])

NDJSON = "application/x-ndjson"
LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes of a log that one JSON answer holds unless the full content is asked for; the token leads to the rest."""

Accept = Annotated[
    str, Header(json_schema_extra={"type": "string", "enum": ["application/json", "application/x-ndjson", "*/*"]})
]


@router.get(
    f"{ROOT}/{{task_id}}/logs/{{try_number}}",
    response_model=TaskInstancesLogResponse,
    responses={200: {"content": {NDJSON: {"schema": {"type": "string"}}}}},
)
async def get_log(
    dag_id: str,
    dag_run_id: str,
    task_id: str,
    try_number: NonNegativeInt,
    backend: BackendOf,
    user: Viewer,
    full_content: bool = False,
    map_index: int = -1,
    token: str | None = None,
    accept: Accept = "*/*",
) -> Response:
    """What a try has logged so far. While more may come, the answer has a token to go on with."""
    position = _position(token)
    about = {"dag_id": dag_id, "run": dag_run_id, "task_id": task_id, "try_number": try_number, "map_index": map_index}
    piece = await backend.call("read_log_piece", **about, position=position)
    head = _sources(piece) if not token else []
    if accept.startswith(NDJSON):
        headers = {} if piece["ended"] else {"Airflow-Continuation-Token": _token(piece["end"])}
        return StreamingResponse(_lines(backend, about, head, piece), media_type=NDJSON, headers=headers)
    content = head + piece["entries"]
    while piece["position"] < piece["end"] and (full_content or piece["position"] - position < LARGEST_ANSWER):
        piece = await backend.call("read_log_piece", **about, position=piece["position"])
        content += piece["entries"]
    is_whole = piece["ended"] and piece["position"] >= piece["end"]
    return JSONResponse({"content": content, "continuation_token": None if is_whole else _token(piece["position"])})


async def _lines(
    backend: Backend, about: dict[str, Any], head: list[dict[str, Any]], piece: dict[str, Any]
) -> AsyncIterator[str]:
    """Up to where the log ended when it was asked for."""
    end = piece["end"]
    yield _text(head + piece["entries"])
    while piece["position"] < end and piece["entries"]:
        piece = await backend.call("read_log_piece", **about, position=piece["position"], stop=end)
        yield _text(piece["entries"])


def _text(entries: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in entries)


def _sources(piece: dict[str, Any]) -> list[dict[str, Any]]:
    """How Airflow's logs begin."""
    return [
        {"event": "::group::Log message source details", "sources": [piece["path"]]},
        {"event": "::endgroup::"},
    ]


def _token(position: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"position": position}).encode()).decode()


def _position(token: str | None) -> int:
    """Raises 400 for a token that is none."""
    if not token:
        return 0
    try:
        return max(0, int(json.loads(base64.urlsafe_b64decode(token))["position"]))
    except (ValueError, TypeError, KeyError, binascii.Error):
        raise Refusal(400, "Use only the tokens that this endpoint gave.") from None


@router.get(f"{ROOT}/{{task_id}}/externalLogUrl/{{try_number}}", response_model=ExternalLogUrlResponse)
async def get_external_log_url(
    dag_id: str,
    dag_run_id: str,
    task_id: str,
    try_number: PositiveInt,
    backend: BackendOf,
    user: Viewer,
    map_index: int = -1,
) -> None:
    """Where else a log can be seen: nowhere, and the answer says so."""
    raise Refusal(400, "Task logs are kept in the logs folder of this installation; they have no external URL.")
