"""``airflow.sdk``: its public names and the private paths that providers use."""

from __future__ import annotations

from queuack.compat.table.authoring import EVENTS, HOOKIMPL, INTERVAL, TRIGGER, TRIGGER_RULE, WEIGHT_RULE
from queuack.compat.table.models import LINK, OPERATOR, PARAMS, RELATIONSHIPS, SKIP, XCOM
from queuack.compat.table.standard import BRANCH
from queuack.compat.table.targets import Served, at
from queuack.compat.table.utils import EDGES, MODULE_LOADING

DAG = at("queuack.authoring.dag", "DAG") | at("queuack.authoring.dag_decorator", "dag")
CONNECTION = at("queuack.authoring.connection", "Connection")
CONTEXT = at("queuack.authoring.context", "Context get_current_context")
DECORATOR_BASE = at(
    "queuack.authoring.decorators.base",
    "DecoratedOperator get_unique_task_id task_decorator_factory",
    TaskDecorator="_TaskDecorator",
)
ASYNC = at("queuack.operators.python", "BaseAsyncOperator")
DECORATORS = at("queuack.authoring.decorators", "setup task task_group teardown")
HOOK = at("queuack.authoring.hooks", "BaseHook")
TYPES = at("queuack.authoring.types", "NOTSET SET_DURING_EXECUTION ArgNotSet SetDuringExecution is_arg_set")
VARIABLE = at("queuack.authoring.variable", "Variable")
STATES = at("queuack.authoring.state", "DagRunState TaskInstanceState")
TIMEOUT = at("queuack.compat.shims.timeout", "timeout TimeoutPosix")

EXCEPTIONS = at(
    "queuack.authoring.exceptions",
    "AirflowConfigException AirflowException AirflowFailException AirflowNotFoundException "
    "AirflowOptionalProviderFeatureException AirflowSkipException AirflowTaskTimeout ParamValidationError TaskDeferred",
)
XCOM_RETURN_KEY = "queuack.authoring.xcomarg:XCOM_RETURN_KEY"

PUBLIC = (
    at("queuack.compat.shims.version", "", __version__="SDK_VERSION")
    | DAG
    | ASYNC
    | BRANCH
    | CONNECTION
    | CONTEXT
    | DECORATORS
    | EDGES
    | EVENTS
    | HOOK
    | INTERVAL
    | LINK
    | OPERATOR
    | PARAMS
    | RELATIONSHIPS
    | SKIP
    | STATES
    | TRIGGER
    | TRIGGER_RULE
    | VARIABLE
    | WEIGHT_RULE
    | at("queuack.compat.shims.xcom", "BaseXCom")
    | at("queuack.authoring.xcomarg", "XComArg")
    | at("queuack.authoring.taskgroup", "TaskGroup")
    | at("queuack.authoring.task_instance", "TaskInstance")
    | at("queuack.authoring.conf", "conf")
    | at("queuack.compat.shims.literal", "literal")
    | {"macros": "queuack.authoring.macros"}
)
"""``airflow.sdk``."""

COMPAT = PUBLIC | EXCEPTIONS | {"timezone": "queuack.authoring.timezone", "XCOM_RETURN_KEY": XCOM_RETURN_KEY}
"""What DAG files take from ``airflow.providers.common.compat.sdk``, when that package is not installed."""

SERVED: Served = {
    "airflow.sdk": PUBLIC,
    "airflow.providers.common.compat.sdk": COMPAT,
    "airflow.sdk.api.datamodels._generated": STATES | TRIGGER_RULE | WEIGHT_RULE,
    "airflow.sdk.bases.branch": BRANCH,
    "airflow.sdk.bases.decorator": at("queuack.authoring.call_arguments", "KeywordParameters determine_kwargs")
    | at("queuack.operators.python", "is_async_callable")
    | DECORATOR_BASE,
    "airflow.sdk.bases.hook": HOOK,
    "airflow.sdk.bases.operator": OPERATOR | ASYNC | RELATIONSHIPS,
    "airflow.sdk.bases.operatorlink": LINK,
    "airflow.sdk.bases.skipmixin": SKIP,
    "airflow.sdk.bases.xcom": at("queuack.compat.shims.xcom", "BaseXCom"),
    "airflow.sdk.configuration": at("queuack.authoring.conf", "conf"),
    "airflow.sdk.definitions._internal.types": TYPES,
    "airflow.sdk.definitions.connection": CONNECTION,
    "airflow.sdk.definitions.context": CONTEXT | at("queuack.authoring.context", "KNOWN_CONTEXT_KEYS context_merge"),
    "airflow.sdk.definitions.dag": DAG,
    "airflow.sdk.definitions.decorators": DECORATORS,
    "airflow.sdk.definitions.edges": EDGES,
    "airflow.sdk.definitions.param": PARAMS,
    "airflow.sdk.definitions.taskgroup": at("queuack.authoring.taskgroup", "TaskGroup"),
    "airflow.sdk.definitions.template": at("queuack.compat.shims.literal", "literal"),
    "airflow.sdk.definitions.timetables.events": EVENTS,
    "airflow.sdk.definitions.timetables.interval": INTERVAL,
    "airflow.sdk.definitions.timetables.trigger": TRIGGER,
    "airflow.sdk.definitions.variable": VARIABLE,
    "airflow.sdk.definitions.xcom_arg": at("queuack.authoring.xcomarg", "XComArg"),
    "airflow.sdk.execution_time.context": at("queuack.authoring.context_variables", "context_to_airflow_vars"),
    "airflow.sdk.execution_time.macros": {"*": "queuack.authoring.macros"},
    "airflow.sdk.execution_time.timeout": TIMEOUT,
    "airflow.sdk.execution_time.xcom": XCOM | {"XCOM_RETURN_KEY": XCOM_RETURN_KEY},
    "airflow.sdk._shared.listeners": HOOKIMPL,
    "airflow.sdk.module_loading": MODULE_LOADING,
    "airflow.sdk.plugins_manager": at("queuack.authoring.plugin", "AirflowPlugin"),
    "airflow.sdk.timezone": {"*": "queuack.authoring.timezone"},
    "airflow.sdk.types": at("queuack.authoring.task_instance", "TaskInstance"),
    "airflow.sdk.yaml": {"*": "yaml"},
}
