"""Which files must be parsed again after a change."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from queuack import config
from queuack.home import Home
from queuack.parser.fingerprints import Fingerprints
from queuack.parser.report import Report
from queuack.parser.tracker import Changes, Tracker
from queuack.protocol import Parsed, ParseFailure

DAG = "from airflow import DAG\n"


class Folder:
    """A home with a tracker, and shorthand for what a parser would do with it."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.tracker = Tracker(home, config.load(home))

    def write(self, name: str, text: str = DAG) -> str:
        path = self.home.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def parse(self, changes: Changes, *, read: tuple[str, ...] = (), failed: bool = False) -> list[bool]:
        """Everything in ``changes`` is parsed; whether each outcome was news."""
        news = []
        for file in changes.parse:
            _, digest = file.read()
            self.tracker.begun(file, digest)
            failures = [ParseFailure(file.relative_fileloc, "no", None, "no")] if failed else []
            parsed = Parsed(
                relative_fileloc=file.relative_fileloc, file_hash=digest, source="", documents=[], failures=failures
            )
            news.append(self.tracker.parsed(file, Report(parsed, read=list(read)), time.time_ns() + 10**9))
        return news


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    home = Home(tmp_path)
    home.prepare()
    return Folder(home)


def names(changes: Changes) -> list[str]:
    return sorted(file.relative_fileloc for file in changes.parse)


def test_each_content_is_parsed_once(folder: Folder) -> None:
    a = folder.write("dags/a.py")
    first = folder.tracker.scan()
    assert names(first) == ["a.py"]
    folder.parse(first)
    os.utime(a)
    assert names(folder.tracker.touched([a])) == []
    assert names(folder.tracker.scan()) == []
    folder.write("dags/a.py", DAG + "x = 1\n")
    assert names(folder.tracker.touched([a])) == ["a.py"]
    assert names(folder.tracker.touched([a])) == []


def test_a_change_hidden_behind_equal_times_is_found(folder: Folder) -> None:
    a = folder.write("dags/a.py", DAG + "x = 1\n")
    folder.parse(folder.tracker.scan())
    status = os.stat(a)
    folder.write("dags/a.py", DAG + "x = 2\n")
    os.utime(a, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert names(folder.tracker.scan()) == ["a.py"]


def test_missing_and_empty_files_are_doubtful_first(folder: Folder) -> None:
    a, b = folder.write("dags/a.py"), folder.write("dags/b.py")
    folder.parse(folder.tracker.scan())
    os.unlink(a)
    folder.write("dags/b.py", "")
    changes = folder.tracker.touched([a, b])
    assert (changes.parse, changes.gone, changes.doubtful) == ([], [], {a, b})
    folder.write("dags/b.py", DAG + "x = 1\n")
    changes = folder.tracker.touched([a, b], certain=True)
    assert (names(changes), changes.gone) == (["b.py"], ["a.py"])
    assert folder.tracker.files == ["b.py"]


def test_a_file_that_stops_being_a_dag_file_is_gone(folder: Folder) -> None:
    a = folder.write("dags/a.py")
    folder.parse(folder.tracker.scan())
    folder.write("dags/a.py", "x = 1\n")
    assert folder.tracker.touched([a]).doubtful == {a}
    assert folder.tracker.touched([a], certain=True).gone == ["a.py"]


def test_an_ignore_file_that_changes(folder: Folder) -> None:
    folder.write("dags/a.py")
    folder.parse(folder.tracker.scan())
    ignore = folder.write("dags/.airflowignore", "a.py\n")
    assert folder.tracker.touched([ignore], certain=True).gone == ["a.py"]


def test_what_a_file_read(folder: Folder) -> None:
    folder.write("dags/a.py")
    data = folder.write("dags/a.yaml", "one")
    folder.parse(folder.tracker.scan(), read=(data,))
    other = folder.write("dags/b.yaml", "other")
    assert names(folder.tracker.touched([other])) == []
    folder.write("dags/a.yaml", "two")
    assert names(folder.tracker.touched([data])) == ["a.py"]
    os.unlink(data)
    assert names(folder.tracker.touched([data], certain=True)) == ["a.py"]


def test_what_a_file_read_and_changed_while_it_was_parsed(folder: Folder) -> None:
    folder.write("dags/a.py")
    data = folder.write("dags/a.yaml", "one")
    [file] = folder.tracker.scan().parse
    parsed = Parsed(relative_fileloc="a.py", file_hash="", source="", documents=[], failures=[])
    folder.tracker.parsed(file, Report(parsed, read=[data]), 0)
    assert names(folder.tracker.scan()) == ["a.py"]


def test_a_new_module_concerns_those_that_failed(folder: Folder) -> None:
    folder.write("dags/bad.py")
    folder.parse(folder.tracker.scan(), failed=True)
    folder.write("dags/good.py")
    folder.parse(folder.tracker.scan())
    module = folder.write("dags/module.py", "x = 1\n")
    assert names(folder.tracker.touched([module])) == ["bad.py"]
    package = os.path.dirname(folder.write("dags/package/__init__.py", ""))
    assert names(folder.tracker.touched([package])) == ["bad.py"]


def test_plugins_concern_everything(folder: Folder) -> None:
    folder.write("dags/a.py")
    folder.write("dags/b.py")
    folder.parse(folder.tracker.scan())
    plugin = folder.write("plugins/p.py", "x = 1\n")
    assert names(folder.tracker.touched([plugin])) == ["a.py", "b.py"]
    assert names(folder.tracker.touched([plugin])) == []
    os.unlink(plugin)
    assert names(folder.tracker.scan()) == ["a.py", "b.py"]


def test_the_same_outcome_is_no_news(folder: Folder) -> None:
    folder.write("dags/a.py")
    changes = folder.tracker.scan()
    assert folder.parse(changes) == [True]
    assert folder.parse(changes) == [False]
    assert folder.parse(changes, failed=True) == [True]
    folder.tracker.tell_again("a.py")
    assert folder.parse(changes, failed=True) == [True]


def test_fingerprints_of_what_is_not_a_file(tmp_path: Path) -> None:
    prints = Fingerprints()
    assert prints.of(str(tmp_path / "nothing")) is None
    empty = prints.of(str(tmp_path))
    (tmp_path / "x").write_text("")
    assert prints.of(str(tmp_path)) != empty
    os.mkfifo(tmp_path / "pipe")
    assert prints.of(str(tmp_path / "pipe")) is not None
