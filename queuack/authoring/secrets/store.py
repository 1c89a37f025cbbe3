"""Variables and connections of Queuack's own store, asked for through the runtime of this process."""

from __future__ import annotations

from typing import Any

from queuack.authoring.runtime import reachable_runtime
from queuack.authoring.secrets.base import BaseSecretsBackend
from queuack.connection_form import FIELDS


class MetastoreBackend(BaseSecretsBackend):
    """Airflow's name for the backend that reads the database. Raises QueuackError when nobody can be asked."""

    def get_connection(self, conn_id: str, team_name: str | None = None) -> Any:
        fields = reachable_runtime().connection_get(conn_id)
        if fields is None:
            return None
        return self._get_connection_class()(conn_id=conn_id, **{name: fields.get(name) for name in FIELDS})

    def get_variable(self, key: str, team_name: str | None = None) -> str | None:
        return reachable_runtime().variable_get(key)
