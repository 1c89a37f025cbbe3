"""Tasks and task instances: list, look up, explain."""

from __future__ import annotations

from typing import Any

import msgspec

from queuack import clock, config
from queuack.daemon.port import Port
from queuack.daemon.services.runs import get_run
from queuack.engine.engine import Engine
from queuack.engine.spec import decode
from queuack.engine.states import FINISHED_NAMES
from queuack.errors import DagNotFound, TaskNotFound
from queuack.logpaths import attempt_log
from queuack.store import listing
from queuack.store.queries import instances, versions, xcoms
from queuack.store.queries.runs import run_key

Row = dict[str, Any]


def list_tasks(port: Port, dag_id: str) -> list[Row]:
    """The tasks of the current version, in order of id."""
    with port.reader() as reader:
        text = versions.dag_document(reader, dag_id)
    if text is None:
        raise DagNotFound(f"There is no DAG {dag_id!r}.")
    return [msgspec.to_builtins(task) for task in decode(text).tasks]


def defined_tasks(port: Port, dag_id: str) -> list[Row]:
    """The same with every field of a TaskDocument, and params (the DAG's); start and end are the DAG's where a task has
    none. Instants as ISO 8601."""
    with port.reader() as reader:
        text = versions.dag_document(reader, dag_id)
    if text is None:
        raise DagNotFound(f"There is no DAG {dag_id!r}.")
    document = decode(text)
    return [
        {
            **{name: msgspec.to_builtins(value) for name, value in msgspec.structs.asdict(task).items()},
            "params": document.params,
            "start_date": clock.iso(document.start_date if task.start_date is None else task.start_date),
            "end_date": clock.iso(document.end_date if task.end_date is None else task.end_date),
        }
        for task in document.tasks
    ]


def list_task_instances(port: Port, dag_id: str, run: str) -> list[Row]:
    run_id = get_run(port, dag_id, run)["run_id"]
    with port.reader() as reader:
        return instances.list_instances(reader, dag_id, run_id)


def get_task_instance(port: Port, dag_id: str, run: str, task_id: str, map_index: int = -1) -> Row:
    run_id = get_run(port, dag_id, run)["run_id"]
    with port.reader() as reader:
        row = instances.get_instance(reader, dag_id, run_id, task_id, map_index)
        last = None if row or map_index >= 0 else instances.last_map_index(reader, dag_id, run_id, task_id)
    if last is not None:
        raise TaskNotFound(
            f"Task {task_id!r} of run {run_id!r} of DAG {dag_id!r} is mapped: give a map index (--map-index), "
            f"0 to {last}."
        )
    if row is None:
        raise TaskNotFound(f"Run {run_id!r} of DAG {dag_id!r} has no task {task_id!r} (map index {map_index}).")
    return row


def failed_deps(port: Port, dag_id: str, run: str, task_id: str, map_index: int = -1) -> list[Row]:
    """What holds a task instance back: [{"dep", "reason"}]; empty when nothing does."""
    run_id = get_task_instance(port, dag_id, run, task_id, map_index)["run_id"]

    def look(engine: Engine) -> list[Row] | None:
        if engine.run_of(dag_id, run_id) is None:
            return None
        reasons = engine.explain(dag_id, run_id, task_id, map_index, clock.now_us())
        return [{"dep": reason.code, "reason": reason.text} for reason in reasons]

    found = port.on_engine(look)
    return [_over(port, dag_id, run_id, task_id, map_index)] if found is None else found


def _over(port: Port, dag_id: str, run_id: str, task_id: str, map_index: int) -> Row:
    """Of a run that has ended and that the engine has forgotten, in the engine's words."""
    state = get_task_instance(port, dag_id, run_id, task_id, map_index)["state"]
    if state in FINISHED_NAMES:
        return {"dep": "task_finished", "reason": f"The task instance is {state}; clear it to run it again."}
    return {"dep": "run_finished", "reason": f"The run is {get_run(port, dag_id, run_id)['state']}."}


