"""Which files are DAG files: names, ignore files, the heuristic, archives, symbolic links."""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path

import pytest

from queuack.home import Home
from queuack.parser.files import DagFile, dag_files, file_at, mentions_dags

DAG = "from airflow import DAG\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.dags.mkdir()
    return made


def put(home: Home, name: str, text: str = DAG) -> Path:
    path = home.dags / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def names(home: Home) -> list[str]:
    return [file.relative_fileloc for file in dag_files(home)]


def test_no_folder_is_no_files(tmp_path: Path) -> None:
    assert dag_files(Home(tmp_path / "nowhere")) == []


def test_recursive_sorted_python_only(home: Home) -> None:
    for name in ("b.py", "a.py", "below/deep/c.py", "notes.txt", "a.pyc", "_private.py", "x.ipynb"):
        put(home, name)
    assert names(home) == ["_private.py", "a.py", "b.py", "below/deep/c.py"]
    assert dag_files(home)[1] == DagFile("a.py", home.dags / "a.py")


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (b"from airflow import DAG", True),
        (b"import AIRFLOW # dAg", True),
        (b"import queuack; queuack.DAG", True),
        (b"from airflow.sdk import asset", True),
        (b"import airflow", False),
        (b"dag = 1", False),
        (b"", False),
    ],
)
def test_the_heuristic(source: bytes, found: bool) -> None:
    assert mentions_dags(source) is found


def test_safe_mode_and_its_absence(home: Home) -> None:
    put(home, "a.py")
    put(home, "plain.py", "x = 1\n")
    assert names(home) == ["a.py"]
    home.settings_file.write_text("[core]\ndag_discovery_safe_mode = false\n")
    assert names(home) == ["a.py", "plain.py"]


def test_a_changed_file_is_looked_into_again(home: Home) -> None:
    put(home, "a.py", "x = 1\n")
    assert names(home) == []
    put(home, "a.py")
    assert names(home) == ["a.py"]


def test_another_dags_folder_by_setting(home: Home) -> None:
    (home.root / "elsewhere").mkdir()
    (home.root / "elsewhere" / "x.py").write_text(DAG)
    home.settings_file.write_text("[core]\ndags_folder = 'elsewhere'\n")
    assert names(home) == ["x.py"]


def test_links_count_once_under_the_nearest_path(home: Home, tmp_path: Path) -> None:
    put(home, "..data_1/a.py")
    (home.dags / "..data").symlink_to("..data_1")
    (home.dags / "a.py").symlink_to("..data/a.py")
    (home.dags / "loop").symlink_to(home.dags)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.py").write_text(DAG)
    (home.dags / "linked").symlink_to(outside)
    (home.dags / "dangling.py").symlink_to("nothing.py")
    assert names(home) == ["a.py", "linked/b.py"]


def test_archives(home: Home) -> None:
    with zipfile.ZipFile(home.dags / "bundle.zip", "w") as archive:
        for name in ("one.py", "two.py", "below/three.py"):
            archive.writestr(name, DAG)
        archive.writestr("helper.py", "x = 1\n")
    (home.dags / "broken.zip").write_bytes(b"PK not really")
    assert names(home) == ["bundle.zip/one.py", "bundle.zip/two.py"]
    file = dag_files(home)[0]
    assert file == DagFile("bundle.zip/one.py", home.dags / "bundle.zip", "one.py")
    assert file.fileloc == str(home.dags / "bundle.zip" / "one.py")
    source, digest = file.read()
    assert source == DAG.encode()
    assert digest == dag_files(home)[1].read()[1]  # of the archive


def test_named_files(home: Home, tmp_path: Path) -> None:
    inside = put(home, "below/x.py", "x = 1\n")
    outside = tmp_path / "y.py"
    outside.write_text("")
    assert [file.relative_fileloc for file in file_at(inside, home)] == ["below/x.py"]
    assert [file.relative_fileloc for file in file_at(outside, home)] == ["y.py"]


IGNORES: list[tuple[str, dict[str, str], list[str], list[str]]] = [
    ("name anywhere", {"": "skip.py"}, ["skip.py", "d/skip.py", "a.py"], ["a.py"]),
    ("wildcard", {"": "test_*"}, ["test_a.py", "d/test_b.py", "a.py"], ["a.py"]),
    ("folder only", {"": "tests/"}, ["tests/a.py", "d/tests/b.py", "a.py"], ["a.py"]),
    ("anchored", {"": "/a.py"}, ["a.py", "d/a.py"], ["d/a.py"]),
    ("with a slash inside it is relative", {"": "d/a.py"}, ["d/a.py", "e/d/a.py"], ["e/d/a.py"]),
    ("two stars", {"": "x/**/a.py"}, ["x/a.py", "x/y/z/a.py", "a.py"], ["a.py"]),
    ("negation", {"": "*.py\n!keep.py"}, ["a.py", "keep.py", "d/keep.py"], ["d/keep.py", "keep.py"]),
    ("order decides", {"": "!keep.py\n*.py"}, ["keep.py"], []),
    ("negation cannot reach into an ignored folder", {"": "d/\n!d/keep.py"}, ["d/keep.py"], []),
    ("comments", {"": "# all of it\na.py # this one\n\n"}, ["a.py", "b.py"], ["b.py"]),
    ("scope of a folder's file", {"d": "a.py"}, ["a.py", "d/a.py", "d/e/a.py"], ["a.py"]),
    ("anchored in a folder's file", {"d": "/a.py"}, ["d/a.py", "d/e/a.py"], ["d/e/a.py"]),
    ("an inner file takes back", {"": "a.py", "d": "!a.py"}, ["a.py", "d/a.py"], ["d/a.py"]),
    ("a zip archive's name", {"": "*.zip"}, ["a.py"], ["a.py"]),
    ("a lone slash is nothing", {"": "/"}, ["a.py"], ["a.py"]),
]


@pytest.mark.parametrize(("ignore", "files", "kept"), [case[1:] for case in IGNORES], ids=[case[0] for case in IGNORES])
def test_glob_patterns(home: Home, ignore: dict[str, str], files: list[str], kept: list[str]) -> None:
    for name in files:
        put(home, name)
    for folder, text in ignore.items():
        put(home, f"{folder}/.airflowignore".lstrip("/"), text)
    assert names(home) == kept


def test_regular_expressions_are_searched_from_the_dags_folder(home: Home) -> None:
    home.settings_file.write_text("[core]\ndag_ignore_file_syntax = 'regexp'\n")
    for name in ("project_a/x.py", "tenant_1.py", "keep.py", "d/e/y.py", "d/f/y.py"):
        put(home, name)
    put(home, ".airflowignore", "project_a\ntenant_[\\d]  # a comment\n")
    put(home, "d/.airflowignore", "d/e")
    assert names(home) == ["d/f/y.py", "keep.py"]


def test_a_bad_expression_is_left_out(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    home.settings_file.write_text("[core]\ndag_ignore_file_syntax = 'regexp'\n")
    put(home, "a.py")
    put(home, "b.py")
    put(home, ".airflowignore", "(\na\\.py\n")
    with caplog.at_level(logging.WARNING):
        assert names(home) == ["b.py"]
    assert "not a regular expression" in caplog.text
