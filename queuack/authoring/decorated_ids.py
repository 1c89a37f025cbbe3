"""Task ids of decorated functions: the function's name, numbered when it is called again.

Airflow page: core-concepts/taskflow.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from queuack.authoring.dag_stack import DagContext, TaskGroupContext

if TYPE_CHECKING:
    from queuack.authoring.dag import DAG
    from queuack.authoring.taskgroup import TaskGroup


def get_unique_task_id(task_id: str, dag: DAG | None = None, task_group: TaskGroup | None = None) -> str:
    """``task_id``, or with ``__1``, ``__2``, … when the DAG has it already."""
    dag = dag or DagContext.get_current()
    if dag is None:
        return task_id
    group = task_group or TaskGroupContext.get_current(dag)
    full = group.child_id(task_id) if group is not None else task_id
    if full not in dag.task_dict:
        return task_id
    prefix = re.split(r"__\d+$", full)[0]
    return f"{re.split(r'__[0-9]+$', task_id)[0]}__{dag.highest_suffix.get(prefix, 0) + 1}"
