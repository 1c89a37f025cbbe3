"""What user code may ask of the store while it runs: the other end of ``authoring.runtime.Runtime``."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from queuack.daemon import asset_runtime, run_runtime
from queuack.daemon.port import Port
from queuack.daemon.services import connections as connection_service
from queuack.daemon.services import variables as variable_service
from queuack.daemon.services.suggestions import suggesting
from queuack.engine.effects import XComRow
from queuack.engine.events import InputAsked, InputGiven
from queuack.errors import InvalidRequest, NotFound
from queuack.store.queries import hitl, instances, models, versions, xcoms
from queuack.store.queries import runs as run_queries

Row = dict[str, Any]


def xcom_get(
    port: Port, dag_id: str, run_id: str, task_id: str, map_index: int, key: str, include_prior_dates: bool = False
) -> Row | None:
    """{"encoding", "value"} (value: bytes), or None."""
    waiting = port.waiting_xcom((dag_id, run_id, task_id, map_index), key)
    if isinstance(waiting, XComRow):
        return {"encoding": waiting.encoding, "value": waiting.value}
    if waiting is None and not include_prior_dates:
        return None
    with port.reader() as reader:
        return xcoms.get_xcom(reader, dag_id, run_id, task_id, map_index, key, include_prior_dates=include_prior_dates)


def xcom_slice(
    port: Port,
    dag_id: str,
    run_id: str,
    task_id: str,
    key: str,
    start: int = 0,
    stop: int | None = None,
    max_bytes: int | None = None,
    include_prior_dates: bool = False,
) -> list[Row]:
    """{"encoding", "value"} of the instances of a task, by map index: the ``start``-th up to, not with, ``stop``.

    With ``max_bytes`` only the first of them, about so many bytes; one at least. With ``include_prior_dates`` also
    those of the runs before.
    """
    waiting = port.waiting_xcoms((dag_id, run_id, task_id), key)
    if include_prior_dates:
        with port.reader() as reader:
            earlier = xcoms.xcoms_of_prior_dates(reader, dag_id, run_id, task_id, key)
        rest = [row for row in earlier if row["run_id"] != run_id or row["map_index"] not in waiting]
        news = [{"map_index": i, "encoding": w.encoding, "value": w.value} for i, w in waiting.items() if w is not None]
        return _first(sorted(rest + news, key=itemgetter("map_index"))[start:stop], max_bytes)
    place = dag_id, run_id, task_id, key
    with port.reader() as reader:
        if waiting:
            found = {row["map_index"]: row for row in xcoms.slice_xcoms(reader, *place)}
        elif stop is None or max_bytes is None or stop - start <= PROBE:
            return _first(xcoms.slice_xcoms(reader, *place, start=start, stop=stop), max_bytes)
        else:
            probe = xcoms.slice_xcoms(reader, *place, start=start, stop=start + PROBE)
            size = sum(len(row["value"]) for row in probe)
            if len(probe) < PROBE or size * (stop - start) > max_bytes * PROBE:
                return _first(probe, max_bytes)
            return probe + xcoms.slice_xcoms(reader, *place, start=start + PROBE, stop=stop)
    for map_index, row in waiting.items():
        if row is None:
            found.pop(map_index, None)
        else:
            found[map_index] = {"encoding": row.encoding, "value": row.value}
    return _first([found[map_index] for map_index in sorted(found)][start:stop], max_bytes)


PROBE = 64
"""So many values tell how large the others may be."""


def _first(found: list[Row], max_bytes: int | None) -> list[Row]:
    if max_bytes is None:
        return found
    size = 0
    for number, row in enumerate(found):
        size += len(row["value"])
        if size > max_bytes and number:
            return found[:number]
    return found


def xcom_count(port: Port, dag_id: str, run_id: str, task_id: str, key: str) -> int:
    """How many instances of a task have a value under ``key``."""
    if port.waiting_xcoms((dag_id, run_id, task_id), key):
        return len(xcom_slice(port, dag_id, run_id, task_id, key))
    with port.reader() as reader:
        return xcoms.count_xcoms(reader, dag_id, run_id, task_id, key)


def variable_get(port: Port, key: str) -> str | None:
    row = variable_service.stored_variable(port, key)
    return None if row is None else variable_service.value_of(row)


def variable_keys(port: Port, prefix: str | None = None) -> list[str]:
    return variable_service.variable_keys(port, prefix)


def variable_set(port: Port, key: str, value: str, description: str | None = None) -> None:
    variable_service.set_variable(port, key, value, description)


def variable_delete(port: Port, key: str) -> None:
    variable_service.delete_variable(port, key)


def connection_get(port: Port, conn_id: str) -> Row | None:
    """conn_id, conn_type, description, host, login, password, schema, port, extra; None = none such."""
    row = connection_service.stored_connection(port, conn_id)
    if row is None:
        return None
    return {name: value for name, value in connection_service.unlocked(row).items() if not name.startswith("is_")}


def dag_source(port: Port, version_id: int) -> Row | None:
    """{"source", "file_hash"} of a version of a DAG."""
    with port.reader() as reader:
        row = versions.version_source(reader, version_id)
    return None if row is None else {"source": row["source_code"], "file_hash": row["source_code_hash"]}


def previous_run(
    port: Port, dag_id: str, logical_date: int | None, run_after: int, state: str | None = None
) -> Row | None:
    with port.reader() as reader:
        return run_queries.previous_run(reader, dag_id, logical_date=logical_date, run_after=run_after, state=state)


def dag_runs(
    port: Port,
    dag_id: str,
    logical_dates: list[int] | None = None,
    run_ids: list[str] | None = None,
    states: list[str] | None = None,
) -> list[Row]:
    with port.reader() as reader:
        return run_queries.runs_by(reader, dag_id, logical_dates=logical_dates, run_ids=run_ids, states=states)


def task_states(
    port: Port,
    dag_id: str,
    run_ids: list[str] | None = None,
    logical_dates: list[int] | None = None,
    task_ids: list[str] | None = None,
    group_id: str | None = None,
    states: list[str] | None = None,
) -> list[Row]:
    """Raises NotFound for a task group that the DAG does not have (a mapped or nested one is one)."""
    with port.reader() as reader:
        if group_id is not None and not instances.tasks_of_group(reader, dag_id, group_id):
            raise NotFound(f"DAG {dag_id!r} has no task group {group_id!r} with tasks in it.")
        return instances.task_states(
            reader,
            dag_id,
            run_ids=run_ids,
            logical_dates=logical_dates,
            task_ids=task_ids,
            group_id=group_id,
            states=states,
        )


def hitl_ask(port: Port, ti_id: int, **question: Any) -> None:
    """A running task asks a person; ``question``: as ``engine.events.InputAsked``."""
    port.request(InputAsked(ti_id=ti_id, **question))


def hitl_answer_by_default(port: Port, ti_id: int, chosen_options: list[str], params_input: Row) -> None:
    """Answer in nobody's name: the time is over."""
    asked = hitl_answer(port, ti_id)
    if asked is None:
        raise NotFound(f"Task instance {ti_id} has asked nothing.")
    place = {name: asked[name] for name in ("dag_id", "run_id", "task_id", "map_index")}
    port.request(InputGiven(**place, chosen_options=chosen_options, params_input=params_input))


