"""Deleting runs and task instances. What follows for a DAG the engine decides."""

from __future__ import annotations

from typing import Any

from queuack.daemon.port import Port
from queuack.daemon.services.runs import change, get_run
from queuack.daemon.services.tasks import get_task_instance
from queuack.engine.events import DeleteInstance, DeleteRun
from queuack.engine.snapshot import Recall
from queuack.store.queries import runs as run_queries

Row = dict[str, Any]


def delete_run(port: Port, dag_id: str, run: str, user: str | None = None) -> str:
    """Forget a run and the runs of its SubDAGs, with all they left but their logs. Returns the run id.

    Raises DagNotFound, DagRunNotFound, and TasksRunning while the run is running.
    """
    row = get_run(port, dag_id, run)
    with port.reader() as reader:
        tree = run_queries.list_tree(reader, dag_id, row["run_id"])
    for each in tree:
        _delete_one(port, each, user)
    return str(row["run_id"])


def _delete_one(port: Port, row: Row, user: str | None) -> None:
    with port.reader() as reader:
        before = run_queries.scheduled_run_before(reader, row["dag_id"], row["id"])

    def event(recall: Recall | None) -> DeleteRun:
        return DeleteRun(
            dag_id=row["dag_id"],
            run_id=row["run_id"],
            interval_before=None if before is None else before[:2],
            run_after_before=None if before is None else before[2],
            user=user,
            recall=recall,
        )

    change(port, row["dag_id"], row["run_id"], event)


def delete_task_instance(
    port: Port, dag_id: str, run: str, task_id: str, map_index: int = -1, user: str | None = None
) -> str:
    """Forget one task instance with its XComs, tries and notes. Returns the task id.

    Raises DagNotFound, DagRunNotFound, TaskNotFound, and InvalidRequest for one instance of an expanded task.
    """
    run_id = get_task_instance(port, dag_id, run, task_id, map_index)["run_id"]
    deleted: str = change(
        port,
        dag_id,
        run_id,
        lambda recall: DeleteInstance(
            dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index, user=user, recall=recall
        ),
    )
    return deleted


METHODS = (delete_run, delete_task_instance)
