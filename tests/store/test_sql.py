"""``queuack sql``: what is let through, and how values look."""

from __future__ import annotations

import json

import pytest

from queuack import errors
from queuack.store.database import Database
from queuack.store.queries.sql import SqlResult, run_sql
from queuack.store.writer import Writer
from tests.store import sample as make


def answer(database: Database, query: str, *params: object, limit: int = 100) -> SqlResult:
    with database.reader() as reader:
        return run_sql(reader, query, params, limit)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("make_timestamptz(1700000000000000)", "2023-11-14T22:13:20+00:00"),
        ("'infinity'::timestamptz", "infinity"),
        ("timestamp '2026-01-01'", "2026-01-01T00:00:00"),
        ("date '2026-01-01'", "2026-01-01"),
        ("interval 90 minute", "1:30:00"),
        ("1.50::decimal(5, 2)", "1.50"),
        ("170141183460469231731687303715884105727::hugeint", 2**127 - 1),
        ("'\\xFFa'::blob", "ff61"),
        ("'nan'::double", "nan"),
        ("[1, NULL, 2]", [1, None, 2]),
        ("{'a': [date '2026-01-01']}", {"a": ["2026-01-01"]}),
        ("map {1: 'x'}", {"1": "x"}),
        ("true", True),
        ("NULL::timestamptz", None),
        ("'00000000-0000-0000-0000-000000000001'::uuid", "00000000-0000-0000-0000-000000000001"),
        ("[make_timestamptz(0)]", "['1970-01-01 00:00:00+00']"),
    ],
)
def test_values_of_every_type(database: Database, expression: str, expected: object) -> None:
    result = answer(database, f"SELECT {expression} AS v")
    assert result.rows == [[expected]]
    assert result.columns == ["v"]
    json.dumps(result.rows)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1;", "-- why\n/* so */ WITH a AS (SELECT 1) SELECT * FROM a", "FROM slot_pool", "TABLE slot_pool",
        "VALUES (1)", "DESCRIBE dag", "SHOW TABLES", "SUMMARIZE slot_pool", "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE SELECT 1", "PRAGMA table_info('dag')", "(SELECT 1)", "SELECT 1 -- trailing",
    ],
)  # fmt: skip
def test_reading_statements_pass(database: Database, query: str) -> None:
    assert answer(database, query).rows


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM dag", "EXPLAIN ANALYZE DELETE FROM dag", "explain /* x */ analyze delete from dag",
        "EXPLAIN (ANALYZE) DELETE FROM dag", "SELECT 1; DROP TABLE dag", "", "SET threads = 1",
        "PRAGMA memory_limit = '1GB'", "PRAGMA enable_checkpoint_on_shutdown", "CHECKPOINT", "COPY dag TO 'x.csv'",
        "ATTACH 'x.db'", "WITH a AS (SELECT 1) INSERT INTO variable SELECT 1, 2, 3", "CREATE TABLE x (a INT)",
        "CALL pragma_version()", "INSTALL httpfs",
    ],
)  # fmt: skip
def test_everything_else_is_refused(database: Database, writer: Writer, query: str) -> None:
    writer.commit([make.dag()])
    with pytest.raises((errors.InvalidRequest, errors.StoreError)):
        answer(database, query)
    assert answer(database, "SELECT count(*) FROM dag").rows == [[1]]


def test_order_and_limit_survive_the_conversion_of_instants(database: Database, writer: Writer) -> None:
    writer.commit([make.run(key) for key in range(1, 5001)])
    result = answer(database, "SELECT id, run_after, id AS id FROM dag_run ORDER BY id DESC", limit=3)
    assert [row[0] for row in result.rows] == [5000, 4999, 4998]
    assert result.rows[0][1] == "2023-11-14T22:13:20.005000+00:00"
    assert result.columns == ["id", "run_after", "id"]
    assert result.types == ["BIGINT", "TIMESTAMP WITH TIME ZONE", "BIGINT"]
    assert result.truncated
    whole = answer(database, "SELECT id, run_after FROM dag_run ORDER BY hash(id)", limit=5000)
    assert sorted(row[0] for row in whole.rows) == list(range(1, 5001))
    assert whole.rows == answer(database, "SELECT id, run_after FROM dag_run ORDER BY hash(id)", limit=9000).rows


def test_parameters(database: Database) -> None:
    assert answer(database, "SELECT ?::INTEGER + 1, make_timestamptz(?::BIGINT)", 4, 0).rows == [
        [5, "1970-01-01T00:00:00+00:00"]
    ]


def test_a_bad_statement_is_a_store_error(database: Database) -> None:
    with pytest.raises(errors.StoreError, match="nothing_there"):
        answer(database, "SELECT * FROM nothing_there")
