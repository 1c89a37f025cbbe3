"""The terminal of a running daemon."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from queuack.daemon.console import Console, short_duration
from queuack.engine.effects import ImportErrorRows
from queuack.engine.events import ImportErrorInfo
from queuack.home import Home


def errors(file: str, *messages: str) -> ImportErrorRows:
    told = tuple(ImportErrorInfo(relative_fileloc=file, message=text, line=1, stacktrace=text) for text in messages)
    return ImportErrorRows(relative_fileloc=file, errors=told, at=0)


def test_broken_files_are_told_once_a_commit_and_when_they_are_mended(tmp_path: Path) -> None:
    stream = io.StringIO()
    console = Console(Home(tmp_path), standalone=False, stream=stream)
    console.committed([errors("a.py", "x"), errors("b.py", "x", "y")])
    console.committed([errors("a.py", "z")])
    console.committed([errors("a.py"), errors("c.py")])
    console.committed([errors("c.py", "x")])
    assert [line[10:] for line in stream.getvalue().splitlines()] == [
        "warning  2 files cannot be imported: queuack dags list-import-errors",
        "mended   a.py can be imported",
        "warning  2 files cannot be imported: queuack dags list-import-errors",
    ]
    assert all(len(line) <= 80 for line in stream.getvalue().splitlines())


@pytest.mark.parametrize(
    ("microseconds", "text"), [(412_000, "412 ms"), (3_100_000, "3.1 s"), (18 * 60_000_000, "18 min")]
)
def test_durations(microseconds: int, text: str) -> None:
    assert short_duration(microseconds) == text
