"""``queuack pools``, ``variables``, ``sql``, ``db``, ``config``, ``info`` and the daemon's commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result

import queuack as package
from queuack import __version__
from queuack.cli import output
from queuack.cli.statements import split
from queuack.errors import NotFound, QueuackError

Run = Callable[..., Result]
Json = Callable[..., Any]
POOL = {"pool": "p", "slots": 5, "description": "d", "include_deferred": False, "open_slots": 5}


# ── pools ──
def test_pools(client: Any, queuack: Run, run_json: Json) -> None:
    client.answers |= {"list_pools": [POOL], "get_pool": POOL, "set_pool": POOL, "delete_pool": POOL}
    assert queuack("pools", "list").stdout.splitlines()[1].split() == ["p", "5", "5", "no", "d"]
    assert run_json("pools", "get", "p") == [POOL]
    assert run_json("pools", "delete", "p") == [POOL]
    assert run_json("pools", "set", "p", "-1", "d", "--include-deferred") == [POOL]
    assert client.params("set_pool") == {"pool": "p", "slots": -1, "description": "d", "include_deferred": True}
    client.answers["get_pool"] = NotFound("There is no pool 'q'.")
    assert queuack("pools", "get", "q").stderr == "Error: There is no pool 'q'.\n"


def test_pools_travel(client: Any, queuack: Run, tmp_path: Path) -> None:
    client.answers |= {"list_pools": [POOL], "set_pool": POOL}
    file = tmp_path / "pools.json"
    assert queuack("pools", "export", str(file)).stdout == f"Exported 1 pool to {file}.\n"
    assert json.loads(file.read_text()) == {"p": {"slots": 5, "description": "d", "include_deferred": False}}
    assert queuack("pools", "import", str(file)).exit_code == 0
    assert client.params("set_pool") == {"pool": "p", "slots": 5, "description": "d", "include_deferred": False}


@pytest.mark.parametrize(
    ("text", "message"), [("{", "not valid JSON"), ("[]", "an object of pools"), ('{"p": {}}', "pool 'p' needs whole")]
)
def test_bad_pool_files(client: Any, queuack: Run, tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "pools.json"
    file.write_text(text)
    result = queuack("pools", "import", str(file))
    assert result.exit_code == 1
    assert message in result.stderr
    assert str(file) in result.stderr
    assert queuack("pools", "import", str(tmp_path / "none.json")).exit_code == 2


# ── variables ──
VARIABLES = [
    {"key": "plain", "val": "text", "description": None},
    {"key": "db_password", "val": '{"a": 1}', "description": "secret"},
]


def test_variables_list(client: Any, queuack: Run, run_json: Json) -> None:
    client.answers["list_variables"] = VARIABLES
    assert "text" not in queuack("variables", "list").stdout
    assert all("val" not in row for row in run_json("variables", "list"))
    assert run_json("variables", "list", "--show-values") == VARIABLES
    assert [row["val"] for row in run_json("variables", "list", "--show-values", "--hide-sensitive")] == ["***", "***"]
    assert queuack("variables", "list", "--hide-sensitive").exit_code == 2


def test_variables_get_set_delete(client: Any, queuack: Run) -> None:
    client.answers |= {"get_variable": VARIABLES[1], "set_variable": VARIABLES[1], "delete_variable": VARIABLES[1]}
    assert queuack("variables", "get", "x").stdout == '{"a": 1}\n'
    assert queuack("variables", "get", "x", "--json").stdout == '{\n  "a": 1\n}\n'
    assert queuack("variables", "set", "x", "-1", "--description", "why").exit_code == 0
    assert client.params("set_variable") == {"key": "x", "value": "-1", "description": "why"}
    assert queuack("variables", "set", "x", "a b", "--json").exit_code == 0
    assert client.asked[-1][1]["value"] == '"a b"'
    assert queuack("variables", "delete", "x").stdout == "Variable x is deleted.\n"
    client.answers["get_variable"] = VARIABLES[0]
    assert "not JSON" in queuack("variables", "get", "x", "--json").stderr
    client.answers["get_variable"] = NotFound("There is no variable 'x'.")
    assert queuack("variables", "get", "x").exit_code == 1
    assert queuack("variables", "get", "x", "-d", "other").stdout == "other\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("v.json", '{"a": "1", "b": {"c": 2}, "d": {"value": 3, "description": "why"}}'),
        ("v.yaml", "a: '1'\nb: {c: 2}\nd: {value: 3, description: why}\n"),
    ],
)
def test_variables_import(client: Any, queuack: Run, tmp_path: Path, name: str, text: str) -> None:
    client.answers |= {"list_variables": [{"key": "a"}], "set_variables": 3}
    file = tmp_path / name
    file.write_text(text)
    assert queuack("variables", "import", str(file)).stdout == f"Imported 3 variables from {file}.\n"
    assert client.params("set_variables")["variables"] == [
        {"key": "a", "value": "1", "description": None},
        {"key": "b", "value": '{"c": 2}', "description": None},
        {"key": "d", "value": "3", "description": "why"},
    ]
    result = queuack("variables", "import", str(file), "-a", "skip")
    assert result.stdout.startswith("Imported 2")
    assert result.stderr == "Skipped, as they exist: a\n"
    result = queuack("variables", "import", str(file), "-a", "fail")
    assert (result.exit_code, result.stderr) == (1, "Error: Nothing was imported: a exist already.\n")


def test_variables_import_env(client: Any, queuack: Run, tmp_path: Path) -> None:
    client.answers |= {"list_variables": [], "set_variables": 1}
    file = tmp_path / ".env"
    file.write_text("# comment\n\nA=1=2\n")
    assert queuack("variables", "import", str(file)).exit_code == 0
    assert client.params("set_variables")["variables"] == [{"key": "A", "value": "1=2", "description": None}]
    file.write_text("A\n")
    assert "line 1: write KEY=VALUE" in queuack("variables", "import", str(file)).stderr


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("v.json", "{", "not valid JSON"),
        ("v.yaml", "a: [", "not valid YAML"),
        ("v.txt", "", "must end in .json"),
        ("v.json", "[]", "must hold an object"),
    ],
)
def test_bad_variable_files(client: Any, queuack: Run, tmp_path: Path, name: str, text: str, message: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    result = queuack("variables", "import", str(file))
    assert result.exit_code == 1
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_variables_export(client: Any, queuack: Run, tmp_path: Path) -> None:
    client.answers["list_variables"] = VARIABLES
    exported = {"plain": "text", "db_password": {"value": {"a": 1}, "description": "secret"}}
    assert json.loads(queuack("variables", "export", "-").stdout) == exported
    file = tmp_path / "v.json"
    assert queuack("variables", "export", str(file)).exit_code == 0
    assert json.loads(file.read_text()) == exported


# ── sql, db ──
RESULT = {"columns": ["n", "n", "when"], "rows": [[1, None, "2020-01-01T00:00:00+00:00"]]}


def test_sql(client: Any, queuack: Run, run_json: Json) -> None:
    client.answers["sql"] = RESULT
    assert queuack("sql", "SELECT 1").stdout.splitlines()[1].split() == ["1", "2020-01-01T00:00:00+00:00"]
    assert run_json("sql", "SELECT 1", "-n", "5") == [{"n": None, "when": "2020-01-01T00:00:00+00:00"}]
    assert client.asked[-1] == ("sql", {"query": "SELECT 1", "limit": 5})
    assert queuack("sql", "-", input="SELECT 2").exit_code == 0
    assert client.asked[-1][1]["query"] == "SELECT 2"
    client.answers["sql"] = RESULT | {"truncated": True}
    assert queuack("sql", "SELECT 1").stderr == "Only the first 1 row; there are more (--limit).\n"
    client.answers["sql"] = {"columns": ["n"], "rows": []}
    assert queuack("sql", "SELECT 1").stderr == "No rows.\n"
    client.answers["sql"] = QueuackError("Parser Error: syntax error")
    assert queuack("sql", "SELEC").exit_code == 1


def test_sql_that_is_too_wide_for_the_terminal(client: Any, queuack: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [["x" * 30, True, "two\nlines"], ["y" * 30, None, ""]]
    client.answers["sql"] = {"columns": ["a", "b", "longer"], "rows": rows}
    assert queuack("sql", "q").stdout.splitlines()[0].split() == ["a", "b", "longer"]
    monkeypatch.setattr(output, "on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "50")
    assert queuack("sql", "q").stdout.splitlines()[0].split() == ["a", "b", "longer"]
    monkeypatch.setenv("COLUMNS", "40")
    assert queuack("sql", "q").stdout.splitlines() == [
        "── row 1 ───────────",
        "a       " + "x" * 30,
        "b       true",
        "longer  two",
        "        lines",
        "── row 2 ───────────",
        "a       " + "y" * 30,
        "b",
        "longer",
    ]
    assert queuack("sql", "q", "-o", "plain").stdout.startswith("a  ")


def test_db(client: Any, queuack: Run, home: Path) -> None:
    client.answers |= {"info": {}, "sql": {"columns": ["1"], "rows": [[1]]}}
    assert "is created (the daemon has it open)." in queuack("db", "migrate").stdout
    (home / "queuack.duckdb").touch()
    assert "is up to date" in queuack("db", "migrate").stdout
    assert queuack("db", "check").stdout == f"{home / 'queuack.duckdb'} answers through the daemon.\n"


def test_db_shell_reads_stdin(client: Any, queuack: Run) -> None:
    def sql(query: str, limit: int | None) -> Any:
        if "bad" in query:
            raise QueuackError("no such table: bad")
        return {"columns": ["q"], "rows": [[query]]}

    client.answers["sql"] = sql
    result = queuack("db", "shell", "-o", "plain", input="select\n1;\nselect 2")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["q", "select", "1", "q", "select 2"]
    result = queuack("db", "shell", "-o", "plain", input="select ';'; select 2 -- ;\n; ;")
    assert result.stdout.splitlines() == ["q", "select ';'", "q", "select 2 -- ;"]
    result = queuack("db", "shell", input="bad;\nselect 3;")
    assert result.exit_code == 1
    assert result.stderr == "Error: no such table: bad\n"
    assert "select 3" in result.stdout


# ── config, info, version ──
def test_config_list(queuack: Run, run_json: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUACK__CORE__PARALLELISM", "5")
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "LocalExecutor")
    result = queuack("config", "list")
    assert "core.parallelism = 5  (QUEUACK__CORE__PARALLELISM)" in result.stdout
    assert "scheduler.catchup_by_default = False  (default)" in result.stdout
    assert result.stderr == "Ignored, not settings of Queuack: AIRFLOW__CORE__EXECUTOR\n"
    assert "core.parallelism = 1024\n" in queuack("config", "list", "--defaults").stdout
    described = queuack("config", "list", "--section", "api", "-d", "-V").stdout
    assert "# QUEUACK__API__BASE_URL\napi.base_url = http://localhost:8080" in described
    row = next(row for row in run_json("config", "list") if row["key"] == "parallelism")
    assert (row["section"], row["value"], row["source"], row["default"]) == (
        "core",
        5,
        "QUEUACK__CORE__PARALLELISM",
        1024,
    )


def test_config_get_value(queuack: Run, run_json: Json) -> None:
    for args in (("core", "parallelism"), ("core.parallelism",)):
        result = queuack("config", "get-value", *args)
        assert (result.stdout, result.stderr) == ("1024\n", "(core.parallelism from default)\n")
    assert run_json("config", "get-value", "core", "parallelism")["source"] == "default"
    assert queuack("--set", "core.parallelism=3", "config", "get-value", "core.parallelism").stdout == "3\n"


def test_info(client: Any, queuack: Run, run_json: Json, home: Path) -> None:
    client.answers["info"] = {"version": "9", "pid": 7, "dags": 3}
    record = run_json("info")
    assert record["version"] == __version__
    assert record["daemon"] == "running, pid 7"
    assert record["home"] == str(home)
    assert record["dags"] == 3
    client.live = False
    assert "not running" in queuack("info").stdout
    assert record["database_bytes"] == 0
    (home / "queuack.duckdb").write_bytes(b"123")
    (home / "queuack.duckdb.wal").write_bytes(b"12")
    assert run_json("info")["database_bytes"] == 5


@pytest.mark.parametrize(
    ("text", "statements", "rest"),
    [
        ("a; b;c", ["a", "b"], "c"),
        ('a \';\' "x;""y"; b', ['a \';\' "x;""y"'], " b"),
        ("a -- not; here\n; /* nor; here */ b;", ["a -- not; here", "/* nor; here */ b"], ""),
        ("select $$a;b$$; select $x$ ; $x$;", ["select $$a;b$$", "select $x$ ; $x$"], ""),
        ("a 'not ended; ", [], "a 'not ended; "),
        ("a; /* not ended; ", ["a"], " /* not ended; "),
        (";; ;", [], ""),
        ("select $1; b", ["select $1"], " b"),
    ],
)
def test_statements_are_told_apart(text: str, statements: list[str], rest: str) -> None:
    assert split(text) == (statements, rest)


# ── standalone, scheduler ──
@pytest.mark.parametrize("command", ["standalone", "scheduler"])
def test_a_home_that_cannot_be_written(queuack: Run, monkeypatch: pytest.MonkeyPatch, home: Path, command: str) -> None:
    def run_daemon(at: Any, settings: Any, *, standalone: bool) -> int:
        raise PermissionError(13, "Permission denied", str(at.root / "run"))

    monkeypatch.setattr(package, "app", SimpleNamespace(run_daemon=run_daemon), raising=False)
    result = queuack(command)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: The home folder {home} cannot be used: {home / 'run'}: Permission denied. "
        "Make it writable, or name another: --home.\n"
    )


def test_a_bad_settings_file(queuack: Run, home: Path) -> None:
    (home / "queuack.toml").write_text("[core]\nparalelism = 3\n")
    result = queuack("standalone")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: There is no setting core.paralelism ({home / 'queuack.toml'}). Did you mean core.parallelism?\n"
    )


@pytest.mark.parametrize("command", ["standalone", "scheduler"])
def test_daemon_commands(queuack: Run, monkeypatch: pytest.MonkeyPatch, home: Path, command: str) -> None:
    seen: list[Any] = []

    def run_daemon(at: Any, settings: Any, *, standalone: bool) -> int:
        seen.append(
            (at.root, settings.get_int("core", "parallelism"), settings.get_int("workers", "min_workers"), standalone)
        )
        return 3

    monkeypatch.setattr(package, "app", SimpleNamespace(run_daemon=run_daemon), raising=False)
    result = queuack("--set", "core.parallelism=2", command, "--set", "workers.min_workers=9")
    assert result.exit_code == 3
    assert seen == [(home, 2, 9, command == "standalone")]
