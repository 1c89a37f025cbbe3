"""Runs and their partitions: which runs are meant, and taking them out of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from queuack import clock
from queuack.daemon.port import Port
from queuack.daemon.services.control import clear_dag_runs
from queuack.daemon.services.runs import change, get_run, list_runs
from queuack.engine.engine import Engine
from queuack.engine.events import ClearPartition
from queuack.errors import DagNotFound, InvalidRequest
from queuack.schedule.timetables import CronPartitionTimetable
from queuack.schedule.zones import instant_of, zone

Row = dict[str, Any]


def clear_partitions(
    port: Port,
    dag_id: str,
    run: str | None = None,
    partition_key: str | None = None,
    start_date: str | None = None,
    end_date: str | None = None,
    clear_task_instances: bool = False,
    dry_run: bool = False,
    user: str | None = None,
) -> list[Row]:
    """Take runs out of their partition: one, or those of a key, or of partition dates (ISO 8601, both included, read as
    the clock of the schedule's time zone shows them, whatever their offset). Oldest first; of each run_id, state,
    partition_key and partition_date as they were, and task_instances: how many were cleared (None: not asked for).

    Raises InvalidRequest unless exactly one of the three is said; DagNotFound, DagRunNotFound.
    """
    by_date = bool(start_date or end_date)
    if (run is not None) + (partition_key is not None) + by_date != 1:
        raise InvalidRequest("Say which runs: a run, or a partition key, or partition dates.")
    found = [get_run(port, dag_id, run)] if run is not None else [*reversed(list_runs(port, dag_id))]
    if partition_key is not None:
        found = [row for row in found if row["partition_key"] == partition_key]
    elif by_date:
        start, end = _bound(port, dag_id, start_date), _bound(port, dag_id, end_date)
        if start is not None and end is not None and start > end:
            raise InvalidRequest("The first partition date lies after the last.")
        found = [row for row in found if _within(row["partition_date"], start, end)]
    return [_clear(port, row, clear_task_instances, dry_run, user) for row in found]


def _clear(port: Port, row: Row, clear_task_instances: bool, dry_run: bool, user: str | None) -> Row:
    dag_id, run_id = row["dag_id"], row["run_id"]
    cleared = None
    if clear_task_instances:
        cleared = len(clear_dag_runs(port, dag_id, run_id, dry_run=dry_run, user=user))
    if not dry_run:
        asked = ClearPartition(dag_id=dag_id, run_id=run_id, user=user)
        change(port, dag_id, run_id, lambda recall: msgspec.structs.replace(asked, recall=recall))
    shown = {name: row[name] for name in ("dag_id", "run_id", "state", "partition_key", "partition_date")}
    return shown | {"task_instances": cleared}


def _bound(port: Port, dag_id: str, text: str | None) -> int | None:
    """A bound as an instant in microseconds."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{text!r} is not an ISO 8601 date.") from None

    def look(engine: Engine) -> Any:
        dag = engine.dags.get(dag_id)
        if dag is None:
            raise DagNotFound(f"There is no DAG {dag_id!r}.")
        return dag.document.timetable

    timetable = port.on_engine(look)
    if isinstance(timetable, CronPartitionTimetable):
        return clock.to_us(instant_of(moment.replace(tzinfo=None), zone(timetable.timezone)))
    return clock.to_us(moment)


def _within(date: str | None, start: int | None, end: int | None) -> bool:
    if date is None:
        return False
    moment = clock.to_us(datetime.fromisoformat(date))
    return (start is None or start <= moment) and (end is None or moment <= end)


METHODS = (clear_partitions,)
