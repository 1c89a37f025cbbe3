"""The base class of plugins: a name and lists of what the plugin brings.

It decides the attributes only; finding and loading plugins is ``queuack.plugins``.
Airflow page: administration-and-deployment/plugins.
"""

from __future__ import annotations

from typing import Any, ClassVar

from queuack.authoring.exceptions import AirflowException


class AirflowPluginException(AirflowException):
    """A plugin is not usable."""


class AirflowPlugin:
    """Subclass it in ``plugins/*.py``. Queuack serves ``macros`` (as ``{{ macros.<name>.<function>() }}`` and
    ``airflow.macros.<name>``), ``timetables``, ``listeners``, operator links and weight strategies; the lists that
    extend Airflow's web server are accepted and not used."""

    name: ClassVar[str | None] = None
    source: Any = None
    """Where it was found: the path relative to the plugins folder."""
    macros: ClassVar[list[Any]] = []
    operator_extra_links: ClassVar[list[Any]] = []
    global_operator_extra_links: ClassVar[list[Any]] = []
    timetables: ClassVar[list[Any]] = []
    listeners: ClassVar[list[Any]] = []
    priority_weight_strategies: ClassVar[list[Any]] = []
    partition_mappers: ClassVar[list[Any]] = []
    windows: ClassVar[list[Any]] = []
    deadline_references: ClassVar[list[Any]] = []
    hook_lineage_readers: ClassVar[list[Any]] = []
    hooks: ClassVar[list[Any]] = []
    operators: ClassVar[list[Any]] = []
    sensors: ClassVar[list[Any]] = []
    executors: ClassVar[list[Any]] = []
    admin_views: ClassVar[list[Any]] = []
    menu_links: ClassVar[list[Any]] = []
    flask_blueprints: ClassVar[list[Any]] = []
    appbuilder_views: ClassVar[list[Any]] = []
    appbuilder_menu_items: ClassVar[list[Any]] = []
    fastapi_apps: ClassVar[list[Any]] = []
    fastapi_root_middlewares: ClassVar[list[Any]] = []
    external_views: ClassVar[list[Any]] = []
    react_apps: ClassVar[list[Any]] = []

    @classmethod
    def validate(cls) -> None:
        """Raises AirflowPluginException for a plugin without a name."""
        if not cls.name:
            raise AirflowPluginException("Your plugin needs a name.")

    @classmethod
    def on_load(cls, *args: Any, **kwargs: Any) -> None:
        """Called once per process, after the plugin was found."""
