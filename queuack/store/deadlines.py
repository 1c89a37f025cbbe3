"""Writes and reads deadlines and their alerts. Part of the writer's transaction, and of the snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from queuack.engine.deadline_effects import DeadlineRow
from queuack.engine.deadline_spec import DeadlineDocument
from queuack.engine.snapshot import DeadlineSnapshot
from queuack.store.batch import Batch, columns
from queuack.store.reader import Reader, fetch

if TYPE_CHECKING:
    from queuack.store.database import Database

_encode = msgspec.json.Encoder(order="deterministic").encode


def write_deadlines(database: Database, batch: Batch) -> None:
    if batch.deadline_alerts:
        said = [row.definition for row in batch.deadline_alerts]
        intervals = [one.interval if one.variable is None else {"variable": one.variable} for one in said]
        database.run(
            "insert_deadline_alerts",
            {
                **columns(batch.deadline_alerts, "id", "dag_version_id", "created_at"),
                "name": [one.name for one in said],
                "reference": [_encode(one.reference).decode() for one in said],
                "interval": [_encode(interval).decode() for interval in intervals],
                "callback_def": [_encode(one.callback).decode() for one in said],
            },
        )
    if batch.deadlines:
        database.run("delete_deadlines", {"id": list(batch.deadlines)})
        kept = [row for row in batch.deadlines.values() if row is not None]
        if kept:
            database.run("insert_deadlines", columns(kept, *DeadlineRow.__struct_fields__))


def read_deadlines(reader: Reader) -> list[DeadlineSnapshot]:
    """Those that are not missed."""
    return [
        DeadlineSnapshot(
            run_key=run_key,
            alert_id=alert_id,
            at=at,
            created_at=created_at,
            definition=_definition(name, reference, interval, callback),
        )
        for run_key, alert_id, at, created_at, name, reference, interval, callback in fetch(
            reader, "snapshot_deadlines"
        )
    ]


def _definition(name: str | None, reference: str, interval: str, callback: str) -> DeadlineDocument:
    after = msgspec.json.decode(interval)
    return DeadlineDocument(
        name=name,
        reference=msgspec.json.decode(reference),
        interval=None if isinstance(after, dict) else after,
        variable=after["variable"] if isinstance(after, dict) else None,
        callback=msgspec.json.decode(callback),
    )
