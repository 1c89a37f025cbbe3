"""Cluster policies: ``airflow_local_settings.py`` and the ``airflow.policy`` entry points alter or refuse DAGs.

Decides which policies are served and in which order they are called: those of packages first, the local settings last,
so that these have the final say. They are applied wherever a DAG file has been loaded, in parser, worker and tests.
Airflow page: administration-and-deployment/cluster-policies.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import inspect
import logging
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

from queuack.authoring.exceptions import AirflowClusterPolicySkipDag

log = logging.getLogger("queuack.policies")

MODULE = "airflow_local_settings"
ENTRY_POINTS = "airflow.policy"
SERVED = ("dag_policy", "task_policy")
UNSERVED = ("task_instance_mutation_hook", "pod_mutation_hook", "get_airflow_context_vars", "get_dagbag_import_timeout")


class Hooks:
    """What policies of packages may implement."""

    @staticmethod
    def dag_policy(dag: Any) -> None:
        """Alter a DAG, or raise AirflowClusterPolicyViolation (an import error) or AirflowClusterPolicySkipDag."""

    @staticmethod
    def task_policy(task: Any) -> None:
        """Alter a task, or raise AirflowClusterPolicyViolation."""


def apply_policies(dag: Any) -> bool:
    """Call the policies for ``dag`` and for each of its tasks; False: the DAG is to be left out, silently.

    Raises what the policies raise. Costs next to nothing where there are none.
    """
    found = _policies()
    if not found:
        return True
    try:
        for policy in found.get("dag_policy", ()):
            policy(dag)
        for task in dag.tasks:
            for policy in found.get("task_policy", ()):
                policy(task)
    except AirflowClusterPolicySkipDag:
        return False
    return True


def forget_policies() -> None:
    """Their module may have changed: read it anew at the next use."""
    _policies.cache_clear()


def local_settings_file() -> str | None:
    """The file of ``airflow_local_settings``, if there is one on ``sys.path``."""
    spec = _spec()
    return spec.origin if spec is not None else None


@cache
def _policies() -> dict[str, list[Callable[[Any], Any]]]:
    found: dict[str, list[Callable[[Any], Any]]] = {}
    if importlib.metadata.entry_points(group=ENTRY_POINTS):
        hook = _of_packages()
        for name in SERVED:
            found[name] = [_by_name(getattr(hook, name), name)]
    if _spec() is not None:
        module = importlib.import_module(MODULE)
        for name in SERVED:
            if name in _public(module):
                found.setdefault(name, []).append(getattr(module, name))
        if unserved := [name for name in UNSERVED if name in _public(module)]:
            log.warning("%s: %s are not called by Queuack.", MODULE, ", ".join(unserved))
    return found


def _spec() -> Any:
    try:
        return importlib.util.find_spec(MODULE)
    except (ImportError, ValueError):
        return None


def _public(module: ModuleType) -> set[str]:
    return set(getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")])


def _of_packages() -> Any:
    import pluggy  # start-up time: most deployments have no policies

    manager = pluggy.PluginManager(ENTRY_POINTS)
    mark = pluggy.HookspecMarker(ENTRY_POINTS)
    for hook in vars(Hooks).values():
        if isinstance(hook, staticmethod):
            mark(hook.__func__)
    manager.add_hookspecs(Hooks)
    manager.load_setuptools_entrypoints(ENTRY_POINTS)
    return manager.hook


def _by_name(hook: Callable[..., Any], name: str) -> Callable[[Any], Any]:
    (argument,) = inspect.signature(getattr(Hooks, name)).parameters
    return lambda value: hook(**{argument: value})
