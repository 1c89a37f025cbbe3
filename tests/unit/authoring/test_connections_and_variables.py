"""Connections and variables as DAG files have them: their forms, where they are looked for, what is masked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from queuack import config
from queuack.authoring import masking, provider_hooks
from queuack.authoring.connection import Connection
from queuack.authoring.context_accessors import ConnectionAccessor, VariableAccessor
from queuack.authoring.exceptions import (
    AirflowConfigException,
    AirflowException,
    AirflowNotFoundException,
    AirflowRuntimeError,
    AirflowSecretsBackendAccessDenied,
    ErrorType,
)
from queuack.authoring.hooks import BaseHook
from queuack.authoring.runtime import set_runtime
from queuack.authoring.secrets import search
from queuack.authoring.secrets.base import BaseSecretsBackend
from queuack.authoring.secrets.local_filesystem import LocalFilesystemBackend
from queuack.authoring.templating import create_template_env
from queuack.authoring.variable import Variable
from queuack.errors import DaemonUnreachable, InvalidRequest
from queuack.home import Home
from queuack.testing.outside import OutsideRuntime


class Store:
    """A runtime with a store in memory."""

    def __init__(self) -> None:
        self.variables: dict[str, str] = {}
        self.connections: dict[str, dict[str, Any]] = {}
        self.fails = False

    def variable_get(self, key: str) -> str | None:
        if self.fails:
            raise DaemonUnreachable("gone")
        return self.variables.get(key)

    def variable_set(self, key: str, value: str, description: str | None = None) -> None:
        self.variables[key] = value

    def variable_delete(self, key: str) -> None:
        del self.variables[key]

    def variable_keys(self, prefix: str | None = None) -> list[str]:
        return sorted(key for key in self.variables if key.startswith(prefix or ""))

    def connection_get(self, conn_id: str) -> dict[str, Any] | None:
        return self.connections.get(conn_id)


class Backend(BaseSecretsBackend):
    """A backend as users write them, of before and after ``team_name``."""

    made = 0

    def __init__(self, **values: str) -> None:
        type(self).made += 1
        self.values = values

    def get_conn_value(self, conn_id: str) -> str | None:
        return self.values.get(f"conn_{conn_id}")

    def get_variable(self, key: str, team_name: str | None = None) -> str | None:
        if key == "denied":
            raise AirflowSecretsBackendAccessDenied("no")
        if key == "broken":
            raise RuntimeError("the server is down")
        return self.values.get(key)


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()
    before = set_runtime(made)  # type: ignore[arg-type]  # as much of a Runtime as is asked
    yield made
    set_runtime(before)


@pytest.fixture(autouse=True)
def masker() -> Iterator[masking.Masker]:
    made = masking.Masker()
    before = masking.install(made)
    yield made
    masking.install(before)


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the secrets backend of this process."""

    def use(path: str, section: str = "secrets", key: str = "backend", **arguments: str) -> None:
        environ = {f"QUEUACK__{section}__{key}".upper(): path}
        environ[f"QUEUACK__{section}__{key}_kwargs".upper()] = json.dumps(arguments)
        monkeypatch.setattr(config, "_current", config.load(Home(tmp_path), environ=environ))
        monkeypatch.setattr(search, "_custom", {})

    return use


# ── connections ──
def test_forms_of_a_connection() -> None:
    connection = Connection(conn_id="c", conn_type="x", host="h", port=1, extra={"a": '{"b": 1}', "c": "text"})
    assert connection.extra_dejson == {"a": '{"b": 1}', "c": "text"}
    assert connection.get_extra_dejson(nested=True) == {"a": {"b": 1}, "c": "text"}
    assert connection.to_dict()["password"] is None
    assert connection.to_dict(prune_empty=True) == {
        "conn_id": "c", "conn_type": "x", "host": "h", "port": 1, "extra": {"a": '{"b": 1}', "c": "text"},
    }  # fmt: skip
    assert Connection.from_json(connection.as_json(), "c") == connection
    assert Connection.from_uri(connection.get_uri(), "c").extra_dejson == connection.extra_dejson
    assert Connection(conn_id="c").conn_type is None
    assert repr(connection) == "c"


