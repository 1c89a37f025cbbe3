"""Logging in and out: a session is a token in a cookie that scripts cannot read, and a CSRF token beside it."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from queuack.api.auth.people import CSRF, SESSION, BackendOf, People
from queuack.api.auth.routes import logged_in
from queuack.api.errors import Refusal
from queuack.web.view import ViewsOf

router = APIRouter()


@router.get("/login")
async def login_page(request: Request, views: ViewsOf, backend: BackendOf, token: str = "") -> Response:
    """The form; with the token of a printed link, straight in."""
    if token:
        user = await backend.call("use_login_link", secret=token)
        if user is not None:
            return _enter(request, user["username"], "/")
        return views.page("login.html", None, 401, error="This link was used, or is not the last one printed.")
    return views.page("login.html", None, error=None)


@router.post("/login")
async def login(
    request: Request,
    views: ViewsOf,
    backend: BackendOf,
    username: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    """Check the password; then to where the person wanted to go."""
    try:
        user = await logged_in(request, backend, username, password)
    except Refusal as refusal:
        return views.page("login.html", None, refusal.status_code, error=str(refusal.detail))
    return _enter(request, user["username"], request.query_params.get("next", "/"))


@router.post("/logout")
async def logout() -> Response:
    """Forget the session."""
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(SESSION)
    answer.delete_cookie(CSRF)
    return answer


def _enter(request: Request, username: str, target: str) -> Response:
    people: People = request.app.state.people
    inside = target.startswith("/") and not target.startswith(("//", "/\\"))
    answer = RedirectResponse(target if inside else "/", 303)
    lifetime = people.tokens.lifetime
    secure = request.url.scheme == "https"
    token = people.tokens.issue(username)
    answer.set_cookie(SESSION, token, max_age=lifetime, httponly=True, samesite="lax", secure=secure)
    answer.set_cookie(CSRF, secrets.token_urlsafe(24), max_age=lifetime, samesite="strict", secure=secure)
    return answer
