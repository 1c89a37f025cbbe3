"""Reads how long tasks took lately, for sizing what a worker is handed at once."""

from __future__ import annotations

from queuack.store.reader import Reader, fetch, fetch_value

LATEST = 100_000
"""Task instances that are looked at, newest first."""


def recent_durations(reader: Reader, latest: int = LATEST) -> dict[tuple[str, str], float]:
    """(dag_id, task_id) → mean seconds of its successful attempts among the ``latest`` task instances."""
    from_id = int(fetch_value(reader, "last_instance_id")) - latest
    found = fetch(reader, "recent_durations", {"from_id": from_id})
    return {(dag_id, task_id): float(mean) for dag_id, task_id, mean in found}
