"""Variables and connections of the environment: ``QUEUACK_VAR_*``, ``AIRFLOW_VAR_*``, ``QUEUACK_CONN_*``,
``AIRFLOW_CONN_*``. Airflow page: howto/connection, "Storing connections in environment variables".
"""

from __future__ import annotations

import os

from queuack.authoring.secrets.base import BaseSecretsBackend

CONNECTION_PREFIXES = ("QUEUACK_CONN_", "AIRFLOW_CONN_")
VARIABLE_PREFIXES = ("QUEUACK_VAR_", "AIRFLOW_VAR_")
CONN_ENV_PREFIX, VAR_ENV_PREFIX = "AIRFLOW_CONN_", "AIRFLOW_VAR_"
"""Airflow's own, as its module names them."""


class EnvironmentVariablesBackend(BaseSecretsBackend):
    """Looks under the name in capital letters, Queuack's prefix first."""

    def get_conn_value(self, conn_id: str, team_name: str | None = None) -> str | None:
        return _first(CONNECTION_PREFIXES, conn_id)

    def get_variable(self, key: str, team_name: str | None = None) -> str | None:
        return _first(VARIABLE_PREFIXES, key)


def _first(prefixes: tuple[str, ...], name: str) -> str | None:
    found = (os.environ.get(prefix + name.upper()) for prefix in prefixes)
    return next((value for value in found if value is not None), None)
