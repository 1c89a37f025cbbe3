"""Variables. Values are encrypted on their way into the store and decrypted on their way out."""

from __future__ import annotations

from typing import Any

from queuack import clock
from queuack.daemon.port import Port
from queuack.daemon.services.lists import list_page
from queuack.daemon.services.shown import shown_text
from queuack.daemon.vault import Vault, vault, writing_vault
from queuack.engine.effects import LogRow, VariableDeleted, VariableRow
from queuack.errors import AlreadyExists, InvalidRequest, NotFound, SecretUnreadable
from queuack.store.queries import variables

Row = dict[str, Any]

LONGEST_KEY = 250


def list_variables(port: Port) -> list[Row]:
    """As ``get_variable``; ``val`` is None where it cannot be decrypted."""
    with port.reader() as reader:
        rows = variables.list_variables(reader)
    for row in rows:
        try:
            row["val"] = value_of(row)
        except SecretUnreadable:
            row["val"] = None
    return rows


def variable_keys(port: Port, prefix: str | None = None) -> list[str]:
    with port.reader() as reader:
        return variables.variable_keys(reader, prefix or "")


def get_variable(port: Port, key: str) -> Row:
    """key, val, description, is_encrypted (in the store). Raises SecretUnreadable."""
    row = stored_variable(port, key)
    if row is None:
        raise NotFound(f"There is no variable {key!r}.")
    row["val"] = value_of(row)
    return row


def set_variable(port: Port, key: str, value: str, description: str | None = None) -> Row:
    """Create or change a variable."""
    set_variables(port, [{"key": key, "value": value, "description": description}])
    return {"key": key, "val": value, "description": description, "is_encrypted": bool(value)}


def set_variables(port: Port, variables: list[Row]) -> int:
    """As ``set_variable``, all or none: each with key, value, description. Returns how many."""
    keys = writing_vault(port)
    locked = [locked_variable(keys, **row) for row in variables]
    now = clock.now_us()
    port.write(*locked, *(LogRow(event="variable.set", at=now, extra=row.key) for row in locked))
    return len(locked)


def add_variable(port: Port, key: str, value: str, description: str | None = None) -> Row:
    """As ``set_variable``. Raises AlreadyExists."""
    if stored_variable(port, key) is not None:
        raise AlreadyExists(f"There is a variable {key!r} already.")
    return set_variable(port, key, value, description)


def change_variable(port: Port, key: str, changes: Row) -> None:
    """Change what ``changes`` has of value and description."""
    row = stored_variable(port, key)
    if row is None:
        raise NotFound(f"There is no variable {key!r}.")
    description = changes.get("description", row["description"])
    if "value" in changes:
        new = locked_variable(writing_vault(port), key, changes["value"], description)
    else:
        new = VariableRow(key=key, val=row["val"], description=description, is_encrypted=row["is_encrypted"])
    port.write(new, LogRow(event="variable.set", at=clock.now_us(), extra=key))


def shown_variables(port: Port, **page: Any) -> Row:
    """A page of the list ``variables`` (see ``lists.list_page``) with ``val`` in plain; hidden where the name stands
    for a secret, None where it cannot be decrypted."""
    found = list_page(port, "variables", **page)
    for row in found["rows"]:
        try:
            row["val"] = shown_text(value_of(row), row["key"])
        except SecretUnreadable:
            row["val"] = None
    return found


def delete_variable(port: Port, key: str) -> Row:
    """Returns the row that was, without its value."""
    row = stored_variable(port, key)
    if row is None:
        raise NotFound(f"There is no variable {key!r}.")
    del row["val"]
    port.write(VariableDeleted(key=key), LogRow(event="variable.delete", at=clock.now_us(), extra=key))
    return row


def stored_variable(port: Port, key: str) -> Row | None:
    with port.reader() as reader:
        return variables.get_variable(reader, key)


def value_of(row: Row) -> str:
    """The plain value of a stored row. Raises SecretUnreadable."""
    value = str(row["val"])
    return vault().unlock(value, f"Variable {row['key']!r}") if row["is_encrypted"] else value


def locked_variable(vault: Vault, key: str, value: str, description: str | None = None) -> VariableRow:
    """What is written of a variable. Raises InvalidRequest."""
    if not isinstance(key, str) or not key or len(key) > LONGEST_KEY:
        raise InvalidRequest(f"A variable has a key of 1 to {LONGEST_KEY} characters, not {key!r}.")
    if not isinstance(value, str):
        raise InvalidRequest(f"The value of variable {key!r} must be a text, not {type(value).__name__}.")
    if not value:
        return VariableRow(key=key, val=value, description=description)
    return VariableRow(key=key, val=vault.lock(value), description=description, is_encrypted=True)


METHODS = (
    list_variables,
    shown_variables,
    variable_keys,
    get_variable,
    set_variable,
    set_variables,
    add_variable,
    change_variable,
    delete_variable,
)
