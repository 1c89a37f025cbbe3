"""What user code may ask of the store while it runs: the other end of ``authoring.runtime.Runtime``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from queuack import clock
from queuack.daemon.port import Port
from queuack.daemon.services import runs as run_service
from queuack.daemon.services import variables as variable_service
from queuack.daemon.services.suggestions import suggesting
from queuack.engine.effects import XComRow
from queuack.errors import InvalidRequest
from queuack.store.queries import instances, variables, versions, xcoms
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


def variable_get(port: Port, key: str) -> str | None:
    with port.reader() as reader:
        return variables.get_variable(reader, key)


def variable_set(port: Port, key: str, value: str, description: str | None = None) -> None:
    variable_service.set_variable(port, key, value, description)


def variable_delete(port: Port, key: str) -> None:
    variable_service.delete_variable(port, key)


def connection_get(port: Port, conn_id: str) -> Row | None:
    """Connections in the store come with their own commands; until then only the environment has them."""
    return None


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
    with port.reader() as reader:
        return instances.task_states(
            reader,
            dag_id,
            run_ids=run_ids,
            logical_dates=logical_dates,
            task_ids=task_ids,
            group_id=group_id,
            states=states,
        )


def trigger_run(
    port: Port, dag_id: str, run_id: str | None = None, logical_date: int | None = None, conf: Row | None = None
) -> str:
    row = run_service.trigger_run(
        port,
        dag_id,
        run_id=run_id,
        logical_date=clock.iso(logical_date),
        conf=conf,
        triggered_by="operator",
    )
    return str(row["run_id"])


METHODS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        xcom_get,
        variable_get,
        variable_set,
        variable_delete,
        connection_get,
        dag_source,
        previous_run,
        dag_runs,
        task_states,
        trigger_run,
    )
}


def call(port: Port, method: str, params: dict[str, Any]) -> Any:
    """Carry out what a worker or a parser child asks."""
    function = METHODS.get(method)
    if function is None:
        raise InvalidRequest(f"There is no runtime method {method!r}.")
    with suggesting(port, params):
        return function(port, **params)
