"""The application: which routes there are, in which order requests pass what. Decides nothing about their meaning."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute

from queuack import __version__
from queuack.api import errors
from queuack.api.auth import routes as auth_routes
from queuack.api.auth import users as auth_users
from queuack.api.auth.attempts import Attempts
from queuack.api.auth.people import People
from queuack.api.auth.tokens import Tokens
from queuack.api.backend import Backend
from queuack.api.connection_tests import Tests
from queuack.api.file_tokens import FileTokens
from queuack.api.limits import Limits
from queuack.api.routes import (
    assets,
    backfills,
    connections,
    dags,
    definitions,
    hitl,
    instance_bulk,
    instance_changes,
    instances,
    logs,
    monitor,
    pools,
    records,
    run_changes,
    run_waiting,
    runs,
    state_stores,
    variables,
    xcoms,
)

ROUTERS = (
    auth_routes.router,
    auth_users.router,
    monitor.router,
    dags.router,
    definitions.router,
    runs.router,
    run_changes.router,
    run_waiting.router,
    assets.router,
    backfills.router,
    state_stores.router,
    instances.router,
    instance_changes.router,
    instance_bulk.router,
    logs.router,
    xcoms.router,
    hitl.router,
    pools.router,
    variables.router,
    connections.router,
    records.router,
    instances.by_index,
    instance_changes.by_index,
)
"""Those ``by_index`` come last: their paths would answer for others."""


@dataclass(frozen=True)
class ApiSettings:
    """What an application is made with. ``signing_key`` signs tokens, ``lifetime`` is theirs in seconds."""

    signing_key: str
    lifetime: int = 86_400
    body_bytes: int = 4 * 1024 * 1024
    at_once: int = 64
    streams: int = 128


def _in_markdown(router: APIRouter) -> None:
    """Docstrings write code as ``code``; OpenAPI's descriptions are Markdown."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            route.description = route.description.replace("``", "`")


def create_app(backend: Backend, settings: ApiSettings) -> FastAPI:
    """The REST API over ``backend``."""
    app = FastAPI(
        title="Queuack",
        version=__version__,
        description="The REST API of Airflow 3.3.2, answered by Queuack.",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=errors.RESPONSES,
        dependencies=[Depends(errors.sound)],
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.backend = backend
    app.state.people = People(backend, Tokens(settings.signing_key, settings.lifetime))
    app.state.file_tokens = FileTokens(settings.signing_key)
    app.state.connection_tests = Tests()
    app.state.attempts = Attempts()
    errors.install(app)
    for router in ROUTERS:
        _in_markdown(router)
        app.include_router(router)
    app.add_middleware(Limits, body_bytes=settings.body_bytes, at_once=settings.at_once, streams=settings.streams)
    return app
