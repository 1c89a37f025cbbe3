"""``AIRFLOW_CTX_*``: what a task's subprocesses are told about it. Airflow: ``context_to_airflow_vars``."""

from __future__ import annotations

import os
from typing import Any

_NAMES = {
    "dag_email": "airflow.ctx.dag_email",
    "dag_owner": "airflow.ctx.dag_owner",
    "dag_id": "airflow.ctx.dag_id",
    "task_id": "airflow.ctx.task_id",
    "logical_date": "airflow.ctx.logical_date",
    "execution_date": "airflow.ctx.execution_date",
    "try_number": "airflow.ctx.try_number",
    "dag_run_id": "airflow.ctx.dag_run_id",
}


def context_to_airflow_vars(context: Any, in_env_var_format: bool = False) -> dict[str, str]:
    """Names like ``airflow.ctx.dag_id``, or ``AIRFLOW_CTX_DAG_ID``, → text."""
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
    named = {_NAMES[name]: value for name, value in values.items() if value}
    return {_as_variable(name): value for name, value in named.items()} if in_env_var_format else named


def export_context(context: Any) -> None:
    """Put them into this process's environment, and take out what another task left."""
    variables = context_to_airflow_vars(context, in_env_var_format=True)
    for name in map(_as_variable, _NAMES.values()):
        if name not in variables:
            os.environ.pop(name, None)
    os.environ.update(variables)


def _as_variable(name: str) -> str:
    return name.replace(".", "_").upper()
