"""Copies of the database: made while it is in use, checked, put in its place. Decides how a copy becomes whole.

A copy is one snapshot (of one moment between two commits), read by a cursor of its own while commits go on; it appears
under its name when it is complete and has been read back. A restored copy takes its place in one rename; what was
there is kept beside. Who may call what when is ``app.py``'s business.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import gmtime, strftime

from queuack.errors import AlreadyExists, StoreError, StoreLocked, StoreUnavailable
from queuack.store.damage import wal_of
from queuack.store.database import Database
from queuack.store.migration import stored_version
from queuack.store.reader import Reader, fetch_value

SUFFIX = ".duckdb"
PREFIX = "queuack-"
PART = ".part"
"""What a copy that is being made ends with."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Contents:
    """What a file was found to hold."""

    version: int
    """Of its schema."""
    dag_runs: int
    task_instances: int
    encrypted: int
    """Variables and connections with an encrypted value: nothing without the key."""
    large_xcoms: int
    """Values in files of the ``xcom`` folder."""


def default_name(at_us: int) -> str:
    """The name of a backup of an instant: sorts by time."""
    return f"{PREFIX}{strftime('%Y%m%dT%H%M%SZ', gmtime(at_us / 1_000_000))}{SUFFIX}"


def backup(reader: Reader, target: Path) -> Contents:
    """Copy the open database to ``target``; what it holds. ``reader`` must have no transaction open.

    Raises AlreadyExists; StoreUnavailable when the disk refuses; StoreDamaged when the database cannot be read: then
    there is no file ``target``.
    """
    if target.parent.exists() and not target.parent.is_dir():
        raise StoreUnavailable(f"The backup {target} cannot be written: {target.parent} is not a folder.")
    if target.exists():
        raise AlreadyExists(f"{target} exists already. Name another file, or move it away.")
    part = target.with_name(target.name + PART)
    name = f"backup_{next(_numbers)}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove(part)
        _copy(reader, part, name)
        if wal_of(part).exists():
            raise StoreError(f"The backup {target} did not become one file.")
        found = read_back(part)
        _sync(part)
        os.link(part, target)  # never over a file that has appeared meanwhile
        _sync(target.parent)
    except FileExistsError:
        raise AlreadyExists(f"{target} exists already. Name another file, or move it away.") from None
    except OSError as error:
        raise StoreUnavailable(f"The backup {target} cannot be written: {error.strerror}.") from error
    finally:
        with contextlib.suppress(OSError):
            _remove(part)
    return found


def _copy(reader: Reader, part: Path, name: str) -> None:
    reader.execute("SELECT current_database()")
    source = reader.fetchall()[0][0]
    reader.execute(f"ATTACH {_text(part)} AS {name} (READ_WRITE)")
    try:
        reader.execute(f'COPY FROM DATABASE "{source}" TO {name}')
        reader.execute(f"CHECKPOINT {name}")  # all of it in the one file
    finally:
        reader.execute(f"DETACH {name}")


def read_back(path: Path) -> Contents:
    """Read every value of a file that nobody has open. Raises StoreDamaged, StoreTooNew, StoreError."""
    with Database.open(path, read_only=True, check_schema=False) as database, database.reader() as reader:
        version = stored_version(reader)
        if not version:
            raise StoreError(f"{path} is a DuckDB file, but none of Queuack's.")
        read_every_table(reader)
        return Contents(
            version=version,
            dag_runs=int(fetch_value(reader, "count_all_runs")),
            task_instances=int(fetch_value(reader, "count_all_instances")),
            encrypted=int(fetch_value(reader, "count_encrypted")),
            large_xcoms=int(fetch_value(reader, "count_large_xcoms")),
        )


def read_every_table(reader: Reader) -> None:
    """Read every value of the open database, so that a damaged part of the file shows. Raises StoreDamaged."""
    reader.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT temporary")
    for (table,) in reader.fetchall():
        reader.execute(f'SELECT bit_xor(hash(COLUMNS(*))) FROM "{table}"')
        reader.fetchall()


