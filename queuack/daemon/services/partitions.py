"""Runs by their partition: which they are, and how a person's day becomes bounds in the time zone of the timetable.

https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/assets.html
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from queuack import clock
from queuack.daemon.port import Port
from queuack.daemon.services.control import clear_dag_runs
from queuack.daemon.services.runs import get_run
from queuack.engine.events import ForgetPartitions
from queuack.engine.spec import DagDocument, decode
from queuack.errors import DagNotFound, InvalidRequest
from queuack.schedule.zones import instant_of, zone
from queuack.store import listing
from queuack.store.queries import versions

Row = dict[str, Any]
Where = list[list[Any]]

RUN_FIELDS = ("dag_id", "run_id", "state", "partition_key", "partition_date")


def partition_days(port: Port, dag_id: str, first: str | None = None, last: str | None = None) -> Where:
    """Days (ISO 8601), both included, as filters of the list ``dag_runs``.

    Raises InvalidRequest for a DAG whose timetable has no partitions, DagNotFound.
    """
    if dag_id == "~":
        raise InvalidRequest("partition_date_gte and partition_date_lte require a specific dag_id.")
    document = _document(port, dag_id)
    if not _partitioned(document):
        raise InvalidRequest(
            f"Dag with dag_id: '{dag_id}' is not partitioned; partition_date_gte and partition_date_lte are not "
            "supported."
        )
    found: Where = []
    if first is not None:
        found.append(["partition_date", "gte", _instant(document, datetime.combine(_day(first), time()))])
    if last is not None:
        after = datetime.combine(_day(last) + timedelta(days=1), time())
        found.append(["partition_date", "lt", _instant(document, after)])
    return found


def runs_of_partitions(
    port: Port,
    dag_id: str,
    partition_key: str | None = None,
    partition_date_start: str | None = None,
    partition_date_end: str | None = None,
) -> list[str]:
    """Run ids of a DAG's partition, or of its partition dates (bounds included), in order of date."""
    document = _document(port, dag_id)
    found = _matching(port, document, None, partition_key, partition_date_start, partition_date_end)
    return [row["run_id"] for row in found]


def forget_partitions(
    port: Port,
    dag_id: str,
    run: str | None = None,
    partition_key: str | None = None,
    partition_date_start: str | None = None,
    partition_date_end: str | None = None,
    clear_task_instances: bool = False,
    dry_run: bool = False,
    user: str | None = None,
) -> Row:
    """Take partition key and date off the runs of a DAG: of one run, of a key, or of partition dates.

    Returns dag_runs_cleared, task_instances_cleared, and runs: ``RUN_FIELDS`` of all that fit, as they were.
    Raises InvalidRequest unless exactly one of these is given.
    """
    by_date = bool(partition_date_start or partition_date_end)
    if (run is not None) + (partition_key is not None) + by_date != 1:
        raise InvalidRequest("Say which runs: a run id, or a partition key, or partition dates.")
    document = _document(port, dag_id)
    found = _matching(port, document, run, partition_key, partition_date_start, partition_date_end)
    having = [row for row in found if row["partition_key"] is not None or row["partition_date"] is not None]
    tasks = 0
    if clear_task_instances:
        for row in found:
            tasks += len(clear_dag_runs(port, dag_id, row["run_id"], dry_run=dry_run, user=user))
    if having and not dry_run:
        port.request(ForgetPartitions(dag_id=dag_id, run_ids=tuple(row["run_id"] for row in having), user=user))
    return {
        "dag_runs_cleared": len(having),
        "task_instances_cleared": tasks,
        "dry_run": dry_run,
        "runs": [{name: row[name] for name in RUN_FIELDS} for row in found],
    }


def _matching(
    port: Port, document: DagDocument, run: str | None, key: str | None, start: str | None, end: str | None
) -> list[Row]:
    if run is not None:
        return [get_run(port, document.dag_id, run)]
    filters = [listing.Filter("dag_id", document.dag_id, "eq")]
    if key is not None:
        filters.append(listing.Filter("partition_key", key, "eq"))
    for text, operation in ((start, "gte"), (end, "lte")):
        if text is not None:
            moment = _instant(document, _moment(text))
            filters.append(listing.Filter("partition_date", moment, operation))
    with port.reader() as reader:
        rows = listing.every(reader, "dag_runs", filters)
    return sorted(rows, key=lambda row: (row["partition_date"] or "", row["run_id"]))


def _document(port: Port, dag_id: str) -> DagDocument:
    with port.reader() as reader:
        text = versions.dag_document(reader, dag_id)
    if text is None:
        raise DagNotFound(f"There is no DAG {dag_id!r}.")
    return decode(text)


def _partitioned(document: DagDocument) -> bool:
    return hasattr(document.timetable, "partition_date")


def _instant(document: DagDocument, moment: datetime) -> int:
    """What the clock on the wall shows in ``moment``, in the timetable's time zone where it has one."""
    name = getattr(document.timetable, "timezone", None)
    if name is None:
        return clock.to_us(moment)
    return clock.to_us(instant_of(moment.replace(tzinfo=None), zone(str(name))))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{text!r} is not a day (example: 2026-01-31).") from None


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{text!r} is not an ISO 8601 date (example: 2026-01-31T09:00:00+00:00).") from None


METHODS = (partition_days, runs_of_partitions, forget_partitions)
