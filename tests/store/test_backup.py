"""Copies of the database: made while it is written, checked, put in its place."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from queuack.errors import AlreadyExists, StoreDamaged, StoreError, StoreTooNew, StoreUnavailable
from queuack.store import backup as backups
from queuack.store.backup import backup, backups_in, prune, read_back, restore, set_aside
from queuack.store.database import Database
from queuack.store.writer import Writer
from tests.store.sample import NOW, dag, instance, instances, run, version, xcom


def filled(database: Database, runs: int = 20) -> Writer:
    writer = Writer(database)
    writer.commit([dag(), version()], fold=True)
    for key in range(1, runs + 1):
        writer.commit([run(key), instances(key, key * 100, 50)], fold=True)
    return writer


def test_a_backup_is_one_moment_while_commits_go_on(database: Database, tmp_path: Path) -> None:
    """Each commit changes two tables; whatever moment the copy is of, they agree in it."""
    writer = filled(database)
    began, stop = threading.Event(), threading.Event()
    commits = 0

    def write() -> None:
        nonlocal commits
        while not stop.is_set():
            commits += 1
            key = 100 + commits
            writer.commit([run(key), instances(key, key * 100, 3), instance(key * 100, "success")], fold=True)
            writer.commit([xcom(key, "t0")])  # in the journal
            began.set()

    writing = threading.Thread(target=write)
    writing.start()
    try:
        assert began.wait(30)
        with database.reader() as reader:
            found = backup(reader, tmp_path / "backups" / "a.duckdb")
    finally:
        stop.set()
        writing.join()
    assert found.task_instances == 20 * 50 + 3 * (found.dag_runs - 20)
    assert found.dag_runs > 20
    assert [file.name for file in (tmp_path / "backups").iterdir()] == ["a.duckdb"]
    with Database.open(tmp_path / "backups" / "a.duckdb") as copy, copy.reader() as reader:
        Writer(copy)  # folds in what the journal held at that moment
        reader.execute("SELECT count(*) FROM xcom")
        assert reader.fetchall()[0][0] in (found.dag_runs - 20, found.dag_runs - 21)


def test_a_backup_never_replaces_a_file_and_leaves_none_when_it_fails(database: Database, tmp_path: Path) -> None:
    (tmp_path / "taken.duckdb").write_text("mine")
    with database.reader() as reader:
        with pytest.raises(AlreadyExists):
            backup(reader, tmp_path / "taken.duckdb")
        with pytest.raises(StoreUnavailable):
            backup(reader, tmp_path / "taken.duckdb" / "below_a_file.duckdb")
    assert (tmp_path / "taken.duckdb").read_text() == "mine"


def test_restoring_keeps_what_was_there(path: Path, tmp_path: Path) -> None:
    with Database.open(path) as database, database.reader() as reader:
        writer = filled(database, 3)
        backup(reader, tmp_path / "a.duckdb")
        writer.commit([run(50)], fold=True)
        crashed = {name: path.with_name(name).read_bytes() for name in (path.name, path.name + ".wal")}
    for name, data in crashed.items():  # as a kill leaves it: run 50 is in the log only
        path.with_name(name).write_bytes(data)
    found, replaced = restore(tmp_path / "a.duckdb", path, NOW)
    assert replaced is not None
    assert (found.dag_runs, found.task_instances) == (3, 150)
    assert read_back(path).dag_runs == 3
    assert read_back(replaced).dag_runs == 4
    assert not path.with_name(path.name + ".wal").exists()
    assert set_aside(path, NOW) != replaced


@pytest.mark.parametrize("bad", ["cut off", "other", "newer", "itself", "none"])
def test_what_is_no_whole_backup_replaces_nothing(path: Path, tmp_path: Path, bad: str) -> None:
    source = tmp_path / "source.duckdb"
    shutil.copy(path, source)
    expected: type[StoreError] = StoreError
    if bad == "cut off":
        os.truncate(source, source.stat().st_size // 2)
        expected = StoreDamaged
    elif bad == "other":
        source.unlink()
        with Database.open(source, check_schema=False) as database, database.reader() as reader:
            reader.execute("CREATE TABLE mine (i INTEGER)")
    elif bad == "newer":
        with Database.open(source) as database, database.reader() as reader:
            reader.execute("INSERT INTO schema_migration VALUES (999, 'future', now())")
        expected = StoreTooNew
    elif bad == "itself":
        source = path
    else:
        source.unlink()
    before = path.read_bytes()
    with pytest.raises(expected):
        restore(source, path, NOW)
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*replaced*"))
    assert not list(tmp_path.glob("*restoring*"))


def test_restoring_beside_another_process_is_refused(path: Path, tmp_path: Path) -> None:
    from tests.store.test_database import child

    shutil.copy(path, tmp_path / "a.duckdb")
    code = """
        import sys
        from pathlib import Path
        from queuack.errors import StoreLocked
        from queuack.store.backup import restore
        try:
            restore(Path(sys.argv[1]), Path(sys.argv[2]), 0)
        except StoreLocked:
            print("locked")
    """
    with Database.open(path):
        assert child(code, tmp_path / "a.duckdb", path).stdout == "locked\n"
    assert child(code, tmp_path / "a.duckdb", path).stdout == ""


def test_old_backups_go_and_others_stay(tmp_path: Path) -> None:
    names = [backups.default_name(NOW + day * 86_400_000_000) for day in range(5)]
    for name in [*names, "mine.duckdb", names[0] + ".part"]:
        (tmp_path / name).touch()
    assert prune(tmp_path, 2) == [tmp_path / name for name in reversed(names[:3])]
    assert backups_in(tmp_path) == [tmp_path / names[4], tmp_path / names[3]]
    assert (tmp_path / "mine.duckdb").exists()
    assert not list(tmp_path.glob("*.part"))
    prune(tmp_path, 0)
    assert len(backups_in(tmp_path)) == 2
