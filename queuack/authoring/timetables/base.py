"""What a timetable is to a DAG file, and how the built-in ones stand on ``queuack.schedule``.

Datetimes here are pendulum's, aware. When a run comes is decided in ``queuack.schedule``; nothing is decided twice.
Airflow page: authoring-and-scheduling/timetable; names of ``airflow.timetables.base``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import pendulum
from pendulum import DateTime

from queuack.authoring.exceptions import AirflowTimetableInvalid
from queuack.authoring.registered import path_of
from queuack.authoring.timetables.custom import custom_document
from queuack.authoring.timezone import utcnow
from queuack.schedule import timetables as schedule


class DataInterval(NamedTuple):
    """The time a run is about: from ``start`` up to ``end``, both aware."""

    start: DateTime
    end: DateTime

    @classmethod
    def exact(cls, at: DateTime) -> DataInterval:
        """The interval that is one moment."""
        return cls(at, at)


class TimeRestriction(NamedTuple):
    """When a DAG may run: not before ``earliest``, not after ``latest`` (both inclusive, None = no bound).

    Without ``catchup`` also not for a time already past.
    """

    earliest: DateTime | None
    latest: DateTime | None
    catchup: bool


class DagRunInfo(NamedTuple):
    """A run to come."""

    run_after: DateTime
    """The earliest moment it is created."""
    data_interval: DataInterval | None
    partition_date: DateTime | None = None
    partition_key: str | None = None

    @classmethod
    def exact(cls, at: DateTime) -> DagRunInfo:
        """A run at and about one moment."""
        return cls(at, DataInterval.exact(at))

    @classmethod
    def interval(cls, start: DateTime, end: DateTime) -> DagRunInfo:
        """A run about an interval, created at its end."""
        return cls(end, DataInterval(start, end))

    @property
    def logical_date(self) -> DateTime | None:
        """The start of the data interval."""
        return self.data_interval.start if self.data_interval else None


class Timetable:
    """The base of every timetable, built in or of your own.

    A class of your own overrides ``next_dagrun_info`` and ``infer_manual_data_interval``.
    """

    periodic: bool = True
    can_be_scheduled: bool = True
    """False: runs come from outside only."""
    run_ordering: Sequence[str] = ("data_interval_end", "logical_date")
    active_runs_limit: int | None = None
    """The most runs its DAG may have active at once; None = no such limit."""
    asset_condition: Any = None
    partitioned: bool = False
    partitioned_at_runtime: bool = False

    @property
    def description(self) -> str:
        """In words, for people; "" when there are none."""
        given = self.__dict__.get("description")
        return self._describe() if given is None else str(given)

    @description.setter
    def description(self, text: str | None) -> None:
        self.__dict__["description"] = text

    def _describe(self) -> str:
        return ""

    @property
    def summary(self) -> str:
        """Short form for lists: the expression, the delta, else the name of the class."""
        return type(self).__name__

    @property
    def type_name(self) -> str:
        """The name of a built-in class, the import path of any other."""
        return path_of(type(self))

    @property
    def document(self) -> schedule.Timetable:
        """The timetable as data, checked. Raises AirflowTimetableInvalid; TimetableNotRegistered (a ValueError) for a
        class of one's own that no plugin registers."""
        return custom_document(self)

    def validate(self) -> None:
        """Raises AirflowTimetableInvalid when the timetable makes no sense."""

    def serialize(self) -> dict[str, Any]:
        """JSON-able data from which ``deserialize`` makes it again."""
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Timetable:
        return cls()

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The run after the scheduled run with ``last_automated_data_interval`` (None: the first); None = none now."""
        raise NotImplementedError(f"{self.type_name} does not define next_dagrun_info")

    def next_dagrun_info_v2(
        self, *, last_dagrun_info: DagRunInfo | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        last = last_dagrun_info.data_interval if last_dagrun_info else None
        return self.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        """The data interval of a run triggered by hand at ``run_after``."""
        raise NotImplementedError(f"{self.type_name} does not define infer_manual_data_interval")

    def generate_run_id(
        self, *, run_type: Any, run_after: DateTime, data_interval: DataInterval | None, **extra: Any
    ) -> str:
        """``scheduled__2026-01-01T00:00:00+00:00``"""
        return f"{getattr(run_type, 'value', run_type)}__{run_after.isoformat()}"


class BuiltInTimetable(Timetable):
    """A timetable whose behaviour is a struct of ``queuack.schedule``, given by ``_schedule``."""

    _built_in: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # What somebody derives from a built-in class may behave otherwise than the struct.
        cls._built_in = cls.__module__.startswith(__package__ + ".")

    @property
    def _schedule(self) -> schedule.Timetable:
        raise NotImplementedError

    @property
    def document(self) -> schedule.Timetable:
        if not self._built_in:
            return super().document
        self.validate()
        return self._schedule

    @property
    def type_name(self) -> str:
        return type(self).__name__ if self._built_in else super().type_name

    def _describe(self) -> str:
        return self._schedule.description

    @property
    def summary(self) -> str:
        return self._schedule.summary

    def validate(self) -> None:
        try:
            self._schedule.validate()
        except schedule.InvalidSchedule as error:
            raise AirflowTimetableInvalid(str(error)) from error

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        last = last_automated_data_interval
        run = self._schedule.next_run(
            None if last is None else schedule.Interval(plain_utc(last.start), plain_utc(last.end)),
            schedule.Restriction(
                None if restriction.earliest is None else plain_utc(restriction.earliest),
                None if restriction.latest is None else plain_utc(restriction.latest),
                restriction.catchup,
            ),
            plain_utc(utcnow()),
        )
        if run is None:
            return None
        return DagRunInfo(pendulum.instance(run.run_after), _data_interval(run.data_interval))

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        return _data_interval(self._schedule.manual_interval(plain_utc(run_after)))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._schedule == other._schedule

    def __hash__(self) -> int:
        return hash(self._schedule)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.summary}>"


def plain_utc(moment: dt.datetime) -> dt.datetime:
    """A standard library datetime in UTC; a naive ``moment`` is in UTC already."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(dt.UTC)
    return dt.datetime(
        moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond, dt.UTC
    )


def _data_interval(interval: schedule.Interval) -> DataInterval:
    return DataInterval(pendulum.instance(interval.start), pendulum.instance(interval.end))
