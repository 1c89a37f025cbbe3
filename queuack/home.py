"""The home folder: where a deployment's files are. Decides paths only; creates ``run/`` and ``logs/`` on demand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LONGEST_SOCKET_PATH = 100
"""Bytes; the system allows 107."""


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
    def fernet_key_file(self) -> Path:
        """The key that encrypts secrets in the database; mode 0600. See ``queuack/fernet_keys.py``."""
        return self.root / "fernet.key"

    @property
    def jwt_key_file(self) -> Path:
        """The key that signs tokens of the API; mode 0600."""
        return self.root / "jwt.key"

    @property
    def login_file(self) -> Path:
        """The secret of the login link that the daemon printed; it goes when the link is used."""
        return self.run / "login"

    @property
    def xcoms(self) -> Path:
        """Large XCom values, referenced from the database."""
        return self.root / "xcom"

    @property
    def archive(self) -> Path:
        """What ``db clean`` took out of the database, as Parquet: a folder a table."""
        return self.root / "archive"

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

    @property
    def triggerer_file(self) -> Path:
        """Which process the triggerer is; as the files of workers."""
        return self.run / "triggerer.json"

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


@contextmanager
def reachable_path(path: Path) -> Iterator[str]:
    """An address of the socket that is short enough for the system, by way of its folder's descriptor."""
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
