"""Spellings of 1.10 and 2.x: served as ever, with one warning a file that says what to write."""

from __future__ import annotations

from collections.abc import Mapping

from queuack.compat.table.standard import BASH, BRANCH, EMPTY, GET_CURRENT_CONTEXT, LATEST_ONLY, PYTHON, WEEKDAY
from queuack.compat.table.targets import Served, at

DECORATORS = at("queuack.authoring.decorators", "task task_group setup teardown") | at(
    "queuack.authoring.dag_decorator", "dag"
)
EMAIL = at("queuack.operators.email", "EmailOperator")
HOOK = at("queuack.authoring.hooks", "BaseHook")
SUBDAG = at("queuack.compat.shims.old_operators", "SubDagOperator")
DUMMY = at("queuack.operators.empty", "", DummyOperator="EmptyOperator")

SERVED: Served = {
    "airflow.decorators": DECORATORS,
    "airflow.decorators.base": at(
        "queuack.authoring.decorators.base",
        "DecoratedOperator get_unique_task_id task_decorator_factory",
        TaskDecorator="_TaskDecorator",
    ),
    "airflow.hooks.base": HOOK,
    "airflow.hooks.base_hook": HOOK,
    "airflow.operators": PYTHON | BASH | DUMMY,
    "airflow.operators.bash": BASH,
    "airflow.operators.bash_operator": BASH,
    "airflow.operators.branch": BRANCH,
    "airflow.operators.branch_operator": BRANCH,
    "airflow.operators.dummy": DUMMY,
    "airflow.operators.dummy_operator": DUMMY,
    "airflow.operators.email": EMAIL,
    "airflow.operators.email_operator": EMAIL,
    "airflow.operators.empty": EMPTY,
    "airflow.operators.latest_only": LATEST_ONLY,
    "airflow.operators.latest_only_operator": LATEST_ONLY,
    "airflow.operators.python": PYTHON | GET_CURRENT_CONTEXT,
    "airflow.operators.python_operator": PYTHON,
    "airflow.operators.subdag": SUBDAG,
    "airflow.operators.subdag_operator": SUBDAG,
    "airflow.utils.dates": {"*": "queuack.compat.shims.dates"},
    "airflow.utils.decorators": at("queuack.compat.shims.old_operators", "apply_defaults"),
    "airflow.utils.weekday": WEEKDAY,
}

_STANDARD = "airflow.providers.standard.operators"
_TASK_GROUP = "SubDAGs were removed in Airflow 3; write: from airflow.sdk import TaskGroup"

MOVED: Mapping[str, str] = {
    "airflow:AirflowException": "airflow.sdk.exceptions",
    "airflow.decorators": "airflow.sdk",
    "airflow.decorators.base": "airflow.sdk.bases.decorator",
    "airflow.hooks.base": "airflow.sdk",
    "airflow.hooks.base_hook": "airflow.sdk",
    "airflow.models.baseoperator": "airflow.sdk",
    "airflow.models.baseoperatorlink": "airflow.sdk",
    "airflow.models.operator": "airflow.sdk",
    "airflow.models.param": "airflow.sdk",
    "airflow.models.skipmixin": "airflow.sdk",
    "airflow.operators:BashOperator": f"{_STANDARD}.bash",
    "airflow.operators:BranchPythonOperator": f"{_STANDARD}.python",
    "airflow.operators:DummyOperator": f"write: from {_STANDARD}.empty import EmptyOperator",
    "airflow.operators:PythonOperator": f"{_STANDARD}.python",
    "airflow.operators:ShortCircuitOperator": f"{_STANDARD}.python",
    "airflow.operators.bash": f"{_STANDARD}.bash",
    "airflow.operators.bash_operator": f"{_STANDARD}.bash",
    "airflow.operators.branch": "airflow.sdk",
    "airflow.operators.branch_operator": "airflow.sdk",
    "airflow.operators.dummy": f"write: from {_STANDARD}.empty import EmptyOperator",
    "airflow.operators.dummy_operator": f"write: from {_STANDARD}.empty import EmptyOperator",
    "airflow.operators.email": "airflow.providers.smtp.operators.smtp",
    "airflow.operators.email_operator": "airflow.providers.smtp.operators.smtp",
    "airflow.operators.empty": f"{_STANDARD}.empty",
    "airflow.operators.latest_only": f"{_STANDARD}.latest_only",
    "airflow.operators.latest_only_operator": f"{_STANDARD}.latest_only",
    "airflow.operators.python": f"{_STANDARD}.python",
    "airflow.operators.python:get_current_context": "airflow.sdk",
    "airflow.operators.python_operator": f"{_STANDARD}.python",
    "airflow.operators.subdag": _TASK_GROUP,
    "airflow.operators.subdag_operator": _TASK_GROUP,
    "airflow.utils.context": "airflow.sdk",
    "airflow.utils.context:context_merge": "airflow.sdk.definitions.context",
    "airflow.utils.dates": "datetime",
    "airflow.utils.dates:days_ago": "write a fixed date, such as pendulum.datetime(2024, 1, 1, tz='UTC')",
    "airflow.utils.db:create_session": "airflow.utils.session",
    "airflow.utils.db:provide_session": "airflow.utils.session",
    "airflow.utils.decorators": "delete it: default_args apply to every operator without it",
    "airflow.utils.edgemodifier": "airflow.sdk",
    "airflow.utils.file:TemporaryDirectory": "tempfile",
    "airflow.utils.helpers:chain": "airflow.sdk",
    "airflow.utils.helpers:cross_downstream": "airflow.sdk",
    "airflow.utils.module_loading": "airflow.sdk.module_loading",
    "airflow.utils.operator_helpers:determine_kwargs": "airflow.sdk.bases.decorator",
    "airflow.utils.task_group": "airflow.sdk",
    "airflow.utils.timeout": "airflow.sdk.execution_time.timeout",
    "airflow.utils.timezone": "airflow.sdk.timezone",
    "airflow.utils.trigger_rule": "airflow.sdk",
    "airflow.utils.weekday": "airflow.providers.standard.utils.weekday",
    "airflow.utils.weight_rule:WeightRule": "airflow.sdk",
    "airflow.utils.xcom": "airflow.models.xcom",
}
