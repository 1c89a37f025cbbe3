"""DAG runs: list, look up, trigger, change the state of."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from queuack import clock
from queuack.daemon.params import checked_conf
from queuack.daemon.port import Port
from queuack.engine.events import ClearTasks, SetRunState, TriggerRun
from queuack.engine.spec import decode
from queuack.errors import DagNotFound, DagRunNotFound, InvalidRequest
from queuack.store.queries import runs as run_queries
from queuack.store.queries import versions
from queuack.store.queries.dags import NO_LIMIT
from queuack.store.queries.dags import get_dag as get_dag_row

Row = dict[str, Any]


def instant(text: str | None, name: str) -> int | None:
    """The instant of ISO 8601 text (no offset = UTC). Raises InvalidRequest."""
    if text is None:
        return None
    try:
        return clock.to_us(datetime.fromisoformat(text))
    except ValueError:
        raise InvalidRequest(f"{name}: {text!r} is not an ISO 8601 date (example: 2026-01-31T09:00:00+00:00).") from None


def list_runs(
    port: Port,
    dag_id: str | None = None,
    state: str | None = None,
    start_date: str | None = None,
    end_date: str | None = None,
    limit: int | None = None,
) -> list[Row]:
    """Newest first."""
    with port.reader() as reader:
        if dag_id is not None and get_dag_row(reader, dag_id) is None:
            raise DagNotFound(f"There is no DAG {dag_id!r}.")
        return run_queries.list_runs(
            reader,
            dag_id,
            state=state,
            start=instant(start_date, "start_date"),
            end=instant(end_date, "end_date"),
            limit=NO_LIMIT if limit is None else limit,
        )


def get_run(port: Port, dag_id: str, run: str) -> Row:
    """By run id, or by logical date (ISO 8601)."""
    with port.reader() as reader:
        row = run_queries.get_run(reader, dag_id, run_id=run)
        if row is None:
            try:
                logical_date = clock.to_us(datetime.fromisoformat(run))
            except ValueError:
                logical_date = None
            if logical_date is not None:
                row = run_queries.get_run(reader, dag_id, logical_date=logical_date)
        if row is None and get_dag_row(reader, dag_id) is None:
            raise DagNotFound(f"There is no DAG {dag_id!r}.")
    if row is None:
        raise DagRunNotFound(f"DAG {dag_id!r} has no run {run!r}: neither a run id nor a logical date.")
    return row


def trigger_run(
    port: Port,
    dag_id: str,
    run_id: str | None = None,
    logical_date: str | None = None,
    conf: Row | None = None,
    note: str | None = None,
    triggered_by: str = "cli",
    user: str | None = None,
) -> Row:
    """Create a run by hand. ``conf`` is checked against the DAG's params. Returns the run's row."""
    with port.reader() as reader:
        text = versions.dag_document(reader, dag_id)
    if text is None:
        raise DagNotFound(f"There is no DAG {dag_id!r}.")
    conf = conf or {}
    checked_conf(decode(text), conf)
    new_id = port.request(
        TriggerRun(
            dag_id=dag_id,
            run_id=run_id,
            logical_date=instant(logical_date, "logical_date"),
            conf=conf,
            note=note,
            triggered_by=triggered_by,
            triggering_user_name=user,
        )
    )
    return get_run(port, dag_id, new_id)


def set_run_state(port: Port, dag_id: str, run: str, state: str) -> Row:
    """Mark a run success or failed, or queue it again."""
    run_id = get_run(port, dag_id, run)["run_id"]
    port.request(SetRunState(dag_id=dag_id, run_id=run_id, state=state))
    return get_run(port, dag_id, run_id)


def clear_tasks(
    port: Port,
    dag_id: str,
    run: str,
    task_ids: list[str] | None = None,
    upstream: bool = False,
    downstream: bool = False,
    only_failed: bool = False,
) -> list[str]:
    """Forget the outcome of tasks of one run so that they run again. Returns their ids."""
    run_id = get_run(port, dag_id, run)["run_id"]
    cleared = port.request(
        ClearTasks(
            dag_id=dag_id,
            run_id=run_id,
            task_ids=None if task_ids is None else tuple(task_ids),
            upstream=upstream,
            downstream=downstream,
            only_failed=only_failed,
        )
    )
    return list(cleared)


def wait_for_run(port: Port, dag_id: str, run: str, timeout: float = 60.0) -> Row:
    """The run's row once it has ended, or as it stands after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        row = get_run(port, dag_id, run)
        if row["state"] in ("success", "failed") or time.monotonic() >= deadline:
            return row
        time.sleep(0.05)


METHODS = (list_runs, get_run, trigger_run, set_run_state, clear_tasks, wait_for_run)
