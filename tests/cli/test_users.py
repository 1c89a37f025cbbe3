"""``queuack users``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from click.testing import Result

Run = Callable[..., Result]
Json = Callable[..., Any]

ANN = {
    "id": 1, "username": "ann", "role": "Op", "active": True, "first_name": "", "last_name": "", "email": "",
    "created_on": "2026-01-01T00:00:00+00:00", "changed_on": "2026-01-01T00:00:00+00:00",
}  # fmt: skip


def test_create_takes_a_password_or_makes_one(client: Any, queuack: Run, run_json: Json) -> None:
    client.answers |= {"create_user": ANN}
    assert run_json("users", "create", "-u", "ann", "-r", "op", "-p", "long enough")[0]["username"] == "ann"
    said = client.params("create_user")
    assert (said["username"], said["password"], said["role"]) == ("ann", "long enough", "Op")
    made = queuack("users", "create", "-u", "ann", "--use-random-password")
    assert client.asked[-1][1]["password"] in made.stderr


def test_create_without_a_password_says_how(client: Any, queuack: Run) -> None:
    refused = queuack("users", "create", "-u", "ann")
    assert refused.exit_code == 2
    assert "--use-random-password" in refused.stderr


def test_the_rest_of_the_grammar(client: Any, queuack: Run, run_json: Json) -> None:
    client.answers |= {"list_users": [], "update_user": ANN, "delete_user": ANN}
    assert "Nobody" in queuack("users", "list").output
    assert queuack("users", "reset-password", "-u", "ann", "-p", "long enough").stdout == "ann has a new password.\n"
    assert run_json("users", "add-role", "-u", "ann", "-r", "Admin")
    assert client.asked[-1] == ("update_user", {"username": "ann", "role": "Admin"})
    assert run_json("users", "delete", "-u", "ann")[0]["username"] == "ann"
