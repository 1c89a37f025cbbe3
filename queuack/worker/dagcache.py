"""The DAG files a worker has loaded: one load per version, and the right version.

Decides where the source of a version comes from: the file on disk while its hash is the workload's, otherwise the
text the store kept. A version is loaded again when a module of the dags or plugins folder that came in with it has
changed. It runs user code (the DAG file) and knows nothing of tasks.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from queuack.authoring.dag import DAG
from queuack.authoring.dagfile import load_dag_file
from queuack.authoring.exceptions import DagNotFound
from queuack.authoring.policies import apply_policies, forget_policies
from queuack.filehash import file_hash
from queuack.protocol import Workload

CAPACITY = 64
"""Versions kept; the one used longest ago goes first."""
RECHECK_SECONDS = 0.01
"""In a burst of attempts, between two looks whether modules have changed."""

Signature = tuple[int, int, int]
"""Modification time in nanoseconds, size, inode."""


class DagCache:
    """Any thread may ask; one loads at a time."""

    def __init__(self, folders: tuple[Path, ...], fetch_source: Callable[[int], dict[str, Any] | None]) -> None:
        """``folders``: dags, plugins, config. ``fetch_source``: version id → {"source", "file_hash"}."""
        self._folders = tuple(f"{folder}{os.sep}" for folder in folders)
        self.fetch_source = fetch_source
        self._versions: OrderedDict[tuple[str, str], dict[str, DAG]] = OrderedDict()
        self._modules: dict[str, Signature | None] = {}
        """File → what it was, of the imported modules below the folders."""
        self._seen_modules = 0
        self._checked_at = 0.0
        self._lock = threading.RLock()
        self.import_us = 0
        """How long the last ``dag()`` took to import a file; 0 when it had it."""

    def dag(self, workload: Workload) -> DAG:
        """The DAG of the workload's version. Raises what the file raises, DagNotFound when it is not in the file."""
        with self._lock:
            return self._dag(workload)

    def _dag(self, workload: Workload) -> DAG:
        key = (workload.relative_fileloc, workload.file_hash)
        self.import_us = 0
        if not self._has(workload):
            began = time.monotonic_ns()
            self._versions[key] = self._load(workload)
            self.import_us = (time.monotonic_ns() - began) // 1000
            self.note_imports()
            if len(self._versions) > CAPACITY:
                self._versions.popitem(last=False)
                gc.unfreeze()  # So that the garbage collector finds it.
            gc.freeze()  # It stays: not to be looked through again and again.
        self._versions.move_to_end(key)
        try:
            return self._versions[key][workload.run.dag_id]
        except KeyError:
            raise DagNotFound(
                f"The DAG {workload.run.dag_id!r} is not in {workload.relative_fileloc} when a worker runs the file."
            ) from None

    def has(self, workload: Workload) -> bool:
        """Whether the workload's version is loaded, and no module that came in with it has changed since."""
        with self._lock:
            return self._has(workload)

    def after_fork(self) -> None:
        """In a fork: no lock is held by a thread left behind."""
        self._lock = threading.RLock()

    def _has(self, workload: Workload) -> bool:
        if self._modules:
            now = time.monotonic()
            if now - self._checked_at >= RECHECK_SECONDS:
                if not self._modules_are_fresh():
                    self.forget()
                self._checked_at = now
        return (workload.relative_fileloc, workload.file_hash) in self._versions

    def look_again(self) -> None:
        """Time has passed: modules may have changed."""
        self._checked_at = 0.0

    def note_imports(self) -> None:
        """Remember what the modules are that user code has imported since. Costs nothing when it has not."""
        if len(sys.modules) != self._seen_modules:
            with self._lock:
                self._note_imports()

    def _note_imports(self) -> None:
        self._seen_modules = len(sys.modules)
        for file in self._user_modules().values():
            self._modules.setdefault(file, _signature(file))

    def _load(self, workload: Workload) -> dict[str, DAG]:
        path, member = split_zip(workload.fileloc)
        source = None if self._is_on_disk(path, workload) else self._source(workload)
        loaded = load_dag_file(path, source=source, zip_member=member)
        dags: dict[str, DAG] = {}
        for dag in loaded.dags:
            with contextlib.suppress(Exception):  # one that policies refuse has no runs, or only older ones
                apply_policies(dag)
            dags.setdefault(dag.dag_id, dag)
        return dags

    def _is_on_disk(self, path: str, workload: Workload) -> bool:
        try:
            return file_hash(path) == workload.file_hash
        except OSError:
            return False

    def _source(self, workload: Workload) -> str | None:
        """The text of an older version; None (what is on disk) when the store has none, as for a file in a zip."""
        found = self.fetch_source(workload.version_id)
        return found["source"] or None if found else None

    def _user_modules(self) -> dict[str, str]:
        """Name → file of the imported modules below the user's folders; not DAG files, which loaded DAGs refer to."""
        found: dict[str, str] = {}
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and file.startswith(self._folders) and _is_import(module):
                found[name] = file
        return found

    def _modules_are_fresh(self) -> bool:
        return all(_signature(file) == signature for file, signature in self._modules.items())

    def forget(self) -> None:
        """Drop all that was loaded: a module has changed, and who imported it holds the old one."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        for name in self._user_modules():
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        forget_policies()
        self._versions.clear()
        self._modules.clear()
        self._seen_modules = 0
        gc.unfreeze()


def _is_import(module: Any) -> bool:
    """Imported by name, with a loader; ``load_dag_file`` uses none."""
    spec = getattr(module, "__spec__", None)
    return spec is not None and spec.loader is not None


def _signature(file: str) -> Signature | None:
    try:
        stat = os.stat(file)
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def split_zip(fileloc: str) -> tuple[str, str | None]:
    """(path, member): ``…/archive.zip/dag.py`` is the member ``dag.py`` of ``…/archive.zip``."""
    head, mark, member = fileloc.partition(".zip/")
    if mark and os.path.isfile(head + ".zip"):
        return head + ".zip", member
    return fileloc, None
