"""Reads pools and how full they are."""

from __future__ import annotations

from queuack.store.queries.rows import Row, first, rows
from queuack.store.reader import Reader


def list_pools(reader: Reader) -> list[Row]:
    """Pools by name: name, slots (-1 = unlimited), description, include_deferred, running_slots, queued_slots,
    scheduled_slots, deferred_slots, occupied_slots, open_slots (-1 = unlimited)."""
    return [_with_open_slots(row) for row in rows(reader, "list_pools", {"pool": None})]


def get_pool(reader: Reader, name: str) -> Row | None:
    """One pool, None when there is none."""
    found = first(rows(reader, "list_pools", {"pool": name}))
    return None if found is None else _with_open_slots(found)


def _with_open_slots(row: Row) -> Row:
    row["open_slots"] = -1 if row["slots"] < 0 else max(0, row["slots"] - row["occupied_slots"])
    return row
