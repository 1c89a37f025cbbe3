"""``/auth/users``: administrators keep the list of people."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient


def test_a_user_is_made_changed_and_deleted(api: TestClient) -> None:
    body = {"username": "eva/1", "password": "long enough", "role": "Op"}
    made = api.post("/auth/users", json=body)
    assert (made.status_code, made.json()["role"], "password" in made.json()) == (201, "Op", False)
    assert api.post("/auth/users", json=body).status_code == 409
    changed = api.patch("/auth/users/eva%2F1", json={"role": "Viewer", "active": False})
    assert (changed.json()["role"], changed.json()["active"]) == ("Viewer", False)
    assert "eva/1" in [row["username"] for row in api.get("/auth/users").json()["users"]]
    assert api.delete("/auth/users/eva%2F1").status_code == 204
    assert api.patch("/auth/users/eva%2F1", json={}).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"username": "x", "password": "short"}, 400),
        ({"username": "x", "password": "long enough", "role": "King"}, 422),
        ({"username": "", "password": "long enough"}, 422),
        ({"username": "x", "password": "long enough", "id": 1}, 422),
    ],
)
def test_what_is_no_user(api: TestClient, body: dict[str, object], status: int) -> None:
    assert api.post("/auth/users", json=body).status_code == status


def test_nobody_takes_their_own_access(api: TestClient) -> None:
    assert api.patch("/auth/users/admin", json={"role": "Viewer"}).status_code == 400
    assert api.patch("/auth/users/admin", json={"active": False}).status_code == 400
    assert api.delete("/auth/users/admin").status_code == 400


def test_only_administrators(client_as: Callable[[str | None], TestClient]) -> None:
    for who, status in (("op", 403), ("viewer", 403), (None, 401)):
        client = client_as(who)
        assert client.get("/auth/users").status_code == status
        assert client.post("/auth/users", json={"username": "y", "password": "long enough"}).status_code == status
        assert client.delete("/auth/users/viewer").status_code == status
