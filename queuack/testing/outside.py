"""Variables and connections for plain Python: ``python dags/x.py``, a notebook, a script that imports a DAG file.

No Queuack process runs the code, so it is a client: it asks the daemon of the home folder, or opens the file for a
moment where none runs. Reads and writes are real. Decides that everything else needs a run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from queuack.client import connect
from queuack.errors import InvalidRequest, NotFound
from queuack.home import Home, find_home

Call = Callable[..., Any]
"""Method and parameters → what the services answer."""


class OutsideRuntime:
    """What ``authoring.runtime.Runtime`` has, as far as it makes sense here."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def variable_get(self, key: str) -> str | None:
        found = self._find("get_variable", key=key)
        return None if found is None else str(found["val"])

    def variable_keys(self, prefix: str | None = None) -> list[str]:
        keys: list[str] = self._find("variable_keys", prefix=prefix) or []
        return keys

    def variable_set(self, key: str, value: str, description: str | None = None) -> None:
        self._call("set_variable", key=key, value=value, description=description)

    def variable_delete(self, key: str) -> None:
        self._call("delete_variable", key=key)

    def connection_get(self, conn_id: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._find("get_connection", conn_id=conn_id, secrets=True)
        return found

    def _find(self, method: str, **params: Any) -> Any:
        try:
            return self._call(method, **params)
        except NotFound:
            return None

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        raise InvalidRequest(f"{name} needs a run: call it from a task, or run the DAG with dag.test().")


def runtime() -> OutsideRuntime:
    """For the deployment that the current folder or ``QUEUACK_HOME`` names."""
    return OutsideRuntime(partial(_ask, find_home()))


def _ask(home: Home, method: str, **params: Any) -> Any:
    if not home.database.exists() and method in ("get_variable", "variable_keys", "get_connection"):
        raise NotFound(f"There is no deployment in {home.root}.")
    client = connect(home)
    try:
        return client.call(method, **params)
    finally:
        client.close()
