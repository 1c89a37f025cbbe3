"""The search for a variable or a connection: the deployment's secrets backend, the environment, the store.

Decides the order and what a backend's failure means: it is logged, and the next one is asked, unless the backend
refuses with authority (AirflowSecretsBackendAccessDenied) or it is the store that fails. Airflow page:
security/secrets/secrets-backend, "Search path".
"""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

from queuack import config
from queuack.authoring import masking
from queuack.authoring.async_tasks import off_loop
from queuack.authoring.conf import conf
from queuack.authoring.exceptions import AirflowConfigException, AirflowSecretsBackendAccessDenied
from queuack.authoring.secrets.base import BaseSecretsBackend, call
from queuack.authoring.secrets.environment import EnvironmentVariablesBackend
from queuack.authoring.secrets.store import MetastoreBackend

log = logging.getLogger("queuack.secrets")

_presets: ContextVar[dict[str, Any] | None] = ContextVar("preset_connections", default=None)
"""Connections at hand in this context, found before any backend is asked."""

_ENVIRONMENT = EnvironmentVariablesBackend()
_STORE = MetastoreBackend()
_custom: dict[tuple[str, str], BaseSecretsBackend] = {}
"""(class, arguments) → the backend, made once a process: it may hold a session with its server."""


def find_connection(conn_id: str) -> Any:
    """The Connection, or None. Passwords and extras that are found are masked in logs from then on."""
    preset = (_presets.get() or {}).get(conn_id)
    if preset is not None:
        return preset
    for backend in search_path():
        with _tolerating(backend, f"connection {conn_id!r}"):
            connection = call(backend.get_connection, conn_id=conn_id)
            if connection:
                return connection
    return None


async def find_connection_async(conn_id: str) -> Any:
    """As ``find_connection``; a backend's ``aget_connection`` is awaited where it has one; others answer in a
    thread."""
    preset = (_presets.get() or {}).get(conn_id)
    if preset is not None:
        return preset
    for backend in search_path():
        with _tolerating(backend, f"connection {conn_id!r}"):
            ask = getattr(backend, "aget_connection", None)
            if ask is None:
                connection = await off_loop(call, backend.get_connection, conn_id=conn_id)
            else:
                found = call(ask, conn_id=conn_id)
                connection = await found if inspect.isawaitable(found) else found
            if connection:
                return connection
    return None


def find_variable(key: str) -> str | None:
    """The text of a variable, or None. One with a sensitive name is masked in logs from then on."""
    for backend in search_path():
        with _tolerating(backend, f"variable {key!r}"):
            value = call(backend.get_variable, key=key)
            if value is not None:
                text = value if isinstance(value, str) else json.dumps(value)
                masking.current().mask_variable(key, text)
                return text
    return None


def where_shadowed(key: str) -> str | None:
    """The backend before the store that has a variable of that name, which a write to the store does not change."""
    for backend in search_path():
        if backend is _STORE:
            break
        with _tolerating(backend, f"variable {key!r}"):
            if call(backend.get_variable, key=key) is not None:
                return type(backend).__name__
    return None


def search_path() -> list[BaseSecretsBackend]:
    """The backends, in the order in which they are asked."""
    custom = custom_backend()
    return [_ENVIRONMENT, _STORE] if custom is None else [custom, _ENVIRONMENT, _STORE]


def custom_backend() -> BaseSecretsBackend | None:
    """That of ``[workers] secrets_backend``, else of ``[secrets] backend``; None when there is none.

    Raises AirflowConfigException when it cannot be made."""
    for section, key in (("workers", "secrets_backend"), ("secrets", "backend")):
        path = config.get(section, key)
        if path:
            arguments = config.get(section, f"{key}_kwargs") or ""
            known = _custom.get((str(path), str(arguments)))
            return known or _make(section, key, str(path), str(arguments))
    return None


@contextmanager
def preset(connection: Any) -> Iterator[None]:
    """While it lasts, ``connection`` is found under its id before anything else."""
    token = _presets.set({**(_presets.get() or {}), connection.conn_id: connection})
    try:
        yield
    finally:
        _presets.reset(token)


def _make(section: str, key: str, path: str, arguments: str) -> BaseSecretsBackend:
    kind = conf.getimport(section, key)
    try:
        given = json.loads(arguments) if arguments else {}
    except ValueError:
        raise AirflowConfigException(f"[{section}] {key}_kwargs is not JSON.") from None
    if not isinstance(given, dict):
        raise AirflowConfigException(f"[{section}] {key}_kwargs must be a JSON object.")
    backend = cast(BaseSecretsBackend, kind(**given))
    _custom[path, arguments] = backend
    return backend


@contextmanager
def _tolerating(backend: BaseSecretsBackend, what: str) -> Iterator[None]:
    if backend is _STORE:
        yield
        return
    try:
        yield
    except AirflowSecretsBackendAccessDenied:
        raise
    except Exception as error:
        name = type(backend).__name__
        log.warning("%s was not found in %s: %s: %s", what, name, type(error).__name__, error, exc_info=error)