# ── a folder of backups ──────────────────────────────────────────────────────────────────────────────
def backups_in(folder: Path) -> list[Path]:
    """Those under names that ``default_name`` gives, the newest first."""
    return sorted(folder.glob(f"{PREFIX}*{SUFFIX}"), reverse=True)


def prune(folder: Path, keep: int) -> list[Path]:
    """Remove all but the newest ``keep`` backups (0 = keep all), and copies that a crash left incomplete."""
    surplus = backups_in(folder)[keep:] if keep else []
    for path in [*surplus, *folder.glob(f"{PREFIX}*{SUFFIX}{PART}*")]:
        path.unlink(missing_ok=True)
    return surplus


# ── back into place ──────────────────────────────────────────────────────────────────────────────────
def restore(source: Path, database: Path, at_us: int) -> tuple[Contents, Path | None]:
    """Put a copy of ``source`` in the place of ``database``. What it holds, and where the replaced file is now.

    Raises StoreDamaged, StoreTooNew, StoreError for a source that is not whole: nothing has been replaced then.
    Raises StoreLocked when a process has the database open.
    """
    if not source.is_file():
        raise StoreError(f"There is no file {source}.")
    if database.exists() and os.path.samefile(source, database):
        raise StoreError(f"{source} is the database itself.")
    draft = database.with_name(database.name + ".restoring")
    try:
        with _alone(database):
            _remove(draft)
            shutil.copyfile(source, draft)
            if wal_of(source).exists():  # a copy of a daemon's files, as `cp` makes it
                shutil.copyfile(wal_of(source), wal_of(draft))
            try:
                found = read_back(draft)
            except StoreError as error:
                message = error.message.replace(str(draft), str(source))
                raise type(error)(f"{message} Nothing has been replaced.") from error
            if wal_of(draft).exists():
                Database.open(draft, check_schema=False).close()  # folds it in
            _sync(draft)
            return found, _put_in_place(draft, database, at_us)
    except OSError as error:
        raise StoreUnavailable(f"{database} cannot be written: {error.strerror}.") from error
    finally:
        with contextlib.suppress(OSError):
            _remove(draft)


def _put_in_place(draft: Path, database: Path, at_us: int) -> Path | None:
    """One rename; a crash on either side of it leaves files that are opened as they are meant, or refused."""
    replaced = set_aside_name(database, at_us)
    kept = database.exists() or wal_of(database).exists()
    if database.exists():
        os.link(database, replaced)
    os.replace(draft, database)
    if wal_of(database).exists():  # the log of the file that was there: does not fit the new one, which says so
        os.replace(wal_of(database), wal_of(replaced))
    _sync(database.parent)
    return replaced if kept else None


def set_aside(database: Path, at_us: int) -> Path | None:
    """Move the database out of the way; where to, None when there was none. Raises StoreLocked."""
    if not (database.exists() or wal_of(database).exists()):
        return None
    replaced = set_aside_name(database, at_us)
    with _alone(database):
        for old, new in ((database, replaced), (wal_of(database), wal_of(replaced))):
            with contextlib.suppress(FileNotFoundError):
                os.replace(old, new)
    return replaced


def set_aside_name(database: Path, at_us: int) -> Path:
    """A free name beside the database."""
    stamp = strftime("%Y%m%dT%H%M%SZ", gmtime(at_us / 1_000_000))
    for number in itertools.count(1):
        ending = f".{number}" if number > 1 else ""
        found = database.with_name(f"{database.stem}.replaced-{stamp}{ending}{database.suffix}")
        if not found.exists() and not wal_of(found).exists():
            return found
    raise AssertionError("unreachable")


@contextlib.contextmanager
def _alone(database: Path) -> Iterator[None]:
    """Hold the lock that DuckDB takes on its file, so that no process opens it meanwhile. Raises StoreLocked."""
    if not database.exists():
        yield
        return
    with database.open("rb+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreLocked(
                f"The database {database} is open in another process. Stop the daemon (or wait for the command) first."
            ) from None
        yield


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    wal_of(path).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
