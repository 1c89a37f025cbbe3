"""Getting a token, as Airflow's ``POST /auth/token``, and the two addresses to which its clients are sent to log in."""

from __future__ import annotations

import math
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from queuack.api.auth.attempts import Attempts
from queuack.api.auth.people import CSRF, SESSION, BackendOf, People
from queuack.api.backend import Backend
from queuack.api.errors import Refusal

router = APIRouter(tags=["Login"])

COMMAND_LINE_LIFETIME = 3600


class LoginBody(BaseModel):
    username: str
    password: str


class LoginResponse(BaseModel):
    access_token: str


async def logged_in(request: Request, backend: Backend, username: str, password: str) -> dict[str, Any]:
    """The user. Raises 401 for a wrong password, 429 after too many of them."""
    attempts: Attempts = request.app.state.attempts
    keys = (f"name {username}", f"address {request.client.host if request.client else ''}")
    if (pause := attempts.pause(*keys)) > 0:
        raise Refusal(429, "Too many failed logins; wait a while.", {"Retry-After": str(math.ceil(pause))})
    user: dict[str, Any] | None = await backend.call("check_password", username=username, password=password)
    if user is None:
        attempts.failed(*keys)
        raise Refusal(401, "Invalid credentials")
    attempts.succeeded(*keys)
    return user


@router.post("/auth/token", status_code=201, response_model=LoginResponse)
async def create_token(body: LoginBody, request: Request, backend: BackendOf) -> dict[str, str]:
    """A token for a username and password."""
    user = await logged_in(request, backend, body.username, body.password)
    people: People = request.app.state.people
    return {"access_token": people.tokens.issue(user["username"])}


@router.post("/auth/token/cli", status_code=201, response_model=LoginResponse)
async def create_token_cli(body: LoginBody, request: Request, backend: BackendOf) -> dict[str, str]:
    """The same, valid for an hour."""
    user = await logged_in(request, backend, body.username, body.password)
    people: People = request.app.state.people
    return {"access_token": people.tokens.issue(user["username"], COMMAND_LINE_LIFETIME)}


@router.get("/api/v2/auth/login", status_code=307, response_model=None)
async def login(request: Request, target: Annotated[str | None, Query(alias="next")] = None) -> RedirectResponse:
    """To the page where people log in, with ``next`` handed on: where to go from there."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/login{query}", status_code=307)


@router.get("/api/v2/auth/logout", status_code=307, response_model=None)
async def logout() -> RedirectResponse:
    """Ends the session of a browser."""
    answer = RedirectResponse("/login", status_code=307)
    answer.delete_cookie(SESSION)
    answer.delete_cookie(CSRF)
    return answer
