"""Which fsspec file system serves a scheme: this machine's for ``file``, a provider package's, else fsspec's own.

A provider says in its ``apache_airflow_provider`` entry point which modules offer ``schemes`` and ``get_fs``.
Airflow page: core-concepts/objectstorage, "Supported protocols".
"""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import fsspec
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

ENTRY_POINTS = "apache_airflow_provider"
Properties = dict[str, str]
Maker = Callable[..., AbstractFileSystem]


def get_fs(scheme: str, conn_id: str | None = None, storage_options: Properties | None = None) -> AbstractFileSystem:
    """The file system of a scheme, with the credentials of a connection when one is named.

    Raises ValueError when nothing serves the scheme, or nothing that knows connections while one is named.
    """
    options = storage_options or {}
    if scheme in ("", "file", "local"):
        return LocalFileSystem(**options)
    maker = _of_providers().get(scheme)
    if maker is None:
        return _of_fsspec(scheme, conn_id, options)
    takes = inspect.signature(maker).parameters
    return maker(conn_id) if len(takes) == 1 else maker(conn_id, options)


def has_fs(scheme: str) -> bool:
    """Whether this machine's or a provider's file system serves a scheme."""
    return scheme in ("file", "local") or scheme in _of_providers()


def _of_fsspec(scheme: str, conn_id: str | None, options: Mapping[str, Any]) -> AbstractFileSystem:
    if conn_id is not None:
        raise ValueError(
            f"No filesystem registered for scheme {scheme} that takes a connection ({conn_id!r}): install the provider "
            "package of that storage."
        )
    try:
        return fsspec.filesystem(scheme, **options)
    except (ValueError, ImportError) as error:
        raise ValueError(f"No filesystem registered for scheme {scheme}: {error}") from error


@cache
def _of_providers() -> Mapping[str, Maker]:
    found: dict[str, Maker] = {}
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        for name in point.load()().get("filesystems", ()):
            module = importlib.import_module(name)
            found.update(dict.fromkeys(module.schemes, module.get_fs))
    return found
