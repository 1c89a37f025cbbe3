"""Look-ups by commands, as a DAG file would make them: the secrets backend, the environment, then the store.

Backends and hooks are user code; here they run in the process of the command, never in the daemon.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from queuack import compat, plugins
from queuack.authoring.connection import Connection
from queuack.authoring.runtime import set_runtime
from queuack.authoring.secrets import search
from queuack.connection_form import FIELDS
from queuack.errors import NotFound
from queuack.home import Home
from queuack.testing.outside import Call, OutsideRuntime


def find_variable(home: Home, call: Call, key: str) -> str | None:
    with _user_code(home, call):
        return search.find_variable(key)


def find_connection(home: Home, call: Call, conn_id: str) -> dict[str, Any] | None:
    """Its fields, secrets included."""
    with _user_code(home, call):
        found = search.find_connection(conn_id)
    return None if found is None else {"conn_id": conn_id, **{name: getattr(found, name) for name in FIELDS}}


def try_connection(home: Home, call: Call, conn_id: str) -> tuple[bool, str]:
    """Whether the connection works, and what its hook said. Raises NotFound."""
    with _user_code(home, call):
        found: Connection | None = search.find_connection(conn_id)
        if found is None:
            raise NotFound(f"There is no connection {conn_id!r}.")
        return found.test_connection()


@contextmanager
def _user_code(home: Home, call: Call) -> Iterator[None]:
    compat.install()
    plugins.add_folders_to_path(home)
    before = set_runtime(OutsideRuntime(call))
    try:
        yield
    finally:
        set_runtime(before)
