"""``airflow.models``: what DAG files take from it for writing DAGs, and the database models, which read."""

from __future__ import annotations

from queuack.compat.table.targets import Served, at

OPERATOR = at("queuack.authoring.operator", "BaseOperator")
MAPPED = at("queuack.authoring.mapped", "MappedOperator")
RELATIONSHIPS = at("queuack.authoring.relationships", "chain chain_linear cross_downstream")
PARAMS = at("queuack.authoring.params", "Param ParamsDict")
LINK = at("queuack.authoring.baseoperatorlink", "BaseOperatorLink")
SKIP = at("queuack.operators.skipmixin", "SkipMixin")
XCOM = at("queuack.authoring.xcom", "BaseXCom XCom")
TASK_INSTANCE_KEY = at("queuack.compat.shims.task_instance_key", "TaskInstanceKey")

ORM = "queuack.compat.models.tables"
DAG_BAG = at("queuack.compat.models.dagbag", "DagBag")
SESSION = at("queuack.compat.models.session", "NEW_SESSION create_session provide_session")

SERVED: Served = {
    "airflow.models": OPERATOR
    | MAPPED
    | LINK
    | SKIP
    | XCOM
    | at("queuack.authoring.params", "Param")
    | at("queuack.authoring.dag", "DAG")
    | at("queuack.authoring.xcomarg", "XComArg")
    | at("queuack.authoring.connection", "Connection")
    | at("queuack.authoring.variable", "Variable")
    | at(
        ORM,
        "ID_LEN Base DagModel DagRun DagTag DagWarning ImportError Log Pool RenderedTaskInstanceFields SlaMiss "
        "TaskFail TaskInstance TaskInstanceHistory TaskReschedule Trigger clear_task_instances",
    )
    | DAG_BAG,
    "airflow.models.base": at(ORM, "ID_LEN Base"),
    "airflow.models.baseoperator": OPERATOR | RELATIONSHIPS | LINK,
    "airflow.models.baseoperatorlink": LINK,
    "airflow.models.connection": at("queuack.authoring.connection", "Connection"),
    "airflow.models.dag": at("queuack.authoring.dag", "DAG")
    | at("queuack.authoring.dag_decorator", "dag")
    | at(ORM, "DagModel DagTag"),
    "airflow.models.dagbag": DAG_BAG,
    "airflow.models.dagrun": at(ORM, "DagRun") | at("queuack.authoring.state", "DagRunType"),
    "airflow.models.log": at(ORM, "Log"),
    "airflow.models.mappedoperator": MAPPED,
    "airflow.models.operator": OPERATOR,
    "airflow.models.param": PARAMS,
    "airflow.models.pool": at(ORM, "Pool"),
    "airflow.models.renderedtifields": at(ORM, "RenderedTaskInstanceFields"),
    "airflow.models.serialized_dag": at(ORM, "SerializedDagModel"),
    "airflow.models.skipmixin": SKIP,
    "airflow.models.taskinstance": at(ORM, "TaskInstance clear_task_instances") | TASK_INSTANCE_KEY,
    "airflow.models.taskinstancekey": TASK_INSTANCE_KEY,
    "airflow.models.taskreschedule": at(ORM, "TaskReschedule"),
    "airflow.models.taskmixin": at("queuack.authoring.node", "DAGNode DependencyMixin"),
    "airflow.models.trigger": at(ORM, "Trigger")
    | at("queuack.authoring.trigger", "TRIGGER_FAIL_REPR TriggerFailureReason"),
    "airflow.models.variable": at("queuack.authoring.variable", "Variable"),
    "airflow.models.xcom": XCOM | at("queuack.authoring.xcomarg", "XCOM_RETURN_KEY"),
    "airflow.models.xcom_arg": at("queuack.authoring.xcomarg", "XComArg"),
    "airflow.dag_processing.dagbag": DAG_BAG,
    "airflow.jobs.job": at(ORM, "Job"),
    "airflow.api.common.trigger_dag": at(ORM, "trigger_dag"),
    "airflow.utils.session": SESSION,
    "airflow.utils.db": SESSION,
}
