"""Files that do their worst: each harms itself only, and says what was wrong with it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from queuack import protocol
from queuack.engine import spec
from queuack.home import Home
from queuack.parser.scan import scan

HOSTILE = Path(__file__).parents[2] / "dags" / "hostile"

FAILS = {
    "calls_sys_exit": ("SystemExit: 3", 4),
    "calls_os_exit": ("exited with status 3 by os._exit", None),
    "becomes_another_program": ("exited with status 0 by os._exit, or became another program", None),
    "segfaults": ("killed by signal SIGSEGV", 4),
    "kills_its_parent_group": ("killed by signal SIGKILL", None),
    "raises_keyboard_interrupt": ("KeyboardInterrupt", 2),
    "raises_base_exception": ("Nasty: <its text cannot be had: RuntimeError>", 9),
    "syntax_error": ("SyntaxError: ", 5),
    "import_error": ("ModuleNotFoundError: No module named 'no_such_module_anywhere'", 4),
    "hangs": ("took longer than 0.5 s to import: [core] dagbag_import_timeout", 6),
    "hangs_in_c": ("took longer than 0.5 s to import: [core] dagbag_import_timeout", 4),
    "memory_bomb": ("needs more than 250 MB of memory: [dag_processor] max_file_memory_mb", 4),
    "shared_memory_bomb": ("needs more than 250 MB of memory: [dag_processor] max_file_memory_mb", None),
    "recursion_bomb": ("RecursionError: maximum recursion depth exceeded", 5),
    "redefines_builtins": ("the file replaced built-in functions: ", None),
    "forges_reports": ("handed in something that cannot be read", None),
}
SURVIVES = {
    "changes_folder",
    "closes_all_files",
    "closes_its_output",
    "deletes_itself",
    "forks",
    "good",
    "installs_handlers",
    "leaves_a_daemon",
    "prints_a_lot",
    "rewrites_builtin_modules",
    "starts_threads",
    "warns",
}
OTHERS = {"defines_a_dag_twice", "fork_bomb"}


def limit(home: Home, seconds: float) -> None:
    home.settings_file.write_text(
        f"[core]\ndagbag_import_timeout = {seconds}\n[dag_processor]\nmax_file_memory_mb = 250\nparsing_processes = 2\n"
    )


@pytest.fixture
def strict(home: Home) -> Home:
    limit(home, 40.0)
    return home


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """No process of the test's is left behind, and its own state is as it was."""
    before = _own_state()
    yield
    assert _own_state() == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def _own_state() -> tuple[object, ...]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "HOSTILE_"))}
    return os.getcwd(), environment, signal.getsignal(signal.SIGTERM)


def outcome(home: Home, name: str) -> protocol.Parsed:
    [parsed] = scan(home, files=[home.dags / f"{name}.py"])
    return parsed


def test_every_hostile_file_is_expected_to_do_something() -> None:
    assert {path.stem for path in HOSTILE.glob("*.py")} == FAILS.keys() | SURVIVES | OTHERS


@pytest.mark.parametrize("name", sorted(FAILS))
def test_failure_names_reason_and_line(strict: Home, hostile: Callable[..., None], name: str) -> None:
    if name.startswith("hangs"):
        limit(strict, 0.5)
    hostile(name)
    parsed = outcome(strict, name)
    message, line = FAILS[name]
    [failure] = parsed.failures
    assert message in failure.message
    assert "\n" not in failure.message
    assert failure.line == line
    assert failure.relative_fileloc == parsed.relative_fileloc == f"{name}.py"
    assert parsed.documents == []
    assert parsed.source == (HOSTILE / f"{name}.py").read_text()
    assert failure.message in (strict.logs / "dag_processor" / f"{name}.py.log").read_text()


@pytest.mark.parametrize("name", sorted(SURVIVES))
def test_the_dag_is_had_all_the_same(strict: Home, hostile: Callable[..., None], name: str) -> None:
    hostile(name)
    parsed = outcome(strict, name)
    assert parsed.failures == []
    assert [spec.decode(document).dag_id for document in parsed.documents] == [f"hostile_{name}"]


def test_a_fork_bomb_is_ended(strict: Home, hostile: Callable[..., None]) -> None:
    hostile("fork_bomb")
    [failure] = outcome(strict, "fork_bomb").failures
    assert "more than 200 processes" in failure.message or "took longer" in failure.message


def test_a_process_that_cut_all_ties_is_ended(
    strict: Home, hostile: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = strict.root / "pid"
    monkeypatch.setenv("HOSTILE_PID_FILE", str(noted))
    hostile("leaves_a_daemon")
    outcome(strict, "leaves_a_daemon")
    with pytest.raises(ProcessLookupError):
        os.kill(int(noted.read_text()), 0)


def test_two_dags_of_one_id(strict: Home, hostile: Callable[..., None]) -> None:
    hostile("defines_a_dag_twice")
    parsed = outcome(strict, "defines_a_dag_twice")
    assert len(parsed.documents) == 1
    assert "defines the DAG 'hostile_twin' twice" in parsed.failures[0].message


def test_output_is_kept_up_to_a_limit(strict: Home, hostile: Callable[..., None]) -> None:
    hostile("prints_a_lot")
    outcome(strict, "prints_a_lot")
    text = (strict.logs / "dag_processor" / "prints_a_lot.py.log").read_bytes()
    assert len(text) < 1024 * 1024 + 200
    assert b"more bytes of output were not kept" in text


def test_warnings_are_collected(strict: Home, hostile: Callable[..., None]) -> None:
    hostile("warns")
    assert outcome(strict, "warns").warnings == ["warns.py:6: DeprecationWarning: this is old"]


def test_all_of_them_at_once_beside_a_parser(
    strict: Home, hostile: Callable[..., None], daemon: Callable[[], Any]
) -> None:
    limit(strict, 4.0)
    names = sorted(FAILS.keys() | SURVIVES | OTHERS)
    hostile(*names)
    parser = daemon()
    seen: dict[str, protocol.Parsed] = {}
    gone: set[str] = set()
    while True:
        message = parser.next()
        if isinstance(message, protocol.ScanDone):
            break
        if isinstance(message, protocol.Gone):
            gone.add(message.relative_fileloc)
        else:
            seen[message.relative_fileloc] = message
    assert seen.keys() == {f"{name}.py" for name in names}
    assert {name for name in names if seen[f"{name}.py"].documents} == SURVIVES | {"defines_a_dag_twice"}
    if not gone:
        gone.add(parser.until(lambda m: isinstance(m, protocol.Gone)).relative_fileloc)
    assert gone == {"deletes_itself.py"}
    parser.say(protocol.Stop())
    assert parser.wait() == 0
