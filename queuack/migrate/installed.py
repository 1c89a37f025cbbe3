"""Which modules can be imported: standard library, installed packages, and what lies in the checked folders.

Looks at files and metadata; imports nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path


class Installed:
    """``folders``: the dags and plugins folders, which DAG files import from too."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = [str(folder) for folder in folders]

    def has(self, module: str) -> bool:
        """Whether the top-level package of a module is there; below ``airflow`` the module itself."""
        if module.startswith("airflow."):
            return _airflow_has(module)
        top = module.partition(".")[0]
        if top in sys.builtin_module_names or top in sys.stdlib_module_names:
            return True
        return PathFinder.find_spec(top, [*self._folders, *sys.path]) is not None

    def nested(self, module: str) -> Path | None:
        """The folder below the checked ones that holds the module, where it is not at their top: the dags folder that
        the file was written for, probably."""
        top = module.partition(".")[0]
        for folder in map(Path, self._folders):
            for found in (*folder.rglob(f"{top}.py"), *folder.rglob(f"{top}/__init__.py")):
                return found.parent if found.name == f"{top}.py" else found.parent.parent
        return None


@cache
def _airflow_has(module: str) -> bool:
    inside = Path(*module.split("."))
    for entry in sys.path:
        place = Path(entry or ".") / inside
        if place.is_dir() or place.with_suffix(".py").is_file():
            return True
    return False
