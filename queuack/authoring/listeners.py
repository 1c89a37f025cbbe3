"""Listeners: functions that plugins have called when tasks, runs, assets and DAG files change.

Decides which hooks there are and that an error in one is logged, no more. ``pluggy`` does the calling, as in Airflow: a
listener takes those of a hook's arguments that it names. Who calls which hook, and where, is decided elsewhere; none is
called in the daemon. Airflow page: administration-and-deployment/listeners.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from typing import Any

from queuack.authoring.registered import registered

log = logging.getLogger("queuack.listeners")

PROJECT = "airflow"
"""The name under which pluggy's marks are kept."""


class Hooks:
    """Every hook with its arguments."""

    @staticmethod
    def on_starting(component: Any) -> None:
        """A worker begins."""

    @staticmethod
    def before_stopping(component: Any) -> None:
        """A worker ends."""

    @staticmethod
    def on_task_instance_running(previous_state: Any, task_instance: Any) -> None:
        """Just before ``execute``."""

    @staticmethod
    def on_task_instance_success(previous_state: Any, task_instance: Any) -> None:
        """After the task's callbacks, as the next two."""

    @staticmethod
    def on_task_instance_failed(previous_state: Any, task_instance: Any, error: Any) -> None:
        """Also of an attempt that will be retried. ``error``: the exception, or a text when the process was lost."""

    @staticmethod
    def on_task_instance_skipped(previous_state: Any, task_instance: Any) -> None:
        """The task skipped itself; not of one that the scheduler skips."""

    @staticmethod
    def on_dag_run_running(dag_run: Any, msg: Any) -> None:
        """In some worker, soon after the run began."""

    @staticmethod
    def on_dag_run_success(dag_run: Any, msg: Any) -> None:
        """As ``on_dag_run_running``; ``msg``: ``success``."""

    @staticmethod
    def on_dag_run_failed(dag_run: Any, msg: Any) -> None:
        """``msg``: ``task_failure``, ``all_tasks_deadlocked``, ``timed_out``."""

    @staticmethod
    def on_asset_created(asset: Any) -> None:
        """Known and never called, as the next."""

    @staticmethod
    def on_asset_alias_created(asset_alias: Any) -> None:
        """Assets come to be in the daemon."""

    @staticmethod
    def on_asset_changed(asset: Any) -> None:
        """In the process of the task that has the asset for an outlet, when it has succeeded."""

    @staticmethod
    def on_asset_event_emitted(asset_event: Any) -> None:
        """As ``on_asset_changed``, with the event."""

    @staticmethod
    def on_new_dag_import_error(filename: Any, stacktrace: Any) -> None:
        """In the process that parsed the file."""

    @staticmethod
    def on_existing_dag_import_error(filename: Any, stacktrace: Any) -> None:
        """The file failed the last time already."""


@dataclass(frozen=True)
class AssetEvent:
    """What ``on_asset_event_emitted`` gets. Airflow: ``airflow.listeners.types.AssetEvent``."""

    asset: Any
    extra: dict[str, Any]
    source_dag_id: str | None
    source_task_id: str | None
    source_run_id: str | None
    source_map_index: int | None
    source_aliases: list[Any]
    partition_key: str | None
    partition_date: Any = None


class ListenerManager:
    """Airflow's: ``hook`` has one callable for each hook."""

    def __init__(self) -> None:
        import pluggy  # start-up time: most deployments have no listeners

        self.pm = pluggy.PluginManager(PROJECT)
        mark = pluggy.HookspecMarker(PROJECT)
        for hook in vars(Hooks).values():
            if isinstance(hook, staticmethod):
                mark(hook.__func__)
        self.pm.add_hookspecs(Hooks)

    @property
    def has_listeners(self) -> bool:
        return bool(self.pm.get_plugins())

    @property
    def hook(self) -> Any:
        return self.pm.hook

    def add_listener(self, listener: Any) -> None:
        if not self.pm.is_registered(listener):
            self.pm.register(listener)

    def clear(self) -> None:
        for listener in self.pm.get_plugins():
            self.pm.unregister(listener)


@cache
def _the_manager() -> ListenerManager:
    return ListenerManager()


_integrated: list[Any] = []
"""Those of ``registered.listeners`` that the manager has."""


def get_listener_manager() -> ListenerManager:
    """This process's manager, with the listeners of its plugins."""
    manager = _the_manager()
    if _integrated != registered.listeners:
        for listener in _integrated:
            if listener not in registered.listeners and manager.pm.is_registered(listener):
                manager.pm.unregister(listener)
        for listener in registered.listeners:
            try:
                manager.add_listener(listener)
            except Exception:
                log.exception("The listener %r cannot be used", listener)
        _integrated[:] = registered.listeners
    return manager


def has_listeners() -> bool:
    """Cheap: asked once an attempt."""
    return bool(registered.listeners) or (_the_manager.cache_info().currsize > 0 and _the_manager().has_listeners)


def notify(hook: str, **arguments: Any) -> None:
    """Call a hook's listeners, if there are any. What they raise is logged."""
    if not has_listeners():
        return
    try:
        getattr(get_listener_manager().hook, hook)(**arguments)
    except Exception:
        log.exception("A listener failed in %s", hook)
