"""Sensors that wait for a moment. Airflow page: howto/operator/time (sensors by date and time of day)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import warnings
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, NoReturn

from queuack.authoring import timezone
from queuack.authoring.conf import conf
from queuack.authoring.exceptions import AirflowProviderDeprecationWarning
from queuack.authoring.trigger import StartTriggerArgs
from queuack.sensors.base import BaseSensorOperator
from queuack.triggers.temporal import DateTimeTrigger

if TYPE_CHECKING:
    from queuack.authoring.context import Context

_START = StartTriggerArgs(
    trigger_cls="airflow.providers.standard.triggers.temporal.DateTimeTrigger",
    trigger_kwargs={"moment": "", "end_from_trigger": False},
    next_method="execute_complete",
    next_kwargs=None,
    timeout=None,
)


class DateTimeSensor(BaseSensorOperator):
    """Waits until ``target_time``: a datetime or an ISO 8601 text, templated."""

    template_fields: Collection[str] = ("target_time",)

    def __init__(self, *, target_time: str | dt.datetime, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_time = target_time

    def poke(self, context: Context) -> bool:
        self.log.info("Checking if the time (%s) has come", self.target_time)
        return timezone.utcnow() > self._moment

    @property
    def _moment(self) -> dt.datetime:
        value: Any = self.target_time
        if isinstance(value, dt.datetime):
            value = value.isoformat()
        if not isinstance(value, str):
            raise TypeError(f"Expected str or datetime.datetime type for target_time. Got {type(value)}")
        return timezone.parse(value)


class DateTimeSensorAsync(DateTimeSensor):
    """DateTimeSensor that waits in the triggerer, without a worker.

    ``start_from_trigger``: never sees a worker before the moment; ``end_from_trigger``: nor after it.
    """

    start_trigger_args = _START
    start_from_trigger = False

    def __init__(
        self,
        *,
        start_from_trigger: bool = False,
        end_from_trigger: bool = False,
        trigger_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.end_from_trigger = end_from_trigger
        self.start_from_trigger = start_from_trigger
        if start_from_trigger:
            arguments = {"target_time": self.target_time, "end_from_trigger": end_from_trigger}
            self.start_trigger_args = dataclasses.replace(_START, trigger_kwargs=arguments)

    def execute(self, context: Context) -> NoReturn:
        trigger = DateTimeTrigger(moment=self._moment, end_from_trigger=self.end_from_trigger)
        self.defer(trigger=trigger, method_name="execute_complete")

    def execute_complete(self, context: Context, event: Any = None) -> None:
        """The moment has come."""


class TimeSensor(BaseSensorOperator):
    """Waits until ``target_time``, a time of day in the DAG's time zone, of the day on which the file was read."""

    start_trigger_args = _START
    start_from_trigger = False

    def __init__(
        self,
        *,
        target_time: dt.time,
        deferrable: bool | None = None,
        start_from_trigger: bool = False,
        end_from_trigger: bool = False,
        trigger_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        zone = self.dag.timezone
        today = dt.datetime.combine(dt.datetime.now(zone), target_time, zone)
        self.target_datetime = timezone.convert_to_utc(timezone.coerce_datetime(today) or today)
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.start_from_trigger = start_from_trigger
        self.end_from_trigger = end_from_trigger
        if start_from_trigger:
            arguments = {"moment": self.target_datetime, "end_from_trigger": end_from_trigger}
            self.start_trigger_args = dataclasses.replace(_START, trigger_kwargs=arguments)

    def execute(self, context: Context) -> Any:
        if self.deferrable:
            trigger = DateTimeTrigger(moment=self.target_datetime, end_from_trigger=self.end_from_trigger)
            self.defer(trigger=trigger, method_name="execute_complete")
        return super().execute(context)

    def execute_complete(self, context: Context, event: Any = None) -> None:
        """The time has come."""

    def poke(self, context: Context) -> bool:
        self.log.info("Checking if the time (%s) has come", self.target_datetime)
        return timezone.utcnow() > self.target_datetime


class TimeSensorAsync(TimeSensor):
    """Deprecated: ``TimeSensor(deferrable=True)``."""

    def __init__(self, **kwargs: Any) -> None:
        warnings.warn(
            "TimeSensorAsync is deprecated and will be removed in a future version. "
            "Use `TimeSensor` with deferrable=True instead.",
            AirflowProviderDeprecationWarning,
            stacklevel=3,
        )
        super().__init__(**{"deferrable": True, **kwargs})


def default_deferrable() -> bool:
    """``[operators] default_deferrable``."""
    return conf.getboolean("operators", "default_deferrable", fallback=False)
