"""``airflow.utils.deprecation_tools``: names of a package that moved elsewhere."""

from __future__ import annotations

import importlib
import sys
import warnings
from types import ModuleType
from typing import Any

from queuack.authoring.exceptions import RemovedInAirflow4Warning

__all__ = ["DeprecatedImportWarning", "add_deprecated_classes"]


class DeprecatedImportWarning(RemovedInAirflow4Warning):
    """A name was imported from where it no longer lives."""


def add_deprecated_classes(
    module_imports: dict[str, dict[str, str]],
    package: str,
    override_deprecated_classes: dict[str, dict[str, str]] | None = None,
    extra_message: str | None = None,
    message: str | None = None,
) -> None:
    """Serve names of modules of ``package`` from new places: module → {name: new dotted path}, ``*`` for the rest."""
    for short, imports in module_imports.items():
        full = package if short == package else f"{package}.{short}"
        module = sys.modules[full] if short == package else ModuleType(full)
        module.__dict__["__getattr__"] = _redirector(full, imports, extra_message)
        if short != package:
            sys.modules[full] = module


def _redirector(module: str, imports: dict[str, str], extra: str | None) -> Any:
    def find(name: str) -> Any:
        target = imports.get(name) or (f"{imports['*']}.{name}" if "*" in imports else None)
        if target is None or name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        where, _, attribute = target.rpartition(".")
        warnings.warn(
            f"{module}.{name} is now {target}. {extra or ''}".rstrip(),
            DeprecatedImportWarning,
            stacklevel=2,
        )
        return getattr(importlib.import_module(where), attribute)

    return find
