"""What an error looks like over HTTP: Airflow's ``{"detail": …}``, with the status that the error's class has."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

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


def install(app: FastAPI) -> None:
    """Have errors of services answered."""

    @app.exception_handler(QueuackError)
    async def refused(request: Request, error: QueuackError) -> JSONResponse:
        status = UNAVAILABLE if isinstance(error, DaemonUnreachable) else error.http_status
        return JSONResponse({"detail": error.message}, status_code=status)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return JSONResponse({"detail": "Internal server error; the log of the API has it."}, status_code=500)