def hitl_answer(port: Port, ti_id: int) -> Row | None:
    """What a task instance has asked, and the answer: as ``list_hitl_details``, ``responded_at`` as ISO text."""
    with port.reader() as reader:
        return hitl.get_hitl_detail(reader, ti_id)


def model_rows(
    port: Port,
    table: str,
    where: list[Row] | None = None,
    order: list[list[Any]] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Row]:
    """Rows as Airflow's database models have them: see ``store.queries.models``."""
    with port.reader() as reader:
        return models.model_rows(reader, table, where=where or (), order=order or (), limit=limit, offset=offset)


METHODS: dict[str, Callable[..., Any]] = (
    {
        function.__name__: function
        for function in (
            xcom_get,
            xcom_slice,
            xcom_count,
            variable_get,
            variable_keys,
            variable_set,
            variable_delete,
            connection_get,
            dag_source,
            previous_run,
            dag_runs,
            task_states,
            hitl_ask,
            hitl_answer,
            hitl_answer_by_default,
            model_rows,
        )
    }
    | asset_runtime.METHODS
    | run_runtime.METHODS
)


def call(port: Port, method: str, params: dict[str, Any]) -> Any:
    """Carry out what a worker or a parser child asks."""
    function = METHODS.get(method)
    if function is None:
        raise InvalidRequest(f"There is no runtime method {method!r}.")
    with suggesting(port, params):
        return function(port, **params)
