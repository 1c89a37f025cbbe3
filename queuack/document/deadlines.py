"""What a document says of a DAG's deadline alerts, and what makes one unfit."""

from __future__ import annotations

import warnings
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from queuack.authoring.deadline import (
    BUILT_IN,
    BaseDeadlineReference,
    DeadlineAlert,
    FixedDatetimeDeadline,
    VariableInterval,
)
from queuack.authoring.deadline_callbacks import AsyncCallback
from queuack.authoring.registered import path_of
from queuack.engine.deadline_spec import DeadlineDocument
from queuack.serialization import typed_json

if TYPE_CHECKING:
    from queuack.authoring.dag import DAG

MOST = 1024


def deadlines_of(dag: DAG) -> tuple[DeadlineDocument, ...]:
    """Raises TypeError and ValueError that name the DAG and the alert."""
    alerts = dag.deadline or []
    if len(alerts) > MOST:
        raise ValueError(f"DAG {dag.dag_id!r} has {len(alerts)} deadline alerts; the most is {MOST}.")
    return tuple(_alert(alert, f"Deadline {place} of DAG {dag.dag_id!r}") for place, alert in enumerate(alerts, 1))


def _alert(alert: DeadlineAlert, what: str) -> DeadlineDocument:
    interval = alert.interval
    if not isinstance(interval, timedelta | VariableInterval):
        raise TypeError(f"{what}: interval must be a timedelta or a VariableInterval, not {interval!r}.")
    callback = alert.callback.serialize()
    if callback["path"].startswith("unusual_prefix_") and isinstance(alert.callback, AsyncCallback):
        warnings.warn(
            f"{what}: the triggerer loads no DAG files and cannot find the AsyncCallback in this one. Move it to a "
            "module, as in plugins/, or use SyncCallback.",
            UserWarning,
            stacklevel=2,
        )
    elif "<" in callback["path"]:
        warnings.warn(
            f"{what}: nobody can find the callback {callback['path']} by its name when it is to be called: a lambda or "
            "a function inside another. Move it to the top of a module.",
            UserWarning,
            stacklevel=2,
        )
    try:
        callback["kwargs"] = typed_json.wrap(callback["kwargs"])
    except (TypeError, ValueError) as error:
        raise TypeError(f"{what}: the kwargs of the callback {callback['path']} cannot be kept: {error}") from error
    return DeadlineDocument(
        name=alert.name,
        reference=_reference(alert.reference, what),
        interval=interval.total_seconds() if isinstance(interval, timedelta) else None,
        variable=interval.key if isinstance(interval, VariableInterval) else None,
        callback={"type": type(alert.callback).__name__, **callback},
    )


def _reference(reference: Any, what: str) -> dict[str, Any]:
    if not isinstance(reference, BaseDeadlineReference):
        if isinstance(reference, type):
            hint = "Write an instance, not the class."
        elif callable(reference):
            hint = f"Call it: DeadlineReference.{getattr(reference, '__name__', '…')}(…)."
        else:
            hint = "Write DeadlineReference.DAGRUN_QUEUED_AT or another."
        raise TypeError(f"{what}: reference must be a deadline reference, not {type(reference).__name__}. {hint}")
    if isinstance(reference, FixedDatetimeDeadline) and reference._datetime.tzinfo is None:
        raise ValueError(f"{what}: FIXED_DATETIME needs a datetime with a time zone, got {reference._datetime!r}.")
    data = dict(reference.serialize_reference())
    if type(reference) not in BUILT_IN:
        data.setdefault("reference_type", reference.reference_name)
        data["__class_path"] = path_of(type(reference))
    return data
