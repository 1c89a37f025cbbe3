"""Params, variables and connections."""

from __future__ import annotations

import json

import pytest

from queuack.authoring.connection import Connection
from queuack.authoring.exceptions import AirflowNotFoundException, ParamValidationError
from queuack.authoring.hooks import BaseHook
from queuack.authoring.params import Param, ParamsDict
from queuack.authoring.variable import Variable


def test_param_schema():
    assert Param(5, type="integer", minimum=3).resolve() == 5
    with pytest.raises(ParamValidationError):
        Param(2, type="integer", minimum=3).resolve()
    with pytest.raises(ParamValidationError, match="no default"):
        Param(type="string").resolve()
    with pytest.raises(ParamValidationError, match="json-serializable"):
        Param(object())
    assert issubclass(ParamValidationError, ValueError)


def test_params_dict():
    params = ParamsDict({"a": 1, "b": Param("x", type="string", enum=["x", "y"])})
    params["b"] = "y"
    assert params.dump() == {"a": 1, "b": "y"}
    with pytest.raises(ParamValidationError, match="param b"):
        params["b"] = "z"
    assert params == {"a": 1, "b": "y"}
    assert params.get_param("b").schema["enum"] == ["x", "y"]


def test_variables(desk, monkeypatch):
    Variable.set("a", {"x": 1}, serialize_json=True)
    assert Variable.get("a", deserialize_json=True) == {"x": 1}
    assert Variable.get("none", default=None) is None
    assert Variable.get("none", default_var="d") == "d"
    with pytest.raises(KeyError, match="none"):
        Variable.get("none")
    monkeypatch.setenv("AIRFLOW_VAR_A", "env")
    assert Variable.get("a") == "env"
    monkeypatch.setenv("QUEUACK_VAR_A", "ours")
    assert Variable.get("a") == "ours"
    Variable.delete("a")
    assert Variable.setdefault("new", "v") == "v"
    assert desk.runtime.variables == {"new": "v"}


@pytest.mark.parametrize(
    ("uri", "fields"),
    [
        (
            "postgresql://us%40er:p%3Aw@host.example:5432/db?sslmode=require&x=",
            ("postgres", "us@er", "p:w", "host.example", 5432, "db", {"sslmode": "require", "x": ""}),
        ),
        ("http://https%3A%2F%2Fexample.org", ("http", None, None, "https://example.org", None, "", {})),
        (
            "google-cloud-platform://?__extra__=%7B%22a%22%3A%201%7D",
            ("google_cloud_platform", None, None, "", None, "", {"a": 1}),
        ),
        ("ssh://me@[::1]:22", ("ssh", "me", None, "::1", 22, "", {})),
    ],
)
def test_connection_uris(uri, fields):
    c = Connection(conn_id="c", uri=uri)
    assert (c.conn_type, c.login, c.password, c.host, c.port, c.schema, c.extra_dejson) == fields


def test_connection_round_trip():
    c = Connection("c", "postgres", None, "h", "me", "p/w", "db", 5, extra={"deep": {"x": 1}})
    back = Connection("c", uri=c.get_uri())
    assert (back.login, back.password, back.host, back.schema, back.port) == ("me", "p/w", "h", "db", 5)
    assert back.extra_dejson == {"deep": {"x": 1}}
    assert Connection.from_json(c.as_json(), "c") == c


def test_connections_are_looked_up(desk, monkeypatch):
    with pytest.raises(AirflowNotFoundException, match="isn't defined"):
        BaseHook.get_connection("db")
    desk.runtime.connections["db"] = {"conn_type": "mysql", "host": "stored", "port": 3306}
    assert BaseHook.get_connection("db").host == "stored"
    monkeypatch.setenv("AIRFLOW_CONN_DB", json.dumps({"conn_type": "mysql", "host": "json", "extra": {"a": 1}}))
    assert (Connection.get("db").host, Connection.get("db").extra_dejson) == ("json", {"a": 1})
    monkeypatch.setenv("QUEUACK_CONN_DB", "mysql://uri")
    assert Connection.get("db").host == "uri"
