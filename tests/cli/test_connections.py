"""``queuack connections`` and ``rotate-fernet-key``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from queuack.daemon.services.default_connections import default_connections
from queuack.errors import NotFound

Run = Callable[..., Result]
Json = Callable[..., Any]

DB = {
    "conn_id": "db", "conn_type": "postgres", "description": None, "host": "h", "login": "me", "password": "s3cr3t",
    "schema": "main", "port": 5432, "extra": '{"n": 1}', "is_encrypted": True, "is_extra_encrypted": True,
}  # fmt: skip


def answer(secrets: bool = False, **_: Any) -> dict[str, Any]:
    return DB if secrets else {**DB, "password": "***", "extra": "***"}


@pytest.fixture(autouse=True)
def answers(client: Any) -> None:
    client.answers |= {
        "get_connection": answer,
        "list_connections": lambda secrets=False: [answer(secrets)],
        "add_connection": {},
        "set_connections": 1,
        "delete_connection": {},
    }


def test_secrets_are_shown_when_asked_for(queuack: Run, run_json: Json) -> None:
    assert run_json("connections", "list") == [{"conn_id": "db", "conn_type": "postgres", "description": None}]
    assert run_json("connections", "get", "db")["password"] == "***"
    hidden = run_json("connections", "list", "--show-values", "--hide-sensitive")[0]
    assert (hidden["password"], hidden["extra_dejson"]) == ("***", "***")
    assert hidden["get_uri"] == "postgres://me:***@h:5432/main?…"
    for words in (("get", "db", "--show-values"), ("list", "--show-values")):
        shown = run_json("connections", *words)
        shown = shown[0] if isinstance(shown, list) else shown
        assert (shown["password"], shown["extra_dejson"]) == ("s3cr3t", {"n": 1})
        assert shown["get_uri"].startswith("postgres://me:s3cr3t@h:5432/main?__extra__=")
    assert queuack("connections", "list", "--hide-sensitive").exit_code == 2


def test_get_finds_those_of_the_environment(client: Any, run_json: Json, queuack: Run, monkeypatch: Any) -> None:
    client.answers["get_connection"] = NotFound("There is no connection.")
    assert queuack("connections", "get", "env").exit_code == 1
    monkeypatch.setenv("AIRFLOW_CONN_ENV", "http://me:hunter2@there")
    assert run_json("connections", "get", "env", "--show-values")["password"] == "hunter2"


def test_variables_of_the_environment(client: Any, queuack: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    client.answers["get_variable"] = NotFound("There is no variable.")
    monkeypatch.setenv("AIRFLOW_VAR_K", "of-environment")
    assert queuack("variables", "get", "k").stdout == "of-environment\n"


@pytest.mark.parametrize(
    ("words", "stdin", "expected"),
    [
        (["--conn-uri", "postgresql://me:pw@h?n=5"], None, {"conn_type": "postgres", "extra": '{"n": 5}'}),
        (["--conn-uri", "-", "--conn-extra", '{"a": 1}'], "x://h\n", {"host": "h", "extra": '{"a": 1}'}),
        (
            ["--conn-json", '{"conn_type": "x-y", "port": "1", "extra": {"n": 5}}'],
            None,
            {"conn_type": "x_y", "port": 1},
        ),
        (["--conn-json", "-", "--conn-description", "d"], '{"conn_type": "x"}', {"description": "d"}),
        (
            [
                "--conn-type",
                "http",
                "--conn-host",
                "h",
                "--conn-login",
                "l",
                "--conn-password",
                "-p",
                "--conn-port",
                "8",
            ],
            None,
            {"conn_type": "http", "host": "h", "login": "l", "password": "-p", "port": 8, "schema": None},
        ),
    ],
)
def test_add(client: Any, queuack: Run, words: list[str], stdin: str | None, expected: dict[str, Any]) -> None:
    result = queuack("connections", "add", "new", *words, input=stdin)
    assert result.stdout == "Connection new is added.\n", result.stderr
    sent = client.params("add_connection")["connection"]
    assert sent["conn_id"] == "new"
    assert {name: sent[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "--conn-type, --conn-uri or --conn-json"),
        (["--conn-uri", "x://h", "--conn-json", "{}"], 2, "not both"),
        (["--conn-uri", "x://h", "--conn-host", "h"], 2, "leave out --conn-host"),
        (["--conn-json", '{"conn_type": "x"}', "--conn-extra", "{}"], 2, "leave out --conn-extra"),
        (["--conn-uri", "nothing"], 1, "does not say the type"),
        (["--conn-uri", "a://b://c://d"], 1, "--conn-uri: Invalid connection string"),
        (["--conn-json", "{"], 1, "--conn-json: The connection is not JSON"),
        (["--conn-json", '{"conn_type": "x", "conn_id": "other"}'], 1, "another one"),
    ],
)
def test_add_says_what_is_wrong(queuack: Run, words: list[str], code: int, message: str) -> None:
    result = queuack("connections", "add", "new", *words)
    assert (result.exit_code, message in result.stderr) == (code, True), result.stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [("c.json", []), ("c.yaml", []), ("c.env", []), ("c.env", ["--serialization-format", "json"])],
)
def test_what_is_exported_can_be_imported(
    client: Any, queuack: Run, tmp_path: Path, name: str, words: list[str]
) -> None:
    file = tmp_path / name
    assert queuack("connections", "export", str(file), *words).stdout == f"Exported 1 connection to {file}.\n"
    assert file.stat().st_mode & 0o777 == 0o600
    result = queuack("connections", "import", str(file))
    assert result.stdout == f"Imported 0 connections from {file}.\n"
    assert result.stderr == "Skipped, as they exist: db. Replace them with --overwrite.\n"
    client.asked.clear()
    assert queuack("connections", "import", str(file), "--overwrite").exit_code == 0
    sent = client.params("set_connections")["connections"]
    assert sent == [{name: value for name, value in DB.items() if not name.startswith("is_")}]


def test_export_to_stdout_and_import_from_stdin(client: Any, queuack: Run) -> None:
    text = queuack("connections", "export", "-").stdout
    assert json.loads(text)["db"]["password"] == "s3cr3t"
    client.answers["list_connections"] = []
    assert queuack("connections", "import", "-", input=text).stdout == "Imported 1 connection from -.\n"
    client.answers["list_connections"] = [DB]
    assert queuack("connections", "export", "-", "--file-format", "env").stdout.startswith("db=postgres://")
    assert queuack("connections", "export", "x", "--format", "json", "--file-format", "json").exit_code == 2
    assert queuack("connections", "export", "x.json", "--serialization-format", "uri").exit_code == 2
    assert "--file-format" in queuack("connections", "export", "x.txt").stderr
    assert "not valid JSON" in queuack("connections", "import", "-", input="{").stderr


def test_default_connections(client: Any, queuack: Run) -> None:
    client.answers["add_default_connections"] = {"added": 61, "kept": 1}
    assert queuack("connections", "create-default-connections").stdout == "Added 61 connections; 1 were there.\n"


def test_what_the_default_connections_are() -> None:
    made = {row["conn_id"]: row for row in default_connections()}
    assert made["postgres_default"]["password"] == "airflow"
    assert json.loads(made["redis_default"]["extra"]) == {"db": 0}


def test_test(client: Any, queuack: Run) -> None:
    client.answers["get_connection"] = {**DB, "conn_type": "nothing-has-this"}
    assert "disabled" in queuack("connections", "test", "db").stderr
    result = queuack("--set", "core.test_connection=enabled", "connections", "test", "db")
    assert result.stderr.startswith("Error: Connection db failed: Unknown hook type 'nothing-has-this'")
    client.answers["get_connection"] = NotFound("none")
    result = queuack("--set", "core.test_connection=Enabled", "connections", "test", "db")
    assert result.stderr == "Error: There is no connection 'db'.\n"


def test_delete(client: Any, queuack: Run) -> None:
    assert queuack("connections", "delete", "db").stdout == "Connection db is deleted.\n"
    assert client.params("delete_connection") == {"conn_id": "db"}


def test_rotate(client: Any, queuack: Run) -> None:
    done = {"variables": 1, "connections": 2, "triggers": 3, "keys": 1, "source": "core.fernet_key"}
    client.answers["rotate_fernet_key"] = done
    result = queuack("rotate-fernet-key")
    assert result.stdout == "Encrypted 1 variable, 2 connections, 3 triggers with the first key of core.fernet_key.\n"
    assert "one key only" in result.stderr
    assert client.params("rotate_fernet_key") == {"fingerprints": []}
    client.answers["rotate_fernet_key"] = {**done, "keys": 2}
    assert "not needed any more" in queuack("rotate-fernet-key").stdout


def test_secret_settings_are_hidden(queuack: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUACK__CORE__FERNET_KEY", "k3y")
    assert "core.fernet_key = ***" in queuack("config", "list").stdout
    assert queuack("config", "get-value", "core.fernet_key").stdout == "k3y\n"
