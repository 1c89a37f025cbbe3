"""Triggers that wait for a moment. Airflow: ``airflow.providers.standard.triggers.temporal``."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

from pendulum import DateTime

from queuack.authoring import timezone
from queuack.authoring.trigger import BaseTrigger, TaskSuccessEvent, TriggerEvent

_LONGEST_SLEEP = 60.0
"""Seconds; the clock may be set while it waits."""


class DateTimeTrigger(BaseTrigger):
    """Fires once at ``moment`` (aware), or at ``target_time``: a datetime or a text, rendered before it runs.

    With ``end_from_trigger`` the task succeeds then, without a worker; else it goes on with the moment as event.
    """

    def __init__(
        self,
        moment: dt.datetime | None = None,
        *,
        target_time: dt.datetime | str | None = None,
        end_from_trigger: bool = False,
    ) -> None:
        super().__init__()
        if (moment is None) == (target_time is None):
            raise TypeError("DateTimeTrigger requires exactly one of 'moment' or 'target_time'")
        if moment is not None and not isinstance(moment, dt.datetime):
            raise TypeError(f"Expected datetime.datetime type for moment. Got {type(moment)}")
        if moment is not None and moment.tzinfo is None:
            raise ValueError("You cannot pass naive datetimes")
        self.target_time = target_time
        self._moment: DateTime | None = timezone.convert_to_utc(moment)
        self.end_from_trigger = end_from_trigger

    @property
    def moment(self) -> DateTime:
        """In UTC. Raises TypeError when ``target_time`` is no date."""
        if self._moment is None:
            value: Any = self.target_time
            if isinstance(value, dt.datetime):
                value = value.isoformat()
            if not isinstance(value, str) or not value:
                raise TypeError("DateTimeTrigger has neither a 'moment' nor a usable 'target_time'")
            self._moment = timezone.convert_to_utc(timezone.parse(value))
        return self._moment

    def serialize(self) -> tuple[str, dict[str, Any]]:
        when = {"target_time": self.target_time} if self._moment is None else {"moment": self._moment}
        path = "airflow.providers.standard.triggers.temporal.DateTimeTrigger"
        return path, {**when, "end_from_trigger": self.end_from_trigger}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        while (left := (self.moment - timezone.utcnow()).total_seconds()) > 0:
            await asyncio.sleep(min(left, _LONGEST_SLEEP))
        yield TaskSuccessEvent() if self.end_from_trigger else TriggerEvent(self.moment)


class TimeDeltaTrigger(DateTimeTrigger):
    """Fires ``delta`` after it was made; is stored as the DateTimeTrigger of that moment."""

    def __init__(self, delta: dt.timedelta, *, end_from_trigger: bool = False) -> None:
        super().__init__(moment=timezone.utcnow() + delta, end_from_trigger=end_from_trigger)