def test_a_connection_is_said_one_way() -> None:
    with pytest.raises(AirflowException, match="can't mix"):
        Connection(uri="x://h", host="h")
    with pytest.raises(AirflowException, match="Invalid connection string"):
        Connection(uri="a://b://c://d")
    with pytest.raises(TypeError):
        Connection.from_json('{"hots": "h"}')


@pytest.mark.parametrize("extra", ["{", "[1]", '"text"'])
def test_an_extra_that_is_no_object_is_taken_as_empty(extra: str, caplog: pytest.LogCaptureFixture) -> None:
    assert Connection(conn_id="c", extra=extra).extra_dejson == {}
    assert "taken as empty" in caplog.text
    with pytest.raises(ValueError):
        Connection().set_extra(extra)


def test_a_connection_is_masked_when_it_is_made(masker: masking.Masker) -> None:
    connection = Connection(uri="x://me:pass%20word@h?token=tok-12345")
    said = f"{connection.password} {connection.get_uri()} {connection.extra}"
    assert masker.redact_text(said) == "*** x://me:***@h/?token=*** ***"
    connection.set_password("another-one")
    connection.set_extra('{"secret": "deep-one"}')
    assert masker.redact_text("another-one deep-one") == "*** ***"


def test_connections_of_environment_and_store(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.connections["db"] = {"conn_id": "db", "conn_type": "s", "host": "stored"}
    assert BaseHook.get_connection("db").host == "stored"
    monkeypatch.setenv("AIRFLOW_CONN_DB", '{"conn_type": "x", "host": "airflow"}')
    assert Connection.get("db").host == "airflow"
    monkeypatch.setenv("QUEUACK_CONN_DB", "x://queuack")
    assert asyncio.run(BaseHook.aget_connection("db")).host == "queuack"
    assert Connection.get_connection_from_secrets("db").host == "queuack"
    with pytest.raises(AirflowNotFoundException, match="The conn_id `none` isn't defined"):
        Connection.get("none")


def test_a_bad_text_in_the_environment_is_told_and_passed_over(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_BAD", '{"password": "s3cr3t"')
    with pytest.raises(AirflowNotFoundException):
        Connection.get("bad")
    assert "not JSON" in caplog.text
    assert "s3cr3t" not in caplog.text


# ── variables ──
def test_variables(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    Variable.set("k", {"a": 1}, serialize_json=True)
    Variable.set("n", 5)
    assert Variable.get("k", deserialize_json=True) == {"a": 1}
    assert Variable.get("n") == "5"
    assert Variable.get("none", default=None) is None
    assert Variable.get("none", default_var=7) == 7
    assert Variable.setdefault("n", "6") == "5"
    assert Variable.setdefault("j", [1], deserialize_json=True) == [1]
    assert Variable.get("j", deserialize_json=True) == [1]
    Variable.update("n", 8)
    assert list(Variable.keys()) == ["j", "k", "n"]
    assert Variable.keys("k") == ["k"]
    Variable.delete("n")
    with pytest.raises(ValueError, match="Default Value must be set"):
        Variable.setdefault("none", None)
    monkeypatch.setenv("AIRFLOW_VAR_K", "of-airflow")
    monkeypatch.setenv("QUEUACK_VAR_K", "")
    assert Variable.get("k") == ""


def test_keys_are_fetched_when_they_are_looked_at(store: Store) -> None:
    keys = Variable.keys("a")
    store.variables |= {"ab": "", "b": ""}
    assert (len(keys), keys[0], "ab" in keys, repr(keys)) == (1, "ab", True, "['ab']")


@pytest.mark.parametrize("error", [KeyError, AirflowRuntimeError])
def test_a_missing_variable_is_caught_as_in_airflow_2_and_3(store: Store, error: type[Exception]) -> None:
    with pytest.raises(error, match="Variable none does not exist") as caught:
        Variable.get("none")
    assert caught.value.error.error is ErrorType.VARIABLE_NOT_FOUND


def test_sensitive_variables_are_masked(store: Store, masker: masking.Masker) -> None:
    store.variables |= {"api-key": "hidden-one", "plain": "shown-one", "j": '{"token": "deep-one"}'}
    for key in store.variables:
        Variable.get(key)
    Variable.get("db_password", default="default-one")
    Variable.set("my_token", "set-one")
    said = "hidden-one shown-one deep-one default-one set-one"
    assert masker.redact_text(said) == "*** shown-one *** *** ***"


def test_setting_a_variable_that_the_environment_has(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_K", "1")
    Variable.set("k", "2")
    assert "EnvironmentVariablesBackend has one of this name" in caplog.text
    assert store.variables == {"k": "2"}


# ── secrets backends ──
def test_the_backend_comes_first(store: Store, backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    backend(f"{__name__}.Backend", k="of-backend", conn_db="x://me:backend-pass@backend")
    before = Backend.made
    monkeypatch.setenv("AIRFLOW_VAR_K", "of-environment")
    store.variables |= {"k": "of-store", "other": "of-store"}
    assert Variable.get("k") == "of-backend"
    assert Variable.get("other") == "of-store"
    assert Connection.get("db").host == "backend"
    assert Backend.made == before + 1


def test_that_of_the_workers_comes_before_that_of_all(store: Store, backend: Any) -> None:
    backend(f"{__name__}.Backend", "workers", "secrets_backend", k="of-workers")
    assert Variable.get("k") == "of-workers"


def test_a_backend_that_fails(store: Store, backend: Any, caplog: pytest.LogCaptureFixture) -> None:
    backend(f"{__name__}.Backend")
    store.variables |= {"broken": "of-store", "denied": "of-store"}
    assert Variable.get("broken") == "of-store"
    assert "'broken' was not found in Backend: RuntimeError: the server is down" in caplog.text
    with pytest.raises(AirflowSecretsBackendAccessDenied):
        Variable.get("denied")
    store.fails = True
    with pytest.raises(DaemonUnreachable):
        Variable.get("k", default="x")


def test_a_backend_that_cannot_be_made(store: Store, backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    backend("no.such.Backend")
    with pytest.raises(AirflowConfigException, match="could not be loaded"):
        Variable.get("k")
    backend(f"{__name__}.Backend")
    settings = config.load(
        Home(Path("/none")),
        environ={"QUEUACK__SECRETS__BACKEND": f"{__name__}.Backend", "QUEUACK__SECRETS__BACKEND_KWARGS": "[1]"},
    )
    monkeypatch.setattr(config, "_current", settings)
    with pytest.raises(AirflowConfigException, match="must be a JSON object"):
        Variable.get("k")


def test_an_asynchronous_backend(store: Store, backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def aget_connection(self: Any, conn_id: str) -> Connection:
        return Connection(conn_id=conn_id, host="awaited")

    backend(f"{__name__}.Backend")
    monkeypatch.setattr(Backend, "aget_connection", aget_connection, raising=False)
    assert asyncio.run(Connection.async_get("db")).host == "awaited"


def test_local_files(tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text("k: text\n")
    (tmp_path / "c.env").write_text("db=http://me:pw@h\n")
    files = LocalFilesystemBackend(str(tmp_path / "v.yaml"), str(tmp_path / "c.env"))
    assert files.get_variable("k") == "text"
    connection = files.get_connection("db")
    assert connection is not None
    assert connection.host == "h"
    assert files.get_connection("none") is None
    assert LocalFilesystemBackend().get_variable("k") is None
    with pytest.raises(AirflowException, match="must end in"):
        LocalFilesystemBackend(str(tmp_path / "v.txt")).get_variable("k")


def test_what_a_backend_builds_on() -> None:
    base = BaseSecretsBackend()
    assert base.build_path("airflow/connections", "db") == "airflow/connections/db"
    assert base.deserialize_connection("c", ' {"host": "h"}').host == "h"
    assert base.get_config("k") is None
    with pytest.raises(NotImplementedError):
        base.get_connection("c")
    with pytest.raises(TypeError):
        base._set_connection_class("no class")  # type: ignore[arg-type]


# ── hooks of providers ──
class Hook:
    conn_name_attr = "my_conn_id"

    def __init__(self, my_conn_id: str, flag: bool = False) -> None:
        self.my_conn_id, self.flag = my_conn_id, flag

    def test_connection(self) -> tuple[bool, str]:
        return True, f"reached {Connection.get(self.my_conn_id).host}"


def test_hooks_and_their_tests(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    described = {"connection-types": [{"connection-type": "mine", "hook-class-name": f"{__name__}.Hook"}]}
    point = SimpleNamespace(value="mine:get", load=lambda: lambda: described)
    monkeypatch.setattr(provider_hooks, "entry_points", lambda group: [point])
    provider_hooks.hook_paths.cache_clear()
    try:
        connection = Connection(conn_id="c", conn_type="mine", host="there")
        assert connection.get_hook(hook_params={"flag": True}).flag
        assert connection.test_connection() == (True, "reached there")
        assert Connection(conn_type="mind").test_connection() == (
            False,
            "Unknown hook type 'mind': no installed provider has it. Did you mean 'mine'?",
        )
        store.connections["c"] = {"conn_type": "mine"}
        assert BaseHook.get_hook("c").my_conn_id == "c"
        monkeypatch.delattr(Hook, "test_connection")
        assert connection.test_connection()[0] is False
    finally:
        provider_hooks.hook_paths.cache_clear()


# ── templates ──
def test_templates(store: Store) -> None:
    store.variables |= {"k": "v", "j": '{"a": {"b": [1, 2]}}'}
    store.connections["db"] = {"conn_type": "x", "host": "h", "extra": '{"region": "eu"}'}
    var = {"value": VariableAccessor(deserialize_json=False), "json": VariableAccessor(deserialize_json=True)}
    env = create_template_env()

    def render(text: str) -> str:
        return str(env.from_string(text).render(var=var, conn=ConnectionAccessor()))

    assert render("{{ var.value.k }} {{ var.json.j.a.b[1] }} {{ var.value['k'] }}") == "v 2 v"
    assert render("{{ var.value.get('n', 'd') }} {{ var.json.get('n', {'x': 1}).x }}") == "d 1"
    assert render("{{ conn.db.host }} {{ conn.db.extra_dejson.region }} {{ conn['db'].host }}") == "h eu h"
    assert render("{{ conn.get('n', {'host': 'd'}).host }}") == "d"
    for text, error in (("{{ var.value.n }}", KeyError), ("{{ conn.n.host }}", AirflowNotFoundException)):
        with pytest.raises(error):
            render(text)


# ── plain Python ──
def test_outside_of_any_process() -> None:
    def call(method: str, **params: Any) -> Any:
        return {"get_variable": {"val": "v"}, "variable_keys": ["k"], "set_variable": {}}[method]

    before = set_runtime(OutsideRuntime(call))
    try:
        assert Variable.get("k") == "v"
        assert Variable.keys() == ["k"]
        with pytest.raises(InvalidRequest, match="xcom_get needs a run"):
            OutsideRuntime(call).xcom_get()
    finally:
        set_runtime(before)


def test_outside_where_there_is_no_deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUACK_HOME", str(tmp_path / "nowhere"))
    before = set_runtime(None)
    try:
        assert Variable.get("k", default="d") == "d"
        assert not (tmp_path / "nowhere").exists()
    finally:
        set_runtime(before)
