"""What the plugins of this process brought: classes by import path, listeners and operator links in their order.

``queuack.plugins`` fills it; whoever needs a class that only plugins may bring looks here. It loads nothing.
Airflow page: administration-and-deployment/plugins.
"""

from __future__ import annotations

from typing import Any

from queuack.authoring.plugin import AirflowPlugin

BY_PATH = ("timetables", "priority_weight_strategies", "partition_mappers", "windows", "deadline_references")
"""Lists of a plugin whose classes are found by their import path."""


def path_of(cls: type[Any]) -> str:
    """``module.Class``: the name under which a class is registered and written down."""
    return f"{cls.__module__}.{cls.__qualname__}"


class Registered:
    """Of one process."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._classes: dict[str, dict[str, type[Any]]] = {kind: {} for kind in BY_PATH}
        self.listeners: list[Any] = []
        self.operator_extra_links: list[Any] = []
        self.global_operator_extra_links: list[Any] = []
        self.hook_lineage_readers: list[Any] = []

    def add(self, plugin: AirflowPlugin) -> None:
        for kind, classes in self._classes.items():
            classes.update({path_of(cls): cls for cls in getattr(plugin, kind)})
        for name in ("listeners", "operator_extra_links", "global_operator_extra_links", "hook_lineage_readers"):
            getattr(self, name).extend(getattr(plugin, name))

    def find(self, kind: str, path: str) -> type[Any] | None:
        """The class registered as ``path`` in the list ``kind`` of some plugin."""
        return self._classes[kind].get(path)


registered = Registered()
