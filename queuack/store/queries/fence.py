"""What a statement of the SQL page may touch: the store's tables, and functions that make or unfold rows.

The page is for people with a role; files of the machine, other databases and how passwords are kept are not theirs.
(``queuack sql`` runs as the owner of the files and has no fence.) Decided on DuckDB's own parse of the statement, by
what is allowed: a function or table it does not know is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from queuack.errors import InvalidRequest
from queuack.store.reader import Reader, fetch
from queuack.store.statements import statement_text

CLOSED_TABLES = frozenset({"ab_user", "journal"})
"""Password hashes; writes on their way, which may hold some."""

OPEN_SCHEMAS = frozenset({"information_schema"})

OPEN_FUNCTIONS = frozenset(
    {"range", "generate_series", "unnest", "json_each", "json_tree", "repeat", "repeat_row", "summary",
     "duckdb_columns", "duckdb_tables", "duckdb_views", "duckdb_functions", "duckdb_types", "pragma_table_info"}
)  # fmt: skip
"""Table functions that read nothing but what they are given, and the catalogue."""

SHOWN = frozenset({'"tables"', '"databases"', '"variables"', "__show_tables_expanded", ""})

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""Names of a WITH: nothing that DuckDB would take for a file."""


def check_inside(reader: Reader, statement: str) -> None:
    """Raises InvalidRequest that names the first table or function that the statement may not touch."""
    reader.execute(statement_text("parse_of_select"), {"query": statement})
    parsed = msgspec.json.decode(reader.fetchone()[0])
    if parsed.get("error"):
        raise InvalidRequest(f"Only SELECT is allowed here: {parsed.get('error_message', 'this cannot be read')}")
    tables = {str(name).lower() for (name,) in fetch(reader, "table_names")} - CLOSED_TABLES
    nodes = list(_nodes(parsed))
    named = {str(entry["key"]).lower() for node in nodes for entry in node.get("cte_map", {}).get("map", ())}
    known = tables | {name for name in named if _NAME.fullmatch(name)} - CLOSED_TABLES
    for node in nodes:
        kind = node.get("type")
        if kind == "BASE_TABLE":
            _check_table(node, known)
        elif kind == "TABLE_FUNCTION":
            function = str(node.get("function", {}).get("function_name", "")).lower()
            if function not in OPEN_FUNCTIONS:
                raise InvalidRequest(f"The function {function} is closed here: only the store's tables can be read.")
        elif kind == "SHOW_REF":
            shown = str(node.get("table_name", "")).lower()
            if shown not in SHOWN and shown.strip('"') not in known:
                raise InvalidRequest(f"{shown} is no table of the store.")


def _check_table(node: dict[str, Any], known: set[str]) -> None:
    name, schema = str(node.get("table_name", "")).lower(), str(node.get("schema_name", "")).lower()
    if schema in OPEN_SCHEMAS:
        return
    if name in CLOSED_TABLES:
        raise InvalidRequest(f"The table {name} is closed here.")
    if name not in known:
        raise InvalidRequest(f"{name} is no table of the store; these are: {', '.join(sorted(known))}.")


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in it."""
    waiting = [value]
    while waiting:
        at = waiting.pop()
        if isinstance(at, dict):
            yield at
            waiting.extend(at.values())
        elif isinstance(at, list):
            waiting.extend(at)
