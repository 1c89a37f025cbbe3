"""Backfills in the store: how a batch of them is written, and what the engine gets back of those that are not over."""

from __future__ import annotations

import msgspec

from queuack.engine.effects import BackfillDatesPlanned, BackfillRow
from queuack.engine.events import BackfillDate
from queuack.engine.snapshot import BackfillSnapshot, Entry
from queuack.store.batch import Batch, columns
from queuack.store.database import Database
from queuack.store.reader import Reader, fetch

_FIELDS = (
    "id", "dag_id", "from_date", "to_date", "dag_run_conf", "is_paused", "reprocess_behavior", "max_active_runs",
    "created_at", "completed_at", "updated_at", "triggering_user_name", "run_on_latest_version",
)  # fmt: skip


def write_backfills(database: Database, batch: Batch) -> None:
    """Backfills, what they are to have, and what has become of it."""
    if batch.backfills:
        rows = list(batch.backfills.values())
        params = columns(rows, *_FIELDS)
        params["dag_run_conf"] = [_json(row) for row in rows]
        database.run("delete_backfills", {"id": params["id"]})
        database.run("insert_backfills", params)
    for planned in batch.backfill_dates:
        _write_dates(database, planned)
    if batch.backfill_runs:
        names = ("id", "dag_run_id", "exception_reason")
        database.run("update_backfill_dates", columns(batch.backfill_runs.values(), *names))


def _write_dates(database: Database, planned: BackfillDatesPlanned) -> None:
    database.run(
        "insert_backfill_dates",
        {
            "first_id": planned.first_id,
            "backfill_id": planned.backfill_id,
            "logical_date": list(planned.logical_dates),
            "start": list(planned.starts),
            "end": list(planned.ends),
            "run_after": list(planned.run_afters),
            "partition_key": list(planned.partition_keys),
            "partition_date": list(planned.partition_dates),
        },
    )


def _json(row: BackfillRow) -> str | None:
    return None if row.dag_run_conf is None else msgspec.json.encode(row.dag_run_conf).decode()


def read_backfills(reader: Reader) -> list[BackfillSnapshot]:
    """Those that are not over, by id, with what is left of them to decide."""
    found = {}
    for values in fetch(reader, "snapshot_backfills"):
        fields = dict(zip(_FIELDS, values, strict=True))
        text = fields["dag_run_conf"]
        fields["dag_run_conf"] = None if text is None else msgspec.json.decode(text)
        found[fields["id"]] = BackfillSnapshot(row=BackfillRow(**fields))
    if not found:
        return []
    for backfill_id, row_id, ordinal, run_key, *date in fetch(reader, "snapshot_backfill_dates"):
        if run_key is not None:
            found[backfill_id].ordinals.append((run_key, ordinal))
            continue
        logical_date, start, end, run_after, partition_key, partition_date = date
        found[backfill_id].pending.append(
            Entry(
                row_id,
                ordinal,
                BackfillDate(
                    run_after=run_after,
                    logical_date=logical_date,
                    start=start,
                    end=end,
                    partition_key=partition_key,
                    partition_date=partition_date,
                ),
            )
        )
    return list(found.values())
