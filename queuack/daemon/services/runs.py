"""DAG runs: list, look up, trigger, wait for. What changes them is ``control``'s."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from queuack import clock
from queuack.daemon.params import checked_conf
from queuack.daemon.port import Port
from queuack.daemon.services.schedules import run_by_hand
from queuack.engine.events import Event, TriggerRun
from queuack.engine.planning import BY_RUN_AFTER
from queuack.engine.snapshot import Recall
from queuack.engine.spec import DagDocument, decode
from queuack.engine.states import DagRunState
from queuack.errors import DagNotFound, DagRunAlreadyExists, DagRunNotFound, InvalidRequest
from queuack.protocol import TimetableRun
from queuack.store.queries import runs as run_queries
from queuack.store.queries import versions
from queuack.store.queries.dags import NO_LIMIT
from queuack.store.queries.dags import get_dag as get_dag_row
from queuack.store.reader import Reader
from queuack.store.snapshot import load_run

Row = dict[str, Any]

BY_PEOPLE = frozenset({"cli", "rest_api", "ui"})
"""Ways to trigger that Airflow's REST API guards: a DAG whose file has import errors runs for none of them."""

FINISHED_RUNS = (str(DagRunState.SUCCESS), str(DagRunState.FAILED))


def instant(text: str | None, name: str) -> int | None:
    """The instant of ISO 8601 text (no offset = UTC). Raises InvalidRequest."""
    if text is None:
        return None
    try:
        found = clock.to_us(datetime.fromisoformat(text))
        clock.from_us(found)  # an offset can lead out of the years 1 to 9999
        return found
    except (TypeError, ValueError, OverflowError):
        raise InvalidRequest(
            f"{name}: {text!r} is not an ISO 8601 date (example: 2026-01-31T09:00:00+00:00)."
        ) from None


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
    """By run id, or by logical date (ISO 8601 with ``Z`` or an offset; without either it is UTC)."""
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
    run_type: str = "manual",
    partition_key: str | None = None,
    run_after: str | None = None,
    data_interval_start: str | None = None,
    data_interval_end: str | None = None,
) -> Row:
    """Create a run by hand. ``conf`` is checked against the DAG's params. A data interval is given whole or not at
    all, and counts for a run with a logical date. Returns the run's row.

    Raises DagNotFound, InvalidRequest, and DagRunAlreadyExists when the DAG has, or ever had, a run of this id or date.
    """
    wanted = TriggerRun(
        dag_id=dag_id,
        run_id=run_id,
        logical_date=instant(logical_date, "logical_date"),
        conf={} if conf is None else conf,
        note=note,
        triggered_by=triggered_by,
        triggering_user_name=user,
        run_type=run_type,
        partition_key=partition_key,
        run_after=instant(run_after, "run_after"),
    )
    start = instant(data_interval_start, "data_interval_start")
    end = instant(data_interval_end, "data_interval_end")
    if (start is None) != (end is None):
        raise InvalidRequest("A data interval needs both its start and its end.")
    if wanted.logical_date is not None:
        wanted.data_interval_start, wanted.data_interval_end = start, end
    return trigger(port, wanted)


def trigger(port: Port, wanted: TriggerRun) -> Row:
    """As ``trigger_run``. What ``wanted`` leaves open (id, data interval, ``run_after``) is decided here and later."""
    with port.reader() as reader:
        text = versions.dag_document(reader, wanted.dag_id)
        dag = get_dag_row(reader, wanted.dag_id)
        if text is None or dag is None:
            raise DagNotFound(f"There is no DAG {wanted.dag_id!r}.")
        if dag["has_import_errors"] and wanted.triggered_by in BY_PEOPLE:
            raise InvalidRequest(f"Dag with dag_id: '{wanted.dag_id}' has import errors and cannot be triggered")
        _check_free(reader, wanted.dag_id, wanted.run_id, wanted.logical_date)
    document = decode(text)
    allowed = document.allowed_run_types
    if allowed is not None and wanted.run_type not in allowed:
        raise InvalidRequest(f"Dag with dag_id: '{wanted.dag_id}' does not allow {wanted.run_type} runs")
    checked_conf(document, wanted.conf)
    if wanted.data_interval_start is not None:
        said = TimetableRun(start=wanted.data_interval_start, end=wanted.data_interval_end)
    else:
        said = _by_hand(port, document, wanted)
    settled = msgspec.structs.replace(
        wanted,
        run_id=wanted.run_id or said.run_id,
        data_interval_start=said.start,
        data_interval_end=said.end,
        run_after=said.run_after if wanted.run_after is None else wanted.run_after,
    )
    return get_run(port, wanted.dag_id, port.request(settled))


def _by_hand(port: Port, document: DagDocument, wanted: TriggerRun) -> TimetableRun:
    return run_by_hand(
        port,
        document,
        run_after=clock.now_us() if wanted.run_after is None else wanted.run_after,
        logical_date=wanted.logical_date,
        at_run_after=wanted.triggered_by in BY_RUN_AFTER,
    )


def _check_free(reader: Reader, dag_id: str, run_id: str | None, date: int | None) -> None:
    """The engine refuses what it remembers (unfinished runs and the latest finished ones); the store knows all."""
    if run_id is not None and run_queries.run_key(reader, dag_id, run_id) is not None:
        raise DagRunAlreadyExists(f"DAG {dag_id!r} has a run {run_id!r} already.")
    if date is not None and run_queries.get_run(reader, dag_id, logical_date=date) is not None:
        raise DagRunAlreadyExists(f"DAG {dag_id!r} has a run with logical date {clock.iso(date)} already.")


def change(port: Port, dag_id: str, run_id: str, event: Callable[[Recall | None], Event]) -> Any:
    """Have a run changed by the engine, which is given the run when it has forgotten it. Returns the engine's reply.

    Twice: the run may end, or be changed by somebody else, between the look at the store and the engine's step.
    """
    for last in (False, True):
        with port.recalling:
            with port.reader() as reader:
                found = load_run(reader, dag_id, run_id)
            is_known = found is None or (found.run.row.state not in FINISHED_RUNS and not found.family)
            recall = None if is_known else found
            try:
                return port.request(event(recall))
            except DagRunNotFound:
                if last:
                    raise
    raise AssertionError("unreachable")


def wait_for_run(port: Port, dag_id: str, run: str, timeout: float = 60.0) -> Row:
    """The run's row once it has ended, or as it stands after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        row = get_run(port, dag_id, run)
        if row["state"] in FINISHED_RUNS or time.monotonic() >= deadline:
            return row
        time.sleep(0.05)


METHODS = (list_runs, get_run, trigger_run, wait_for_run)
