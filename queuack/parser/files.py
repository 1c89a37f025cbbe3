"""Which files below the dags folder are DAG files, and the bytes of each.

Decides by name, ``.airflowignore`` and the safe-mode heuristic; it runs nothing of them. A folder or file reached
twice by symbolic links counts once, under the path that is nearest to the dags folder.
Airflow page: core-concepts/dags, "Loading DAGs".
"""

from __future__ import annotations

import hashlib
import logging
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from queuack import config
from queuack.home import Home
from queuack.parser.ignore import NAME, IgnoreRules

log = logging.getLogger("queuack.parser")


@dataclass(frozen=True, order=True)
class DagFile:
    """A Python file, or a member of a zip archive, that may define DAGs."""

    relative_fileloc: str
    """Relative to the dags folder; ``archive.zip/file.py`` inside a zip."""
    path: Path
    """Of the file or of the archive, absolute, as found (links not resolved)."""
    zip_member: str | None = None

    @property
    def fileloc(self) -> str:
        return f"{self.path}/{self.zip_member}" if self.zip_member else str(self.path)

    def read(self) -> tuple[bytes, str]:
        """The source, and the hash of the file's (the archive's) bytes: 32 hexadecimal digits.

        Raises OSError, or KeyError and BadZipFile when the archive has changed meanwhile."""
        data = self.path.read_bytes()
        digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
        if self.zip_member is not None:
            with zipfile.ZipFile(self.path) as archive:
                data = archive.read(self.zip_member)
        return data, digest


def settings_of(home: Home) -> config.Config:
    """This process's settings when they are of ``home``, else those of ``home`` read anew."""
    current = config.current()
    return current if current.home == home else config.load(home)


def dag_files(home: Home, settings: config.Config | None = None) -> list[DagFile]:
    """All DAG files there are, sorted by ``relative_fileloc``; empty when there is no dags folder."""
    settings = settings or settings_of(home)
    root = settings.get_path("core", "dags_folder")
    safe = settings.get_boolean("core", "dag_discovery_safe_mode")
    rules = IgnoreRules(root, settings.get_str("core", "dag_ignore_file_syntax"))
    found: list[DagFile] = []
    for path in _walk(root, rules):
        found += _candidates(path, path.relative_to(root).as_posix(), safe)
    return sorted(found)


def file_at(path: Path, home: Home, settings: config.Config | None = None) -> list[DagFile]:
    """What one named file holds, whatever ``.airflowignore`` and the heuristic say; outside the dags folder its name
    is its ``relative_fileloc``."""
    settings = settings or settings_of(home)
    path = path.absolute()
    root = settings.get_path("core", "dags_folder")
    relative = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    if zipfile.is_zipfile(path):
        return _candidates(path, relative, safe=False)
    return [DagFile(relative, path)]


def _walk(root: Path, rules: IgnoreRules) -> Iterator[Path]:
    """Files not ignored, breadth first, so that the shortest of several paths to one file comes first."""
    seen: set[tuple[int, int]] = set()
    level = [(root, rules)]
    while level:
        below: list[tuple[Path, IgnoreRules]] = []
        for folder, outer in level:
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError:
                continue
            inner = outer.entering(folder) if any(entry.name == NAME for entry in entries) else outer
            for entry in entries:
                path = Path(entry.path)
                try:
                    is_folder = entry.is_dir()
                    wanted = is_folder or _may_hold_dags(entry)
                    if not wanted or inner.ignores(path, is_folder=is_folder):
                        continue
                    status = entry.stat()
                except OSError:
                    continue
                if entry.is_symlink() or is_folder:
                    identity = (status.st_dev, status.st_ino)
                else:
                    identity = (status.st_dev, entry.inode())
                if identity in seen:
                    continue
                seen.add(identity)
                if is_folder:
                    below.append((path, inner))
                else:
                    yield path
        level = below


def _may_hold_dags(entry: os.DirEntry[str]) -> bool:
    name = entry.name.lower()
    return name.endswith((".py", ".zip")) and entry.is_file()


def _candidates(path: Path, relative: str, safe: bool) -> list[DagFile]:
    try:
        status = path.stat()
        members = _look_into(str(path), status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, safe)
    except (OSError, zipfile.BadZipFile) as error:
        log.warning("%s cannot be read: %s", path, error)
        return []
    return [DagFile(f"{relative}/{name}" if name else relative, path, name or None) for name in members]


@lru_cache(maxsize=100_000)
def _look_into(path: str, mtime: int, ctime: int, size: int, inode: int, safe: bool) -> tuple[str, ...]:
    """``("",)`` for a DAG file, the members for an archive, ``()`` for neither. The numbers are the cache's key."""
    if path.lower().endswith(".py"):
        return ("",) if not safe or mentions_dags(Path(path).read_bytes()) else ()
    if not zipfile.is_zipfile(path):
        return ()
    with zipfile.ZipFile(path) as archive:
        names = (name for name in archive.namelist() if name.endswith(".py") and "/" not in name)
        return tuple(sorted(name for name in names if not safe or mentions_dags(archive.read(name))))


def mentions_dags(source: bytes) -> bool:
    """The safe-mode heuristic: ``airflow`` or ``queuack``, and ``dag`` or ``asset``, in any case."""
    text = source.lower()
    return (b"airflow" in text or b"queuack" in text) and (b"dag" in text or b"asset" in text)
