"""What an error looks like over HTTP: Airflow's ``{"detail": …}``, with the status that the error's class has."""

from __future__ import annotations

import json
import logging
import math
import re
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from queuack.errors import DaemonUnreachable, QueuackError

log = logging.getLogger("queuack.api")

UNAVAILABLE = 503

RESPONSES: dict[int | str, dict[str, Any]] = {
    401: {"description": "No valid token."},
    403: {"description": "Not allowed to this user."},
}
"""What every endpoint may answer besides."""


class Refusal(HTTPException):
    """An answer other than success, decided by the API itself."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status_code=status, detail=detail, headers=headers)


SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
"""What may be half of a surrogate pair in JSON (RFC 8259, section 8.2)."""


FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def sound(request: Request) -> None:
    """A dependency of every endpoint: text that is no Unicode is refused before anything is done. Raises 422."""
    if request.headers.get("content-type", "").startswith(FORMS):
        return  # read already, and escapes nothing in JSON's way
    body = await request.body()
    if SURROGATE.search(body):
        try:
            json.dumps(json.loads(body), ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise Refusal(422, "The body has half of a surrogate pair (\\ud800 to \\udfff): that is no text.") from None
        except (ValueError, RecursionError):
            return  # no JSON at all: said by who reads it


def _as_json(value: Any) -> Any:
    """``value`` without the numbers that JSON cannot say."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: _as_json(one) for name, one in value.items()}
    return [_as_json(one) for one in value] if isinstance(value, list) else value


def install(app: FastAPI) -> None:
    """Have errors of services answered."""

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        # What was sent is said back, and may be what neither UTF-8 nor JSON can say.
        said = json.dumps({"detail": _as_json(jsonable_encoder(error.errors()))})
        return Response(said, status_code=422, media_type="application/json")

    @app.exception_handler(QueuackError)
    async def refused(request: Request, error: QueuackError) -> JSONResponse:
        status = UNAVAILABLE if isinstance(error, DaemonUnreachable) else error.http_status
        return JSONResponse({"detail": error.message}, status_code=status)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return JSONResponse({"detail": "Internal server error; the log of the API has it."}, status_code=500)
