"""SqlSensor: waits until a query says yes. Airflow: ``airflow.providers.common.sql.sensors.sql``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from queuack.authoring.exceptions import AirflowException
from queuack.authoring.hooks import BaseHook
from queuack.hooks.duckdb import DuckDBHook
from queuack.sensors.base import BaseSensorOperator

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class SqlSensor(BaseSensorOperator):
    """Runs ``sql`` until the first cell of its first row is true, or what ``selector`` takes from that row.

    ``success`` and ``failure`` judge that value instead; a failure raises AirflowException, and so do no rows with
    ``fail_on_empty``. The hook is that of the connection ``conn_id``; or ``database`` names a DuckDB file or a folder
    of Parquet files (read anew by each poke).
    """

    template_fields: Collection[str] = ("sql", "hook_params", "parameters", "conn_id", "database")
    template_ext = (".hql", ".sql")
    ui_color = "#7c7287"

    def __init__(
        self,
        *,
        sql: str,
        conn_id: str | None = None,
        database: str | None = None,
        parameters: Any = None,
        success: Callable[[Any], Any] | None = None,
        failure: Callable[[Any], Any] | None = None,
        selector: Callable[[Any], Any] = itemgetter(0),
        fail_on_empty: bool = False,
        hook_params: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if (conn_id is None) == (database is None):
            raise ValueError("SqlSensor takes conn_id or database, one of them.")
        self.sql, self.conn_id, self.database, self.parameters = sql, conn_id, database, parameters
        self.success, self.failure, self.selector = success, failure, selector
        self.fail_on_empty, self.hook_params = fail_on_empty, hook_params

    def _get_hook(self) -> Any:
        if self.conn_id is None:
            return DuckDBHook(database=self.database)
        hook = BaseHook.get_connection(self.conn_id).get_hook(hook_params=dict(self.hook_params or {}))
        if not hasattr(hook, "get_records"):
            raise AirflowException(f"{type(hook).__name__}, the hook of {self.conn_id!r}, runs no SQL (get_records).")
        return hook

    def poke(self, context: Context) -> bool:
        self.log.info("Poking: %s (with parameters %s)", self.sql, self.parameters)
        rows = self._get_hook().get_records(self.sql, self.parameters)
        if not rows:
            if self.fail_on_empty:
                raise AirflowException("No rows returned, raising as per fail_on_empty flag")
            return False
        value = self.selector(rows[0])
        if self.failure is not None and _callable("failure", self.failure)(value):
            raise AirflowException(f"Failure criteria met. self.failure({value}) returned True")
        if self.success is not None:
            return bool(_callable("success", self.success)(value))
        return bool(value)


def _callable(name: str, criterion: Any) -> Callable[[Any], Any]:
    if not callable(criterion):
        raise AirflowException(f"self.{name} is present, but not callable -> {criterion}")
    found: Callable[[Any], Any] = criterion
    return found
