"""DuckDBHook: SQL of a task, on a DuckDB of its own: in memory, in a file, or over a folder of Parquet files.

It decides how a connection or a path becomes an open database and how statements run. It must never open the
deployment's own ``queuack.duckdb``: one process has that, the daemon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from queuack import config
from queuack.authoring.exceptions import AirflowException
from queuack.authoring.hooks import BaseHook

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

MEMORY = ":memory:"
Parameters = Sequence[Any] | Mapping[str, Any] | None
"""For ``?`` and ``$1``: a sequence; for ``$name``: a mapping."""
Handler = Callable[[Any], Any]
"""Makes a result of a DuckDB relation: what a statement gave, not fetched yet."""


def fetch_all(relation: DuckDBPyRelation) -> list[tuple[Any, ...]]:
    """All rows."""
    return relation.fetchall()


def fetch_records(relation: DuckDBPyRelation) -> list[dict[str, Any]]:
    """All rows as dicts."""
    names = relation.columns
    return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]


HANDLERS: dict[str, Handler] = {
    "rows": fetch_all,
    "records": fetch_records,
    "arrow": lambda relation: relation.to_arrow_table(),
    "pandas": lambda relation: relation.df(),
    "polars": lambda relation: relation.pl(),
}
"""How a result is handed on: ``rows`` (tuples), ``records`` (dicts), or a table of one of three libraries."""


class DuckDBHook(BaseHook):
    """Of a connection of type ``duckdb``, or of ``database`` alone: a file, a folder of Parquet files, ``:memory:``.

    The connection's host, schema or extra ``path`` is the database; more extras: ``read_only``, ``config`` (DuckDB's
    settings), ``extensions`` (to load). In a folder every ``x.parquet``, and every folder ``x`` of Parquet files, is
    the view ``x``. ``database`` wins over the connection.
    """

    conn_name_attr = "duckdb_conn_id"
    default_conn_name = "duckdb_default"
    conn_type = "duckdb"
    hook_name = "DuckDB"

    def __init__(self, duckdb_conn_id: str | None = None, *, database: str | None = None, **kwargs: str | None) -> None:
        super().__init__(**kwargs)
        self.duckdb_conn_id = duckdb_conn_id
        self.database = database

    def get_conn(self) -> DuckDBPyConnection:
        """A new connection; close it. Raises AirflowException for the deployment's own database."""
        import duckdb  # start-up time: most tasks do not use it

        extra, path = self._described()
        options = {str(key): value for key, value in (extra.get("config") or {}).items()}
        if path == MEMORY or Path(path).is_dir():
            connection = duckdb.connect(MEMORY, config=options)
        else:
            _refuse_own_database(path)
            connection = duckdb.connect(path, read_only=bool(extra.get("read_only", False)), config=options)
        for extension in extra.get("extensions") or ():
            connection.load_extension(extension)
        if path != MEMORY and Path(path).is_dir():
            _view_folder(connection, Path(path))
        return connection

    def _described(self) -> tuple[dict[str, Any], str]:
        """(extras, path of the database)."""
        if self.duckdb_conn_id is None:
            return {}, self.database or MEMORY
        connection = self.get_connection(self.duckdb_conn_id)
        extra: dict[str, Any] = connection.extra_dejson
        named = "/".join(part for part in (connection.host, connection.schema) if part)
        return extra, self.database or extra.get("path") or named or MEMORY

    @contextmanager
    def connection(self, tables: Mapping[str, Any] | None = None) -> Iterator[DuckDBPyConnection]:
        """An open connection that has ``tables`` (pandas, polars, Arrow; lists of dicts) by their names."""
        connection = self.get_conn()
        try:
            for name, table in (tables or {}).items():
                connection.register(name, as_table(table))
            yield connection
        finally:
            connection.close()

    def run(
        self,
        sql: str | Sequence[str],
        autocommit: bool = False,
        parameters: Parameters = None,
        handler: Handler | None = None,
        split_statements: bool = True,
        return_last: bool = True,
        *,
        tables: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run the statements, all or (without ``autocommit``) none of them.

        Returns what ``handler`` makes of the last result, of each with ``return_last=False``; None without a handler.
        A statement gets those ``parameters`` that it names.
        """
        results = []
        with self.connection(tables) as connection:
            statements = self._statements(connection, sql, split_statements)
            if not autocommit:
                connection.begin()
            for text, names in statements:
                self.log.info("Running statement: %s", text)
                given = _for_statement(parameters, names)
                if handler is None:
                    connection.execute(text, given).fetchall()
                else:
                    results.append(handler(connection.sql(text, params=given)))
            if not autocommit:
                connection.commit()
        if handler is None:
            return None
        return (results[-1] if results else None) if return_last else results

    @staticmethod
    def _statements(
        connection: DuckDBPyConnection, sql: str | Sequence[str], split: bool
    ) -> list[tuple[str, set[str]]]:
        """(text, names of its parameters) of each."""
        texts = [sql] if isinstance(sql, str) else list(sql)
        found: list[tuple[str, set[str]]] = []
        for text in texts:
            parts = connection.extract_statements(text)
            if not split and len(parts) > 1:
                raise AirflowException(f"There are {len(parts)} statements in one text: set split_statements=True.")
            found.extend((part.query.strip(), set(part.named_parameters)) for part in parts)
        return found

    def get_records(self, sql: str | Sequence[str], parameters: Parameters = None) -> list[tuple[Any, ...]]:
        """The rows."""
        return self.run(sql, parameters=parameters, handler=fetch_all) or []

    def get_first(self, sql: str | Sequence[str], parameters: Parameters = None) -> tuple[Any, ...] | None:
        """The first row."""
        return next(iter(self.get_records(sql, parameters)), None)

    def get_df(self, sql: str | Sequence[str], parameters: Parameters = None, *, df_type: str = "pandas") -> Any:
        """The result as a table: ``pandas``, ``polars`` or ``arrow``."""
        return self.run(sql, parameters=parameters, handler=HANDLERS[df_type])

    def test_connection(self) -> tuple[bool, str]:
        try:
            self.get_first("SELECT 1")
        except Exception as error:
            return False, str(error)
        return True, "Connection successfully tested"


def as_table(value: Any) -> Any:
    """What DuckDB registers as a table. Raises TypeError for what is none."""
    if not isinstance(value, list):
        return value
    import pyarrow  # optional extra

    if not all(isinstance(row, Mapping) for row in value):
        raise TypeError("A list is a table when its elements are dicts, one a row.")
    return pyarrow.Table.from_pylist(value)


def _for_statement(parameters: Parameters, names: set[str]) -> Any:
    if not names or parameters is None:
        return None
    if isinstance(parameters, Mapping):
        return {name: parameters[name] for name in names if name in parameters}
    return list(parameters)


def _refuse_own_database(path: str) -> None:
    own = config.current().home.database
    if Path(path).resolve() == own.resolve():
        raise AirflowException(
            f"{path} is Queuack's own database, which the daemon alone opens: give the task a file of its own, "
            "and ask the store by `queuack sql`."
        )


def _view_folder(connection: DuckDBPyConnection, folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        pattern = path if path.suffix == ".parquet" else path / "**" / "*.parquet"
        if path.suffix != ".parquet" and not (path.is_dir() and next(path.rglob("*.parquet"), None)):
            continue
        name, source = path.stem.replace('"', '""'), str(pattern).replace("'", "''")
        connection.execute(f"CREATE VIEW \"{name}\" AS SELECT * FROM read_parquet('{source}')")
