"""Secrets in the store: encrypted when written, in plain for who may know, with a new key after a rotation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from queuack import config
from queuack.app import OfflineService, offline_service
from queuack.daemon import runtime_service, vault
from queuack.engine.deferral import watch
from queuack.engine.events import TriggerAsked
from queuack.errors import AlreadyExists, InvalidRequest, NotFound, SecretUnreadable
from queuack.fernet_keys import new_key
from queuack.home import Home

CONNECTION = {"conn_id": "db", "conn_type": "x", "host": "h", "port": 5, "password": "s3cr3t", "extra": '{"a": 1}'}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def service(home: Home) -> Iterator[OfflineService]:
    before = config.configure(config.load(home, environ={}))
    made = offline_service(home)
    yield made
    made.close()
    config.configure(before)


def keys(home: Home, *found: str) -> None:
    """Make these the keys of the setting."""
    config.configure(config.load(home, environ={"QUEUACK__CORE__FERNET_KEY": ",".join(found)}))


def stored(service: OfflineService, query: str) -> Any:
    return service.call("sql", {"query": query})["rows"][0]


def ask(service: OfflineService, method: str, **params: Any) -> Any:
    return runtime_service.call(service._port, method, params)


def test_a_connection(service: OfflineService) -> None:
    shown = service.call("add_connection", {"connection": CONNECTION})
    assert (shown["password"], shown["extra"], shown["port"]) == ("***", "***", 5)
    with pytest.raises(AlreadyExists):
        service.call("add_connection", {"connection": CONNECTION})
    password, extra, *flags = stored(
        service, "select password, extra, is_encrypted, is_extra_encrypted from connection"
    )
    assert password.startswith("gAAAA")
    assert extra.startswith("gAAAA")
    assert flags == [True, True]
    plain = service.call("get_connection", {"conn_id": "db", "secrets": True})
    assert (plain["password"], plain["extra"]) == ("s3cr3t", '{"a": 1}')
    found = ask(service, "connection_get", conn_id="db")
    assert found == {"description": None, "schema": None, "login": None, **CONNECTION}
    assert [row["password"] for row in service.call("list_connections", {})] == ["***"]
    assert [row["password"] for row in service.call("list_connections", {"secrets": True})] == ["s3cr3t"]
    service.call("set_connections", {"connections": [{"conn_id": "db", "conn_type": "y"}]})
    assert service.call("get_connection", {"conn_id": "db"})["password"] is None
    assert service.call("delete_connection", {"conn_id": "db"})["conn_id"] == "db"
    assert ask(service, "connection_get", conn_id="db") is None
    with pytest.raises(NotFound, match="no connection 'db'"):
        service.call("delete_connection", {"conn_id": "db"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"conn_id": "a b"}, "connection id"),
        ({"extra": "[1]"}, "must be a JSON object"),
        ({"port": "80"}, "whole number"),
        ({"host": 5}, "The host of a connection is a text"),
        ({"hots": "h"}, "has no hots"),
    ],
)
def test_what_is_no_connection(service: OfflineService, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        service.call("set_connections", {"connections": [CONNECTION, {**CONNECTION, **change}]})
    assert service.call("list_connections", {}) == []


def test_a_variable(service: OfflineService) -> None:
    service.call("set_variable", {"key": "k", "value": "v", "description": "d"})
    service.call("set_variables", {"variables": [{"key": "empty", "value": ""}]})
    assert stored(service, "select is_encrypted, val = 'v' from variable where key = 'k'") == [True, False]
    assert stored(service, "select is_encrypted, val from variable where key = 'empty'") == [False, ""]
    assert service.call("get_variable", {"key": "k"})["val"] == "v"
    assert ask(service, "variable_keys", prefix="e") == ["empty"]
    for key, value in (("", "v"), ("x" * 251, "v"), ("k", 5)):
        with pytest.raises(InvalidRequest):
            service.call("set_variable", {"key": key, "value": value})


def test_no_key_is_made_before_there_is_a_secret(service: OfflineService, home: Home) -> None:
    service.call("list_variables", {})
    assert not home.fernet_key_file.exists()
    service.call("set_variable", {"key": "k", "value": "v"})
    assert home.fernet_key_file.stat().st_mode & 0o777 == 0o600


def test_a_key_that_is_gone(service: OfflineService, home: Home) -> None:
    """Nothing is written with a second key that would part the store in two."""
    service.call("set_variable", {"key": "k", "value": "v"})
    service.call("add_connection", {"connection": CONNECTION})
    away = home.fernet_key_file.rename(home.root / "away")
    for method, params in (("get_variable", {"key": "k"}), ("set_variable", {"key": "l", "value": "v"})):
        with pytest.raises(SecretUnreadable, match=r"fernet\.key"):
            service.call(method, params)
    with pytest.raises(SecretUnreadable, match="The password of connection 'db'"):
        ask(service, "connection_get", conn_id="db")
    assert service.call("list_variables", {})[0]["val"] is None
    assert service.call("list_connections", {"secrets": True})[0]["password"] is None
    service.call("delete_variable", {"key": "k"})
    away.rename(home.fernet_key_file)
    assert ask(service, "connection_get", conn_id="db")["password"] == "s3cr3t"


def test_another_key(service: OfflineService, home: Home) -> None:
    keys(home, new_key())
    service.call("set_variable", {"key": "k", "value": "v"})
    assert not home.fernet_key_file.exists()
    keys(home, new_key(), new_key())
    with pytest.raises(SecretUnreadable, match=r"Variable 'k' .* 2 keys of core\.fernet_key"):
        service.call("get_variable", {"key": "k"})


def test_rotation(service: OfflineService, home: Home) -> None:
    old, new = new_key(), new_key()
    keys(home, old)
    service.call("set_variable", {"key": "k", "value": "v"})
    service.call("add_connection", {"connection": CONNECTION})
    service._database.run(
        "insert_variables", {"key": ["old"], "val": ["in plain"], "description": [None], "is_encrypted": [False]}
    )
    keys(home, new, old)
    with pytest.raises(InvalidRequest, match="other keys"):
        service.call("rotate_fernet_key", {"fingerprints": ["0123456789ab"]})
    done = service.call("rotate_fernet_key", {})
    assert done == {"variables": 2, "connections": 1, "triggers": 0, "keys": 2, "source": "core.fernet_key"}
    keys(home, new)
    assert [row["val"] for row in service.call("list_variables", {})] == ["v", "in plain"]
    assert stored(service, "select bool_and(is_encrypted) from variable") == [True]
    assert ask(service, "connection_get", conn_id="db")["extra"] == '{"a": 1}'


def test_what_triggers_wait_for_is_rotated_too(home: Home) -> None:
    """In the file and in the memory of who rotates."""
    old, new = new_key(), new_key()
    before = config.configure(config.load(home, environ={"QUEUACK__CORE__FERNET_KEY": old}))
    service = offline_service(home)
    try:
        sealed = vault.vault().lock('{"token": "s3cr3t"}')
        asked = TriggerAsked("pkg.Trigger", sealed, None)
        watch(service._port.loop.engine._world, asked, lambda *_: None)
        keys(home, new, old)
        assert service.call("rotate_fernet_key", {})["triggers"] == 1
        keys(home, new)
        (trigger,) = service._port.loop.engine.triggers.values()
        (stored_kwargs,) = stored(service, "select kwargs from trigger")
        assert trigger.row.kwargs == stored_kwargs != sealed
        assert vault.vault().unlock(stored_kwargs, "it") == '{"token": "s3cr3t"}'
    finally:
        service.close()
        config.configure(before)


def test_a_rotation_that_cannot_read_a_value_changes_nothing(service: OfflineService, home: Home) -> None:
    old = new_key()
    keys(home, old)
    service.call("set_variable", {"key": "a", "value": "v"})
    keys(home, new_key())
    service.call("set_variable", {"key": "b", "value": "v"})
    with pytest.raises(SecretUnreadable, match="Variable 'a'"):
        service.call("rotate_fernet_key", {})
    keys(home, old)
    assert service.call("get_variable", {"key": "a"})["val"] == "v"
