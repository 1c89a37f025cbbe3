"""Reads rows as Airflow's database models have them, for user code that queries (``compat/models``).

Decides how a condition becomes SQL: columns and operators are looked up, values are parameters, so nothing that user
code says is run as SQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from queuack.errors import InvalidRequest
from queuack.store.queries.rows import JSON_COLUMNS, Row, decoded
from queuack.store.reader import Reader
from queuack.store.statements import statement_text

TABLES = frozenset({"dag", "dag_run", "dag_tag", "import_error", "log", "slot_pool", "task_instance"})
OPERATORS = {"=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "like": "LIKE", "ilike": "ILIKE"}
MOST_ROWS = 100_000


def model_rows(
    reader: Reader,
    table: str,
    *,
    where: Sequence[dict[str, Any]] = (),
    order: Sequence[Sequence[Any]] = (),
    limit: int | None = None,
    offset: int = 0,
) -> list[Row]:
    """Rows that satisfy every condition; instants in microseconds, at most ``MOST_ROWS``.

    ``where``: {"column", "op", "value"}, or {"op": "and" | "or" | "not", "parts": […]}. ``order``: [column, falling].
    Raises InvalidRequest for a table, a column or an operator that there is not.
    """
    if table not in TABLES:
        raise InvalidRequest(f"There is no model of the table {table!r}.")
    base = statement_text(f"model_{table}")
    reader.execute(f"SELECT * FROM ({base}) LIMIT 0")
    builder = _Builder(table, [column[0] for column in reader.description])
    conditions = [builder.condition(condition) for condition in where]
    text = f"SELECT * FROM ({base}) model"
    if conditions:
        text += f" WHERE {' AND '.join(conditions)}"
    if order:
        text += f" ORDER BY {', '.join(builder.order(*item) for item in order)}"
    text += " LIMIT ? OFFSET ?"
    most = MOST_ROWS if limit is None else min(limit, MOST_ROWS)
    reader.execute(text, [*builder.params, most, offset])
    found = [dict(zip(builder.columns, row, strict=True)) for row in reader.fetchall()]
    return [{name: decoded(value) if name in JSON_COLUMNS else value for name, value in row.items()} for row in found]


class _Builder:
    def __init__(self, table: str, columns: list[str]) -> None:
        self._table = table
        self.columns = columns
        self.params: list[Any] = []

    def column(self, name: str) -> str:
        if name not in self.columns:
            raise InvalidRequest(f"{self._table} has no column {name!r}; it has {', '.join(self.columns)}.")
        return f'model."{name}"'

    def order(self, name: str, descending: bool) -> str:
        return f"{self.column(name)} {'DESC' if descending else 'ASC'} NULLS {'LAST' if descending else 'FIRST'}"

    def condition(self, wire: dict[str, Any]) -> str:
        op = wire["op"]
        if op in ("and", "or"):
            return f"({f' {op.upper()} '.join(self.condition(part) for part in wire['parts'])})"
        if op == "not":
            return f"(NOT {self.condition(wire['parts'][0])})"
        column, value = self.column(wire["column"]), wire["value"]
        if value is None and op in ("=", "!="):
            return f"{column} IS {'NOT ' if op == '!=' else ''}NULL"
        if op in ("in", "not in"):
            return self._within(column, list(value), "NOT " if op == "not in" else "")
        if op == "prefix":
            self.params.append(value)
            return f"starts_with({column}, ?)"
        if op not in OPERATORS:
            raise InvalidRequest(f"There is no operator {op!r}.")
        self.params.append(value)
        return f"{column} {OPERATORS[op]} ?"

    def _within(self, column: str, values: list[Any], negation: str) -> str:
        known = [value for value in values if value is not None]
        if not known:
            test = "false"
        else:
            self.params += known
            test = f"coalesce({column} IN ({', '.join('?' * len(known))}), false)"
        if len(known) < len(values):
            test = f"({test} OR {column} IS NULL)"
        return f"{negation}({test})"
