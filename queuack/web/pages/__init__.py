"""The pages, one file a subject; ``install`` puts them, and what is beside them, into the application."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles

from queuack.errors import QueuackError
from queuack.web.forecast import Forecasts
from queuack.web.pages import (
    admin,
    api_docs,
    assets,
    dag,
    dag_tabs,
    dags,
    events,
    graphs,
    home,
    insights,
    instances,
    login,
    runs,
    sql,
    trigger,
)
from queuack.web.view import HERE, LoginNeeded, Views, environment, to_login

SUBJECTS = (
    login,
    events,
    home,
    dags,
    insights,
    trigger,
    sql,
    assets,
    admin,
    api_docs,
    dag_tabs,
    graphs,
    dag,
    runs,
    instances,
)
ROUTERS = tuple(subject.router for subject in SUBJECTS)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Content Security Policy (W3C CSP 3): nothing from elsewhere, no script in the page."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def install(app: FastAPI) -> None:
    """Add the pages to the API's application."""
    app.state.templates = environment()
    app.state.watchers = events.Watchers(app.state.backend)
    app.state.sql_gate = sql.new_gate()
    app.state.forecasts = Forecasts(app.state.backend)
    for router in ROUTERS:
        app.include_router(router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")

    @app.exception_handler(LoginNeeded)
    async def login_needed(request: Request, error: LoginNeeded) -> Response:
        return to_login(request)

    api_refused = app.exception_handlers[QueuackError]

    @app.exception_handler(QueuackError)
    async def refused(request: Request, error: QueuackError) -> Response:
        if request.url.path.startswith(("/api/", "/auth/")):
            answer: Response = await api_refused(request, error)  # type: ignore[misc]  # an async handler
            return answer
        return Views(request).page("error.html", None, error.http_status, message=error.message)

    @app.middleware("http")
    async def guard(request: Request, call_next):  # type: ignore[no-untyped-def]  # starlette's own signature
        answer = await call_next(request)
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer
