"""Where plugins come from: files below the plugins folder, entry points of installed packages.

Decides what counts as a plugin file, and puts the dags and plugins folders on ``sys.path`` with a loader that reads
sources afresh: byte code caches are matched by whole seconds and size, so an edit soon after another could go
unnoticed. It imports no plugin.
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.metadata
import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from queuack import config
from queuack.home import Home

ENTRY_POINTS = "airflow.plugins"


@dataclass(frozen=True)
class Source:
    """One file, or one entry point."""

    name: str
    """Relative to the plugins folder, or ``airflow.plugins: <entry point>``."""
    file: Path | None = None
    point: importlib.metadata.EntryPoint | None = None

    @property
    def shown(self) -> str:
        """As Airflow shows it in the column ``source``."""
        if self.point is None:
            return f"$PLUGINS_FOLDER/{self.name}"
        dist = self.point.dist
        return self.name if dist is None else f"{dist.name}=={dist.version}: {self.point}"


def sources(home: Home) -> list[Source]:
    """All there are, files first, each kind in order of name."""
    folder = Path(folders(home)[1])
    files = sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts and path.is_file())
    found = [Source(path.relative_to(folder).as_posix(), file=path) for path in files]
    return found + [Source(f"{ENTRY_POINTS}: {point.name}", point=point) for point in entry_points()]


def state_of(found: list[Source]) -> str:
    """A digest that changes with the content of the sources; "" when there are none."""
    if not found:
        return ""
    digest = hashlib.md5(f"{sys.executable} {sys.version}".encode(), usedforsecurity=False)
    for source in found:
        digest.update(f"\0{source.shown}\0".encode(errors="surrogateescape"))
        if source.file is not None:
            try:
                digest.update(source.file.read_bytes())
            except OSError:
                digest.update(b"?")
    return digest.hexdigest()


def folders(home: Home) -> tuple[str, str]:
    """The dags and the plugins folder."""
    current = config.current()
    settings = current if current.home == home else config.load(home)
    return settings.get_str("core", "dags_folder"), settings.get_str("core", "plugins_folder")


def add_folders_to_path(home: Home) -> None:
    """Let DAG files import what lies in the dags and the plugins folder, and in ``config`` if there is one (at the end
    of ``sys.path``, as Airflow does)."""
    settings = home.root / "config"
    for folder in (*folders(home), *([str(settings)] if settings.is_dir() else [])):
        if folder not in sys.path:
            sys.path.append(folder)
            _fresh_folders.append(folder)
            for cached in [path for path in sys.path_importer_cache if _is_fresh(path)]:
                del sys.path_importer_cache[cached]
    if _fresh_finder not in sys.path_hooks:
        sys.path_hooks.insert(0, _fresh_finder)


@lru_cache(maxsize=1)
def entry_points() -> tuple[importlib.metadata.EntryPoint, ...]:
    """Plugins that installed packages announce. Reads metadata only, so that a process may do it before it forks."""
    return tuple(sorted(importlib.metadata.entry_points(group=ENTRY_POINTS), key=lambda point: point.name))


class FreshSourceLoader(importlib.machinery.SourceFileLoader):
    """Compiles the source on disk each time; neither reads nor writes byte code."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


_fresh_folders: list[str] = []
_finder_for = importlib.machinery.FileFinder.path_hook(
    (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
    (FreshSourceLoader, importlib.machinery.SOURCE_SUFFIXES),
)


def _is_fresh(path: str) -> bool:
    return any(path == folder or path.startswith(folder + os.sep) for folder in _fresh_folders)


def _fresh_finder(path: str) -> Any:
    if not _is_fresh(path):
        raise ImportError(path)
    return _finder_for(path)
