"""Brings a database to the schema of this program. Decides which migrations run; opens nothing.

Migrations are ``migrations/NNNN_name.sql``, numbered from 1 without gaps, forward only. Each runs in a transaction of
its own together with its row in ``schema_migration``, so a crash leaves a whole version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from queuack.errors import StoreError, StoreTooNew
from queuack.store.reader import Reader

_FILE = re.compile(r"^(\d{4})_(\w+)\.sql$")

_TABLE = re.compile(r"^CREATE TABLE (\w+)", re.MULTILINE)

_CREATE = """
CREATE TABLE IF NOT EXISTS schema_migration (
    version INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL
)
"""


@dataclass(frozen=True)
class Migration:
    version: int
    name: str
    sql: str


@cache
def known_migrations() -> tuple[Migration, ...]:
    """All migrations of this program by version. Raises StoreError when the numbers have a gap."""
    found = []
    for entry in files("queuack.store").joinpath("migrations").iterdir():
        match = _FILE.match(entry.name)
        if match:
            found.append(Migration(int(match[1]), match[2], entry.read_text(encoding="utf-8")))
    found.sort(key=lambda migration: migration.version)
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise StoreError("The migration files are not numbered 1, 2, 3, …")
    return tuple(found)


def schema_text() -> str:
    """The full current schema as one script (``schema.sql``)."""
    return files("queuack.store").joinpath("schema.sql").read_text(encoding="utf-8")


def stored_version(reader: Reader) -> int:
    """The schema version of the open database, 0 = empty.

    Raises StoreTooNew when it is above this program's, StoreError when tables of that version are not there.
    """
    reader.execute("SELECT table_name FROM information_schema.tables")
    there = {name for (name,) in reader.fetchall()}
    if "schema_migration" not in there:
        return 0
    reader.execute("SELECT coalesce(max(version), 0) FROM schema_migration")
    version = int(reader.fetchall()[0][0])
    known = known_migrations()
    if version > len(known):
        raise StoreTooNew(
            f"The database has schema version {version}, written by a newer Queuack; "
            f"this one knows versions up to {len(known)}. Use the newer Queuack."
        )
    missing = [name for migration in known[:version] for name in _TABLE.findall(migration.sql) if name not in there]
    if missing:
        raise StoreError(
            f"The database says schema version {version}, but has no table {', '.join(missing)}: it is damaged, or "
            "from a Queuack before the first release, whose files cannot be brought up. Move queuack.duckdb away and "
            "start; the program that made it can save what is in it (`variables export`, `connections export`)."
        )
    return version


def migrate(connection: Reader, now_us: int) -> int:
    """Apply what is missing; returns the version before. ``now_us`` goes into ``applied_at`` (microseconds)."""
    before = stored_version(connection)
    missing = known_migrations()[before:]
    for migration in missing:
        connection.execute("BEGIN")
        try:
            connection.execute(_CREATE)
            connection.execute(migration.sql)
            connection.execute(
                "INSERT INTO schema_migration VALUES (?, ?, make_timestamptz(?))",
                [migration.version, migration.name, now_us],
            )
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
    return before
