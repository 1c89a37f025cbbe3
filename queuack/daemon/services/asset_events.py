"""Asset events as the REST API gives them: with the runs they made, and which of those they triggered.

https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/assets.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from queuack import clock
from queuack.daemon.port import Port
from queuack.daemon.services.lists import list_page
from queuack.daemon.services.runs import get_run
from queuack.daemon.services.shown import shown
from queuack.store.queries import assets
from queuack.store.reader import Reader

Row = dict[str, Any]

_INSTANTS = ("logical_date", "start_date", "end_date", "data_interval_start", "data_interval_end")


def consumed_asset_events(port: Port, dag_id: str, run: str) -> list[Row]:
    """The events that a run consumed, as ``event_rows``. Raises DagNotFound, DagRunNotFound."""
    run_id = get_run(port, dag_id, run)["run_id"]
    with port.reader() as reader:
        return event_rows(reader, assets.consumed_events(reader, dag_id, run_id))


def asset_event_page(port: Port, where: Sequence[Sequence[Any]] = (), **paging: Any) -> Row:
    """As ``list_page`` of the list ``asset_events``, its rows as ``event_rows``."""
    page = list_page(port, "asset_events", where, **paging)
    with port.reader() as reader:
        found = assets.events_by_id(reader, [row["id"] for row in page["rows"]])
        return {**page, "rows": event_rows(reader, found)}


def event_rows(reader: Reader, events: list[Row]) -> list[Row]:
    """What ``assets.asset_events`` gives in Airflow's form: ``created_dagruns`` are those that have begun, and
    ``triggering`` says of each whether this event was the last that it consumed."""
    triggered = assets.triggered_runs(reader, [event["id"] for event in events])
    return [_public(event, triggered) for event in events]


def _public(event: Row, triggered: set[tuple[int, str, str]]) -> Row:
    asset = event["asset"]
    runs = [run for run in event["created_dagruns"] if run["start_date"] is not None]
    return {
        **{name: event[name] for name in ("id", "asset_id", "partition_key")},
        "extra": shown(event["extra"]),
        **{name: asset[name] for name in ("uri", "name", "group")},
        **{name: event[name] for name in ("source_task_id", "source_dag_id", "source_run_id")},
        "source_map_index": -1 if event["source_map_index"] is None else event["source_map_index"],
        "timestamp": clock.iso(event["timestamp"]),
        "created_dagruns": [
            {
                **run,
                **{name: clock.iso(run[name]) for name in _INSTANTS},
                "triggering": (event["id"], run["dag_id"], run["run_id"]) in triggered,
            }
            for run in runs
        ],
    }


METHODS = (consumed_asset_events, asset_event_page)
