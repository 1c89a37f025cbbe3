"""DuckDB SQL: hook, operator, ``@task.duckdb`` and SqlSensor, on databases of their own."""

from __future__ import annotations

import json

import pandas
import polars
import pyarrow
import pytest

from queuack import config
from queuack.authoring.connection import Connection
from queuack.authoring.dag import DAG
from queuack.authoring.decorators import task
from queuack.authoring.exceptions import AirflowException
from queuack.hooks.duckdb import HANDLERS, DuckDBHook
from queuack.operators.duckdb import DuckDBOperator
from queuack.sensors.sql import SqlSensor


@pytest.fixture(autouse=True)
def _settings(settings):
    """A home of its own."""


def operator(**arguments):
    with DAG("d", params={"n": 3}):
        return DuckDBOperator(task_id="t", **arguments)


@pytest.mark.parametrize(
    ("returns", "expected"),
    [
        ("rows", [(1, "a")]),
        ("records", [{"n": 1, "who": "a"}]),
        ("arrow", pyarrow.table({"n": pyarrow.array([1], pyarrow.int32()), "who": ["a"]})),
        ("polars", polars.DataFrame({"n": polars.Series([1], dtype=polars.Int32), "who": ["a"]})),
        ("pandas", pandas.DataFrame({"n": pandas.Series([1], dtype="int32"), "who": ["a"]})),
    ],
)
def test_results(desk, returns, expected):
    found = desk.execute(operator(sql="select 1 as n, 'a' as who", returns=returns))
    assert type(found) is type(expected)
    assert found.equals(expected) if hasattr(found, "equals") else found == expected


def test_statements(desk):
    op = operator(
        sql=["create table t as select unnest([1, 2, {{ params.n }}]) as n; select 0", "select sum(n) from t"]
    )
    assert desk.execute(op) == [(6,)]
    several = operator(sql="select 1; select 2", return_last=False)
    assert desk.execute(several) == [[(1,)], [(2,)]]
    with pytest.raises(AirflowException, match="split_statements"):
        desk.execute(operator(sql="select 1; select 2", split_statements=False))
    assert desk.execute(operator(sql="select 1", do_xcom_push=False)) is None
    assert desk.execute(operator(sql="select 1 as n", handler=lambda relation: relation.columns)) == ["n"]
    with pytest.raises(AirflowException, match="returns is one of rows"):
        operator(sql="select 1", returns="spark")


def test_files_of_sql(desk, tmp_path):
    (tmp_path / "q.sql").write_text("select '{{ ds }}' as d, $n")
    with DAG("d", template_searchpath=[str(tmp_path)]):
        op = DuckDBOperator(task_id="t", sql="q.sql", parameters="{'n': 2}")
    assert desk.execute(op) == [("2024-01-02", 2)]


def test_parameters(desk):
    named = operator(sql="create table t(n int); insert into t values ($a), ($b); select sum(n) from t where n > $a")
    named.parameters = {"a": 1, "b": 2, "unused": 3}
    assert desk.execute(named) == [(2,)]
    assert desk.execute(operator(sql="select ?::int + ?::int", parameters=[1, 2])) == [(3,)]


@pytest.mark.parametrize(
    "table",
    [
        pandas.DataFrame({"n": [1, 2]}),
        polars.DataFrame({"n": [1, 2]}),
        pyarrow.table({"n": [1, 2]}),
        [{"n": 1}, {"n": 2}],
    ],
    ids=["pandas", "polars", "arrow", "records"],
)
def test_tables_go_in(desk, table):
    assert desk.execute(operator(sql="select sum(n) from numbers", tables={"numbers": table})) == [(3,)]


def test_tables_of_tasks(desk):
    with DAG("d") as dag:

        @task
        def numbers():
            return polars.DataFrame({"n": [1, 2]})

        @task.duckdb(returns="records")
        def total(numbers, least):
            return f"select sum(n) as total, '{{{{ ds }}}}' as d from numbers where n > {least}"

        total(numbers(), 1)
        DuckDBOperator(task_id="op", sql="select count(*) from n", tables={"n": dag.get_task("numbers").output})
    desk.execute(dag.get_task("numbers"))
    assert desk.execute(dag.get_task("total")) == [{"total": 2, "d": "2024-01-02"}]
    assert desk.execute(dag.get_task("op")) == [(2,)]
    assert dag.get_task("op").upstream_task_ids == {"numbers"}


def test_the_decorated_function_returns_sql(desk):
    with DAG("d") as dag:

        @task.duckdb
        def wrong():
            return [1]

        wrong()
    with pytest.raises(TypeError, match="non-empty"):
        desk.execute(dag.get_task("wrong"))


