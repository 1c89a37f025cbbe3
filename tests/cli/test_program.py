"""The command line as a process: help, exit codes, where errors go, what is imported."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import Result

from queuack import __version__, errors
from queuack.cli.program import COMMANDS, program

COMMAND = [sys.executable, "-m", "queuack"]


def run(*args: str, cwd: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": "/usr/bin:/bin", "COLUMNS": "80", **environ}
    return subprocess.run([*COMMAND, *args], env=env, cwd=cwd, text=True, capture_output=True, check=False)


def all_commands() -> list[tuple[str, ...]]:
    paths: list[tuple[str, ...]] = []
    root = click.Context(program, **program.context_settings)
    for name in program.list_commands(root):
        command = program.get_command(root, name)
        paths.append((name,))
        if isinstance(command, click.Group):
            paths += [(name, child) for child in command.list_commands(click.Context(command))]
    return paths


def test_help_names_every_command_and_imports_no_library_but_click() -> None:
    code = (
        "import sys; from queuack.cli.program import program\n"
        "try: program(['--help'], prog_name='queuack')\n"
        "except SystemExit: pass\n"
        "heavy = {'rich', 'duckdb', 'pendulum', 'msgspec', 'yaml', 'jinja2', 'asyncio', 'queuack.client',"
        " 'queuack.config', 'queuack.cli.dags'}\n"
        "sys.exit(repr(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in COMMANDS:
        assert f"\n  {name}" in done.stdout


@pytest.mark.parametrize("path", all_commands(), ids=" ".join)
def test_every_command_has_help_that_fits(path: tuple[str, ...], queuack: Callable[..., Result]) -> None:
    result = queuack(*path, "--help")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: queuack {' '.join(path)}")
    assert max(len(line) for line in result.output.splitlines()) <= 80
    assert "..." not in result.output.split("Commands:")[-1] or "Commands:" not in result.output


def test_the_lines_in_the_table_are_those_of_the_commands() -> None:
    for name, lazy in COMMANDS.items():
        command = lazy.load()
        assert command.name == name
        assert command.get_short_help_str(200) == lazy.help


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["--version"], 0, f"queuack {__version__}"),
        (["version"], 0, __version__),
        ([], 2, "Missing command"),
        (["dags"], 2, "Usage: queuack dags"),
        (["foo"], 2, "There is no command 'foo' in 'queuack'."),
        (["dag"], 2, "Did you mean dags?"),
        (["dags", "triger"], 2, "There is no command 'triger' in 'queuack dags'. Did you mean trigger"),
        (["dags", "trigger"], 2, "Missing argument 'DAG_ID'"),
        (["dags", "list", "-o", "xml"], 2, "'xml' is not one of"),
        (["dags", "list", "--outptu", "json"], 2, "--output"),
        (["dags", "trigger", "x", "-c", "{"], 2, "not JSON"),
        (["dags", "trigger", "x", "-c", "[1]"], 2, "give a JSON object"),
        (["dags", "trigger", "x", "-l", "yesterday"], 2, "'yesterday' is not an ISO 8601 date"),
        (["pools", "set", "p", "many", "text"], 2, "'many' is not a valid integer"),
        (["config", "get-value", "core", "paralelism"], 2, "Did you mean core.parallelism?"),
        (["config", "get-value", "core"], 2, "SECTION.OPTION"),
        (["config", "list", "--section", "cor"], 2, "There is no section 'cor'"),
        (["--set", "core.parallelism=x", "config", "list"], 2, "core.parallelism = 'x' (flag) is not valid"),
        (["--set", "nonsense", "config", "list"], 2, "write SECTION.KEY=VALUE"),
    ],
)
def test_exit_codes_and_where_the_text_goes(args: list[str], code: int, message: str, tmp_path: Path) -> None:
    done = run("--home", str(tmp_path), *args)
    assert done.returncode == code, done.stderr
    assert message in (done.stderr if code else done.stdout)
    if code and args != ["dags"]:
        assert done.stdout == ""
        assert done.stderr.startswith("Error: ")
        assert len(done.stderr.strip().splitlines()) <= 3
        assert "Traceback" not in done.stderr


def test_a_bad_settings_file_is_told_before_anything_is_opened(tmp_path: Path) -> None:
    (tmp_path / "queuack.toml").write_text("[core]\nparalelism = 3\n")
    done = run("dags", "list", QUEUACK_HOME=str(tmp_path))
    assert done.returncode == 2
    assert "core.paralelism" in done.stderr
    assert str(tmp_path / "queuack.toml") in done.stderr
    assert not (tmp_path / "queuack.duckdb").exists()


def test_errors_of_the_client_become_lines(client: object, queuack: Callable[..., Result]) -> None:
    client.answers["get_dag"] = errors.DagNotFound("There is no DAG 'x'.")  # type: ignore[attr-defined]
    result = queuack("dags", "details", "x")
    assert result.exit_code == 1
    assert result.stderr == "Error: There is no DAG 'x'.\n"
    assert result.stdout == ""
    assert client.closed  # type: ignore[attr-defined]


def test_a_defect_says_how_to_see_where(client: object, queuack: Callable[..., Result]) -> None:
    client.answers["get_dag"] = RuntimeError("boom")  # type: ignore[attr-defined]
    result = queuack("dags", "details", "x")
    assert result.exit_code == 1
    assert "RuntimeError: boom" in result.stderr
    assert "queuack --traceback" in result.stderr
    result = queuack("--traceback", "dags", "details", "x")
    assert isinstance(result.exception, RuntimeError)


def test_interrupt(client: object, queuack: Callable[..., Result]) -> None:
    def interrupted(**params: object) -> None:
        raise KeyboardInterrupt

    client.answers["get_dag"] = interrupted  # type: ignore[attr-defined]
    result = queuack("dags", "details", "x")
    assert result.exit_code == 130
    assert result.stderr.strip() == "Interrupted."


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    shell = f"{sys.executable} -m queuack --home {tmp_path} config list | head -1"
    done = subprocess.run(shell, shell=True, text=True, capture_output=True, check=False)
    assert done.stdout.startswith("core.dags_folder = ")
    assert done.stderr == ""
