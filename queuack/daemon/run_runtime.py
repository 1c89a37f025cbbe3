"""What a task may ask about other DAGs and start of them: the other end of ``worker.run_triggering``.

Asking twice is asking once. The run that a task instance asked for and its XCom ``trigger_run_id`` are one transaction,
so when the answer got lost, with the daemon or the connection, the same attempt is told of its own run, and not that
there is one already. The next attempt begins without XComs: it meets the run of the attempt before, as in Airflow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from queuack import clock
from queuack.daemon.port import Port
from queuack.daemon.services import control, runs
from queuack.engine.effects import XComRow
from queuack.engine.events import TriggerRun
from queuack.engine.spec import decode
from queuack.engine.states import FINISHED_NAMES
from queuack.errors import DagNotFound, DagRunAlreadyExists, InvalidRequest
from queuack.store.queries import instances, versions, xcoms
from queuack.store.queries import runs as run_queries
from queuack.store.queries.dags import get_dag

Row = dict[str, Any]

XCOM_RUN_ID = "trigger_run_id"


def trigger_run(
    port: Port,
    dag_id: str,
    run_id: str | None = None,
    logical_date: int | None = None,
    run_after: int | None = None,
    conf: Row | None = None,
    note: str | None = None,
    reset: bool = False,
    asked_by: Row | None = None,
) -> str:
    """The id of the run that was created; with ``reset`` of the one of this id or date, cleared.

    Raises DagNotFound, DagRunAlreadyExists, and InvalidRequest for a DAG whose file cannot be imported now or for a
    ``conf`` that breaks the DAG's params.
    """
    _check_dag(port, dag_id)
    mark = None if asked_by is None or run_id is None else _mark(asked_by, run_id)
    if mark is not None and _marked(port, mark) == mark.value and _exists(port, dag_id, run_id):
        return str(run_id)
    wanted = TriggerRun(
        dag_id=dag_id,
        run_id=run_id,
        logical_date=logical_date,
        run_after=run_after,
        conf=conf or {},
        note=note,
        triggered_by="operator",
        triggering_user_name=None if asked_by is None else _user_of(port, asked_by),
        run_type="operator_triggered",
        xcom=mark,
    )
    try:
        return str(runs.trigger(port, wanted)["run_id"])
    except DagRunAlreadyExists:
        if not reset:
            raise
    existing = _existing(port, dag_id, run_id, logical_date)
    control.clear_tasks(port, dag_id, existing)
    if asked_by is not None:
        port.write(_mark(asked_by, existing))
    return existing


def _check_dag(port: Port, dag_id: str) -> None:
    with port.reader() as reader:
        dag = get_dag(reader, dag_id)
    if dag is None or dag["is_stale"]:
        raise DagNotFound(f"There is no DAG {dag_id!r}.")
    if dag["has_import_errors"]:
        raise InvalidRequest(f"The file of DAG {dag_id!r} has import errors: correct them to trigger it.")


def _mark(asked_by: Row, run_id: str) -> XComRow:
    value = msgspec.json.encode(run_id)
    return XComRow(**asked_by, key=XCOM_RUN_ID, encoding="json", value=value, at=clock.now_us())


def _marked(port: Port, mark: XComRow) -> bytes | None:
    """What the XCom holds now."""
    place = mark.dag_id, mark.run_id, mark.task_id, mark.map_index
    waiting = port.waiting_xcom(place, mark.key)
    if isinstance(waiting, XComRow):
        return waiting.value
    if waiting is None:
        return None
    with port.reader() as reader:
        found = xcoms.get_xcom(reader, *place, mark.key)
    if found is None:
        return None
    value = found["value"]
    return value.encode() if isinstance(value, str) else bytes(value)


def _exists(port: Port, dag_id: str, run_id: str | None) -> bool:
    if run_id is None:
        return False
    with port.reader() as reader:
        return run_queries.run_key(reader, dag_id, run_id) is not None


def _existing(port: Port, dag_id: str, run_id: str | None, logical_date: int | None) -> str:
    """The id of the run of this id, or else of this date."""
    found = run_id if _exists(port, dag_id, run_id) else clock.iso(logical_date)
    return str(runs.get_run(port, dag_id, str(found))["run_id"])


def _user_of(port: Port, asked_by: Row) -> str | None:
    """Who triggered the run of the task that asks: a chain of runs stays that person's."""
    with port.reader() as reader:
        row = run_queries.get_run(reader, asked_by["dag_id"], run_id=asked_by["run_id"])
    return None if row is None else row["triggering_user_name"]


def dag_outline(port: Port, dag_id: str) -> Row | None:
    """What the newest version of a DAG is made of: see ``authoring.runtime.Runtime.dag_outline``."""
    with port.reader() as reader:
        dag = get_dag(reader, dag_id)
        text = versions.dag_document(reader, dag_id)
    if dag is None or text is None:
        return None
    document = decode(text)
    return {
        **{name: dag[name] for name in ("dag_id", "is_paused", "is_stale", "relative_fileloc", "owners", "tags")},
        "task_ids": [task.task_id for task in document.tasks],
        "group_ids": [group.group_id for group in document.task_groups],
    }


def previous_task(
    port: Port, dag_id: str, task_id: str, map_index: int, before: int | None, state: str | None
) -> Row | None:
    """The task in the run before, instants in microseconds."""
    with port.reader() as reader:
        return instances.previous_instance(reader, dag_id, task_id, map_index, before=before, state=state)


def task_breadcrumbs(port: Port, dag_id: str, run_id: str) -> list[Row]:
    """task_id, map_index, state, operator and duration (seconds) of what has ended in a run."""
    with port.reader() as reader:
        found = instances.list_instances(reader, dag_id, run_id, states=sorted(FINISHED_NAMES))
    names = ("task_id", "map_index", "state", "operator", "duration")
    return [{name: row[name] for name in names} for row in found]


METHODS: dict[str, Callable[..., Any]] = {
    function.__name__: function for function in (trigger_run, dag_outline, previous_task, task_breadcrumbs)
}
