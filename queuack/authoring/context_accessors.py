"""``var`` and ``conn``, as templates reach them. Airflow page.

Templates-ref, "Airflow Variables in Templates".
"""

from __future__ import annotations

from typing import Any

from queuack.authoring.connection import Connection
from queuack.authoring.exceptions import AirflowNotFoundException
from queuack.authoring.types import NOTSET, is_arg_set
from queuack.authoring.variable import Variable


class VariableAccessor:
    """``var.value.name`` and ``var.value.get("name", default)``; ``var.json`` decodes."""

    def __init__(self, *, deserialize_json: bool) -> None:
        self._json = deserialize_json

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        return Variable.get(key, deserialize_json=self._json)

    def __getitem__(self, key: str) -> Any:
        return self.__getattr__(key)

    def get(self, key: str, default: Any = NOTSET, default_var: Any = NOTSET) -> Any:
        """Raises KeyError when there is neither the variable nor a default."""
        given = default if is_arg_set(default) else default_var
        if is_arg_set(given):
            return Variable.get(key, default=given, deserialize_json=self._json)
        return Variable.get(key, deserialize_json=self._json)

    def __repr__(self) -> str:
        return "<VariableAccessor>"


class ConnectionAccessor:
    """``conn.name.host`` and ``conn.get("name", default)``."""

    def __getattr__(self, conn_id: str) -> Any:
        if conn_id.startswith("__"):
            raise AttributeError(conn_id)
        return Connection.get(conn_id)

    def __getitem__(self, conn_id: str) -> Any:
        return Connection.get(conn_id)

    def get(self, conn_id: str, default_conn: Any = None) -> Any:
        try:
            return Connection.get(conn_id)
        except AirflowNotFoundException:
            return default_conn

    def __repr__(self) -> str:
        return "<ConnectionAccessor>"
