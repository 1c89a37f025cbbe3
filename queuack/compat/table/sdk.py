"""``airflow.sdk``: its public names and the private paths that providers use."""

from __future__ import annotations

from queuack.compat.table.authoring import (
    ASSETS,
    DECORATOR_BASE,
    DECORATORS,
    EVENTS,
    HOOK,
    HOOKIMPL,
    INTERVAL,
    LISTENERS,
    METADATA,
    NOTIFIER,
    PARSING_CONTEXT,
    PLUGIN,
    POKE_MODE_ONLY,
    SENSOR,
    SETUP_TEARDOWN,
    TRIGGER,
    TRIGGER_RULE,
    WEIGHT_RULE,
)
from queuack.compat.table.models import LINK, MAPPED, OPERATOR, PARAMS, RELATIONSHIPS, SKIP, TASK_INSTANCE_KEY, XCOM
from queuack.compat.table.standard import BRANCH
from queuack.compat.table.targets import Served, at
from queuack.compat.table.utils import EDGES, MODULE_LOADING

DAG = at("queuack.authoring.dag", "DAG") | at("queuack.authoring.dag_decorator", "dag")
CONNECTION = at("queuack.authoring.connection", "Connection")
CONTEXT = at("queuack.authoring.context", "Context get_current_context")
ASYNC = at("queuack.operators.python", "BaseAsyncOperator")
DEADLINE = at("queuack.authoring.deadline", "BaseDeadlineReference DeadlineAlert DeadlineReference deadline_reference")
DEADLINE_CALLBACKS = at("queuack.authoring.deadline_callbacks", "AsyncCallback SyncCallback")
RETRY_POLICY = at(
    "queuack.authoring.retry_policy", "ExceptionRetryPolicy RetryAction RetryDecision RetryPolicy RetryRule"
)
TYPES = at("queuack.authoring.types", "NOTSET SET_DURING_EXECUTION ArgNotSet SetDuringExecution is_arg_set")
VARIABLE = at("queuack.authoring.variable", "Variable")
STATES = at("queuack.authoring.state", "DagRunState TaskInstanceState")
TIMEOUT = at("queuack.compat.shims.timeout", "timeout TimeoutPosix")
CONTEXT_NAMES = at(
    "queuack.authoring.context_variables",
    "AIRFLOW_VAR_NAME_FORMAT_MAPPING DEFAULT_FORMAT_PREFIX ENV_VAR_FORMAT_PREFIX context_to_airflow_vars",
)

EXCEPTIONS = at(
    "queuack.authoring.exceptions",
    "AirflowConfigException AirflowException AirflowFailException AirflowNotFoundException "
    "AirflowOptionalProviderFeatureException AirflowSensorTimeout AirflowSkipException AirflowTaskTimeout "
    "ParamValidationError TaskDeferred XComNotFound",
)
XCOM_RETURN_KEY = "queuack.authoring.xcomarg:XCOM_RETURN_KEY"

PUBLIC = (
    at("queuack.compat.shims.version", "", __version__="SDK_VERSION")
    | DAG
    | ASSETS
    | ASYNC
    | BRANCH
    | CONNECTION
    | CONTEXT
    | DEADLINE
    | DEADLINE_CALLBACKS
    | DECORATORS
    | EDGES
    | EVENTS
    | HOOK
    | INTERVAL
    | LINK
    | METADATA
    | NOTIFIER
    | OPERATOR
    | PARAMS
    | PARSING_CONTEXT
    | RELATIONSHIPS
    | RETRY_POLICY
    | SENSOR
    | SKIP
    | STATES
    | TRIGGER
    | TRIGGER_RULE
    | VARIABLE
    | WEIGHT_RULE
    | at("queuack.authoring.xcom", "BaseXCom")
    | at("queuack.authoring.xcomarg", "XComArg")
    | at("queuack.authoring.taskgroup", "TaskGroup")
    | at("queuack.authoring.task_instance", "TaskInstance")
    | at("queuack.authoring.conf", "conf")
    | at("queuack.compat.shims.literal", "literal")
    | {"macros": "queuack.authoring.macros"}
)
"""``airflow.sdk``."""

