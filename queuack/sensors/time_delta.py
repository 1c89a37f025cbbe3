"""Sensors that wait for a length of time. Airflow page: howto/operator/time (TimeDeltaSensor)."""

from __future__ import annotations

import datetime as dt
import time
import warnings
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from queuack.authoring import timezone
from queuack.authoring.exceptions import AirflowProviderDeprecationWarning
from queuack.sensors.base import BaseSensorOperator
from queuack.sensors.date_time import default_deferrable
from queuack.triggers.temporal import DateTimeTrigger, TimeDeltaTrigger

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class TimeDeltaSensor(BaseSensorOperator):
    """Waits until ``delta`` after the end of the data interval, or after the run was due where there is none.

    ``delta``: a timedelta, or (templated) a number of minutes.
    """

    template_fields: Collection[str] = ("delta",)

    def __init__(
        self,
        *,
        delta: dt.timedelta | int,
        deferrable: bool | None = None,
        end_from_trigger: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.delta = delta
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.end_from_trigger = end_from_trigger

    def _target(self, context: Context) -> dt.datetime:
        base: dt.datetime = context.get("data_interval_end") or context["dag_run"].run_after
        delta = as_minutes(self.delta)
        self.log.info("Checking if the delta has elapsed base_time=%s, delta=%s", base, delta)
        return base + delta

    def poke(self, context: Context) -> bool:
        return timezone.utcnow() > self._target(context)

    def execute(self, context: Context) -> Any:
        if not self.deferrable:
            return super().execute(context)
        target = self._target(context)
        if timezone.utcnow() > target:
            return True
        self.defer(
            trigger=DateTimeTrigger(moment=target, end_from_trigger=self.end_from_trigger),
            method_name="execute_complete",
            timeout=self.timeout,
        )
        return None

    def execute_complete(self, context: Context, event: Any = None) -> None:
        """The time is over."""


class TimeDeltaSensorAsync(TimeDeltaSensor):
    """Deprecated: ``TimeDeltaSensor(deferrable=True)``."""

    def __init__(self, **kwargs: Any) -> None:
        warnings.warn(
            "TimeDeltaSensorAsync is deprecated and will be removed in a future version. "
            "Use `TimeDeltaSensor` with deferrable=True instead.",
            AirflowProviderDeprecationWarning,
            stacklevel=3,
        )
        super().__init__(**{"deferrable": True, **kwargs})


class WaitSensor(BaseSensorOperator):
    """Waits ``time_to_wait`` from the start of the task: a timedelta, or (templated) a number of minutes."""

    template_fields: Collection[str] = ("time_to_wait",)

    def __init__(self, time_to_wait: dt.timedelta | int, deferrable: bool | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.time_to_wait = time_to_wait
        self.deferrable = default_deferrable() if deferrable is None else deferrable

    def execute(self, context: Context) -> None:
        wait = as_minutes(self.time_to_wait)
        if self.deferrable:
            self.defer(trigger=TimeDeltaTrigger(wait, end_from_trigger=True), method_name="execute_complete")
        time.sleep(int(wait.total_seconds()))

    def execute_complete(self, context: Context, event: Any = None) -> None:
        """The time is over."""


def as_minutes(value: dt.timedelta | int | str) -> dt.timedelta:
    """A timedelta as it is, anything else as a whole number of minutes. Raises ValueError."""
    return value if isinstance(value, dt.timedelta) else dt.timedelta(minutes=int(value))
