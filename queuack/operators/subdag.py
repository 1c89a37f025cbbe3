"""SubDagOperator: a task that runs another DAG of its file and waits for it, without a worker.

It checks what it is given and keeps it; the scheduler does the rest (see ``engine.subdags``).
Airflow page (2.x): core-concepts/dags, "SubDAGs".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from queuack.authoring.dag import DAG
from queuack.authoring.dag_stack import DagContext
from queuack.authoring.exceptions import AirflowException
from queuack.authoring.operator import BaseOperator
from queuack.authoring.operator_arguments import as_timedelta

if TYPE_CHECKING:
    from queuack.authoring.context import Context

_OF_SENSORS = ("poke_interval", "mode", "soft_fail", "exponential_backoff", "max_wait", "silent_fail")


class SkippedStatePropagationOptions(StrEnum):
    """When what comes after the task is skipped because leaves of the SubDAG were."""

    ALL_LEAVES = "all_leaves"
    ANY_LEAF = "any_leaf"


class SubDagOperator(BaseOperator):
    """Runs ``subdag``, whose ``dag_id`` is ``PARENT.TASK``, with the dates and the conf of the parent's run.

    ``conf``: added to that conf. ``propagate_skipped_state``: default None, nothing is skipped. ``timeout``: seconds or
    a timedelta it waits at most; None = as long as it takes. ``session``, an ``executor`` that is an object, and what
    sensors have besides (``mode``, ``poke_interval``, …) are taken and make no difference.

    Raises AirflowException when the task is in no DAG or the child's ``dag_id`` does not fit, TypeError when ``subdag``
    is no DAG.
    """

    ui_color = "#555"
    ui_fgcolor = "#fff"
    _runs_subdag = True

    def __init__(
        self,
        *,
        subdag: DAG,
        session: Any = None,
        conf: Mapping[str, Any] | None = None,
        propagate_skipped_state: SkippedStatePropagationOptions | str | None = None,
        timeout: timedelta | float | None = None,
        **kwargs: Any,
    ) -> None:
        _check(subdag, kwargs)
        for name in _OF_SENSORS:
            kwargs.pop(name, None)
        if not isinstance(kwargs.get("executor"), str):
            kwargs.pop("executor", None)
        super().__init__(**kwargs)
        self.subdag = subdag
        self.conf = dict(conf or {})
        self.propagate_skipped_state = (
            None if propagate_skipped_state is None else SkippedStatePropagationOptions(propagate_skipped_state)
        )
        self.timeout = None if timeout is None else as_timedelta(timeout)

    def execute(self, context: Context) -> None:
        """No worker runs it. Raises AirflowException."""
        raise AirflowException(f"The SubDAG {self.subdag.dag_id!r} is run by the scheduler, not by execute().")


def _check(subdag: Any, kwargs: dict[str, Any]) -> None:
    if not isinstance(subdag, DAG):
        raise TypeError(f"'subdag' of SubDagOperator must be a DAG, got {type(subdag).__name__} ({subdag!r})")
    task_id, group = kwargs["task_id"], kwargs.get("task_group")
    parent = kwargs.get("dag") or DagContext.get_current()
    if parent is None:
        raise AirflowException(
            f"The SubDagOperator {task_id!r} is in no DAG: give it dag=, or make it inside `with DAG(...)`."
        )
    names = [f"{parent.dag_id}.{task_id}"]
    if group is not None:
        names.append(f"{parent.dag_id}.{group.child_id(task_id)}")
    if subdag.dag_id not in names:
        raise AirflowException(
            f"The dag_id of a SubDAG is its parent's, a dot and the task_id: SubDagOperator {task_id!r} of DAG "
            f"{parent.dag_id!r} needs {names[0]!r}, its subdag is {subdag.dag_id!r}."
        )
