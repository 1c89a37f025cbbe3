"""``airflow.providers.standard`` when that package is not installed: Queuack's own operators."""

from __future__ import annotations

from queuack.compat.table.targets import Served, at

PYTHON = at(
    "queuack.operators.python",
    "BranchExternalPythonOperator BranchPythonOperator BranchPythonVirtualenvOperator ExternalPythonOperator "
    "PythonOperator PythonVirtualenvOperator ShortCircuitOperator",
)
BASH = at("queuack.operators.bash", "BashOperator")
EMPTY = at("queuack.operators.empty", "EmptyOperator")
PYTHON_SENSOR = at("queuack.sensors.python", "PythonSensor")
LATEST_ONLY = at("queuack.operators.latest_only", "LatestOnlyOperator")
BRANCH = at("queuack.operators.branch", "BaseBranchOperator BranchMixIn")
GET_CURRENT_CONTEXT = at("queuack.authoring.context", "get_current_context")
WEEKDAY = at("queuack.compat.shims.weekday", "WeekDay")

SERVED: Served = {
    "airflow.providers.standard.operators.python": PYTHON | GET_CURRENT_CONTEXT,
    "airflow.providers.standard.operators.bash": BASH,
    "airflow.providers.standard.operators.empty": EMPTY,
    "airflow.providers.standard.operators.latest_only": LATEST_ONLY,
    "airflow.providers.standard.operators.branch": BRANCH,
    "airflow.providers.standard.sensors.python": PYTHON_SENSOR,
    "airflow.providers.standard.hooks.subprocess": at(
        "queuack.operators.subprocess_hook", "SubprocessHook SubprocessResult working_directory"
    ),
    "airflow.providers.standard.utils.weekday": WEEKDAY,
    "airflow.providers.standard.utils.skipmixin": at("queuack.operators.skipmixin", "SkipMixin"),
}
