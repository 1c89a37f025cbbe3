"""Connections and variables in a real daemon: found at parse and run time, and nowhere to be read by others."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from queuack.client import connect
from queuack.fernet_keys import find_keys, new_key
from tests.live.daemon import LiveDaemon, until

PASSWORD = "s3cr3t-pass-word"
TOKEN = "t0k3n-of-extra"
VALUE = "value-of-the-api-key"
FROM_FILE = "v4lue-from-a-backend"
SECRETS = (PASSWORD, TOKEN, VALUE, FROM_FILE)

DAG = """
import logging
from datetime import datetime
from airflow.models import Variable
from airflow.sdk import DAG, BaseHook, Connection, task
from airflow.sdk.log import mask_secret
from airflow.operators.bash import BashOperator

SCHEDULE = Variable.get("schedule", default_var=None)
LIMIT = Variable.get("limits", deserialize_json=True)["n"]

with DAG("secrets", schedule=SCHEDULE, start_date=datetime(2026, 1, 1), max_active_runs=LIMIT) as dag:

    @task
    def look():
        connection = BaseHook.get_connection("db")
        print("password", connection.password, "extra", connection.extra, connection.get_uri())
        print("variable", Variable.get("api_key"), "backend", Variable.get("file_password"))
        logging.getLogger("mine").warning("logged %s", connection.password)
        mask_secret("made-up-at-run-time")
        print("made-up-at-run-time")
        Variable.set("written", {"a": 1}, serialize_json=True)
        assert "written" in Variable.keys("writ")
        assert connection == Connection.get("db")
        return [connection.login, connection.extra_dejson["region"], LIMIT]

    show = BashOperator(
        task_id="show",
        do_xcom_push=False,  # its last line would be stored as it is
        bash_command="echo {{ var.value.api_key }} {{ var.json.limits.n }} {{ conn.db.host }} {{ conn.db.password }} "
        "{{ var.value.get('none', 'fallback') }} {{ conn.get('none', {'host': 'nowhere'}).host }}",
    )
    look() >> show
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveDaemon]:
    root = tmp_path_factory.mktemp("secrets")
    (root / "vars.json").write_text(json.dumps({"file_password": FROM_FILE}))
    live = LiveDaemon(
        root,
        secrets__backend="airflow.secrets.local_filesystem.LocalFilesystemBackend",
        secrets__backend_kwargs=json.dumps({"variables_file_path": str(root / "vars.json")}),
        core__fernet_key=f"{new_key()},{new_key()}",
    )
    with live:
        yield live


@pytest.fixture(scope="module")
def run(daemon: LiveDaemon) -> dict[str, Any]:
    """One run of the DAG; what it left."""
    connection = {"conn_id": "db", "conn_type": "postgres", "host": "db.example", "login": "me", "password": PASSWORD,
                  "extra": json.dumps({"token": TOKEN, "region": "europe"})}  # fmt: skip
    daemon.call("add_connection", connection=connection)
    daemon.call("set_variable", key="api_key", value=VALUE)
    daemon.call("set_variable", key="limits", value='{"n": 3}')
    daemon.dag("secrets", DAG)
    daemon.wait_dag("secrets")
    daemon.call("trigger_run", dag_id="secrets", run_id="r")
    state = daemon.wait_run("secrets", "r")
    logs = {file: file.read_text() for file in daemon.home.logs.rglob("*") if file.is_file()}
    return {"state": state, "logs": logs, "text": "".join(logs.values())}


def test_the_run_found_them(daemon: LiveDaemon, run: dict[str, Any]) -> None:
    assert run["state"] == "success", run["text"]
    assert daemon.value("select max_active_runs from dag where dag_id = 'secrets'") == 3
    assert json.loads(daemon.value("select value from xcom where task_id = 'look'")) == ["me", "europe", 3]
    assert "*** 3 db.example *** fallback nowhere" in run["text"]
    assert json.loads(daemon.call("get_variable", key="written")["val"]) == {"a": 1}


def test_no_log_has_them(daemon: LiveDaemon, run: dict[str, Any]) -> None:
    for file, text in run["logs"].items():
        for secret in (*SECRETS, "made-up-at-run-time"):
            assert secret not in text, f"{secret} in {file}"
    assert "password *** extra ***" in run["text"]
    for secret in SECRETS:
        assert secret not in daemon.output.read_text()


