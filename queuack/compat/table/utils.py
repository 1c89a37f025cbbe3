"""``airflow.utils``: what DAG files and operators borrow from it."""

from __future__ import annotations

from queuack.compat.table.targets import Served, at

MODULE_LOADING = {"*": "queuack.compat.shims.module_loading"}
STATES = at("queuack.authoring.state", "DagRunState DagRunType State TaskInstanceState")
EDGES = at("queuack.authoring.edges", "EdgeModifier Label")

SERVED: Served = {
    "airflow.utils.context": at("queuack.authoring.context", "Context context_merge"),
    "airflow.utils.deprecation_tools": {"*": "queuack.compat.shims.deprecation"},
    "airflow.utils.edgemodifier": EDGES,
    "airflow.utils.email": {"*": "queuack.hooks.email"},
    "airflow.utils.file": at("queuack.authoring.dagfile", "", get_unique_dag_module_name="unique_module_name")
    | {"*": "queuack.compat.shims.files"},
    "airflow.utils.hashlib_wrapper": {"*": "queuack.compat.shims.digest"},
    "airflow.utils.helpers": at("queuack.authoring.relationships", "chain cross_downstream")
    | at("queuack.operators.trigger_dagrun", "", build_airflow_dagrun_url="run_url")
    | {"*": "queuack.compat.shims.plain_functions"},
    "airflow.utils.log.logging_mixin": {"*": "queuack.compat.shims.log_text"},
    "airflow.utils.module_loading": MODULE_LOADING,
    "airflow.utils.net": at("queuack.compat.shims.process", "getfqdn get_hostname get_host_ip_address"),
    "airflow.utils.operator_helpers": at(
        "queuack.authoring.context_variables",
        "AIRFLOW_VAR_NAME_FORMAT_MAPPING DEFAULT_FORMAT_PREFIX context_to_airflow_vars",
    )
    | at("queuack.authoring.call_arguments", "determine_kwargs make_kwargs_callable"),
    "airflow.utils.platform": at("queuack.compat.shims.process", "IS_WINDOWS getuser is_tty"),
    "airflow.utils.process_utils": at("queuack.compat.shims.process", "patch_environ"),
    "airflow.utils.state": at("queuack.authoring.state", "DagRunState State TaskInstanceState"),
    "airflow.utils.strings": {"*": "queuack.compat.shims.texts"},
    "airflow.utils.task_group": at("queuack.authoring.taskgroup", "TaskGroup"),
    "airflow.utils.timeout": at("queuack.compat.shims.timeout", "timeout TimeoutPosix"),
    "airflow.utils.timezone": {"*": "queuack.authoring.timezone"},
    "airflow.utils.trigger_rule": at("queuack.authoring.trigger_rule", "TriggerRule"),
    "airflow.utils.types": at("queuack.authoring.state", "DagRunType")
    | at("queuack.authoring.types", "NOTSET ArgNotSet"),
    "airflow.utils.weight_rule": at(
        "queuack.authoring.weight",
        "WeightRule",
        DB_SAFE_MINIMUM="PRIORITY_MIN",
        DB_SAFE_MAXIMUM="PRIORITY_MAX",
        db_safe_priority="clamp_priority",
    ),
    "airflow.utils.xcom": at("queuack.authoring.xcomarg", "XCOM_RETURN_KEY"),
    "airflow.utils.yaml": {"*": "yaml"},
}
