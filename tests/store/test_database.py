"""Opening, migrating, locking, failing and moving the database."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from queuack import errors
from queuack.store.database import Database
from queuack.store.migration import known_migrations, schema_text
from queuack.store.queries.migrations import list_migrations
from queuack.store.queries.pools import get_pool
from queuack.store.queries.runs import get_run
from queuack.store.writer import Writer
from tests.store.sample import instances, run

COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
    WHERE table_name <> 'schema_migration' AND table_schema = 'main' ORDER BY ALL
"""


def child(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_schema_file_and_migrations_build_the_same() -> None:
    with Database.open() as migrated, migrated.reader() as reader:
        by_migrations = reader.execute(COLUMNS).fetchall()
        pools = reader.execute("FROM slot_pool").fetchall()
        for name in {row[0] for row in by_migrations}:
            reader.execute(f'DROP TABLE "{name}"')
        reader.execute(schema_text())
        assert reader.execute(COLUMNS).fetchall() == by_migrations
        assert reader.execute("FROM slot_pool").fetchall() == pools


def test_migrations_are_recorded_once(path: Path) -> None:
    for _ in range(2):
        with Database.open(path) as database, database.reader() as reader:
            assert [row["version"] for row in list_migrations(reader)] == list(range(1, len(known_migrations()) + 1))


def test_a_file_without_tables_of_its_version_is_refused(path: Path) -> None:
    with Database.open(path) as database, database.transaction(), database.reader() as reader:
        reader.execute("DROP TABLE journal")
    for read_only in (False, True):
        with pytest.raises(errors.StoreError, match=r"has no table journal.*Move queuack.duckdb away"):
            Database.open(path, read_only=read_only)


def test_a_newer_file_is_refused_with_both_versions(path: Path) -> None:
    newest = len(known_migrations())
    with Database.open(path) as database, database.transaction(), database.reader() as reader:
        reader.execute("INSERT INTO schema_migration VALUES (?, 'future', make_timestamptz(0))", [newest + 7])
    with pytest.raises(errors.StoreTooNew, match=rf"version {newest + 7}.*up to {newest}"):
        Database.open(path)


def test_read_only_refuses_an_empty_file(tmp_path: Path) -> None:
    empty = tmp_path / "empty.duckdb"
    with Database.open(empty) as database, database.reader() as reader:
        reader.execute("DROP TABLE schema_migration")
    with pytest.raises(errors.StoreError, match="open it once for writing"):
        Database.open(empty, read_only=True)


def test_a_second_process_is_told_who_has_it(path: Path, database: Database) -> None:
    code = """
        import sys
        from queuack import errors
        from queuack.store.database import Database
        try:
            Database.open(sys.argv[1])
        except errors.StoreLocked as error:
            print(error)
    """
    assert f"pid {os.getpid()}" in child(code, path).stdout


def test_a_missing_folder_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(errors.StoreUnavailable):
        Database.open(tmp_path / "missing" / "queuack.duckdb")


def test_a_full_disk_is_unavailable_and_then_usable_again(path: Path) -> None:
    code = """
        import resource, signal, sys
        sys.path.insert(0, sys.argv[2])
        from pathlib import Path
        from queuack import errors
        from queuack.store.database import Database
        from queuack.store.queries.runs import get_run
        from queuack.store.writer import Writer
        from tests.store.sample import instances, run
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        database = Database.open(Path(sys.argv[1]))
        writer = Writer(database)
        writer.commit([run(1)])
        full = database.wal_bytes() + 1000
        resource.setrlimit(resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
        try:
            writer.commit([run(2), instances(2, 1, 5000)])
            print("no error")
        except errors.StoreUnavailable:
            print("unavailable")
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        writer.commit([run(2), instances(2, 1, 5000), run(3)])
        with database.reader() as reader:
            print([get_run(reader, "d", f"r{key}")["id"] for key in (1, 2, 3)])
            print(reader.execute("SELECT count(*) FROM task_instance").fetchall())
        database.close()
    """
    done = child(code, path, Path(__file__).parents[2])
    assert done.stdout.splitlines() == ["unavailable", "[1, 2, 3]", "[(5000,)]"], done.stderr
    with Database.open(path) as database, database.reader() as reader:
        assert reader.execute("SELECT count(*) FROM task_instance").fetchone()[0] == 5000


def test_a_transaction_that_raises_is_rolled_back(database: Database, writer: Writer) -> None:
    with pytest.raises(errors.StoreError, match="refused"), database.transaction():
        database.run("insert_variables", {"key": ["k"], "val": [None], "description": [None]})
    writer.commit([run(1)])
    with database.reader() as reader:
        assert get_run(reader, "d", "r1")
        assert reader.execute("FROM variable").fetchall() == []


def test_checkpoint_waits_until_it_is_due(database: Database, writer: Writer) -> None:
    writer.commit([run(1), instances(1, 1, 100)])
    assert not database.checkpoint_if_due()
    assert database.wal_bytes() > 0
    assert database.checkpoint_if_due(wal_bytes=1)
    assert database.wal_bytes() == 0


def test_a_reader_sees_its_snapshot_while_the_writer_commits(database: Database, writer: Writer) -> None:
    with database.reader() as reader:
        reader.execute("BEGIN TRANSACTION READ ONLY")
        assert get_run(reader, "d", "r1") is None
        writer.commit([run(1)])
        assert get_run(reader, "d", "r1") is None
        reader.execute("COMMIT")
        assert get_run(reader, "d", "r1")


def test_memory_moves_to_a_file(tmp_path: Path) -> None:
    with Database.open() as database:
        writer = Writer(database)
        writer.commit([run(1)])
        assert database.in_memory
        target = database.move_to_file(tmp_path / "moved.duckdb")
        assert database.path == target
        writer.commit([run(2)])
        with database.reader() as reader:
            assert get_pool(reader, "default_pool")
    with Database.open(target, read_only=True) as again, again.reader() as reader:
        assert get_run(reader, "d", "r1")
        assert get_run(reader, "d", "r2")


def test_memory_moves_to_a_temporary_file_by_itself() -> None:
    with Database.open() as database:
        moved = database.move_to_file()
        assert moved.exists()
        assert database.move_to_file() == moved
    moved.unlink()
    moved.parent.rmdir()


def test_a_closed_database_says_so(database: Database) -> None:
    database.close()
    with pytest.raises(errors.StoreError, match="closed"), database.transaction():
        pass


def test_only_the_database_module_imports_duckdb() -> None:
    import queuack.store

    folder = Path(str(queuack.store.__file__)).parent
    importing = {file.name for file in folder.rglob("*.py") if "import duckdb" in file.read_text(encoding="utf-8")}
    assert importing == {"database.py"}
