"""What tasks ask people: list the questions, answer one. Airflow: REST API, ``hitlDetails``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from queuack.daemon.params import checked_value
from queuack.daemon.port import Port
from queuack.daemon.services.lists import list_page
from queuack.daemon.services.runs import get_run
from queuack.daemon.services.tasks import get_task_instance, instance_page_rows, task_tries
from queuack.engine.events import InputGiven
from queuack.errors import AlreadyExists, InvalidRequest, NotAllowed, NotFound
from queuack.store.queries import hitl

Row = dict[str, Any]


def list_hitl_details(
    port: Port,
    dag_id: str | None = None,
    run: str | None = None,
    task_id: str | None = None,
    map_index: int | None = None,
    response_received: bool | None = None,
    state: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Row]:
    """Questions that pass every filter, oldest first; ``state``: of the task. ``run`` needs ``dag_id``."""
    run_id = run if run is None or dag_id is None else get_run(port, dag_id, run)["run_id"]
    with port.reader() as reader:
        return hitl.list_hitl_details(
            reader,
            dag_id=dag_id,
            run_id=run_id,
            task_id=task_id,
            map_index=map_index,
            response_received=response_received,
            state=state,
            limit=limit,
            offset=offset,
        )


def get_hitl_detail(port: Port, dag_id: str, run: str, task_id: str, map_index: int = -1) -> Row:
    """What one task instance has asked last. Raises NotFound when it has asked nothing."""
    run_id = get_task_instance(port, dag_id, run, task_id, map_index)["run_id"]
    found = list_hitl_details(port, dag_id, run_id, task_id, map_index)
    if not found:
        raise NotFound(f"Task {task_id!r} of run {run_id!r} of DAG {dag_id!r} has not asked anything.")
    return found[0]


def hitl_detail_page(port: Port, where: Sequence[Sequence[Any]] = (), **paging: Any) -> Row:
    """As ``list_page`` of the list ``hitl_details``, each row with ``task_instance``: one of ``task_instances``."""
    page = list_page(port, "hitl_details", where, **paging)
    asked = hitl.values_decoded(page["rows"])
    chosen = [{"id": row["ti_id"], "dag_id": row.pop("dag_id"), "run_id": row.pop("run_id")} for row in asked]
    instances = {row["id"]: row for row in instance_page_rows(port, chosen)}
    rows = [{**row, "task_instance": instances[row["ti_id"]]} for row in asked if row["ti_id"] in instances]
    return {**page, "rows": rows}


def get_hitl_detail_of_try(
    port: Port, dag_id: str, run: str, task_id: str, map_index: int, try_number: int | None
) -> Row:
    """What it asked in one of its tries (None: the present one), with ``task_instance``: one of ``task_tries``.

    Raises NotFound when there was no such try or it asked nothing.
    """
    instance = get_task_instance(port, dag_id, run, task_id, map_index)
    number = instance["try_number"] if try_number is None else try_number
    tries = [one for one in task_tries(port, dag_id, run, task_id, map_index) if one["try_number"] == number]
    if not tries:
        raise NotFound(f"Task {task_id!r} of run {run!r} of DAG {dag_id!r} had no try {number}.")
    with port.reader() as reader:
        asked = hitl.hitl_detail_of_try(reader, instance["id"], number)
    if asked is None:
        raise NotFound(f"Task {task_id!r} of run {run!r} of DAG {dag_id!r} has not asked anything in try {number}.")
    return {**asked, "task_instance": tries[-1]}


def update_hitl_detail(
    port: Port,
    dag_id: str,
    run: str,
    task_id: str,
    chosen_options: list[str],
    user_id: str,
    user_name: str | None = None,
    params_input: Row | None = None,
    map_index: int = -1,
) -> Row:
    """Answer; the task goes on. Params that are not given have their default. Returns the question's row.

    Raises NotFound when nothing was asked, AlreadyExists when it has been answered, NotAllowed for a user who is not
    among those assigned, InvalidRequest for an answer that does not fit or that nobody waits for.
    """
    asked = get_hitl_detail(port, dag_id, run, task_id, map_index)
    if asked["response_received"]:
        raise AlreadyExists(f"Task {task_id!r} of run {asked['run_id']!r} has been answered already{_by(asked)}.")
    _check_user(asked, user_id)
    _check_options(asked, chosen_options)
    given = _checked_params(asked, params_input or {})
    port.request(
        InputGiven(
            dag_id=dag_id,
            run_id=asked["run_id"],
            task_id=task_id,
            map_index=map_index,
            chosen_options=chosen_options,
            params_input=given,
            responded_by={"id": user_id, "name": user_name or user_id},
        )
    )
    return get_hitl_detail(port, dag_id, asked["run_id"], task_id, map_index)


def _by(asked: Row) -> str:
    user = asked["responded_by_user"]
    return ", by its defaults when the time was over" if user is None else f" by {user['name']}"


def _check_user(asked: Row, user_id: str) -> None:
    assigned = [user["id"] for user in asked["assigned_users"] or []]
    if assigned and user_id not in assigned:
        raise NotAllowed(
            f"User {user_id!r} may not answer task {asked['task_id']!r}: it asks {', '.join(map(repr, assigned))}."
        )


def _check_options(asked: Row, chosen: list[str]) -> None:
    options = ", ".join(map(repr, asked["options"]))
    if not chosen:
        raise InvalidRequest(f"Task {asked['task_id']!r} asks for an option: {options}.")
    for option in chosen:
        if option not in asked["options"]:
            raise InvalidRequest(f"Task {asked['task_id']!r} has no option {option!r}, but {options}.")
    if len(chosen) > 1 and not asked["multiple"]:
        raise InvalidRequest(f"Task {asked['task_id']!r} takes one option, not {len(chosen)}.")


def _checked_params(asked: Row, given: Row) -> Row:
    """What was given, and the defaults of the rest."""
    params: Row = asked["params"]
    for name in given:
        if name not in params:
            known = ", ".join(map(repr, params)) or "none"
            raise InvalidRequest(f"Task {asked['task_id']!r} asks for no param {name!r}; it asks for: {known}.")
    if "__classname__" in _keys(given):
        raise InvalidRequest("A param cannot have the reserved key '__classname__'.")
    values = {}
    for name, param in params.items():
        has_schema = isinstance(param, dict) and {"value", "schema"} <= param.keys()
        values[name] = given[name] if name in given else param["value"] if has_schema else param
        if has_schema:
            checked_value(name, f"task {asked['task_id']!r}", values[name], param["schema"] or {})
    return values


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(inner)


METHODS = (list_hitl_details, hitl_detail_page, get_hitl_detail, get_hitl_detail_of_try, update_hitl_detail)
