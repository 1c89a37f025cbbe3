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
from types import ModuleType, SimpleNamespace
from typing import Any

from queuack.authoring.exceptions import AirflowClusterPolicySkipDag

log = logging.getLogger("queuack.policies")

MODULE = "airflow_local_settings"
ENTRY_POINTS = "airflow.policy"
SERVED = ("dag_policy", "task_policy", "task_instance_mutation_hook", "get_airflow_context_vars")
UNSERVED = ("pod_mutation_hook", "get_dagbag_import_timeout")
MUTABLE = ("pool", "pool_slots", "queue", "priority_weight", "executor", "executor_config")
"""What ``task_instance_mutation_hook`` may change."""


class Hooks:
    """What policies of packages may implement."""

    @staticmethod
    def dag_policy(dag: Any) -> None:
        """Alter a DAG, or raise AirflowClusterPolicyViolation (an import error) or AirflowClusterPolicySkipDag."""

    @staticmethod
    def task_policy(task: Any) -> None:
        """Alter a task, or raise AirflowClusterPolicyViolation."""

    @staticmethod
    def task_instance_mutation_hook(task_instance: Any, dag_run: Any) -> None:
        """Alter how the instances of a task are queued, before there are any: see ``mutate_instances``."""

    @staticmethod
    def get_airflow_context_vars(context: Any) -> dict[str, str]:  # type: ignore[empty-body]
        """More environment variables for a task, name → text."""


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
            for hook in found.get("task_instance_mutation_hook", ()):
                mutate_instances(hook, task)
    except AirflowClusterPolicySkipDag:
        return False
    return True


def mutate_instances(hook: Callable[..., Any], task: Any) -> None:
    """Show the hook the instance that ``task`` would have, and put what it changed of MUTABLE on the task.

    Airflow's scheduler calls it for each instance. Here nothing of the user's runs there, so it is called once a task,
    as Airflow does before an instance is bound to a run: ``dag_run`` and ``run_id`` are None, ``try_number`` is 0.
    """
    before = {name: getattr(task, name, None) for name in MUTABLE}
    instance = SimpleNamespace(
        **before,
        dag_id=task.dag_id,
        task_id=task.task_id,
        run_id=None,
        map_index=-1,
        try_number=0,
        max_tries=task.retries,
        state=None,
        operator=task.task_type,
        task=task,
    )
    hook(instance, None)
    for name, value in before.items():
        if (now := getattr(instance, name)) != value:
            setattr(task, name, now)


def context_variables(context: Any) -> dict[str, str]:
    """What ``get_airflow_context_vars`` of every policy gives, later ones' last. Raises what they raise."""
    found: dict[str, str] = {}
    for policy in _policies().get("get_airflow_context_vars", ()):
        given = policy(context)
        for part in given if isinstance(given, list) else [given]:
            found.update(part)
    return found


def forget_policies() -> None:
    """Their module may have changed: read it anew at the next use."""
    _policies.cache_clear()


def local_settings_file() -> str | None:
    """The file of ``airflow_local_settings``, if there is one on ``sys.path``."""
    spec = _spec()
    return spec.origin if spec is not None else None


@cache
def _policies() -> dict[str, list[Callable[..., Any]]]:
    found: dict[str, list[Callable[..., Any]]] = {}
    if importlib.metadata.entry_points(group=ENTRY_POINTS):
        hook = _of_packages()
        for name in SERVED:
            found[name] = [_by_name(getattr(hook, name), name)]
    if _spec() is not None:
        module = importlib.import_module(MODULE)
        for name in SERVED:
            if name in _public(module):
                found.setdefault(name, []).append(_by_place(getattr(module, name)))
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


def _by_name(hook: Callable[..., Any], name: str) -> Callable[..., Any]:
    names = tuple(inspect.signature(getattr(Hooks, name)).parameters)
    return lambda *values: hook(**dict(zip(names, values, strict=True)))


def _by_place(function: Callable[..., Any]) -> Callable[..., Any]:
    """Local settings may name their arguments as they like, and leave the last ones out."""
    count = len(inspect.signature(function).parameters)
    return lambda *values: function(*values[:count])
