"""Pools, variables and connections over HTTP: one by one and in bulk, secrets hidden."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from queuack.app import OfflineService

V2 = "/api/v2"
ClientAs = Callable[[str | None], TestClient]


def test_a_pool_is_made_changed_and_deleted(api: TestClient) -> None:
    made = api.post(f"{V2}/pools", json={"name": "db/main", "slots": 3})
    assert (made.status_code, made.json()["open_slots"], made.json()["description"]) == (201, 3, "")
    assert api.post(f"{V2}/pools", json={"name": "db/main", "slots": 3}).status_code == 409
    assert api.post(f"{V2}/pools", json={"name": "x", "slots": -2}).status_code == 422
    assert api.post(f"{V2}/pools", json={"name": "x", "slots": 1, "team_name": "t"}).status_code == 422
    changed = api.patch(f"{V2}/pools/db/main?update_mask=slots", json={"slots": -1, "description": "no"}).json()
    assert (changed["slots"], changed["open_slots"], changed["description"]) == (-1, -1, "")
    assert api.patch(f"{V2}/pools/db/main", json={"pool": "other", "slots": 1}).status_code == 400
    assert api.get(f"{V2}/pools?pool_name_pattern=MAI").json()["total_entries"] == 1
    assert [pool["name"] for pool in api.get(f"{V2}/pools?order_by=-name").json()["pools"]] == [
        "default_pool",
        "db/main",
    ]
    assert api.delete(f"{V2}/pools/db/main").status_code == 204
    assert api.get(f"{V2}/pools/db/main").status_code == 404


def test_the_default_pool_stays(api: TestClient) -> None:
    pool = f"{V2}/pools/default_pool"
    assert api.delete(pool).status_code == 400
    assert api.patch(pool, json={"slots": 5}).status_code == 400
    assert api.patch(f"{pool}?update_mask=description", json={"description": "x"}).status_code == 400
    assert api.patch(f"{pool}?update_mask=slots", json={"slots": 64}).json()["slots"] == 64


def bulk(api: TestClient, kind: str, *actions: dict[str, Any]) -> dict[str, Any]:
    answer = api.patch(f"{V2}/{kind}", json={"actions": list(actions)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("kind", "key", "entity", "change"),
    [
        ("pools", "name", {"slots": 1}, {"slots": 2}),
        ("variables", "key", {"value": "a"}, {"value": "b"}),
        ("connections", "connection_id", {"conn_type": "http", "host": "a"}, {"conn_type": "http", "host": "b"}),
    ],
)
def test_bulk(api: TestClient, kind: str, key: str, entity: dict[str, Any], change: dict[str, Any]) -> None:
    one, two = {key: "bulk_one", **entity}, {key: "bulk_two", **entity}
    made = bulk(api, kind, {"action": "create", "entities": [one, two]})
    assert made == {"create": {"success": ["bulk_one", "bulk_two"], "errors": []}, "update": None, "delete": None}
    again = bulk(api, kind, {"action": "create", "entities": [one]})
    assert again["create"]["errors"][0]["status_code"] == 409
    three = {key: "bulk_three", **entity}
    skipped = bulk(api, kind, {"action": "create", "entities": [one, three], "action_on_existence": "skip"})
    assert skipped["create"]["success"] == ["bulk_three"]
    name, value = next((name, value) for name, value in change.items() if entity[name] != value)
    over = {"action": "create", "entities": [{key: "bulk_one", **change}], "action_on_existence": "overwrite"}
    assert bulk(api, kind, over)["create"]["success"] == ["bulk_one"]
    assert api.get(f"{V2}/{kind}/bulk_one").json()[name] == value
    missing = {"action": "update", "entities": [{key: "bulk_none", **change}, {key: "bulk_two", **change}]}
    assert bulk(api, kind, missing)["update"]["errors"][0]["status_code"] == 404
    assert bulk(api, kind, missing | {"action_on_non_existence": "skip"})["update"]["success"] == ["bulk_two"]
    assert api.get(f"{V2}/{kind}/bulk_two").json()[name] == value
    gone = bulk(api, kind, {"action": "delete", "entities": ["bulk_one", "bulk_two", "bulk_three"]})
    assert len(gone["delete"]["success"]) == 3
    assert api.get(f"{V2}/{kind}/bulk_one").status_code == 404


def test_an_unknown_action_is_refused(api: TestClient) -> None:
    answer = api.patch(f"{V2}/pools", json={"actions": [{"action": "explode", "entities": []}]})
    assert answer.status_code == 422


def test_a_variable(api: TestClient, service: OfflineService) -> None:
    made = api.post(f"{V2}/variables", json={"key": "a/b", "value": {"deep": [1]}, "description": "d"})
    assert made.status_code == 201
    assert service.call("get_variable", {"key": "a/b"})["val"] == '{\n  "deep": [\n    1\n  ]\n}'
    assert api.post(f"{V2}/variables", json={"key": "a/b", "value": "x"}).status_code == 409
    changed = api.patch(f"{V2}/variables/a/b?update_mask=description", json={"key": "a/b", "value": "x"}).json()
    assert changed["description"] == "d", "named by the mask, not given"
    changed = api.patch(f"{V2}/variables/a/b", json={"key": "a/b", "value": "x"}).json()
    assert (changed["value"], changed["description"], changed["is_encrypted"]) == ("x", "d", True)
    assert api.patch(f"{V2}/variables/a/b", json={"key": "c", "value": "x"}).status_code == 400
    assert api.delete(f"{V2}/variables/a/b").status_code == 204
    assert api.delete(f"{V2}/variables/a/b").status_code == 404


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("db_password", "geheim", "***"),
        ("db_password", '{"a": ["geheim", 7]}', '{"a": ["***", "***"]}'),
        ("settings", '{"api_key": "geheim", "port": 1}', '{"api_key": "***", "port": 1}'),
        ("settings", "plain", "plain"),
    ],
)
def test_secrets_of_variables_are_hidden(api: TestClient, key: str, value: str, shown: str) -> None:
    api.post(f"{V2}/variables", json={"key": key, "value": value})
    assert api.get(f"{V2}/variables/{key}").json()["value"] == shown
    assert "geheim" not in api.get(f"{V2}/variables").text
    api.delete(f"{V2}/variables/{key}")


def test_secrets_of_connections_are_hidden_and_kept(api: TestClient, service: OfflineService) -> None:
    body = {
        "connection_id": "warehouse",
        "conn_type": "postgres",
        "host": "here",
        "schema": "sales",
        "password": "geheim",
        "extra": '{"token": "geheim", "sslmode": "require"}',
    }
    made = api.post(f"{V2}/connections", json=body)
    assert made.status_code == 201
    assert "geheim" not in made.text + api.get(f"{V2}/connections").text
    shown = made.json()
    assert (shown["password"], shown["extra"], shown["schema"]) == (
        "***",
        '{"token": "***", "sslmode": "require"}',
        "sales",
    )
    back = {name: value for name, value in shown.items() if name != "team_name"} | {"host": "there"}
    assert api.patch(f"{V2}/connections/warehouse", json=back).json()["host"] == "there"
    stored = service.call("get_connection", {"conn_id": "warehouse", "secrets": True})
    assert (stored["password"], stored["host"]) == ("geheim", "there")
    assert stored["extra"] == '{"token": "geheim", "sslmode": "require"}'
    masked = api.patch(f"{V2}/connections/warehouse?update_mask=login", json=back | {"login": "me", "host": "x"}).json()
    assert (masked["login"], masked["host"]) == ("me", "there")
    assert api.delete(f"{V2}/connections/warehouse").status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        {"connection_id": "a b", "conn_type": "http"},
        {"connection_id": "a", "conn_type": "http", "extra": "[1]"},
        {"connection_id": "a", "conn_type": "http", "extra": "no json"},
        {"connection_id": "a"},
        {"connection_id": "a", "conn_type": "http", "colour": "red"},
    ],
)
def test_a_bad_connection_is_refused(api: TestClient, body: dict[str, Any]) -> None:
    assert api.post(f"{V2}/connections", json=body).status_code == 422


def test_testing_is_disabled_unless_allowed(api: TestClient) -> None:
    body = {"connection_id": "a", "conn_type": "http"}
    for place in ("test", "enqueue-test"):
        assert api.post(f"{V2}/connections/{place}", json=body).status_code == 403
    token = {"Airflow-Connection-Test-Token": "nobody's"}
    assert api.get(f"{V2}/connections/enqueue-test", headers=token).status_code == 404


def test_defaults_keep_what_exists(api: TestClient) -> None:
    api.post(f"{V2}/connections", json={"connection_id": "fs_default", "conn_type": "fs", "host": "mine"})
    assert api.post(f"{V2}/connections/defaults").status_code == 204
    assert api.get(f"{V2}/connections/fs_default").json()["host"] == "mine"
    assert api.get(f"{V2}/connections?limit=1").json()["total_entries"] > 50


def test_roles(client_as: ClientAs) -> None:
    viewer, user = client_as("viewer"), client_as("user")
    assert viewer.get(f"{V2}/pools").status_code == 200
    assert viewer.get(f"{V2}/variables").status_code == 403
    assert user.get(f"{V2}/connections").status_code == 403
    assert user.post(f"{V2}/pools", json={"name": "x", "slots": 1}).status_code == 403


def test_changes_are_in_the_audit_log_without_values(api: TestClient, service: OfflineService) -> None:
    api.post(f"{V2}/variables", json={"key": "seen", "value": "geheim"})
    query = "select event, owner, extra from log where extra = 'seen' or extra like '%geheim%' order by id"
    rows = service.call("sql", {"query": query})["rows"]
    assert rows == [["post_variable", "admin", "seen"], ["variable.set", None, "seen"]]
