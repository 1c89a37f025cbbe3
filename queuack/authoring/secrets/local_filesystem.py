"""LocalFilesystemBackend: variables and connections from JSON, YAML and ``.env`` files. Airflow page:
security/secrets/secrets-backend/local-filesystem-secrets-backend.
"""

from __future__ import annotations

from typing import Any

from queuack.authoring.connection import Connection
from queuack.authoring.exceptions import AirflowException
from queuack.authoring.secrets.base import BaseSecretsBackend
from queuack.secret_files import read_connections, read_variables


class LocalFilesystemBackend(BaseSecretsBackend):
    """The files are read at every look-up, so that a change counts at once."""

    def __init__(
        self,
        variables_file_path: str | None = None,
        connections_file_path: str | None = None,
        configs_file_path: str | None = None,
    ) -> None:
        self.variables_file = variables_file_path
        self.connections_file = connections_file_path
        self.configs_file = configs_file_path

    def get_connection(self, conn_id: str, team_name: str | None = None) -> Connection | None:
        """Raises AirflowException for a file that cannot be read."""
        return load_connections_dict(self.connections_file).get(conn_id) if self.connections_file else None

    def get_variable(self, key: str, team_name: str | None = None) -> str | None:
        """Raises AirflowException for a file that cannot be read."""
        value: str | None = load_variables(self.variables_file).get(key) if self.variables_file else None
        return value


def load_variables(file_path: str) -> dict[str, Any]:
    """key → value of a file; values are as the file has them. Raises AirflowException."""
    try:
        return read_variables(file_path)
    except ValueError as error:
        raise AirflowException(str(error)) from None


def load_connections_dict(file_path: str) -> dict[str, Connection]:
    """conn_id → Connection of a file. Raises AirflowException."""
    try:
        found = read_connections(file_path)
    except ValueError as error:
        raise AirflowException(str(error)) from None
    return {conn_id: Connection(conn_id=conn_id, **fields) for conn_id, fields in found.items()}
