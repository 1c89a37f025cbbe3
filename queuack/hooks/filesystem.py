"""FSHook: a folder behind a connection. Airflow: ``providers.standard.hooks.filesystem``."""

from __future__ import annotations

from pathlib import Path

from queuack.authoring.connection import Connection
from queuack.authoring.exceptions import AirflowNotFoundException
from queuack.authoring.hooks import BaseHook


class FSHook(BaseHook):
    """Of a connection of type ``fs``, whose extra ``{"path": "/data"}`` is the folder.

    ``fs_default`` is ``/`` when nobody defined it, as Airflow's default connection.
    """

    conn_name_attr = "fs_conn_id"
    default_conn_name = "fs_default"
    conn_type = "fs"
    hook_name = "File (path)"

    def __init__(self, fs_conn_id: str = default_conn_name, **kwargs: str | None) -> None:
        super().__init__(**kwargs)
        self.conn = self._connection(fs_conn_id)
        self.basepath: str = self.conn.extra_dejson.get("path", "")

    def _connection(self, conn_id: str) -> Connection:
        try:
            return self.get_connection(conn_id)
        except AirflowNotFoundException:
            if conn_id != self.default_conn_name:
                raise
            return Connection(conn_id=conn_id, conn_type=self.conn_type, extra='{"path": "/"}')

    def get_conn(self) -> None:
        """There is nothing to connect to."""

    def get_path(self) -> str:
        """The folder; empty when the connection names none."""
        return self.basepath

    def test_connection(self) -> tuple[bool, str]:
        if not self.basepath:
            return False, "File Path is undefined."
        if not Path(self.basepath).exists():
            return False, f"Path {self.basepath} does not exist."
        return True, f"Path {self.basepath} is existing."
