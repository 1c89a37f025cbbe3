"""SubDAGs as objects: which DAGs the tasks of a DAG run, and what they take from it.

Decides the order in which the DAGs of a file are handed on: a SubDAG after its parent.
Airflow page (2.x): core-concepts/dags, "SubDAGs".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from queuack.authoring.exceptions import AirflowException

if TYPE_CHECKING:
    from queuack.authoring.dag import DAG


def subdags_of(dag: DAG) -> list[DAG]:
    """The DAGs that tasks of ``dag`` run, each followed by those that its own tasks run."""
    found: list[DAG] = []
    for task in dag.tasks:
        if getattr(task.operator_class, "_runs_subdag", False):
            if task.is_mapped:
                raise AirflowException(
                    f"The SubDagOperator {task.task_id!r} of DAG {dag.dag_id!r} is mapped; put it into a task group "
                    "and map the group."
                )
            child = task.subdag  # type: ignore[attr-defined]
            found += [child, *subdags_of(child)]
    return found


def with_subdags(dags: Iterable[DAG]) -> list[DAG]:
    """``dags`` and the SubDAGs below them, each once, a parent before its children; those are linked to it."""
    dags = list(dags)
    below = {id(child) for dag in dags for child in subdags_of(dag)}
    ordered: list[DAG] = []
    for dag in dags:
        if id(dag) not in below:
            _link(dag)
            ordered += [dag, *subdags_of(dag)]
    return list({id(dag): dag for dag in ordered}.values())


def _link(dag: DAG) -> None:
    """Children know their parent, and take the params that they have not themselves."""
    for task in dag.tasks:
        if getattr(task.operator_class, "_runs_subdag", False):
            child: DAG = task.subdag  # type: ignore[attr-defined]
            child.parent_dag = dag
            for name, param in dag.params.param_items():
                if name not in child.params:
                    child.params[name] = param
            _link(child)