def instance_page_rows(port: Port, chosen: list[Row]) -> list[Row]:
    """The rows of the list ``task_instances`` of what ``control`` names: dag_id, run_id and id of each, in their order.

    What has no instance yet is left out.
    """
    by_run: dict[tuple[str, str], list[int]] = {}
    for row in chosen:
        if row["id"]:
            by_run.setdefault((row["dag_id"], row["run_id"]), []).append(row["id"])
    found: dict[int, Row] = {}
    with port.reader() as reader:
        for run, ids in by_run.items():
            wanted = [listing.Filter("run_key", run_key(reader, *run)), listing.Filter("id", ids, "in")]
            found |= {row["id"]: row for row in listing.every(reader, "task_instances", wanted)}
    return [found[row["id"]] for row in chosen if row["id"] in found]


def task_tries(port: Port, dag_id: str, run: str, task_id: str, map_index: int = -1) -> list[Row]:
    """All tries of a task instance, oldest first, the present one last, with the columns of ``task_tries``.

    Raises TaskNotFound when there is neither.
    """
    found = get_run(port, dag_id, run)
    place = [
        listing.Filter("run_key", found["id"]),
        listing.Filter("task_id", task_id, "eq"),
        listing.Filter("map_index", map_index, "eq"),
    ]
    with port.reader() as reader:
        present = listing.page(reader, "task_instances", place, limit=1, count=False).rows
        earlier = listing.page(reader, "task_tries", place, order=["try_number"], limit=1000, count=False).rows
    if not present and not earlier:
        raise TaskNotFound(
            f"The Task Instance with dag_id: `{dag_id}`, run_id: `{found['run_id']}`, task_id: `{task_id}` and "
            f"map_index: `{map_index}` was not found"
        )
    return [*earlier, *(row for row in present if row["state"] != "up_for_retry")]


def rendered_fields_of(port: Port, places: list[list[Any]]) -> list[Row | None]:
    """Field → rendered value of task instances, each given as [run_key, task_id, map_index]; None where it had none."""
    with port.reader() as reader:
        found = instances.rendered_fields_of(reader, [(int(key), str(task), int(index)) for key, task, index in places])
    return [found.get((key, task, index)) for key, task, index in places]


def task_links(port: Port, dag_id: str, run: str, task_id: str, map_index: int = -1) -> dict[str, str | None]:
    """Name → URL of the extra links of a task instance, None before its worker has left it. Raises TaskNotFound."""
    row = get_task_instance(port, dag_id, run, task_id, map_index)
    with port.reader() as reader:
        text = versions.dag_document(reader, dag_id)
        task = next((task for task in decode(text).tasks if task.task_id == task_id), None) if text else None
        if task is None:
            raise TaskNotFound(f"Task with ID = {task_id} not found")
        urls: dict[str, str | None] = {}
        for name, key in task.extra_links:
            xcom = xcoms.get_xcom(reader, dag_id, row["run_id"], task_id, map_index, key)
            value = msgspec.json.decode(xcom["value"]) if xcom is not None and xcom["encoding"] == "json" else None
            urls[name] = str(value) if value else None
    return urls


def rendered_fields(port: Port, dag_id: str, run: str, task_id: str, map_index: int = -1) -> Row:
    """Template field → rendered value, of the latest attempt; {} when it had none."""
    row = get_task_instance(port, dag_id, run, task_id, map_index)
    with port.reader() as reader:
        return instances.rendered_fields(reader, dag_id, row["run_id"], task_id, map_index) or {}


def log_path(
    port: Port, dag_id: str, run: str, task_id: str, map_index: int = -1, try_number: int | None = None
) -> Row:
    """Where the log of an attempt is (default: the latest): path, try_number, state."""
    row = get_task_instance(port, dag_id, run, task_id, map_index)
    number = try_number or row["try_number"] or 1
    relative = attempt_log(dag_id, row["run_id"], task_id, map_index, number)
    return {"path": str(config.current().home.logs / relative), "try_number": number, "state": row["state"]}


METHODS = (
    list_tasks,
    defined_tasks,
    instance_page_rows,
    task_tries,
    task_links,
    rendered_fields_of,
    list_task_instances,
    get_task_instance,
    failed_deps,
    rendered_fields,
    log_path,
)
