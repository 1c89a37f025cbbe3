"""Opening the deployment's database, and what is done with it while no daemon runs: backup, restore, reset, check.

Decides what is said to a user whose database cannot be opened. Wiring: it knows the home folder, the settings and the
store.
"""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from queuack import clock, config
from queuack.daemon.services import backup as backup_service
from queuack.errors import StoreDamaged, StoreError, StoreLocked
from queuack.home import Home
from queuack.store import backup, clean
from queuack.store.damage import wal_of
from queuack.store.database import Database


def open_database(home: Home) -> Database:
    """The deployment's database, migrated. Raises StoreLocked with the pid of the daemon that has it, StoreDamaged with
    what to do about it."""
    try:
        with advising(home):
            return Database.open(
                home.database,
                memory_limit=config.get_str("database", "memory_limit"),
                threads=config.get_int("database", "threads"),
            )
    except StoreLocked as error:
        pid = running_daemon(home)
        if pid is None:
            raise
        raise StoreLocked(
            f"A daemon is running in {home.root} already (pid {pid}). Stop it first, or use another home."
        ) from error


def running_daemon(home: Home) -> int | None:
    """The pid of the daemon of ``home``, by its pid file; None when no such process lives."""
    try:
        pid = int(home.pid_file.read_text())
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    return pid


def backup_offline(home: Home, file: Path | None) -> dict[str, Any]:
    """Back up a database that no daemon has open, as it is: it is neither migrated nor written.

    Answers as the service ``backup_database``. Raises StoreLocked."""
    _must_exist(home)
    target = file or backup_service.folder() / backup.default_name(clock.now_us())
    with (
        advising(home),
        Database.open(home.database, read_only=True, check_schema=False) as database,
        database.reader() as reader,
    ):
        return backup_service.described(target, backup.backup(reader, target))


def restore_offline(home: Home, file: Path) -> dict[str, Any]:
    """Put a backup in the database's place. As ``backup_offline``, with "replaced": where the replaced file is now.

    Raises StoreLocked while a daemon runs, StoreDamaged when the backup is damaged: nothing is replaced then."""
    refuse_beside_daemon(home)
    home.prepare()
    found, replaced = backup.restore(file, home.database, clock.now_us())
    return {**backup_service.described(file, found), "replaced": None if replaced is None else str(replaced)}


def reset_offline(home: Home, *, create: bool) -> str | None:
    """Move the database out of the way, and make a new one. Where the old one is now, None when there was none.

    Raises StoreLocked while a daemon runs."""
    refuse_beside_daemon(home)
    replaced = backup.set_aside(home.database, clock.now_us())
    if create:
        home.prepare()
        open_database(home).close()
    return None if replaced is None else str(replaced)


def check_offline(home: Home) -> None:
    """Read every value of the database. Raises StoreDamaged with what to do."""
    _must_exist(home)
    with advising(home):
        backup.read_back(home.database)


def _must_exist(home: Home) -> None:
    if not home.database.exists() and not wal_of(home.database).exists():
        raise StoreError(f"There is no database {home.database} yet.")


def refuse_beside_daemon(home: Home) -> None:
    """Raises StoreLocked while a daemon runs in ``home``."""
    pid = running_daemon(home)
    if pid is not None:
        raise StoreLocked(f"A daemon is running in {home.root} (pid {pid}). Stop it first.")


@contextlib.contextmanager
def advising(home: Home) -> Iterator[None]:
    """Around what opens the database: a damaged one is told with the command that helps."""
    try:
        yield
    except StoreDamaged as error:
        raise StoreDamaged(f"{error.message}\n{_advice(home)}") from error


def _advice(home: Home) -> str:
    command = f"queuack --home {shlex.quote(str(home.root))} db"
    folder = backup_service.folder()
    lines = ["Nothing has been written to it."]
    if found := backup.backups_in(folder):
        lines.append(f"Go back to the newest backup: {command} restore {shlex.quote(str(found[0]))}")
    else:
        lines.append(f"There is no backup in {folder}. If you have one elsewhere: {command} restore FILE")
    wal = wal_of(home.database)
    if home.database.exists() and wal.exists():
        aside = shlex.quote(f"{wal}.damaged")
        lines.append(
            "If only the log is damaged, the database opens without it, as it was some time before: "
            f"mv {shlex.quote(str(wal))} {aside}"
        )
    lines.append(f"Start with an empty one; the old one is kept beside: {command} reset")
    return "\n".join(lines)


def archived(home: Home) -> list[str]:
    """The tables of which ``db clean`` has archived rows."""
    return clean.archived_tables(home.archive)


def export_archived(home: Home, table: str, target: Path) -> int:
    """Write one of them as CSV. Rows written. Raises StoreError when the file cannot be written."""
    with Database.open(check_schema=False) as database, database.reader() as reader:
        return clean.export_csv(reader, home.archive, table, target)


def drop_archived(home: Home, table: str) -> None:
    """Delete one of them."""
    clean.drop(home.archive, table)
