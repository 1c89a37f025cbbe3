"""Writes notes on runs and task instances, with who wrote them and when. Part of the writer's transaction.

The text of a run's note stands in ``dag_run.note`` as well, where the RunRow of the same step puts it; that of a task
instance is put into ``task_instance.note`` here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from queuack.engine.effects import InstanceNoteRow, RunNoteRow
from queuack.store.batch import Batch, columns

if TYPE_CHECKING:
    from queuack.store.database import Database


def write_notes(database: Database, batch: Batch) -> None:
    """After the runs and instances are there."""
    if batch.run_notes:
        _replace(database, "run", list(batch.run_notes.values()))
    if batch.instance_notes:
        rows = list(batch.instance_notes.values())
        _replace(database, "instance", rows)
        content = [row.content or None for row in rows]
        database.run("update_instance_notes", {"id": [row.id for row in rows], "content": content})


def _replace(database: Database, kind: str, rows: Sequence[RunNoteRow | InstanceNoteRow]) -> None:
    ids = {"id": [row.id for row in rows]}
    created = dict(database.run(f"old_{kind}_notes", ids))
    database.run(f"delete_{kind}_notes", ids)
    kept = [row for row in rows if row.content]
    if kept:
        first = [created.get(row.id, row.at) for row in kept]
        database.run(f"insert_{kind}_notes", {**columns(kept, "user", "id", "content", "at"), "created_at": first})
