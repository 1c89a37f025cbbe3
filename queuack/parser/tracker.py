"""What is known of each DAG file, and which files must be parsed again after a change.

Decides by content hashes: of the file, of what it read and listed while it was imported, of the plugins. It runs
nothing, sends nothing and reads no clock; the owner tells it what happened and asks what follows.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from queuack.config import Config
from queuack.home import Home
from queuack.parser.files import DagFile, dag_files
from queuack.parser.fingerprints import Fingerprints
from queuack.parser.ignore import NAME
from queuack.parser.report import Report
from queuack.protocol import Parsed

_EMPTY = hashlib.md5(b"", usedforsecurity=False).hexdigest()
_encoder = msgspec.msgpack.Encoder()


@dataclass(eq=False)
class _Known:
    file: DagFile
    hash: str | None = None
    """Of the bytes last parsed or found due; None = not yet."""
    basis: dict[str, str | None] = field(default_factory=dict)
    """Path it depends on → fingerprint when it was parsed."""
    failed: bool = False
    said: str = ""
    """Hash of the last Parsed, without its duration."""


@dataclass
class Changes:
    """What a look at the disk gave."""

    parse: list[DagFile] = field(default_factory=list)
    """Most recently modified first."""
    gone: list[str] = field(default_factory=list)
    doubtful: set[str] = field(default_factory=set)
    """Paths that are missing or empty at the moment: an editor may be in the middle of saving."""


class Tracker:
    """Of one home. Paths are absolute, as found below the dags and plugins folders."""

    def __init__(self, home: Home, settings: Config) -> None:
        self._home = home
        self._settings = settings
        self._dags = settings.get_str("core", "dags_folder")
        self._plugins = settings.get_str("core", "plugins_folder")
        self._prints = Fingerprints()
        self._known: dict[str, _Known] = {}
        self._dependents: defaultdict[str, set[str]] = defaultdict(set)
        self._plugin_state: str | None = None

    @property
    def files(self) -> list[str]:
        """``relative_fileloc`` of every DAG file there is."""
        return sorted(self._known)

    def has_failed(self, relative_fileloc: str) -> bool:
        """Whether its last parse gave import errors."""
        known = self._known.get(relative_fileloc)
        return known is not None and known.failed

    @property
    def plugins(self) -> str | None:
        """A digest of the plugin files at the last look; None = not looked yet."""
        return self._plugin_state

    def file(self, relative_fileloc: str) -> DagFile | None:
        known = self._known.get(relative_fileloc)
        return known.file if known else None

    def scan(self) -> Changes:
        """Look at everything."""
        return self._changes(None, certain=True)

    def touched(self, paths: Iterable[str], *, certain: bool = False) -> Changes:
        """Look at what the change of ``paths`` can concern. ``certain``: what is missing or empty is so for good."""
        return self._changes(set(paths), certain=certain)

    def begun(self, file: DagFile, file_hash: str) -> None:
        """``file`` is being parsed with this content."""
        known = self._known.get(file.relative_fileloc)
        if known is not None:
            known.hash = file_hash

    def parsed(self, file: DagFile, report: Report, begun_at: int) -> bool:
        """Take note of an outcome; True = it says something new. ``begun_at``: nanoseconds since the epoch."""
        known = self._known.get(file.relative_fileloc)
        if known is None:
            return False
        self._set_basis(known, {path: self._print_since(path, begun_at) for path in (*report.read, *report.listed)})
        known.failed = bool(report.parsed.failures)
        said = _digest(report.parsed)
        news, known.said = said != known.said, said
        return news

    def tell_again(self, relative_fileloc: str) -> None:
        """Its next outcome counts as new even if it is the same."""
        known = self._known.get(relative_fileloc)
        if known is not None:
            known.said = ""

    # ── comparing ────────────────────────────────────────────────────────────────────────────────
    def _changes(self, paths: set[str] | None, *, certain: bool) -> Changes:
        changes = Changes()
        suspects, again = self._suspects(paths)
        if paths is None or any(self._may_add_or_remove(path) for path in paths):
            suspects |= self._relist(changes, certain=certain)
        if self._plugins_changed(paths):
            suspects = again = set(self._known)
        due = [
            self._known[name]
            for name in suspects & set(self._known)
            if self._is_due(self._known[name], changes, certain=certain, again=name in again)
        ]
        changes.parse = [known.file for known in sorted(due, key=_modified, reverse=True)]
        return changes

    def _suspects(self, paths: set[str] | None) -> tuple[set[str], set[str]]:
        """The files to compare, and those to parse again in any case: a module nobody knew may help those that
        failed."""
        if paths is None:
            return set(self._known), set()
        suspects: set[str] = set()
        again: set[str] = set()
        for path in paths:
            concerned = self._dependents.get(path)
            suspects |= self._dependents.get(os.path.dirname(path), set())
            if concerned:
                suspects |= concerned
                continue
            is_file = os.path.isfile(path)
            if not is_file:
                suspects |= set(self._known)
            if not is_file or path.endswith(".py"):
                again |= {name for name, known in self._known.items() if known.failed}
        return suspects | again, again

    def _may_add_or_remove(self, path: str) -> bool:
        if not _is_within(path, self._dags):
            return False
        name = os.path.basename(path)
        return name == NAME or name.lower().endswith((".py", ".zip")) or not os.path.isfile(path)

    def _relist(self, changes: Changes, *, certain: bool) -> set[str]:
        """Compare the list of files with the folder; returns those that are new."""
        present = {file.relative_fileloc: file for file in dag_files(self._home, self._settings)}
        for name in [name for name in self._known if name not in present]:
            if certain:
                self._drop(name)
                changes.gone.append(name)
            else:
                changes.doubtful.add(str(self._known[name].file.path))
        new = present.keys() - self._known.keys()
        for name in new:
            self._known[name] = _Known(present[name])
            self._dependents[str(present[name].path)].add(name)
        return set(new)

    def _drop(self, name: str) -> None:
        known = self._known.pop(name)
        self._set_basis(known, {})
        self._dependents[str(known.file.path)].discard(name)

    def _set_basis(self, known: _Known, basis: dict[str, str | None]) -> None:
        name = known.file.relative_fileloc
        for path in known.basis:
            self._dependents[path].discard(name)
        known.basis = basis
        for path in (*basis, str(known.file.path)):
            self._dependents[path].add(name)

    def _plugins_changed(self, paths: set[str] | None) -> bool:
        if paths is not None and not any(_is_within(path, self._plugins) for path in paths):
            return False
        files = sorted(path for path in Path(self._plugins).rglob("*.py") if "__pycache__" not in path.parts)
        text = "\n".join(f"{path} {self._prints.of(str(path))}" for path in files)
        state = hashlib.md5(text.encode(errors="surrogateescape"), usedforsecurity=False).hexdigest()
        before, self._plugin_state = self._plugin_state, state
        return before is not None and before != state

    def _is_due(self, known: _Known, changes: Changes, *, certain: bool, again: bool) -> bool:
        path = str(known.file.path)
        current = self._prints.of(path)
        if path in changes.doubtful:
            return False
        if not certain and known.hash is not None and (current is None or current == _EMPTY):
            changes.doubtful.add(path)
            return False
        if current is None:
            return False
        basis = {path: self._prints.of(path) for path in known.basis}
        due = again or known.hash != current or basis != known.basis
        known.hash, known.basis = current, basis
        return due

    def _print_since(self, path: str, begun_at: int) -> str | None:
        """The fingerprint, or one that never matches when the file was written after the parsing had begun."""
        with contextlib.suppress(OSError):
            if os.stat(path).st_mtime_ns >= begun_at:
                return ""
        return self._prints.of(path)


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)


def _modified(known: _Known) -> float:
    try:
        return known.file.path.stat().st_mtime
    except OSError:
        return 0.0


def _digest(parsed: Parsed) -> str:
    body = _encoder.encode(msgspec.structs.replace(parsed, duration=0.0))
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
