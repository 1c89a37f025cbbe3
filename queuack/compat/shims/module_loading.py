"""``airflow.sdk.module_loading``: objects by dotted path and back."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module, metadata
from types import ModuleType
from typing import Any

__all__ = [
    "accepts_context",
    "accepts_keyword_args",
    "entry_points_with_dist",
    "import_string",
    "is_valid_dotpath",
    "iter_namespace",
    "qualname",
]


def import_string(dotted_path: str) -> Any:
    """The object at ``package.module.name``. Raises ImportError."""
    module, dot, name = dotted_path.rpartition(".")
    if not dot:
        raise ImportError(f"{dotted_path!r} is no dotted path")
    try:
        return getattr(import_module(module), name)
    except AttributeError as error:
        raise ImportError(f"module {module!r} has no {name!r}") from error


def qualname(o: Any, use_qualname: bool = False, exclude_module: bool = False) -> str:
    """The dotted path of a class, function or instance's class; ``use_qualname`` adds the path inside the module."""
    if isinstance(o, partial):
        return qualname(o.func, use_qualname, exclude_module)
    named = o if callable(o) and hasattr(o, "__name__") else type(o)
    name = getattr(named, "__qualname__", named.__name__) if use_qualname else named.__name__
    module = getattr(named, "__module__", None)
    return name if exclude_module or not module or module == "builtins" else f"{module}.{name}"


def iter_namespace(ns: ModuleType) -> Iterator[pkgutil.ModuleInfo]:
    """The modules of a package, with full names."""
    return pkgutil.iter_modules(ns.__path__, ns.__name__ + ".")


def is_valid_dotpath(path: str) -> bool:
    """Whether a text could be a dotted path of at least two identifiers."""
    if not isinstance(path, str):
        return False
    parts = path.split(".")
    return len(parts) > 1 and all(part.isidentifier() for part in parts)


def accepts_context(callback: Callable[..., Any]) -> bool:
    """Whether a callable takes a ``context`` argument or any keyword."""
    parameters = inspect.signature(callback).parameters
    return "context" in parameters or accepts_keyword_args(callback)


def accepts_keyword_args(func: Callable[..., Any]) -> bool:
    """Whether a callable takes ``**kwargs``."""
    return any(p.kind == p.VAR_KEYWORD for p in inspect.signature(func).parameters.values())


def entry_points_with_dist(group: str) -> Iterator[tuple[metadata.EntryPoint, metadata.Distribution]]:
    """Entry points of a group with the distribution that declares each."""
    for distribution in metadata.distributions():
        for entry_point in distribution.entry_points:
            if entry_point.group == group:
                yield entry_point, distribution
