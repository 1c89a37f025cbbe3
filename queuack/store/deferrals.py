"""Writes what deferred task instances wait for, and the triggers themselves. Part of the writer's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from queuack.store.batch import Batch, columns

if TYPE_CHECKING:
    from queuack.store.database import Database

_TRIGGER = ("id", "classpath", "kwargs", "created_date", "queue", "fired_by", "fired_seq")


def write_deferrals(database: Database, batch: Batch) -> None:
    """After the task instances are there."""
    if batch.deferrals:
        rows = list(batch.deferrals.values())
        texts = [None if row.next_kwargs is None else row.next_kwargs.decode() for row in rows]
        names = ("id", "trigger_id", "trigger_timeout", "next_method")
        database.run("update_deferrals", {**columns(rows, *names), "next_kwargs": texts})
    if batch.triggers:
        database.run("raise_trigger_floor", {"value": max(batch.triggers)})
        database.run("delete_triggers", {"id": list(batch.triggers)})
        kept = [row for row in batch.triggers.values() if row is not None]
        if kept:
            database.run("insert_triggers", columns(kept, *_TRIGGER))
