"""``airflow.settings``: folders, the default timezone, policies that do nothing, and sessions that read."""

from __future__ import annotations

import json
import logging
from typing import Any

from queuack.authoring.timezone import default_timezone
from queuack.compat.models.session import Session, create_session
from queuack.home import find_home

__all__ = [
    "AIRFLOW_HOME",
    "DAGS_FOLDER",
    "LAZY_LOAD_PLUGINS",
    "LAZY_LOAD_PROVIDERS",
    "PLUGINS_FOLDER",
    "STORE_SERIALIZED_DAGS",
    "TIMEZONE",
    "Session",
    "create_session",
    "dag_policy",
    "get_airflow_context_vars",
    "get_dagbag_import_timeout",
    "json",
    "log",
    "pod_mutation_hook",
    "task_instance_mutation_hook",
    "task_policy",
]

log = logging.getLogger("airflow.settings")
LAZY_LOAD_PLUGINS = True
LAZY_LOAD_PROVIDERS = True
STORE_SERIALIZED_DAGS = True


AIRFLOW_HOME: str
DAGS_FOLDER: str
PLUGINS_FOLDER: str
TIMEZONE: Any


def __getattr__(name: str) -> Any:
    """What depends on the deployment is looked up when asked for."""
    if name == "AIRFLOW_HOME":
        return str(find_home().root)
    if name == "DAGS_FOLDER":
        return str(find_home().dags)
    if name == "PLUGINS_FOLDER":
        return str(find_home().plugins)
    if name == "TIMEZONE":
        return default_timezone()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def task_policy(task: Any) -> None:
    """Does nothing: a deployment's own is called, not this name."""


def dag_policy(dag: Any) -> None:
    """Does nothing: a deployment's own is called, not this name."""


def task_instance_mutation_hook(task_instance: Any, dag_run: Any = None) -> None:
    """Does nothing: a deployment's own is called, not this name."""


def pod_mutation_hook(pod: Any) -> None:
    """Does nothing: a deployment's hook is not built yet."""


def get_airflow_context_vars(context: Any) -> dict[str, str]:
    """More environment variables for tasks: none."""
    return {}


def get_dagbag_import_timeout(dag_file_path: str) -> float:
    """Seconds a DAG file may take to import, as Airflow's default."""
    return 30.0
