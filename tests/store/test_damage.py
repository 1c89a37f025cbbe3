"""Files that are really damaged are refused, in words, and never written to."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from queuack import config, upkeep
from queuack.errors import StoreDamaged, StoreError, StoreTooNew
from queuack.home import Home
from queuack.store.database import Database
from queuack.store.queries.runs import get_run
from queuack.store.writer import Writer
from tests.store.sample import dag, instances, run, version


@pytest.fixture
def crashed(path: Path, tmp_path: Path) -> Path:
    """A file and its log as a killed daemon leaves them: half of the runs in each."""
    with Database.open(path) as database:
        writer = Writer(database)
        writer.commit([dag(), version(), *(run(key) for key in range(1, 51))], fold=True)
        writer.commit([instances(key, key * 1000, 1000) for key in range(1, 51)], fold=True)
        database.checkpoint()
        writer.commit([run(key) for key in range(51, 101)], fold=True)
        home = tmp_path / "crashed"
        home.mkdir()
        for name in (path.name, path.name + ".wal"):
            shutil.copy(path.with_name(name), home / name)
    return home / path.name


def overwrite(file: Path, share: float, length: int = 128) -> None:
    """Not a pattern that repeats: DuckDB's checksum is an exclusive or, and would not see one."""
    with file.open("rb+") as opened:
        opened.seek(int(file.stat().st_size * share))
        opened.write(random.Random(1).randbytes(length))


def contents(database: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in database.parent.iterdir() if file.is_file()}


def wal(database: Path) -> Path:
    return database.with_name(database.name + ".wal")


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut in half": (lambda file: os.truncate(file, file.stat().st_size // 2), "cut off"),
    "last bytes cut off": (lambda file: os.truncate(file, file.stat().st_size - 5000), "cut off"),
    "empty": (lambda file: os.truncate(file, 0), "not a DuckDB database"),
    "text": (lambda file: file.write_text("hello\n" * 9999), "not a DuckDB database"),
    "header": (lambda file: overwrite(file, 4200 / file.stat().st_size), "checksum is wrong"),
    "gone, its log is there": (Path.unlink, "is gone, but"),
    "log: bytes in the middle": (lambda file: overwrite(wal(file), 0.5), r"log .*\.wal is damaged"),
    "log: something else": (lambda file: wal(file).write_bytes(b"something else" * 100), "not its write-ahead log"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_told_and_left_as_it_is(crashed: Path, name: str) -> None:
    damage, words = DAMAGES[name]
    damage(crashed)
    before = contents(crashed)
    for read_only in (False, True):
        with pytest.raises(StoreDamaged, match=words):
            Database.open(crashed, read_only=read_only)
    assert contents(crashed) == before


def test_a_log_of_another_database_is_refused(crashed: Path, template: Path) -> None:
    shutil.copy(template, crashed)
    before = contents(crashed)
    with pytest.raises(StoreDamaged, match=r"write-ahead log"):
        Database.open(crashed)
    assert contents(crashed) == before


def test_a_log_that_ends_in_the_middle_of_a_commit_is_a_crash(crashed: Path) -> None:
    os.truncate(wal(crashed), wal(crashed).stat().st_size - 10)
    with Database.open(crashed) as database, database.reader() as reader:
        assert get_run(reader, "d", "r50") is not None
        assert get_run(reader, "d", "r51") is None


def test_a_damaged_part_is_told_by_who_reads_it_and_nothing_is_folded_in(crashed: Path) -> None:
    overwrite(crashed, 0.1, 4_000_000)
    before = contents(crashed)
    database = Database.open(crashed)
    with pytest.raises(StoreDamaged, match="checksum is wrong"), database.reader() as reader:
        reader.execute("SELECT bit_xor(hash(COLUMNS(*))) FROM task_instance").fetchall()
    database.close()
    assert contents(crashed) == before


def test_a_file_of_a_newer_duckdb_is_refused(crashed: Path) -> None:
    with crashed.open("rb+") as file:
        file.seek(12)
        file.write((5000).to_bytes(8, "little"))
    with pytest.raises(StoreDamaged) as wrong:
        Database.open(crashed)
    right = re.search(r"computed checksum (\d+)", str(wrong.value))  # the header has one: make it fit
    assert right is not None
    with crashed.open("rb+") as file:
        file.write(int(right[1]).to_bytes(8, "little"))
    before = contents(crashed)
    with pytest.raises(StoreTooNew, match="newer DuckDB"):
        Database.open(crashed)
    assert contents(crashed) == before


def test_the_daemon_refuses_with_the_command_that_restores(crashed: Path) -> None:
    home = Home(crashed.parent)
    overwrite(wal(crashed), 0.5)
    backups = home.root / "backups"
    backups.mkdir()
    for day in (1, 2):
        (backups / f"queuack-2026010{day}T000000Z.duckdb").touch()
    before = contents(crashed)
    command = [sys.executable, "-m", "queuack", "--home", str(home.root), "scheduler"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert f"queuack --home {home.root} db restore {backups}/queuack-20260102T000000Z.duckdb" in done.stderr
    assert f"mv {wal(crashed)} {wal(crashed)}.damaged" in done.stderr
    assert "Traceback" not in done.stderr
    assert contents(crashed) == before


def test_offline_commands_refuse_too(crashed: Path) -> None:
    home = Home(crashed.parent)
    config.configure(config.load(home))
    os.truncate(crashed, 50_000)
    for work in (upkeep.open_database, upkeep.check_offline):
        with pytest.raises(StoreError, match="There is no backup in"):
            work(home)
