"""What a worker does for deadlines: it works out when one is, where that takes user code or the past, and runs the
callback of one that was missed.

Everything here may raise what user code raises. Airflow page: howto/deadline-alerts.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from queuack import clock
from queuack.authoring.dag import DAG
from queuack.authoring.deadline import BUILT_IN, AverageRuntimeDeadline, BaseDeadlineReference, seconds_in
from queuack.authoring.deadline_callbacks import arguments_for, context_of, import_path
from queuack.authoring.registered import registered
from queuack.authoring.runtime import current_runtime
from queuack.authoring.timezone import convert_to_utc
from queuack.compat.models.session import Session
from queuack.protocol import RunInfo, Workload
from queuack.serialization import typed_json

KINDS = ("deadline", "deadline_reference")
_BUILT_IN = {kind.__name__: kind for kind in BUILT_IN}

Load = Callable[[], DAG]
"""Loads the DAG file: a callback or a reference may be in it."""


def run(workload: Workload, load: Load) -> str | None:
    """What is to be kept of it: what the callback returned, or the deadline in microseconds."""
    data = msgspec.json.decode(workload.callback_data)
    if workload.callback_kind == "deadline_reference":
        at = _moment(data, workload.run, load)
        return None if at is None else str(at)
    function = _find(data["path"], load)
    kwargs = typed_json.loads(msgspec.json.encode(data["kwargs"]))
    context = context_of(data["dag_run"], data["deadline"])
    result = function(**arguments_for(function, kwargs, context))
    if callable(result):  # the path was that of a class: a notifier
        result = _call(result, context)
    return None if result is None else str(result)


def _call(made: Any, context: dict[str, Any]) -> Any:
    """With the context in the way it is taken."""
    parameters = inspect.signature(made).parameters.values()
    if all(one.kind in (one.POSITIONAL_ONLY, one.VAR_POSITIONAL) for one in parameters) and parameters:
        return made(context)
    return made(**arguments_for(made, {}, context))


def _find(path: str, load: Load) -> Any:
    try:
        return import_path(path)
    except ImportError:
        load()
        return import_path(path)


def _moment(data: dict[str, Any], of: RunInfo, load: Load) -> int | None:
    definition = data["definition"]
    base = _base(definition["reference"], data["created_at"], of, load)
    if base is None:
        return None
    interval = definition.get("interval")
    seconds = seconds_in(definition["variable"]) if interval is None else interval
    return clock.to_us(base + timedelta(seconds=seconds))


def _base(data: dict[str, Any], created_at: int, of: RunInfo, load: Load) -> datetime | None:
    path = data.get("__class_path")
    kind = _BUILT_IN[data["reference_type"]] if path is None else _class(path, load)
    if kind.__name__ == "DagRunLogicalDateDeadline" and path is None:
        return None if of.logical_date is None else clock.from_us(of.logical_date)
    if kind.__name__ == "DagRunQueuedAtDeadline" and path is None:
        return None if of.queued_at is None else clock.from_us(of.queued_at)
    reference: Any = kind.deserialize_reference(data)
    if isinstance(reference, AverageRuntimeDeadline):
        return _average(reference, created_at, of)
    if path is None:
        return reference._datetime  # type: ignore[no-any-return]
    known = {"dag_id": of.dag_id, "run_id": of.run_id}
    wanted = set(reference.required_kwargs)
    if wanted - known.keys():
        missing = ", ".join(sorted(wanted - known.keys()))
        raise ValueError(f"{kind.__name__} is missing required parameters: {missing}")
    found = reference._evaluate_with(session=Session(), **{name: known[name] for name in wanted})
    if found is not None and not isinstance(found, datetime):
        raise TypeError(f"{kind.__name__}._evaluate_with() must return a datetime or None, not {found!r}")
    return convert_to_utc(found)


def _class(path: str, load: Load) -> type[BaseDeadlineReference]:
    kind = registered.find("deadline_references", path) or _find(path, load)
    if not (isinstance(kind, type) and issubclass(kind, BaseDeadlineReference)):
        raise TypeError(f"{path} is not a deadline reference.")
    return kind


def _average(reference: AverageRuntimeDeadline, created_at: int, of: RunInfo) -> datetime | None:
    runtime: Any = current_runtime()
    conditions = [
        {"column": "dag_id", "op": "=", "value": of.dag_id},
        {"column": "state", "op": "=", "value": "success"},
    ]
    rows = runtime.model_rows(
        table="dag_run", where=conditions, order=[["logical_date", True]], limit=reference.max_runs
    )
    took = [row["end_date"] - row["start_date"] for row in rows if row["end_date"] and row["start_date"]]
    if len(took) < (reference.min_runs or 1):
        return None
    return clock.from_us(created_at + round(sum(took) / len(took)))
