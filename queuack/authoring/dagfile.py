"""Running a DAG file and finding the DAGs in it: used by the parser, the workers and ``dags test``.

Decides under what module name a file runs and which objects count as its DAGs. The caller has already put the dags
and plugins folders on ``sys.path`` and handles timeouts and errors: whatever the file raises comes through.
Airflow page: core-concepts/dags, "Loading DAGs".
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import linecache
import re
import sys
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from queuack.authoring.dag import DAG
from queuack.authoring.dag_stack import DagContext
from queuack.authoring.subdags import with_subdags


@dataclass(frozen=True)
class LoadedFile:
    """What one DAG file gave."""

    dags: list[DAG]
    """In order of definition; objects, so two with the same ``dag_id`` are both here."""
    module_name: str
    """Key in ``sys.modules``."""
    warnings: list[str] = field(default_factory=list)
    """One line each, as ``category: message (line N)``; without repetition."""


def unique_module_name(fileloc: str) -> str:
    """``unusual_prefix_<sha1 of the path>_<stem>``, as Airflow names DAG modules."""
    digest = hashlib.sha1(fileloc.encode(), usedforsecurity=False).hexdigest()
    stem = re.sub(r"\W", "_", Path(fileloc).stem)
    return f"unusual_prefix_{digest}_{stem}"


def collect_dags(module: ModuleType | Mapping[str, Any]) -> list[DAG]:
    """The DAGs in a module's globals, then those entered with ``with`` since loading began; each object once.

    SubDAGs come right after the DAG whose task runs them.
    """
    namespace = module.__dict__ if isinstance(module, ModuleType) else module
    found: dict[int, DAG] = {id(value): value for value in namespace.values() if isinstance(value, DAG)}
    found.update((id(dag), dag) for dag in DagContext.autoregistered_dags)
    return with_subdags(found.values())


def load_dag_file(path: str | Path, *, source: str | bytes | None = None, zip_member: str | None = None) -> LoadedFile:
    """Run the file under a unique module name and collect its DAGs.

    ``source`` replaces what is on disk (an older version of the file). ``zip_member`` names a file inside the zip at
    ``path``; the zip goes on ``sys.path`` so that the member can import its neighbours. Every DAG's ``fileloc`` is set
    to the file. Raises what the file raises, and OSError when it cannot be read.
    """
    archive = str(path)
    fileloc = f"{archive}/{zip_member}" if zip_member else archive
    if source is None:
        source = _read(archive, zip_member)
    if zip_member and archive not in sys.path:
        sys.path.insert(0, archive)
    name = unique_module_name(fileloc)
    module = ModuleType(name)
    module.__file__ = fileloc
    module.__spec__ = importlib.machinery.ModuleSpec(name, None, origin=fileloc)
    module.__dict__["__builtins__"] = __builtins__
    sys.modules[name] = module
    _remember_source(fileloc, source)
    DagContext.reset()
    DagContext.current_autoregister_module_name = name
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            exec(compile(source, fileloc, "exec", dont_inherit=True), module.__dict__)
        dags = collect_dags(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    finally:
        DagContext.reset()
    for dag in dags:
        dag.fileloc = fileloc
    return LoadedFile(dags, name, _lines(caught, fileloc))


def _read(archive: str, zip_member: str | None) -> bytes:
    if zip_member is None:
        return Path(archive).read_bytes()
    with zipfile.ZipFile(archive) as opened:
        return opened.read(zip_member)


def _remember_source(fileloc: str, source: str | bytes) -> None:
    """Let tracebacks and ``inspect.getsource`` see the text that ran, not the file on disk today."""
    text = source if isinstance(source, str) else source.decode(errors="replace")
    linecache.cache[fileloc] = (len(text), None, text.splitlines(keepends=True), fileloc)


def _lines(caught: list[warnings.WarningMessage], fileloc: str) -> list[str]:
    lines = (
        f"{item.category.__name__}: {item.message} (line {item.lineno})" for item in caught if item.filename == fileloc
    )
    return list(dict.fromkeys(lines))
