"""SkipMixin: how a task asks for others to be skipped.

It notes the choice in the XCom ``skipmixin_key``, from which a cleared task learns that it stays skipped, and ends the
task by DownstreamTasksSkipped: nothing of ``execute`` runs after that, ``post_execute`` does not either, and what the
task would have returned is not kept.

Airflow page: core-concepts/dags, "Branching".
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from types import GeneratorType
from typing import Any

from queuack.authoring.exceptions import AirflowException, DownstreamTasksSkipped

XCOM_SKIPMIXIN_KEY = "skipmixin_key"
XCOM_SKIPMIXIN_SKIPPED = "skipped"
XCOM_SKIPMIXIN_FOLLOWED = "followed"


class SkipMixin:
    """For operators that skip tasks."""

    log: Any = logging.getLogger(__name__)

    def skip(self, ti: Any, tasks: Iterable[Any], *_: Any, **__: Any) -> None:
        """Skip these tasks in this run. Raises DownstreamTasksSkipped when there are any."""
        ids = [task.task_id for task in tasks if hasattr(task, "task_id")]
        if not ids:
            return
        ti.xcom_push(key=XCOM_SKIPMIXIN_KEY, value={XCOM_SKIPMIXIN_SKIPPED: ids})
        _end_by_skipping(ti, ids)

    def skip_all_except(self, ti: Any, branch_task_ids: str | Iterable[str] | None) -> None:
        """Skip the tasks directly downstream that are neither chosen nor downstream of a chosen one.

        Raises DownstreamTasksSkipped when any are left to skip, AirflowException for what is no task id of the DAG.
        """
        chosen = _as_ids(branch_task_ids)
        self.log.info("Following branch %s", chosen)
        task = ti.task
        dag = task.dag
        unknown = chosen - set(dag.task_dict)
        if unknown:
            raise AirflowException(
                f"'branch_task_ids' must contain only valid task_ids. Invalid tasks found: {unknown}."
            )
        direct = sorted(task.downstream_task_ids)
        if not direct:
            return
        followed = set(chosen)
        for task_id in chosen:
            followed |= dag.get_task(task_id).get_flat_relative_ids(upstream=False)
        skipped = [task_id for task_id in direct if task_id not in followed]
        self.log.info("Skipping tasks %s", skipped)
        ti.xcom_push(
            key=XCOM_SKIPMIXIN_KEY,
            value={XCOM_SKIPMIXIN_FOLLOWED: [task_id for task_id in direct if task_id in followed]},
        )
        _end_by_skipping(ti, skipped)


def _end_by_skipping(ti: Any, ids: list[str]) -> None:
    """An instance of a mapped task goes on, as in Airflow; what it chose is told with its outcome."""
    if not ids:
        return
    if ti.map_index == -1:
        raise DownstreamTasksSkipped(tasks=ids)
    ti.skip_requests = ids


def _as_ids(value: Any) -> set[str]:
    if value is None:
        return set()
    if isinstance(value, str):
        return {value}
    if not isinstance(value, (Iterable, GeneratorType)):
        raise AirflowException(
            f"'branch_task_ids' must be either None, a task ID, or an Iterable of IDs, "
            f"but got {type(value).__name__!r}."
        )
    ids = list(value)
    bad = {(repr(one), type(one).__name__) for one in ids if not isinstance(one, str)}
    if bad:
        raise AirflowException(
            "Unable to branch to the specified tasks. The branching function returned invalid 'branch_task_ids': "
            f"{bad}. Please check that your function returns an Iterable of valid task IDs that exist in your DAG."
        )
    return set(ids)
