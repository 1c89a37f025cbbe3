"""People who may use the REST API and the pages, and what they did: the audit log's who."""

from __future__ import annotations

from typing import Any

from queuack import clock
from queuack.daemon.port import Port
from queuack.daemon.services import passwords
from queuack.engine.effects import FavoriteRow, LogRow, UserDeleted, UserRow
from queuack.errors import AlreadyExists, InvalidRequest, NotFound
from queuack.store.queries import users

Row = dict[str, Any]

ROLES = ("Viewer", "User", "Op", "Admin")
"""Each may what those before it may. Airflow page: security/access-control, "Default Roles"."""

LONGEST_NAME = 256


def list_users(port: Port) -> list[Row]:
    """id, username, role, first_name, last_name, email, active, created_on, changed_on; by username."""
    return [_shown(row) for row in _all(port).values()]


def get_user(port: Port, username: str) -> Row:
    return _shown(_of(port, username))


def create_user(
    port: Port,
    username: str,
    password: str,
    role: str = "Viewer",
    first_name: str = "",
    last_name: str = "",
    email: str = "",
) -> Row:
    """Raises AlreadyExists; InvalidRequest for a role that is not one of ``ROLES`` or a password too short."""
    name = username.strip() if isinstance(username, str) else ""
    if not name or len(name) > LONGEST_NAME:
        raise InvalidRequest(f"A user needs a name of at most {LONGEST_NAME} characters.")
    found = _all(port)
    if name in found:
        raise AlreadyExists(f"There is a user {name!r} already.")
    now = clock.now_us()
    row = UserRow(
        id=max((row["id"] for row in found.values()), default=0) + 1,
        username=name,
        password=_checked(password),
        role=_role(role),
        first_name=first_name,
        last_name=last_name,
        email=email,
        created_on=now,
        changed_on=now,
    )
    port.write(row, LogRow(event="create_user", at=now, extra=name))
    return get_user(port, name)


def update_user(
    port: Port, username: str, password: str | None = None, role: str | None = None, active: bool | None = None
) -> Row:
    """Change what is given."""
    row = _of(port, username)
    now = clock.now_us()
    row |= {"changed_on": now}
    row |= {"password": _checked(password)} if password is not None else {}
    row |= {"role": _role(role)} if role is not None else {}
    row |= {"active": active} if active is not None else {}
    port.write(UserRow(**row), LogRow(event="update_user", at=now, extra=username))
    return get_user(port, username)


def delete_user(port: Port, username: str) -> Row:
    """Returns the row that was."""
    row = _shown(_of(port, username))
    port.write(UserDeleted(username=username), LogRow(event="delete_user", at=clock.now_us(), extra=username))
    return row


def check_password(port: Port, username: str, password: str) -> Row | None:
    """The user whose password this is; None for a wrong one, for nobody and for somebody who is not active."""
    row = _all(port).get(username)
    fits = passwords.fits(password, passwords.nobodys() if row is None else row["password"])
    return _shown(row) if fits and row is not None and row["active"] else None


def favorites(port: Port, username: str) -> list[str]:
    """Ids of the DAGs that the user marked."""
    with port.reader() as reader:
        return users.favorites_of(reader, username)


def set_favorite(port: Port, username: str, dag_id: str, marked: bool) -> None:
    port.write(FavoriteRow(username=username, dag_id=dag_id, marked=marked))


def audit(
    port: Port,
    event: str,
    user: str | None = None,
    dag_id: str | None = None,
    run_id: str | None = None,
    task_id: str | None = None,
    map_index: int | None = None,
    extra: str | None = None,
) -> None:
    """One row of the audit log."""
    port.write(
        LogRow(
            event=event,
            at=clock.now_us(),
            owner=user,
            dag_id=dag_id,
            run_id=run_id,
            task_id=task_id,
            map_index=map_index,
            extra=extra,
        )
    )


def _all(port: Port) -> dict[str, Row]:
    with port.reader() as reader:
        return {row["username"]: row for row in users.list_users(reader)}


def _of(port: Port, username: str) -> Row:
    row = _all(port).get(username)
    if row is None:
        raise NotFound(f"There is no user {username!r}.")
    return row


def _shown(row: Row) -> Row:
    instants = {name: clock.iso(row[name]) for name in ("created_on", "changed_on")}
    return {name: value for name, value in row.items() if name != "password"} | instants


def _checked(password: str) -> str:
    if not isinstance(password, str) or len(password) < passwords.SHORTEST:
        raise InvalidRequest(f"A password has at least {passwords.SHORTEST} characters.")
    return passwords.hashed(password)


def _role(role: str) -> str:
    found = next((one for one in ROLES if one.lower() == str(role).lower()), None)
    if found is None:
        raise InvalidRequest(f"There is no role {role!r}; there are {', '.join(ROLES)}.")
    return found


METHODS = (
    list_users,
    get_user,
    create_user,
    update_user,
    delete_user,
    check_password,
    favorites,
    set_favorite,
    audit,
)
