"""Deadline alerts as DAG files write them: what is refused, what is written down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from queuack import (
    DAG,
    AsyncCallback,
    BaseDeadlineReference,
    DeadlineAlert,
    DeadlineReference,
    SyncCallback,
    deadline_reference,
)
from queuack.authoring.deadline import VariableInterval
from queuack.document.build import document_of

HOUR = timedelta(hours=1)


def tell(**kwargs: Any) -> None: ...


async def tell_later(**kwargs: Any) -> None: ...


def documents(*alerts: Any) -> Any:
    dag = DAG("d", schedule=None, deadline=list(alerts))
    return document_of(dag, relative_fileloc="d.py", fileloc="d.py").deadlines


def test_what_a_document_says() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    sync = SyncCallback(tell, {"when": moment}, executor="x")
    fixed, average, logical = documents(
        DeadlineAlert(DeadlineReference.FIXED_DATETIME(moment), HOUR, sync, name="n"),
        DeadlineAlert(DeadlineReference.AVERAGE_RUNTIME(5), VariableInterval("v"), AsyncCallback(tell_later)),
        DeadlineAlert(DeadlineReference.DAGRUN_LOGICAL_DATE, -HOUR, SyncCallback("some.module.function")),
    )
    assert (fixed.reference, fixed.interval, fixed.name) == (
        {"reference_type": "FixedDatetimeDeadline", "datetime": moment.timestamp()},
        3600.0,
        "n",
    )
    assert (fixed.callback["type"], fixed.callback["executor"]) == ("SyncCallback", "x")
    assert fixed.callback["path"] == f"{__name__}.tell"
    assert average.reference == {"reference_type": "AverageRuntimeDeadline", "max_runs": 5, "min_runs": 5}
    assert (average.variable, average.interval) == ("v", None)
    assert (logical.callback["path"], logical.interval) == ("some.module.function", -3600.0)


def test_what_is_refused() -> None:
    queued, callback = DeadlineReference.DAGRUN_QUEUED_AT, SyncCallback(tell)
    with pytest.raises(AttributeError, match="is not awaitable"):
        AsyncCallback(tell)
    with pytest.raises(ImportError, match="valid dot path"):
        SyncCallback("tell me")
    with pytest.raises(ValueError, match="reserved kwarg"):
        SyncCallback(tell, {"context": 1})
    with pytest.raises(ValueError, match="not currently supported"):
        DeadlineAlert(queued, HOUR, tell)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 1"):
        DeadlineReference.AVERAGE_RUNTIME(3, min_runs=0)
    with pytest.raises(TypeError, match="DAG 'd': deadline takes DeadlineAlerts, not timedelta"):
        DAG("d", schedule=None, deadline=[HOUR])
    with pytest.raises(TypeError, match="Deadline 1 of DAG 'd': interval must be"):
        documents(DeadlineAlert(queued, 60, callback))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Write an instance, not the class"):
        documents(DeadlineAlert(type(queued), HOUR, callback))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"Call it: DeadlineReference\.AVERAGE_RUNTIME\(…\)"):
        documents(DeadlineAlert(DeadlineReference.AVERAGE_RUNTIME, HOUR, callback))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="needs a datetime with a time zone"):
        documents(DeadlineAlert(DeadlineReference.FIXED_DATETIME(datetime(2026, 1, 1)), HOUR, callback))
    with pytest.raises(TypeError, match=r"kwargs of the callback .*tell cannot be kept"):
        documents(DeadlineAlert(queued, HOUR, SyncCallback(tell, {"a": object()})))
    with pytest.warns(UserWarning, match="Deadline 1 of DAG 'd': nobody can find the callback"):
        documents(DeadlineAlert(queued, HOUR, SyncCallback(lambda: None)))


def test_references_of_ones_own() -> None:
    before = DeadlineReference.TYPES.DAGRUN_QUEUED

    @deadline_reference(before)
    class Own(BaseDeadlineReference):
        """A reference."""

    assert isinstance(DeadlineReference.Own, Own)  # type: ignore[attr-defined]
    assert (*before, Own) == DeadlineReference.TYPES.DAGRUN_QUEUED
    (found,) = documents(DeadlineAlert(Own(), HOUR, SyncCallback(tell)))
    assert found.reference["__class_path"].endswith("Own")
    with pytest.raises(ValueError, match="must inherit"):
        deadline_reference(str)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Invalid deadline reference type"):
        deadline_reference((Own,))(Own)
