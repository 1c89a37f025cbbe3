"""``airflow.security.permissions``: the words of ``DAG(access_control=…)``."""

from __future__ import annotations

ACTION_CAN_CREATE = "can_create"
ACTION_CAN_READ = "can_read"
ACTION_CAN_EDIT = "can_edit"
ACTION_CAN_DELETE = "can_delete"
ACTION_CAN_ACCESS_MENU = "menu_access"
RESOURCE_DAG = "DAGs"
RESOURCE_DAG_PREFIX = "DAG:"
RESOURCE_DAG_RUN = "DAG Runs"
RESOURCE_ASSET = "Assets"
RESOURCE_VARIABLE = "Variables"
RESOURCE_CONNECTION = "Connections"
RESOURCE_POOL = "Pools"
RESOURCE_XCOM = "XComs"
RESOURCE_TASK_INSTANCE = "Task Instances"
RESOURCE_TASK_LOG = "Task Logs"


def resource_name(root_dag_id: str, resource: str = RESOURCE_DAG) -> str:
    """The resource of one DAG: ``DAG:`` and its id."""
    return f"{RESOURCE_DAG_PREFIX}{root_dag_id}" if resource == RESOURCE_DAG else f"{resource}:{root_dag_id}"
