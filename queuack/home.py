"""The home folder: where a deployment's files are. Decides paths only; creates ``run/`` and ``logs/`` on demand."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """Paths of one deployment."""

    root: Path

    @property
    def dags(self) -> Path:
        return self.root / "dags"

    @property
    def plugins(self) -> Path:
        return self.root / "plugins"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def settings_file(self) -> Path:
        return self.root / "queuack.toml"

    @property
    def database(self) -> Path:
        return self.root / "queuack.duckdb"

    @property
    def xcoms(self) -> Path:
        """Large XCom values, referenced from the database."""
        return self.root / "xcom"

    @property
    def run(self) -> Path:
        """Socket, pid file, token, one file per living worker; mode 0700."""
        return self.root / "run"

    @property
    def socket(self) -> Path:
        return self.run / "daemon.sock"

    @property
    def pid_file(self) -> Path:
        return self.run / "daemon.pid"

    @property
    def token_file(self) -> Path:
        return self.run / "token"

    @property
    def workers(self) -> Path:
        return self.run / "workers"

    def prepare(self) -> None:
        """Create the folders that the daemon needs."""
        for folder in (self.dags, self.plugins, self.logs, self.xcoms):
            folder.mkdir(parents=True, exist_ok=True)
        self.run.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.run.chmod(0o700)
        self.workers.mkdir(exist_ok=True)


def find_home() -> Home:
    """``QUEUACK_HOME``; else the current folder if it has ``dags/`` or ``queuack.toml``; else ``~/queuack``."""
    named = os.environ.get("QUEUACK_HOME")
    if named:
        return Home(Path(named).expanduser().resolve())
    here = Path.cwd()
    if (here / "dags").is_dir() or (here / "queuack.toml").is_file():
        return Home(here)
    return Home(Path("~/queuack").expanduser())
