"""The SQL files: every statement is named and explained, and DuckDB accepts it."""

from __future__ import annotations

import pytest

from queuack.errors import StoreError
from queuack.store.database import Database
from queuack.store.statements import load_statements, parse_statements, statement_text


@pytest.mark.parametrize("name", sorted(load_statements()))
def test_every_statement_is_explained_and_is_one_statement(name: str, database: Database) -> None:
    statement = load_statements()[name]
    assert statement.why.endswith(".")
    with database.reader() as reader:
        assert len(reader.extract_statements(statement.text)) == 1


def test_fragments_are_filled_in() -> None:
    parsed = parse_statements(
        "-- fragment: columns\n    a, b\n\n-- name: all\n-- Why.\n-- More.\nSELECT {columns} FROM t;\n"
    )
    assert [(item.name, item.why, item.text) for item in parsed] == [("all", "Why. More.", "SELECT a, b FROM t")]


def test_a_statement_without_a_reason_is_refused() -> None:
    with pytest.raises(StoreError, match="no comment"):
        parse_statements("-- name: bare\nSELECT 1;\n")


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(StoreError, match="no SQL statement named nothing"):
        statement_text("nothing")
