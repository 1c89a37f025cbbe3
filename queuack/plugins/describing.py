"""A plugin in words: what it brings, as Airflow's ``airflow plugins`` names it.

Decides the columns. Values are JSON-able.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from queuack.authoring.plugin import AirflowPlugin
from queuack.authoring.registered import path_of

CLASSES = (
    "timetables",
    "priority_weight_strategies",
    "partition_mappers",
    "windows",
    "deadline_references",
    "hook_lineage_readers",
)
LINKS = ("operator_extra_links", "global_operator_extra_links")
UNUSED = (
    "hooks",
    "operators",
    "sensors",
    "executors",
    "admin_views",
    "menu_links",
    "flask_blueprints",
    "appbuilder_views",
    "appbuilder_menu_items",
    "fastapi_apps",
    "fastapi_root_middlewares",
    "external_views",
    "react_apps",
)
"""What a plugin may bring for Airflow's web server and for Airflow 1; without effect here."""


KINDS = ("name", "source", "macros", "listeners", *CLASSES, *LINKS, "without_effect")
"""The columns of a row, in order."""


def describe(plugin: AirflowPlugin) -> dict[str, Any]:
    """One row: ``name``, ``source``, then a list of names for each kind of thing. ``without_effect``: kinds that the
    plugin brings and Queuack does not use."""
    return {
        "name": plugin.name,
        "source": str(plugin.source),
        "macros": [_name(value) for value in plugin.macros],
        "listeners": [value.__name__ if inspect.ismodule(value) else _name(value) for value in plugin.listeners],
        **{kind: [_name(value) for value in getattr(plugin, kind)] for kind in CLASSES},
        **{kind: [f"<{path_of(type(link))} object>" for link in getattr(plugin, kind)] for kind in LINKS},
        "without_effect": [kind for kind in UNUSED if getattr(plugin, kind)],
    }


def hooks_of(plugin: AirflowPlugin) -> Iterator[str]:
    """The names of the listener hooks it implements."""
    for listener in plugin.listeners:
        for name in dir(listener):
            function = getattr(listener, name, None)
            options = getattr(function, "airflow_impl", None) if inspect.isroutine(function) else None
            if options is not None:
                yield options.get("specname") or name


def _name(value: Any) -> str:
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    return f"{module}.{name}" if module and name else path_of(type(value))