COMPAT = (
    PUBLIC
    | EXCEPTIONS
    | CONTEXT_NAMES
    | PLUGIN
    | POKE_MODE_ONLY
    | TASK_INSTANCE_KEY
    | TIMEOUT
    | XCOM
    | at("queuack.authoring.context", "context_merge")
    | at("queuack.authoring.types", "SET_DURING_EXECUTION")
    | DECORATOR_BASE
    | {"timezone": "queuack.authoring.timezone", "XCOM_RETURN_KEY": XCOM_RETURN_KEY}
)
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
    "airflow.sdk.bases.notifier": NOTIFIER,
    "airflow.sdk.bases.operator": OPERATOR | ASYNC | RELATIONSHIPS,
    "airflow.sdk.bases.operatorlink": LINK,
    "airflow.sdk.bases.sensor": SENSOR | POKE_MODE_ONLY,
    "airflow.sdk.bases.skipmixin": SKIP,
    "airflow.sdk.bases.xcom": at("queuack.authoring.xcom", "BaseXCom"),
    "airflow.sdk.configuration": at("queuack.authoring.conf", "conf"),
    "airflow.sdk.definitions._internal.types": TYPES,
    "airflow.sdk.definitions.asset.metadata": METADATA,
    "airflow.sdk.definitions.connection": CONNECTION,
    "airflow.sdk.definitions.context": CONTEXT
    | PARSING_CONTEXT
    | at("queuack.authoring.context", "KNOWN_CONTEXT_KEYS context_merge"),
    "airflow.sdk.definitions.dag": DAG,
    "airflow.sdk.definitions.callback": DEADLINE_CALLBACKS | at("queuack.authoring.deadline_callbacks", "Callback"),
    "airflow.sdk.definitions.deadline": DEADLINE
    | DEADLINE_CALLBACKS
    | at(
        "queuack.authoring.deadline",
        "AverageRuntimeDeadline DagRunLogicalDateDeadline DagRunQueuedAtDeadline FixedDatetimeDeadline "
        "VariableInterval",
    ),
    "airflow.sdk.definitions.decorators": DECORATORS,
    "airflow.sdk.definitions.decorators.setup_teardown": SETUP_TEARDOWN,
    "airflow.sdk.definitions.edges": EDGES,
    "airflow.sdk.definitions.mappedoperator": MAPPED | at("queuack.authoring.partial", "OperatorPartial"),
    "airflow.sdk.definitions._internal.expandinput": at(
        "queuack.authoring.expand_input", "DictOfListsExpandInput ListOfDictsExpandInput MappedArgument is_mappable"
    ),
    "airflow.sdk.definitions.param": PARAMS,
    "airflow.sdk.definitions.retry_policy": RETRY_POLICY,
    "airflow.sdk.definitions.taskgroup": at("queuack.authoring.taskgroup", "TaskGroup")
    | at("queuack.authoring.mapped_group", "MappedTaskGroup"),
    "airflow.sdk.definitions.template": at("queuack.compat.shims.literal", "literal"),
    "airflow.sdk.definitions.timetables.events": EVENTS,
    "airflow.sdk.definitions.timetables.interval": INTERVAL,
    "airflow.sdk.definitions.timetables.trigger": TRIGGER,
    "airflow.sdk.definitions.variable": VARIABLE,
    "airflow.sdk.definitions.xcom_arg": at(
        "queuack.authoring.xcomarg", "ConcatXComArg MapXComArg PlainXComArg XComArg ZipXComArg"
    ),
    "airflow.sdk.execution_time.callback_runner": at(
        "queuack.compat.shims.callback_runner", "create_async_executable_runner create_executable_runner"
    ),
    "airflow.sdk.execution_time.context": CONTEXT_NAMES
    | at("queuack.compat.shims.callback_runner", "context_get_outlet_events"),
    "airflow.sdk.execution_time.hitl": at(
        "queuack.authoring.hitl",
        "HITLUser get_hitl_detail_content_detail update_hitl_detail_response upsert_hitl_detail",
    ),
    "airflow.sdk.execution_time.lazy_sequence": at("queuack.authoring.mapped_values", "LazyXComSequence"),
    "airflow.sdk.execution_time.macros": {"*": "queuack.authoring.macros"},
    "airflow.sdk.execution_time.task_runner": at(
        "queuack.authoring.task_instance", "", RuntimeTaskInstance="TaskInstance"
    ),
    "airflow.sdk.execution_time.timeout": TIMEOUT,
    "airflow.sdk.execution_time.xcom": XCOM | {"XCOM_RETURN_KEY": XCOM_RETURN_KEY},
    "airflow.sdk._shared.listeners": HOOKIMPL,
    "airflow.sdk.listener": LISTENERS,
    "airflow.sdk.bases.timetable": at("queuack.authoring.timetables.base", "", BaseTimetable="Timetable"),
    "airflow.sdk.module_loading": MODULE_LOADING,
    "airflow.sdk.plugins_manager": PLUGIN,
    "airflow.sdk.timezone": {"*": "queuack.authoring.timezone"},
    "airflow.sdk.types": at("queuack.authoring.task_instance", "TaskInstance") | TASK_INSTANCE_KEY,
    "airflow.sdk.yaml": {"*": "yaml"},
}
