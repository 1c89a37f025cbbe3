"""Deletes runs and single task instances with all that is on record about them. Part of the writer's transaction.

What they are deleted from is listed in ``sql/write_deletions.sql``; the audit log keeps its rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from queuack.engine.effects import InstanceDeleted, PartitionsForgotten, RunDeleted

if TYPE_CHECKING:
    from queuack.store.database import Database

Deletion = RunDeleted | InstanceDeleted | PartitionsForgotten
DELETIONS = (RunDeleted, InstanceDeleted, PartitionsForgotten)
"""What comes before such a write in a batch is in its table before; what comes after it, after."""

_OF_RUN = (
    "keep_run_id_floor", "delete_run_questions", "delete_run_old_questions", "delete_run_instance_notes",
    "delete_note_of_run", "delete_run_reschedules", "delete_run_history", "delete_run_rendered_fields",
    "delete_run_xcoms", "delete_run_lengths", "delete_run_state", "delete_run_deadlines", "delete_run_asset_events",
    "delete_run_instances",
)  # fmt: skip
_OF_INSTANCE = (
    "keep_instance_id_floor", "delete_instance_questions", "delete_instance_old_questions", "delete_instance_notes_of",
    "delete_instance_reschedules", "delete_instance_history", "delete_instance_rendered_fields",
    "delete_instance_xcoms", "delete_instance_lengths", "delete_instance_state", "delete_instance",
)  # fmt: skip


def write_deletion(database: Database, write: Deletion) -> None:
    if isinstance(write, PartitionsForgotten):
        database.run("forget_partitions", {"dag_id": write.dag_id, "run_id": list(write.run_ids)})
    elif isinstance(write, RunDeleted):
        for name in _OF_RUN:
            database.run(name, {"run_key": write.id})
        database.run("delete_run_callbacks", {"dag_id": write.dag_id, "run_id": write.run_id})
        database.run("delete_run", {"run_key": write.id})
    else:
        for name in _OF_INSTANCE:
            database.run(name, {"ti_id": write.id, "run_key": write.run_key})
