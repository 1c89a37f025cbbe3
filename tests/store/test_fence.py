"""What a query of the SQL page may touch, and what it may not, whatever it is wrapped in."""

from __future__ import annotations

import pytest

from queuack.errors import InvalidRequest
from queuack.store.database import Database
from queuack.store.queries.sql import run_sql


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM task_instance t JOIN dag_run r ON r.id = t.dag_run_id",
        "WITH lately AS (SELECT * FROM dag_run) SELECT state, count(*) FROM lately GROUP BY ALL",
        "FROM dag SELECT dag_id",
        "SELECT * FROM range(3), unnest([1, 2])",
        "SELECT table_name FROM information_schema.tables",
        "DESCRIBE dag",
        "SUMMARIZE dag_run",
        "SHOW TABLES",
        "EXPLAIN SELECT * FROM dag",
        "VALUES (1)",
    ],
)
def test_the_stores_tables_are_open(query: str) -> None:
    with Database.open() as database, database.reader() as reader:
        run_sql(reader, query, inside=True)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT password FROM ab_user",
        "SELECT * FROM main.AB_USER",
        "SELECT (SELECT max(password) FROM ab_user)",
        "SELECT * FROM dag WHERE dag_id IN (SELECT password FROM ab_user)",
        "WITH ab_user AS (SELECT 1) SELECT * FROM dag, (SELECT * FROM main.ab_user)",
        "EXPLAIN ANALYZE SELECT * FROM ab_user",
        "SUMMARIZE ab_user",
        "DESCRIBE SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd.csv'",
        "WITH \"/etc/x.csv\" AS (SELECT 1) SELECT * FROM dag, (SELECT * FROM '/etc/x.csv')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM query('SELECT * FROM ab_user')",
        "SELECT * FROM query_table('ab_user')",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM journal",
        "PRAGMA storage_info('ab_user')",
        "DELETE FROM dag",
    ],
)
def test_everything_else_is_closed(query: str) -> None:
    with Database.open() as database, database.reader() as reader, pytest.raises(InvalidRequest):
        run_sql(reader, query, inside=True)
