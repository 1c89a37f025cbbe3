"""Task groups as a whole: which tasks are in one, and marking all of them."""

from __future__ import annotations

from typing import Any

from queuack.daemon.port import Port
from queuack.daemon.services.control import set_task_state
from queuack.daemon.services.dags import get_dag
from queuack.errors import NotFound, TaskNotFound
from queuack.store.queries import instances

Row = dict[str, Any]


def group_tasks(port: Port, dag_id: str, group_id: str) -> list[str]:
    """Ids of the tasks in a group of the DAG's newest version and in the groups inside it.

    Raises DagNotFound, NotFound when there is no such group with a task in it.
    """
    with port.reader() as reader:
        found = instances.tasks_of_group(reader, dag_id, group_id)
    if not found:
        get_dag(port, dag_id)
        raise NotFound(f"Task group '{group_id}' not found in DAG '{dag_id}'")
    return found


def set_group_state(
    port: Port,
    dag_id: str,
    run: str,
    group_id: str,
    state: str,
    include_upstream: bool = False,
    include_downstream: bool = False,
    include_future: bool = False,
    include_past: bool = False,
    dry_run: bool = False,
    user: str | None = None,
) -> list[Row]:
    """Mark all task instances of a group success, failed or skipped; as ``set_task_state``, each instance once."""
    found: dict[int, Row] = {}
    for task_id in group_tasks(port, dag_id, group_id):
        try:
            marked = set_task_state(
                port,
                dag_id,
                run,
                task_id,
                state,
                include_upstream=include_upstream,
                include_downstream=include_downstream,
                include_future=include_future,
                include_past=include_past,
                dry_run=dry_run,
                user=user,
            )
        except TaskNotFound:  # the run is of a version without the task
            continue
        found.update((row["id"], row) for row in marked if row["id"] not in found)
    return list(found.values())


METHODS = (group_tasks, set_group_state)
