"""A folder of hostile DAG files beside good ones, in a real daemon: the good run, each hostile one has its error."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.live.daemon import LiveDaemon, until

HOSTILE = Path(__file__).parents[1] / "dags" / "hostile"

ERRORS = {
    "calls_sys_exit": "SystemExit",
    "calls_os_exit": "os._exit",
    "segfaults": "SIGSEGV",
    "kills_its_parent_group": "SIGKILL",
    "raises_keyboard_interrupt": "KeyboardInterrupt",
    "raises_base_exception": "Nasty",
    "syntax_error": "SyntaxError",
    "import_error": "no_such_module_anywhere",
    "hangs": "took longer",
    "hangs_in_c": "took longer",
    "memory_bomb": "memory",
    "recursion_bomb": "RecursionError",
    "redefines_builtins": "replaced built-in functions",
    "defines_a_dag_twice": "",
    "fork_bomb": "",
}
HARMLESS = ("prints_a_lot", "forks", "leaves_a_daemon", "deletes_itself", "changes_folder", "starts_threads")

GOOD = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator
with DAG("good_{n}", schedule=None):
    BashOperator(task_id="t", bash_command="true")
"""


@pytest.mark.slow
def test_the_good_run_and_each_hostile_file_has_its_error(tmp_path: Path) -> None:
    daemon = LiveDaemon(tmp_path / "home", core__dagbag_import_timeout=3, dag_processor__max_file_memory_mb=250)
    for name in (*ERRORS, *HARMLESS):
        shutil.copy(HOSTILE / f"{name}.py", daemon.home.dags)
    for n in range(3):
        daemon.dag(f"good_{n}", GOOD.format(n=n))
    with daemon:
        assert daemon.process is not None
        for n in range(3):
            daemon.wait_dag(f"good_{n}")
            daemon.call("trigger_run", dag_id=f"good_{n}", run_id="r")
            assert daemon.wait_run(f"good_{n}", "r") == "success"
        files = {f"{name}.py" for name in ERRORS}
        errors = until(
            lambda: (
                (found := {row["filename"]: row for row in daemon.call("list_import_errors")}).keys() >= files and found
            ),
            120,
            "an error for each hostile file",
        )
        for name, words in ERRORS.items():
            assert words in errors[f"{name}.py"]["stacktrace"] + errors[f"{name}.py"].get("message", ""), name
        assert daemon.process.poll() is None
        daemon.call("trigger_run", dag_id="good_0", run_id="again")
        assert daemon.wait_run("good_0", "again") == "success"
