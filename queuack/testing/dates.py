"""Which tasks have no part in a run because of its logical date.

A run without any task is refused; Airflow calls it a success.
"""

from __future__ import annotations

from datetime import datetime

from queuack import clock
from queuack.engine.spec import DagDocument
from queuack.errors import InvalidRequest


def taking_no_part(document: DagDocument, moment: datetime | None) -> list[str]:
    """The ids of tasks whose start_date and end_date leave ``moment`` out. Raises InvalidRequest if all do."""
    if moment is None:
        return []
    at = clock.to_us(moment)
    early = {task.task_id: task.start_date for task in document.tasks if task.start_date and at < task.start_date}
    late = {task.task_id: task.end_date for task in document.tasks if task.end_date and task.end_date < at}
    if not document.tasks or len(early.keys() | late) < len(document.tasks):
        return sorted(early.keys() | late)
    if not late:
        why = f"before the start_date, {clock.iso(min(early.values()))}"
    elif not early:
        why = f"after the end_date, {clock.iso(max(late.values()))}"
    else:
        why = "outside the start_date and end_date of every task"
    raise InvalidRequest(
        f"DAG {document.dag_id!r} has nothing to run: the logical date {clock.iso(at)} is {why}. Give another date."
    )
