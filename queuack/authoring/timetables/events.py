"""A timetable of listed dates. Airflow: ``airflow.timetables.events``, ``airflow.sdk``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pendulum import DateTime, instance

from queuack.authoring.timetables.base import BuiltInTimetable, plain_utc
from queuack.schedule import timetables as schedule


class EventsTimetable(BuiltInTimetable):
    """A run at each of ``event_dates``.

    ``restrict_to_events``: a manual run takes the date of the last event (before the first one: of the first);
    ``presorted``: accepted as Airflow does, sorted anyway; ``description``: what the UI shows, default how many events.
    A naive date is in UTC.
    """

    def __init__(
        self,
        event_dates: Iterable[datetime],
        restrict_to_events: bool = False,
        presorted: bool = False,
        description: str | None = None,
    ) -> None:
        self.event_dates: list[DateTime] = sorted(instance(each) for each in event_dates)
        self.restrict_to_events = restrict_to_events
        self._label = description

    @property
    def _schedule(self) -> schedule.Timetable:
        return schedule.EventsTimetable(
            tuple(plain_utc(each) for each in self.event_dates), self.restrict_to_events, self._label
        )

    def serialize(self) -> dict[str, Any]:
        return {
            "event_dates": [each.isoformat() for each in self.event_dates],
            "restrict_to_events": self.restrict_to_events,
            "description": self._label,
        }

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> EventsTimetable:
        return cls(
            [DateTime.fromisoformat(each) for each in data["event_dates"]],
            restrict_to_events=data["restrict_to_events"],
            description=data["description"],
        )
