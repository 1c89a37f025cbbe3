"""Writes the instances that mapped tasks are expanded into, and how long what they are mapped over is. Part of the
writer's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from queuack.store.batch import Batch, columns

if TYPE_CHECKING:
    from queuack.store.database import Database

_EXPANSION = ("ti_id", "first_id", "first_index", "count", "max_tries", "at")
_REVISED = ("ids", "operators", "operator_names", "pools", "pool_slots", "queues", "priority_weights")
_LENGTH = ("run_key", "dag_id", "run_id", "task_id", "map_index")


def write_expansions(database: Database, batch: Batch) -> None:
    """After the new instances are there, before any is changed."""
    if batch.expansions:
        params = columns(batch.expansions, *_EXPANSION)
        database.run("begin_map_indexes", {"ti_id": params["ti_id"]})
        database.run("insert_mapped_instances", params)
    if batch.lengths:
        rows = list(batch.lengths.values())
        database.run("delete_lengths", columns(rows, "run_key", "task_id", "map_index"))
        kept = [row for row in rows if row.length is not None]
        if kept:
            database.run("insert_lengths", columns(kept, *_LENGTH, "length"))


def write_revised(database: Database, batch: Batch) -> None:
    """What instances that run again take over from another version of their DAG."""
    for write in batch.revised:
        params: dict[str, Any] = {name: list(getattr(write, name)) for name in _REVISED}
        database.run("revise_instances", {**params, "dag_version_id": write.dag_version_id})


def write_rendered_map_indexes(database: Database, batch: Batch) -> None:
    """After the instances were changed."""
    if batch.rendered_map_indexes:
        rows = list(batch.rendered_map_indexes.values())
        database.run("update_rendered_map_indexes", columns(rows, "id", "rendered_map_index"))
