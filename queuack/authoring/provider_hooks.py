"""Which hook serves a connection type: what installed provider packages say of themselves.

Reads the entry points of the group ``apache_airflow_provider``; imports a hook only when it is asked for. Airflow page:
howto/connection, "Custom connection types".
"""

from __future__ import annotations

import difflib
import logging
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from queuack.authoring.exceptions import AirflowException

log = logging.getLogger("queuack.providers")

GROUP = "apache_airflow_provider"

BUILT_IN = {
    "duckdb": "queuack.hooks.duckdb.DuckDBHook",
    "fs": "queuack.hooks.filesystem.FSHook",
    "package_index": "queuack.hooks.package_index.PackageIndexHook",
}
"""Queuack's own hooks; an installed provider's comes before it."""


def hook_class(conn_type: str) -> tuple[type, str]:
    """The hook's class and the parameter that takes the connection's id.

    Raises AirflowException for a type that no installed provider has, ImportError when the hook cannot be imported."""
    path = hook_paths().get(conn_type)
    if path is None:
        near = difflib.get_close_matches(conn_type, hook_paths(), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else " Install the provider package that has it."
        raise AirflowException(f"Unknown hook type {conn_type!r}: no installed provider has it.{hint}")
    module, _, name = path.rpartition(".")
    kind: type = getattr(import_module(module), name)
    return kind, str(getattr(kind, "conn_name_attr", "conn_id"))


def provider_infos() -> dict[str, dict[str, Any]]:
    """Package name → what it says of itself, of every installed provider; one that cannot say it is left out."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entry_points(group=GROUP):
        try:
            described = entry.load()()
        except Exception as error:  # a package that is broken must not take the others along
            log.warning("The provider %s cannot be read: %s", entry.value, error)
            continue
        found[str(described.get("package-name") or entry.value)] = described
    return dict(sorted(found.items()))


@cache
def hook_paths() -> dict[str, str]:
    """Connection type → import path of its hook, of every installed provider."""
    found: dict[str, str] = {}
    for described in provider_infos().values():
        for item in described.get("connection-types") or ():
            if item.get("connection-type") and item.get("hook-class-name"):
                found.setdefault(item["connection-type"], item["hook-class-name"])
    return {**BUILT_IN, **found}
