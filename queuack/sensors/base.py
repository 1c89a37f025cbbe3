"""BaseSensorOperator: a task that waits until ``poke`` says yes. Airflow page: core-concepts/sensors."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from queuack.authoring import timezone
from queuack.authoring.conf import conf
from queuack.authoring.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTimeout,
    TaskDeferralError,
    TaskDeferralTimeout,
)
from queuack.authoring.operator import BaseOperator

if TYPE_CHECKING:
    from queuack.authoring.context import Context

DEFAULT_TIMEOUT = 7 * 24 * 3600
"""Seconds, unless ``[sensors] default_timeout`` says otherwise."""


class PokeReturnValue:
    """What ``poke`` may return to leave an XCom: done or not, and the value."""

    def __init__(self, is_done: bool, xcom_value: Any = None) -> None:
        self.is_done = is_done
        self.xcom_value = xcom_value

    def __bool__(self) -> bool:
        return self.is_done


class BaseSensorOperator(BaseOperator):
    """Calls ``poke(context)`` every ``poke_interval`` seconds (60) until it is true, or ``timeout`` (7 days) is over.

    ``mode="reschedule"`` gives the worker back between pokes. ``soft_fail`` and ``never_fail`` skip instead of failing.
    """

    ui_color = "#e6f1f2"
    valid_modes: Iterable[str] = ("poke", "reschedule")
    _is_sensor = True

    def __init__(
        self,
        *,
        poke_interval: timedelta | float = 60,
        timeout: timedelta | float | None = None,
        soft_fail: bool = False,
        mode: str = "poke",
        exponential_backoff: bool = False,
        max_wait: timedelta | float | None = None,
        silent_fail: bool = False,
        never_fail: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if soft_fail and never_fail:
            raise ValueError("soft_fail and never_fail are mutually exclusive, you can not provide both.")
        if timeout is None:
            timeout = conf.getfloat("sensors", "default_timeout", fallback=DEFAULT_TIMEOUT)
        self.poke_interval = _seconds(poke_interval, "poke_interval").total_seconds()
        self.timeout = _seconds(timeout, "timeout").total_seconds()
        self.max_wait = None if max_wait is None else _seconds(max_wait, "max_wait")
        self.soft_fail = soft_fail
        self.mode = mode
        self.exponential_backoff = exponential_backoff
        self.silent_fail = silent_fail
        self.never_fail = never_fail
        if mode not in self.valid_modes:
            dag_id = self._dag.dag_id if self._dag is not None else ""
            raise ValueError(
                f"The mode must be one of {list(self.valid_modes)},'{dag_id}.{self.task_id}'; received '{mode}'."
            )

    @property
    def reschedule(self) -> bool:
        return self.mode == "reschedule"

    def poke(self, context: Context) -> bool | PokeReturnValue:
        raise AirflowException("Override me.")

    def execute(self, context: Context) -> Any:
        waited, started_at = self._clock(context)
        pokes = 1
        while True:
            answer = self._poke_once(context)
            if answer:
                self.log.info("Success criteria met. Exiting.")
                return answer.xcom_value if isinstance(answer, PokeReturnValue) else None
            if waited() > self.timeout:
                self._give_up(waited())
            wait = self._get_next_poke_interval(started_at, waited, pokes)
            if self.reschedule:
                raise AirflowRescheduleException(timezone.utcnow() + timedelta(seconds=wait))
            time.sleep(wait)
            pokes += 1

    def _clock(self, context: Context) -> tuple[Callable[[], float], datetime | float]:
        """Seconds since the first poke; in reschedule mode that was in an earlier process."""
        if not self.reschedule:
            begin = time.monotonic()
            return lambda: time.monotonic() - begin, begin
        first = context["ti"].get_first_reschedule_date(context) or timezone.utcnow()
        return lambda: (timezone.utcnow() - first).total_seconds(), first

    def _poke_once(self, context: Context) -> bool | PokeReturnValue:
        try:
            return self.poke(context)
        except AirflowSkipException:
            raise
        except (AirflowSensorTimeout, AirflowTaskTimeout, AirflowFailException) as error:
            if self.soft_fail or self.never_fail:
                why = "soft_fail" if self.soft_fail else "never_fail"
                raise AirflowSkipException(f"Skipping due to {why} is set to True.") from error
            raise
        except Exception as error:
            if self.silent_fail:
                self.log.exception("Sensor poke failed")
                return False
            if self.never_fail:
                raise AirflowSkipException("Skipping due to never_fail is set to True.") from error
            raise

    def _give_up(self, waited: float) -> None:
        message = (
            f"Sensor has timed out; run duration of {waited} seconds exceeds the specified timeout of {self.timeout}."
        )
        raise (AirflowSkipException if self.soft_fail else AirflowSensorTimeout)(message)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except TaskDeferralTimeout as error:
            raise self._softened(AirflowSensorTimeout(*error.args)) from error
        except (AirflowException, TaskDeferralError) as error:
            if self.soft_fail or self.never_fail:
                raise self._softened(error) from error
            raise

    def _softened(self, error: Exception) -> Exception:
        if not (self.soft_fail or self.never_fail):
            return error
        why = "soft_fail" if self.soft_fail else "never_fail"
        return AirflowSkipException(f"Skipping due to {why} is set to True.")

    def _get_next_poke_interval(
        self, started_at: datetime | float, run_duration: Callable[[], float], poke_count: int
    ) -> float:
        """Seconds to wait; with ``exponential_backoff`` doubling, with a jitter that is the same for the same poke."""
        if not self.exponential_backoff:
            return self.poke_interval
        if self.reschedule:
            poke_count = self._pokes_in(run_duration(), started_at)
        wait = min(self.timeout - int(run_duration()), self._backoff(started_at, poke_count))
        if self.max_wait is not None:
            wait = min(self.max_wait.total_seconds(), wait)
        self.log.info("new %s interval is %s", self.mode, wait)
        return wait

    def _backoff(self, started_at: datetime | float, poke_count: int) -> float:
        least = max(int(self.poke_interval * 2 ** (poke_count - 2)), 1)
        seed = f"{self.dag_id}#{self.task_id}#{started_at}#{poke_count}".encode()
        digest = int(hashlib.sha1(seed, usedforsecurity=False).hexdigest(), 16)
        return min(least + digest % least, timedelta.max.total_seconds() - 1)

    def _pokes_in(self, elapsed: float, started_at: datetime | float) -> int:
        """How many pokes there have been, judged by the time that went by."""
        count, total = 0, 0.0
        while total <= elapsed:
            count += 1
            total += self._backoff(started_at, count)
        return count


def _seconds(value: Any, name: str) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, (int, float)) and value >= 0:
        return timedelta(seconds=value)
    raise ValueError(f"Operator arg `{name}` must be timedelta object or a non-negative number")


def poke_mode_only(cls: type[BaseSensorOperator]) -> type[BaseSensorOperator]:
    """Class decorator: instances refuse any other mode than ``poke``."""
    if not (isinstance(cls, type) and issubclass(cls, BaseSensorOperator)):
        raise ValueError(
            f"poke_mode_only decorator should only be applied to subclasses of BaseSensorOperator, got:{cls}."
        )

    def set_mode(_: Any, value: str) -> None:
        if value != "poke":
            raise ValueError(f"Cannot set mode to '{value}'. Only 'poke' is acceptable")

    cls.mode = property(lambda _: "poke", set_mode)  # type: ignore[assignment]
    return cls
