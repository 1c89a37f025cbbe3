"""``airflow.utils.file``: paths that may lie in a zip archive, temporary folders of 1.10."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

__all__ = ["TemporaryDirectory", "correct_maybe_zipped", "mkdirs", "open_maybe_zipped"]

_IN_ZIP = re.compile(rf"((.*\.zip){re.escape(os.sep)})?(.*)")


def correct_maybe_zipped(fileloc: Any) -> Any:
    """The archive, when ``fileloc`` is a path inside a zip file; else ``fileloc``."""
    if not fileloc:
        return fileloc
    match = _IN_ZIP.search(str(fileloc))
    archive = match.group(2) if match else None
    return archive if archive and zipfile.is_zipfile(archive) else fileloc


@contextmanager
def open_maybe_zipped(fileloc: str, mode: str = "r") -> Iterator[IO[Any]]:
    """A file for reading, on disk or in a zip archive."""
    match = _IN_ZIP.search(fileloc)
    archive = match.group(2) if match else None
    if match and archive and zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened, opened.open(match.group(3)) as inner:
            yield inner
    else:
        with open(fileloc, mode) as plain:
            yield plain


def mkdirs(path: str, mode: int) -> None:
    """Create a folder and those above it."""
    Path(path).mkdir(mode=mode, parents=True, exist_ok=True)
