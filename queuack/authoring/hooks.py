"""BaseHook: the base of what talks to other systems. Airflow page: authoring-and-scheduling/connections."""

from __future__ import annotations

import logging
from typing import Any

from queuack.authoring.connection import Connection


class BaseHook:
    """Gives hooks their connection and their log."""

    def __init__(self, logger_name: str | None = None) -> None:
        self._logger_name = logger_name

    @property
    def log(self) -> logging.Logger:
        name = getattr(self, "_logger_name", None)
        return logging.getLogger(name or f"{type(self).__module__}.{type(self).__name__}")

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        """From the secrets backend, the environment or the store. Raises AirflowNotFoundException."""
        connection: Connection = Connection.get(conn_id)
        return connection

    @classmethod
    async def aget_connection(cls, conn_id: str) -> Connection:
        """Raises AirflowNotFoundException."""
        connection: Connection = await Connection.async_get(conn_id)
        return connection

    @classmethod
    def get_hook(cls, conn_id: str, hook_params: dict[str, Any] | None = None) -> Any:
        """The hook of the connection's type. Raises AirflowException for a type that no installed provider has."""
        return cls.get_connection(conn_id).get_hook(hook_params=hook_params)

    @classmethod
    async def aget_hook(cls, conn_id: str, hook_params: dict[str, Any] | None = None) -> Any:
        """As ``get_hook``, from an event loop."""
        connection = await cls.aget_connection(conn_id)
        return connection.get_hook(hook_params=hook_params)

    def get_conn(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define get_conn()")

    @classmethod
    def get_connections(cls, conn_id: str) -> list[Connection]:
        """As a list, its form in Airflow 1."""
        return [cls.get_connection(conn_id)]

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        return {}
