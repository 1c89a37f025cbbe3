"""What is encrypted in the store, all of it at once: a new key for every value. Airflow page: security/secrets/fernet,
"Rotating encryption keys"."""

from __future__ import annotations

from typing import Any

from queuack import clock
from queuack.daemon.port import Port
from queuack.daemon.services.connections import locked_connection, unlocked
from queuack.daemon.services.variables import locked_variable, value_of
from queuack.daemon.vault import vault, writing_vault
from queuack.engine.effects import LogRow
from queuack.engine.events import TriggersResealed
from queuack.errors import InvalidRequest
from queuack.store.queries import variables

Row = dict[str, Any]


def rotate_fernet_key(port: Port, fingerprints: list[str] | None = None) -> Row:
    """Encrypt every value again with the first key, those too that were stored before there was encryption.

    The arguments of waiting triggers first, then variables and connections, all or nothing. ``fingerprints``: of the
    keys the caller sees; a daemon that has others refuses, as it would rotate to the wrong one. Returns {"variables",
    "connections", "triggers": how many, "keys": number of keys, "source"}.
    Raises SecretUnreadable naming the first value that no key fits."""
    found = vault().keys
    if fingerprints is not None and fingerprints != found.fingerprints:
        raise InvalidRequest(
            f"The daemon works with other keys (from {found.source}) than this command sees. Restart it with the new "
            "setting, then rotate."
        )
    new = writing_vault(port)
    with port.reader() as reader:
        values = variables.list_variables(reader)
        connections = variables.list_connections(reader)
    writes = [
        *(locked_variable(new, row["key"], value_of(row), row["description"]) for row in values),
        *(locked_connection(new, unlocked(row)) for row in connections),
    ]
    waiting = port.on_engine(lambda engine: {one.row.id: one.row.kwargs for one in engine.triggers.values()})
    sealed = {
        trigger_id: (kwargs, new.lock(new.unlock(kwargs, f"What trigger {trigger_id} waits for")))
        for trigger_id, kwargs in waiting.items()
        if not kwargs.startswith("{")
    }
    if sealed:
        port.request(TriggersResealed(kwargs=sealed))
    port.write(*writes, LogRow(event="fernet_key.rotate", at=clock.now_us()))
    return {
        "variables": len(values),
        "connections": len(connections),
        "triggers": len(sealed),
        "keys": len(new.keys.keys),
        "source": new.keys.source,
    }


METHODS = (rotate_fernet_key,)
