"""What task instances keep over their tries, as a whole."""

from __future__ import annotations

from typing import Any

from queuack import clock
from queuack.daemon.port import Port
from queuack.engine.asset_effects import TaskStateExpired
from queuack.store.queries import assets

Row = dict[str, Any]

SHOWN = 1_000
"""Rows that are told at most."""


def clean_task_states(port: Port, dry_run: bool = False) -> Row:
    """Delete keys that have outlived their retention: {"count", "rows"}; rows (dag_id, run_id, task_id, map_index, key,
    expires_at) are the oldest ``SHOWN`` of them. ``dry_run``: only tell."""
    now = clock.now_us()
    with port.reader() as reader:
        found = assets.expired_task_states(reader, now, SHOWN)
    count = found[0]["total"] if found else 0
    if count and not dry_run:
        port.write(TaskStateExpired(at=now))
    return {"count": count, "rows": [{name: row[name] for name in row if name != "total"} for row in found]}


METHODS = (clean_task_states,)
