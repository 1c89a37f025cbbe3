"""The meta path finder that serves ``airflow`` and ``airflow.*``.

Decides who provides a module: Queuack's table, or, below ``airflow.providers``, an installed package. Matches whole
components (``airflow.providers_manager`` is not below ``airflow.providers``). Must not resolve names: that is
``serving.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from queuack.compat.serving import lookup, missing_module, namespace
from queuack.compat.table import INSTALLED_BELOW, MODULES, VENDORS, children
from queuack.errors import QueuackError

ROOT = "airflow"


class ServedModules(Loader):
    """Makes the module objects: real modules whose names are looked up when asked for (PEP 562)."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return ModuleType(spec.name, f"{spec.name}, served by Queuack.")

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__getattr__"] = partial(lookup, module)
        module.__dict__["__dir__"] = partial(_dir, module)


def _dir(module: ModuleType) -> list[str]:
    return sorted({*vars(module), *namespace(module.__name__)})


class AirflowFinder(MetaPathFinder):
    """Finds ``airflow`` and everything below it; knows nothing of other names."""

    def __init__(self) -> None:
        self._loader = ServedModules()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != ROOT and not fullname.startswith(ROOT + "."):
            return None
        if _is_below_installed(fullname):
            if path is not None and not isinstance(path, _ServedPath):
                return None  # inside an installed package: Python's own finders look further
            installed = _find_installed(fullname)
            if installed is not None:
                return installed
        if fullname in MODULES:
            return self._served(fullname)
        raise missing_module(fullname)

    def _served(self, fullname: str) -> ModuleSpec:
        is_package = fullname == ROOT or bool(children(fullname)) or fullname in INSTALLED_BELOW | VENDORS
        spec = ModuleSpec(fullname, self._loader, origin="queuack", is_package=is_package)
        if is_package:
            spec.submodule_search_locations = _ServedPath(_folders(fullname))
        return spec


class _ServedPath(list[str]):
    """The ``__path__`` of a served package: on it, only installed packages' folders."""


def _is_below_installed(fullname: str) -> bool:
    """Whether it is below a package whose contents come from disk first (``airflow.providers``)."""
    return any(fullname.startswith(root + ".") for root in INSTALLED_BELOW)


def _find_installed(fullname: str) -> ModuleSpec | None:
    """The spec of an installed module right below a served package; a mere folder replaces nothing served."""
    package = fullname.rpartition(".")[0]
    folders = _folders(package)
    parent = sys.modules.get(package)
    if parent is not None:
        parent.__path__[:] = folders
    spec = PathFinder.find_spec(fullname, folders)
    return None if spec is not None and spec.loader is None and fullname in MODULES else spec


def _folders(package: str) -> list[str]:
    """Folders of a package on ``sys.path``, so that packages installed below it are found."""
    if package != ROOT and package not in INSTALLED_BELOW and not _is_below_installed(package):
        return []
    inside = Path(*package.split("."))
    return [str(Path(entry or ".") / inside) for entry in sys.path if (Path(entry or ".") / inside).is_dir()]


def installed() -> bool:
    """Whether this process's ``airflow`` is Queuack's."""
    return any(isinstance(finder, AirflowFinder) for finder in sys.meta_path)


def install() -> None:
    """Serve ``airflow`` in this process, before every other finder; twice is once.

    Raises QueuackError when a real Airflow is already imported here: its classes and Queuack's must not meet.
    """
    if installed():
        return
    present = sys.modules.get(ROOT)
    if present is not None:
        where = getattr(present, "__file__", None) or "a namespace"
        raise QueuackError(
            f"Airflow is already imported in this process (from {where}): "
            f"call queuack.compat.install() before the first `import airflow`."
        )
    sys.meta_path.insert(0, AirflowFinder())


def uninstall() -> None:
    """Take ``airflow`` out of this process again, with the modules it served (for tests)."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, AirflowFinder)]
    for name in [name for name in sys.modules if name == ROOT or name.startswith(ROOT + ".")]:
        del sys.modules[name]
