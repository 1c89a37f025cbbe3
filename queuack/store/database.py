"""The open database: connecting, transactions, cursors for reads, checkpoints, and what its errors mean.

The only module that imports duckdb. It decides how DuckDB is set up and how its failures are named
(StoreLocked, StoreDamaged, StoreUnavailable, StoreError); it knows no table but ``schema_migration``.

One thread owns ``transaction``, ``run`` and ``checkpoint*``. Any thread may ask for a ``reader``.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import duckdb

from queuack.clock import now_us
from queuack.errors import StoreDamaged, StoreError, StoreLocked, StoreUnavailable
from queuack.store.damage import check_length, damage_in, is_short, look_at, wal_of
from queuack.store.migration import known_migrations, migrate, stored_version
from queuack.store.reader import Params, Reader
from queuack.store.statements import statement_text

MEMORY = ":memory:"
WAL_DUE = 16 * 1024 * 1024
"""Bytes of write-ahead log after which ``checkpoint_if_due`` folds it into the file."""
WAL_HARD_LIMIT = "1GB"
"""Size at which DuckDB checkpoints by itself, inside a commit: when ``checkpoint_if_due`` was not called for long."""

PAGE_ROWS = 2_000
"""Of so many rows that a sorted query wants, DuckDB first finds which they are, then reads their other columns."""


class Database:
    """One DuckDB database. Made by ``Database.open``; close it, or use it as a context manager."""

    def __init__(self, path: Path | None, *, read_only: bool, threads: int, memory_limit: str, pid_file: Path | None):
        self._path = path
        self._read_only = read_only
        self._threads = threads
        self._memory_limit = memory_limit
        self._pid_file = pid_file
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._statements: dict[str, Any] = {}
        self._readers: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()
        self._lock = threading.RLock()
        self._closed = False
        self._damaged = False

    @classmethod
    def open(
        cls,
        path: str | Path = MEMORY,
        *,
        read_only: bool = False,
        threads: int = 1,
        memory_limit: str = "256MB",
        pid_file: Path | None = None,
        check_schema: bool = True,
    ) -> Database:
        """Open (and create) the database at ``path`` and bring its schema up to date.

        ``threads`` is per statement; with one, a small statement never waits for another thread to be scheduled, and
        readers in different threads still run side by side. ``memory_limit`` bounds DuckDB's buffers, not the process.
        Without ``check_schema`` the file is taken as it is, whatever is in it (backups, archives).
        ``pid_file`` names the owner in the message when the file is locked and DuckDB does not know the owner.

        Raises StoreLocked, StoreTooNew, StoreDamaged, StoreUnavailable, StoreError. What is refused stays as it was.
        """
        place = None if str(path) == MEMORY else Path(path)
        database = cls(place, read_only=read_only, threads=threads, memory_limit=memory_limit, pid_file=pid_file)
        database._connect()
        try:
            if check_schema:
                database._check_schema()
        except BaseException:
            database.close()
            raise
        return database

    # ── what it is ───────────────────────────────────────────────────────────────────────────────
    @property
    def path(self) -> Path | None:
        """The file, None while in memory."""
        return self._path

    @property
    def in_memory(self) -> bool:
        return self._path is None

    @property
    def read_only(self) -> bool:
        return self._read_only

    def wal_bytes(self) -> int:
        """Size of the write-ahead log, 0 in memory or when there is none."""
        if self._path is None:
            return 0
        try:
            return wal_of(self._path).stat().st_size
        except FileNotFoundError:
            return 0

    # ── writing ──────────────────────────────────────────────────────────────────────────────────
    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction around the block: committed at its end, rolled back when it raises.

        Raises StoreUnavailable when the disk refuses, StoreError for anything else DuckDB objects to; the database is
        usable again afterwards in either case.
        """
        connection = self._live()
        try:
            connection.begin()
            yield
            connection.commit()
        except BaseException as error:
            self._recover()
            if isinstance(error, duckdb.Error):
                raise self._named(error) from error
            raise

    def run(self, name: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """Run a named statement on the owner's connection; its rows. Parsed once for the life of the connection."""
        connection = self._live()
        statement = self._statements.get(name)
        if statement is None:
            statement = self._statements[name] = connection.extract_statements(statement_text(name))[0]
        return connection.execute(statement, params).fetchall()

    def run_text(self, text: str, params: Params = ()) -> None:
        """Run a statement that the store has put together, on the owner's connection."""
        self._live().execute(text, params)

    def checkpoint_if_due(self, wal_bytes: int = WAL_DUE) -> bool:
        """Fold the write-ahead log into the file when it is larger than ``wal_bytes``. True when it was done.

        Takes some tens of milliseconds: call it when idle. A reader in the middle of a query puts it off.
        """
        return self.wal_bytes() > wal_bytes and self.checkpoint()

    def checkpoint(self) -> bool:
        """Fold the write-ahead log into the file now; False when a running read is in the way."""
        try:
            self._live().execute("CHECKPOINT")
        except duckdb.TransactionException:
            return False
        except duckdb.Error as error:
            self._recover()
            raise self._named(error) from error
        return True

    # ── reading ──────────────────────────────────────────────────────────────────────────────────
    @contextlib.contextmanager
    def reader(self) -> Iterator[Reader]:
        """A cursor of its own for one thread. Raises StoreError for what DuckDB objects to."""
        with self._lock:
            cursor = self._live().cursor()
            self._readers.add(cursor)
        try:
            yield cast(Reader, cursor)
        except duckdb.Error as error:
            raise self._named(error) from error
        finally:
            with self._lock:
                self._readers.discard(cursor)
                cursor.close()

    # ── moving and closing ───────────────────────────────────────────────────────────────────────
    def move_to_file(self, path: Path | None = None) -> Path:
        """Move a ``:memory:`` database into a file (a new temporary one unless ``path``) and go on there; its path.

        A database that is in a file stays where it is. Raises StoreUnavailable when the file cannot be written.
        """
        if self._path is not None:
            return self._path
        target = path or Path(tempfile.mkdtemp(prefix="queuack-")) / "queuack.duckdb"
        connection = self._live()
        quoted = str(target).replace("'", "''")
        try:
            connection.execute(f"ATTACH '{quoted}' AS target")
            connection.execute("COPY FROM DATABASE memory TO target")
            connection.execute("DETACH target")
        except duckdb.Error as error:
            raise self._named(error) from error
        self._disconnect()
        self._path = target
        self._connect()
        return target

    def close(self) -> None:
        """Close every cursor and the database; what runs in them is interrupted. Closing twice is harmless."""
        with self._lock:
            self._closed = True
            self._close_readers()
        if self._connection is not None and self.wal_bytes() and not (self._read_only or self._damaged):
            with contextlib.suppress(duckdb.Error):  # what is not folded in now is read at the next start
                self._connection.execute("CHECKPOINT")
        self._disconnect()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # ── inside ───────────────────────────────────────────────────────────────────────────────────
    def _connect(self) -> None:
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": self._threads,
            "memory_limit": self._memory_limit,
            "checkpoint_threshold": WAL_HARD_LIMIT,
            "autoinstall_known_extensions": False,
        }
        if self._path is None:
            config["temp_directory"] = tempfile.gettempdir()
        short = False
        if self._path is not None:
            look_at(self._path)
            short = is_short(self._path)
        try:
            self._connection = duckdb.connect(self._path or MEMORY, read_only=self._read_only, config=config)
            self._connection.execute("SET GLOBAL TimeZone = 'UTC'")
            self._connection.execute(f"SET GLOBAL late_materialization_max_rows = {PAGE_ROWS}")
            if not self._read_only:  # close() does it, unless the file has turned out to be damaged
                self._connection.execute("PRAGMA disable_checkpoint_on_shutdown")
            if self._path is not None and short:
                check_length(self._path, cast(Reader, self._connection))
        except StoreDamaged:
            self._damaged = True
            self._disconnect()
            raise
        except duckdb.Error as error:
            raise self._named(error) from error

    def _check_schema(self) -> None:
        connection = cast(Reader, self._live())
        if not self._read_only:
            try:
                migrate(connection, now_us())
            except duckdb.Error as error:
                raise self._named(error) from error
        elif (version := stored_version(connection)) < len(known_migrations()):
            raise StoreError(
                f"The database has schema version {version} and this program needs {len(known_migrations())}: "
                "open it once for writing (start the daemon) to migrate it."
            )

    def _live(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._closed:
                raise StoreError("The database is closed.")
            if self._connection is None:
                self._connect()
            assert self._connection is not None
            return self._connection

    def _close_readers(self) -> None:
        for cursor in list(self._readers):
            with contextlib.suppress(duckdb.Error):
                cursor.interrupt()
                cursor.close()
        self._readers.clear()

    def _disconnect(self) -> None:
        with self._lock:
            self._close_readers()
            self._statements.clear()
            if self._connection is not None:
                with contextlib.suppress(duckdb.Error):
                    self._connection.close()
                self._connection = None

    def _recover(self) -> None:
        """Roll back; when DuckDB has given the database up (a fatal error), leave it to be opened anew on next use."""
        connection = self._connection
        if connection is None:
            return
        with contextlib.suppress(duckdb.Error):
            connection.rollback()
        try:
            connection.execute("SELECT 1").fetchall()
        except duckdb.Error:
            if self._path is not None:
                self._disconnect()

    def _named(self, error: duckdb.Error) -> StoreError:
        text = str(error)
        where = f"The database {self._path or MEMORY}"
        if "Could not set lock" in text or "Conflicting lock" in text:
            return StoreLocked(f"{where} is open in another process{self._owner(text)}.")
        found = None if self._path is None else damage_in(self._path, text)
        if found is not None:
            self._damaged = self._damaged or isinstance(found, StoreDamaged)
            return found
        unavailable = isinstance(error, (duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException))
        if unavailable or "Failed to commit" in text:  # with one writer nothing but the disk can refuse a commit
            return StoreUnavailable(f"{where} cannot be used right now: {text}")
        return StoreError(f"{where} refused: {text}")

    def _owner(self, text: str) -> str:
        _, found, rest = text.partition("(PID ")
        if found:
            return f" (pid {rest.partition(')')[0]})"
        if self._pid_file is not None:
            with contextlib.suppress(OSError):
                return f" (pid {self._pid_file.read_text(encoding='utf-8').strip()})"
        return ""
