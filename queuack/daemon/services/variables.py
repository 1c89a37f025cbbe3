"""Variables."""

from __future__ import annotations

from typing import Any

from queuack import clock
from queuack.daemon.port import Port
from queuack.engine.effects import LogRow, VariableDeleted, VariableRow
from queuack.errors import NotFound
from queuack.store.queries import variables

Row = dict[str, Any]


def list_variables(port: Port) -> list[Row]:
    with port.reader() as reader:
        return [{"key": row.pop("key"), "val": row.pop("value"), **row} for row in variables.list_variables(reader)]


def get_variable(port: Port, key: str) -> Row:
    """key, val, description."""
    for row in list_variables(port):
        if row["key"] == key:
            return row
    raise NotFound(f"There is no variable {key!r}.")


def set_variable(port: Port, key: str, value: str, description: str | None = None) -> Row:
    now = clock.now_us()
    port.write(
        VariableRow(key=key, val=value, description=description),
        LogRow(event="variable.set", at=now, extra=key),
    )
    return get_variable(port, key)


def delete_variable(port: Port, key: str) -> Row:
    """Returns the row that was."""
    row = get_variable(port, key)
    port.write(VariableDeleted(key=key), LogRow(event="variable.delete", at=clock.now_us(), extra=key))
    return row


METHODS = (list_variables, get_variable, set_variable, delete_variable)