def test_rendered_fields_are_masked(daemon: LiveDaemon, run: dict[str, Any]) -> None:
    fields = str(daemon.rows("select rendered_fields from rendered_task_instance_fields"))
    assert "echo *** 3 db.example *** fallback nowhere" in fields


def test_no_process_shows_them(daemon: LiveDaemon, run: dict[str, Any]) -> None:
    """Neither in its command line nor, but for the daemon itself, in its environment."""
    key = daemon._environment["QUEUACK__CORE__FERNET_KEY"]
    processes = daemon.tree()
    assert len(processes) > 1
    for process in processes:
        try:
            line, environment = " ".join(process.cmdline()), process.environ()
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
        for secret in (*SECRETS, key):
            assert secret not in line
        assert daemon.process is not None
        if process.pid != daemon.process.pid:
            assert key not in environment.values()


def test_no_file_has_them(daemon: LiveDaemon, run: dict[str, Any]) -> None:
    """While the daemon runs, when the file is whole, and when it was killed."""
    assert_files_are_clean(daemon)
    daemon.kill()
    assert_files_are_clean(daemon)
    daemon.start()
    daemon.stop()
    assert_files_are_clean(daemon)
    with connect(daemon.home) as client:
        row = client.call("sql", query="select is_encrypted, is_extra_encrypted from connection")
        assert row["rows"] == [[True, True]]


def assert_files_are_clean(daemon: LiveDaemon) -> None:
    for file in daemon.home.root.glob("queuack.duckdb*"):
        content = file.read_bytes()
        for secret in SECRETS:
            assert secret.encode() not in content, f"{secret} in {file}"


def test_what_a_dag_file_prints_and_raises_is_masked(tmp_path: Path) -> None:
    daemon = LiveDaemon(tmp_path)
    daemon.offline("connections", "add", "db", "--conn-uri", f"postgres://me:{PASSWORD}@host")
    daemon.dag(
        "broken",
        "from airflow.sdk import DAG, Connection\n"
        "password = Connection.get('db').password\n"
        "print('it is', password)\n"
        "raise ValueError(f'not with {password}')\n",
    )
    with daemon:
        error = until(lambda: daemon.rows("select message, stacktrace from import_error"), what="the import error")[0]
        assert "not with ***" in error[0]
        assert PASSWORD not in "".join(error)
        logs = "".join(file.read_text() for file in daemon.home.logs.rglob("*") if file.is_file())
        assert "it is ***" in logs
        assert PASSWORD not in logs


def test_plain_python_finds_stored_values(tmp_path: Path) -> None:
    daemon = LiveDaemon(tmp_path)
    daemon.offline("variables", "set", "limits", '{"n": 7}')
    daemon.offline("connections", "add", "db", "--conn-uri", f"postgres://me:{PASSWORD}@host")
    script = (
        "from queuack import Connection, Variable\n"
        "print(Variable.get('limits', deserialize_json=True)['n'], Connection.get('db').password)\n"
        "Variable.set('new', 'x')\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], env=daemon._environment, capture_output=True, text=True, timeout=60
    )
    assert said.stdout == f"7 {PASSWORD}\n", said.stderr
    with daemon:
        said = subprocess.run(
            [sys.executable, "-c", script], env=daemon._environment, capture_output=True, text=True, timeout=60
        )
        assert said.stdout == f"7 {PASSWORD}\n", said.stderr
        assert daemon.call("get_variable", key="new")["val"] == "x"


def test_rotation_with_a_key_file_while_a_daemon_runs(tmp_path: Path) -> None:
    daemon = LiveDaemon(tmp_path)
    file = daemon.home.fernet_key_file
    with daemon:
        daemon.call("set_variable", key="k", value=VALUE)
        assert file.stat().st_mode & 0o777 == 0o600
        old = file.read_text().strip()
        new = new_key()
        file.write_text(f"{new}\n{old}\n")
        assert "Encrypted 1 variable, 0 connections" in daemon.offline("rotate-fernet-key")
        file.write_text(new)
        assert daemon.call("get_variable", key="k")["val"] == VALUE
        assert find_keys(None, file).keys == (new,)
