"""DuckDBOperator and ``@task.duckdb``: a task that is SQL, with tables in and a table out.

Modelled on Airflow's SQLExecuteQueryOperator and ``@task.sql`` (howto/operator/sql). Decides what goes into the
database and what comes out; how statements run is the hook's business.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from queuack.authoring.call_arguments import determine_kwargs
from queuack.authoring.decorators.base import DecoratedOperator
from queuack.authoring.exceptions import AirflowException
from queuack.authoring.operator import BaseOperator
from queuack.authoring.types import SET_DURING_EXECUTION
from queuack.hooks.duckdb import HANDLERS, DuckDBHook, Handler
from queuack.serialization.xcom import table_kind

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class DuckDBOperator(BaseOperator):
    """Runs ``sql`` (a text, a ``.sql`` file or a list of them, templated) on a DuckDB of its own; returns the result.

    ``database``: a file, a folder of Parquet files or ``:memory:`` (default); or ``conn_id``, a connection of type
    ``duckdb``. ``tables``: name → table (or the XComArg of one) that the SQL may name. ``parameters`` for ``?`` (a
    list) or ``$name`` (a dict). ``returns``: ``rows`` (default), ``records``, ``arrow``, ``pandas`` or ``polars``; or
    ``handler(relation)`` makes the result. ``return_last=False`` returns the result of each statement.
    """

    template_fields: Collection[str] = ("sql", "parameters", "conn_id", "database", "tables")
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql", "parameters": "json"}
    ui_color = "#fff2a8"

    def __init__(
        self,
        *,
        sql: Any,
        conn_id: str | None = None,
        database: str | None = None,
        parameters: Any = None,
        tables: Mapping[str, Any] | None = None,
        returns: str = "rows",
        handler: Handler | None = None,
        autocommit: bool = False,
        split_statements: bool = True,
        return_last: bool = True,
        show_return_value_in_logs: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if returns not in HANDLERS:
            raise AirflowException(f"returns is one of {', '.join(HANDLERS)}, not {returns!r}")
        self.sql, self.parameters, self.tables = sql, parameters, tables
        self.conn_id, self.database = conn_id, database
        self.returns, self.handler = returns, handler
        self.autocommit, self.split_statements, self.return_last = autocommit, split_statements, return_last
        self.show_return_value_in_logs = show_return_value_in_logs

    def prepare_template(self) -> None:
        """Parameters may be written as a text."""
        if isinstance(self.parameters, str) and not self.parameters.lstrip().startswith("{{"):
            self.parameters = ast.literal_eval(self.parameters)

    def execute(self, context: Context) -> Any:
        result = DuckDBHook(self.conn_id, database=self.database).run(
            self.sql,
            self.autocommit,
            self.parameters,
            (self.handler or HANDLERS[self.returns]) if self.do_xcom_push else None,
            self.split_statements,
            self.return_last,
            tables=self.tables,
        )
        if self.show_return_value_in_logs:
            self.log.info("Operator output is: %s", result)
        return result


class _DuckDBDecoratedOperator(DecoratedOperator, DuckDBOperator):
    """``@task.duckdb``: runs the SQL that the function returns.

    Arguments of the function that are tables are there in the SQL by the names of its parameters.
    """

    template_fields: Collection[str] = (*DecoratedOperator.template_fields, *DuckDBOperator.template_fields)
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **DecoratedOperator.template_fields_renderers,
        **DuckDBOperator.template_fields_renderers,
    }
    custom_operator_name = "@task.duckdb"
    overwrite_rtif_after_execution = True

    def __init__(self, *, python_callable: Callable[..., Any], **kwargs: Any) -> None:
        super().__init__(python_callable=python_callable, sql=SET_DURING_EXECUTION, **kwargs)

    def execute(self, context: Context) -> Any:
        context.update(self.op_kwargs)
        kwargs = determine_kwargs(self.python_callable, self.op_args, context)
        sql = self.python_callable(*self.op_args, **kwargs)
        texts = [sql] if isinstance(sql, str) else sql
        if not isinstance(texts, list) or not all(isinstance(text, str) and text.strip() for text in texts):
            raise TypeError(
                "The returned value from the TaskFlow callable must be a non-empty "
                "string or a non-empty list of non-empty strings."
            )
        self.sql = sql
        self.render_template_fields(context)
        given = inspect.signature(self.python_callable).bind(*self.op_args, **kwargs).arguments
        found = {name: value for name, value in given.items() if table_kind(value) is not None}
        self.tables = {**found, **(self.tables or {})}
        return DuckDBOperator.execute(self, context)
