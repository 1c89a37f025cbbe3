"""BaseSecretsBackend: what a secrets backend answers. Airflow page: security/secrets/secrets-backend, "Roll your own".

Backends are user code: they run where tasks and DAG files run, never in the daemon.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from queuack.connection_form import from_text


class BaseSecretsBackend:
    """Override ``get_conn_value`` (a URI or JSON) or ``get_connection``, and ``get_variable``; None = not here."""

    _connection_class: type | None = None

    @staticmethod
    def build_path(path_prefix: str, secret_id: str, sep: str = "/") -> str:
        return f"{path_prefix}{sep}{secret_id}"

    def get_conn_value(self, conn_id: str, team_name: str | None = None) -> str | None:
        """The connection as a URI or JSON text."""
        raise NotImplementedError

    def get_variable(self, key: str, team_name: str | None = None) -> str | None:
        raise NotImplementedError

    def get_config(self, key: str) -> str | None:
        """Settings do not come from secrets backends in Queuack; nobody asks."""
        return None

    def get_connection(self, conn_id: str, team_name: str | None = None) -> Any:
        """The Connection, or None."""
        value = call(self.get_conn_value, conn_id=conn_id, team_name=team_name)
        return self.deserialize_connection(conn_id, value) if value else None

    def deserialize_connection(self, conn_id: str, value: str) -> Any:
        """The Connection that a URI or JSON text stands for. Raises ValueError."""
        return self._get_connection_class()(conn_id=conn_id, **from_text(value))

    def _get_connection_class(self) -> type:
        if self._connection_class is None:
            from queuack.authoring.connection import Connection  # Connection itself asks backends

            self._connection_class = Connection
        return self._connection_class

    def _set_connection_class(self, conn_class: type) -> None:
        """Raises TypeError for what is no class."""
        if not isinstance(conn_class, type):
            raise TypeError(f"Connection class must be a type/class, got {type(conn_class).__name__}")
        self._connection_class = conn_class


def call(method: Callable[..., Any], *, team_name: str | None = None, **arguments: Any) -> Any:
    """Ask a backend; those written before Airflow 3.2 do not take ``team_name``."""
    try:
        parameters = inspect.signature(method).parameters.values()
    except (TypeError, ValueError):
        return method(team_name=team_name, **arguments)
    if any(parameter.name == "team_name" or parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return method(team_name=team_name, **arguments)
    return method(**arguments)
