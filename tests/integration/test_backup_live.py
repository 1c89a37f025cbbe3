"""Backups beside a running daemon: on demand, by the clock, and what is refused while it runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from queuack.store.backup import backups_in, read_back
from tests.live.daemon import LiveDaemon, until

DAG = """
from airflow.sdk import dag, task

@dag(schedule="@once")
def d():
    @task
    def t():
        return 1
    t()
d()
"""


def command(daemon: LiveDaemon, *words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "queuack", "--home", str(daemon.home.root), *words]
    return subprocess.run(line, cwd=daemon.home.root, capture_output=True, text=True, timeout=60, check=False)


def test_backups_beside_a_daemon_and_back(tmp_path: Path) -> None:
    daemon = LiveDaemon(tmp_path, database__backup_interval=1, database__backup_keep=1)
    (daemon.home.dags / "d.py").write_text(DAG)
    daemon.start()
    try:
        until(lambda: '"success"' in command(daemon, "dags", "list-runs", "d", "-o", "json").stdout)
        done = command(daemon, "db", "backup", "mine.duckdb")
        assert done.returncode == 0, done.stderr
        refused = command(daemon, "db", "restore", "mine.duckdb", "--yes")
        assert refused.returncode == 1
        assert "Stop it first" in refused.stderr
        assert command(daemon, "db", "check", "--full").returncode == 0
        first = until(lambda: backups_in(tmp_path / "backups"))
        until(lambda: (later := backups_in(tmp_path / "backups")) != first and len(later) == 1 and later)
    finally:
        daemon.stop()
    mine = tmp_path / "mine.duckdb"
    assert read_back(mine).task_instances == 1
    done = command(daemon, "db", "restore", str(mine), "--yes")
    assert done.returncode == 0, done.stderr
    assert '"success"' in daemon.offline("dags", "list-runs", "d", "-o", "json")
