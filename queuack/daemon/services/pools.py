"""Pools."""

from __future__ import annotations

from typing import Any

from queuack.daemon.port import Port
from queuack.engine.events import DeletePool, SetPool
from queuack.errors import AlreadyExists, InvalidRequest, NotFound
from queuack.store.queries import pools

Row = dict[str, Any]

LONGEST_NAME = 256
CHANGEABLE = ("slots", "description", "include_deferred")


def list_pools(port: Port) -> list[Row]:
    """With ``occupied_slots``, ``running_slots``, ``queued_slots``, ``open_slots``."""
    with port.reader() as reader:
        return [{"pool": row.pop("name"), **row} for row in pools.list_pools(reader)]


def get_pool(port: Port, pool: str) -> Row:
    for row in list_pools(port):
        if row["pool"] == pool:
            return row
    raise NotFound(f"There is no pool {pool!r}.")


def set_pool(port: Port, pool: str, slots: int, description: str = "", include_deferred: bool = False) -> Row:
    """Create or change a pool; -1 slots = unlimited. Raises InvalidRequest, as Airflow's REST API does."""
    if not isinstance(pool, str) or not pool.strip() or len(pool) > LONGEST_NAME:
        raise InvalidRequest(f"A pool needs a name of at most {LONGEST_NAME} characters, not {pool!r}.")
    if not isinstance(slots, int) or isinstance(slots, bool) or slots < -1:
        raise InvalidRequest(f"A pool has 0 or more slots, or -1 for no limit, not {slots!r}.")
    port.request(SetPool(pool=pool, slots=slots, description=description, include_deferred=include_deferred))
    return get_pool(port, pool)


def add_pool(port: Port, pool: str, slots: int, description: str = "", include_deferred: bool = False) -> Row:
    """As ``set_pool``. Raises AlreadyExists."""
    if any(row["pool"] == pool for row in list_pools(port)):
        raise AlreadyExists(f"There is a pool {pool!r} already.")
    return set_pool(port, pool, slots, description, include_deferred)


def change_pool(port: Port, pool: str, changes: Row) -> Row:
    """Change what ``changes`` has of slots, description and include_deferred."""
    row = get_pool(port, pool)
    wanted: Row = {name: changes.get(name, row[name]) for name in CHANGEABLE}
    return set_pool(port, pool, **wanted)


def delete_pool(port: Port, pool: str) -> Row:
    """Returns the row that was."""
    row = get_pool(port, pool)
    port.request(DeletePool(pool=pool))
    return row


METHODS = (list_pools, get_pool, set_pool, add_pool, change_pool, delete_pool)
