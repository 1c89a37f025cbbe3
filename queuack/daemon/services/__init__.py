"""What clients may ask: one function a method, by subject, found through one table.

A function takes the Port and keyword arguments as they came over the wire, and returns JSON-able values with
Airflow's field names and instants as ISO 8601 text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from queuack.daemon.port import Port
from queuack.daemon.services import (
    asset_events,
    asset_graph,
    assets,
    backfills,
    backup,
    cleaning,
    connections,
    control,
    dags,
    deleting,
    dependencies,
    deployment,
    encryption,
    forecast,
    groups,
    hitl,
    insights,
    lists,
    load,
    login,
    logs,
    overview,
    partitions,
    pools,
    processes,
    runs,
    state_store,
    system,
    task_logs,
    tasks,
    trees,
    users,
    variables,
    viewing,
    xcoms,
)
from queuack.daemon.services.suggestions import suggesting
from queuack.errors import InvalidRequest

Method = Callable[..., Any]

MODULES = (
    dags,
    dependencies,
    forecast,
    runs,
    trees,
    control,
    groups,
    deleting,
    partitions,
    state_store,
    backfills,
    assets,
    asset_graph,
    asset_events,
    tasks,
    logs,
    xcoms,
    pools,
    processes,
    variables,
    connections,
    encryption,
    hitl,
    insights,
    lists,
    users,
    login,
    overview,
    load,
    deployment,
    viewing,
    task_logs,
    system,
    backup,
    cleaning,
)

METHODS: dict[str, Method] = {function.__name__: function for module in MODULES for function in module.METHODS}


def call(port: Port, method: str, params: dict[str, Any]) -> Any:
    """Carry out one method. Raises QueuackError; a wrong method or parameter is an InvalidRequest."""
    function = METHODS.get(method)
    if function is None:
        raise InvalidRequest(f"There is no method {method!r}.")
    try:
        with suggesting(port, params):
            return function(port, **params)
    except TypeError as error:
        if error.__traceback__ is not None and error.__traceback__.tb_next is None:  # the call itself, nothing inside
            raise InvalidRequest(f"{method}: {error}") from error
        raise