def test_a_file_is_kept(desk, tmp_path):
    path = str(tmp_path / "own.duckdb")
    desk.execute(operator(sql="create table t as select 42 as n", database=path))
    assert desk.execute(operator(sql="select n from t", database=f"{{{{ '{path}' }}}}")) == [(42,)]
    with pytest.raises(Exception, match="syntax error"):
        desk.execute(operator(sql="insert into t values (1); nonsense", database=path))
    with pytest.raises(Exception, match=r"conversion|Conversion"):
        desk.execute(operator(sql="insert into t values (1); select 'x'::int", database=path))
    assert desk.execute(operator(sql="select count(*) from t", database=path)) == [(1,)]


def test_a_folder_of_parquet_files(desk, tmp_path):
    desk.execute(operator(sql=f"copy (select 1 as n) to '{tmp_path}/one.parquet'"))
    (tmp_path / "many").mkdir()
    for n in (1, 2):
        desk.execute(operator(sql=f"copy (select {n} as n) to '{tmp_path}/many/{n}.parquet'"))
    assert desk.execute(operator(sql="select sum(n) from one join many using (n)", database=str(tmp_path))) == [(1,)]
    assert desk.execute(operator(sql="select count(*) from many", database=str(tmp_path))) == [(2,)]


def test_never_the_store(desk):
    own = config.current().home.database
    for path in (own, own.parent / "x" / ".." / own.name):
        with pytest.raises(AirflowException, match="daemon alone"):
            desk.execute(operator(sql="select 1", database=str(path)))


def test_connections(desk, tmp_path, monkeypatch):
    path = tmp_path / "own.duckdb"
    desk.execute(operator(sql="create table t as select 1 as n", database=str(path)))
    extra = {"path": str(path), "read_only": True, "config": {"threads": 1}, "extensions": ["json"]}
    monkeypatch.setenv("AIRFLOW_CONN_DUCK", json.dumps({"conn_type": "duckdb", "extra": extra}))
    assert desk.execute(operator(sql="select n from t", conn_id="duck")) == [(1,)]
    with pytest.raises(Exception, match="read-only"):
        desk.execute(operator(sql="insert into t values (2)", conn_id="duck"))
    hook = Connection.get("duck").get_hook()
    assert isinstance(hook, DuckDBHook)
    assert hook.get_first("select n from t") == (1,)
    assert hook.get_df("select n from t", df_type="arrow").num_rows == 1
    assert hook.test_connection() == (True, "Connection successfully tested")
    monkeypatch.setenv("AIRFLOW_CONN_DUCK", "duckdb:///:memory:")
    assert DuckDBHook("duck").get_records("select 1") == [(1,)]
    monkeypatch.setenv("AIRFLOW_CONN_DUCK", json.dumps({"conn_type": "duckdb", "host": "/nowhere/x.duckdb"}))
    assert DuckDBHook("duck").test_connection()[0] is False


def test_lists_that_are_no_tables():
    with pytest.raises(TypeError, match="dicts"):
        DuckDBHook().run("select 1", handler=HANDLERS["rows"], tables={"t": [1]})


@pytest.mark.parametrize(
    ("sql", "arguments", "expected"),
    [
        ("select 1", {}, True),
        ("select 0", {}, False),
        ("select null", {}, False),
        ("select 1 where false", {}, False),
        ("select 0, 1", {"selector": lambda row: row[1]}, True),
        ("select 5", {"success": lambda cell: cell > 5}, False),
        ("select $a", {"parameters": {"a": 1}, "failure": lambda cell: cell > 1}, True),
    ],
)
def test_sql_sensor(desk, sql, arguments, expected):
    with DAG("d"):
        sensor = SqlSensor(task_id="t", sql=sql, database=":memory:", **arguments)
    assert sensor.poke(desk.context_of(sensor)) is expected


def test_sql_sensor_fails(desk, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_DUCK", "duckdb:///:memory:")
    monkeypatch.setenv("AIRFLOW_CONN_FILES", "fs://")
    cases = [
        ({"sql": "select 1 where false", "fail_on_empty": True, "conn_id": "duck"}, "No rows"),
        ({"sql": "select 1", "failure": bool, "conn_id": "duck"}, "Failure criteria met"),
        ({"sql": "select 1", "success": 3, "conn_id": "duck"}, "not callable"),
        ({"sql": "select 1", "conn_id": "files"}, "runs no SQL"),
    ]
    for arguments, said in cases:
        with DAG("d"):
            sensor = SqlSensor(task_id="t", **arguments)
        with pytest.raises(AirflowException, match=said):
            sensor.poke(desk.context_of(sensor))
    with pytest.raises(ValueError, match="one of them"), DAG("d"):
        SqlSensor(task_id="t", sql="select 1")
