"""What timetables over a repeated delta share: the delta, and the neighbours of a moment."""

from __future__ import annotations

from pendulum import DateTime, instance

from queuack.authoring.timetables.base import Timetable, plain_utc
from queuack.authoring.timetables.encoding import Length, delta_of
from queuack.schedule.delta_grid import delta_grid


class DeltaPoints(Timetable):
    """Classes derived from Airflow's call the methods with a leading underscore; they are kept for those."""

    delta: Length

    @property
    def _delta(self) -> Length:
        return self.delta

    def _get_next(self, current: DateTime) -> DateTime:
        return instance(delta_grid(delta_of(self.delta)).next(plain_utc(current)))

    def _get_prev(self, current: DateTime) -> DateTime:
        return instance(delta_grid(delta_of(self.delta)).previous(plain_utc(current)))

    def _align_to_next(self, current: DateTime) -> DateTime:
        return current

    def _align_to_prev(self, current: DateTime) -> DateTime:
        return current
