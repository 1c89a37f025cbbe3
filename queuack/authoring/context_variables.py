"""``AIRFLOW_CTX_*``: what a task's subprocesses are told about it. Airflow: ``context_to_airflow_vars``."""

from __future__ import annotations

import os
from typing import Any

from queuack.authoring.policies import context_variables

DEFAULT_FORMAT_PREFIX = "airflow.ctx."
ENV_VAR_FORMAT_PREFIX = "AIRFLOW_CTX_"

_NAMES = (
    "dag_email",
    "dag_owner",
    "dag_id",
    "task_id",
    "logical_date",
    "execution_date",
    "try_number",
    "dag_run_id",
    "team_name",
)

_KEYS = {name: f"{DEFAULT_FORMAT_PREFIX}{name}" for name in _NAMES}
_VARIABLES = {name: f"{ENV_VAR_FORMAT_PREFIX}{name.upper()}" for name in _NAMES}

AIRFLOW_VAR_NAME_FORMAT_MAPPING = {
    f"AIRFLOW_CONTEXT_{name.upper()}": {"default": _KEYS[name], "env_var_format": _VARIABLES[name]} for name in _NAMES
}
"""Both spellings of each name; operators that start jobs elsewhere pass them on."""

_exported: dict[str, str | None] = dict.fromkeys(_VARIABLES.values())
"""What this process's environment holds of them; None is not known."""
_WITNESS = _VARIABLES["dag_run_id"]


def context_to_airflow_vars(context: Any, in_env_var_format: bool = False) -> dict[str, str]:
    """Names like ``airflow.ctx.dag_id``, or ``AIRFLOW_CTX_DAG_ID``, → text; what has no value is left out.

    With those of the policy ``get_airflow_context_vars``, whose names get the prefix; the others win.
    """
    task, ti, run = context["task"], context["ti"], context["dag_run"]
    email = task.email
    date = run.logical_date.isoformat() if run.logical_date is not None else None
    values = {
        "dag_email": email if isinstance(email, str) or not email else ",".join(email),
        "dag_owner": task.owner,
        "dag_id": ti.dag_id,
        "task_id": ti.task_id,
        "logical_date": date,
        "execution_date": date,
        "try_number": str(ti.try_number),
        "dag_run_id": run.run_id,
    }
    spelling = _VARIABLES if in_env_var_format else _KEYS
    found = {_spelled(name, in_env_var_format): value for name, value in context_variables(context).items()}
    return found | {spelling[name]: value for name, value in values.items() if value}


def _spelled(name: str, in_env_var_format: bool) -> str:
    """A policy's own name with the prefix that it may leave out."""
    if in_env_var_format:
        return name if name.startswith(ENV_VAR_FORMAT_PREFIX) else f"{ENV_VAR_FORMAT_PREFIX}{name.upper()}"
    return name if name.startswith(DEFAULT_FORMAT_PREFIX) else f"{DEFAULT_FORMAT_PREFIX}{name}"


def export_context(context: Any) -> None:
    """Put them into this process's environment, and take out what another task left."""
    variables = context_to_airflow_vars(context, in_env_var_format=True)
    global _exported
    if os.environ.get(_WITNESS) != _exported.get(_WITNESS):
        _exported = dict.fromkeys(_VARIABLES.values())  # Another hand was at work.
    for name, value in variables.items():
        if value != _exported.get(name):
            os.environ[name] = value
    for name in _exported.keys() - variables.keys():
        os.environ.pop(name, None)
    _exported = {**variables}
