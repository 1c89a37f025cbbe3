"""Backups on demand and by the clock. The store says how a copy becomes whole; this says where it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from queuack import clock, config
from queuack.daemon.port import Port
from queuack.store import backup

Row = dict[str, Any]


def backup_database(port: Port, file: str | None = None) -> Row:
    """Write a snapshot of the database to ``file`` (absolute; None: a name by date in the folder of backups).

    {"file", "dag_runs", "task_instances", "encrypted", "large_xcoms"}. Scheduling goes on meanwhile.
    """
    target = folder() / backup.default_name(clock.now_us()) if file is None else Path(file)
    with port.reader() as reader:
        found = backup.backup(reader, target)
    return described(target, found)


def described(file: Path, found: backup.Contents) -> Row:
    """A copy and what it holds, for clients."""
    return {
        "file": str(file),
        "dag_runs": found.dag_runs,
        "task_instances": found.task_instances,
        "encrypted": found.encrypted,
        "large_xcoms": found.large_xcoms,
    }


def folder() -> Path:
    """Where backups go that name no file."""
    return config.current().get_path("database", "backup_folder")


def is_due(now_us: int) -> bool:
    """Whether the newest backup in the folder is older than the setting wants. Reads the folder only."""
    newest = backup.backups_in(folder())[:1]
    interval = config.get_float("database", "backup_interval")
    return not newest or now_us / 1_000_000 - newest[0].stat().st_mtime >= interval


def backup_by_the_clock(port: Port) -> Row:
    """One backup, then no more than ``[database] backup_keep`` of them."""
    backup.prune(folder(), 0)  # what a crash left incomplete must not fill the disk
    made = backup_database(port)
    backup.prune(folder(), config.get_int("database", "backup_keep"))
    return made


def check_database(port: Port) -> None:
    """Read every value of the database. Raises StoreDamaged."""
    with port.reader() as reader:
        backup.read_every_table(reader)


METHODS = (backup_database, check_database)
