"""Asks Airflow's own timetables. Imported only by ``record_timetables.py``, inside an environment that has Airflow."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    """By whole numbers, and past pendulum's own arithmetic."""
    utc = moment.astimezone(UTC)
    plain = datetime(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, UTC)
    return (plain - EPOCH) // timedelta(microseconds=1)


class Oracle:
    def __init__(self) -> None:
        import pendulum
        from airflow._shared.timezones import timezone
        from airflow.timetables import interval, trigger

        self.pendulum = pendulum
        self.now = EPOCH
        for module in (timezone, interval, trigger):
            module.utcnow = lambda: self.now.astimezone(pendulum.UTC)
        trigger.time = SimpleNamespace(time=lambda: self.now.timestamp())

    def moment(self, instant: int | None) -> Any:
        return None if instant is None else self.pendulum.instance(EPOCH + timedelta(microseconds=instant), tz="UTC")

    def argument(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if "instants" in value:
            return [self.moment(each) for each in value["instants"]]
        if "seconds" in value:
            return timedelta(seconds=value["seconds"])
        from dateutil.relativedelta import relativedelta, weekday

        fields = dict(value["relativedelta"])
        if "weekday" in fields:
            fields["weekday"] = weekday(*fields["weekday"])
        return relativedelta(**fields)

    def timetable(self, spec: dict[str, Any]) -> Any:
        from airflow.serialization.encoders import coerce_to_core_timetable
        from airflow.timetables import events, interval, simple, trigger

        if "schedule" in spec:
            return coerce_to_core_timetable(self.dag(spec).timetable)
        places = (interval, trigger, simple, events)
        cls = next(getattr(place, spec["class"]) for place in places if hasattr(place, spec["class"]))
        args = [self.argument(each) for each in spec["args"]]
        kwargs = {name: self.argument(value) for name, value in spec["kwargs"].items()}
        if spec["class"] == "CronDataIntervalTimetable":
            args[1] = self.zone(args[1])
        if "timezone" in kwargs:
            kwargs["timezone"] = self.zone(kwargs["timezone"])
        return cls(*args, **kwargs)

    def zone(self, name: str | int) -> Any:
        return self.pendulum.timezone(name)

    def dag(self, spec: dict[str, Any]) -> Any:
        from airflow.sdk import DAG

        for key in ("CREATE_CRON_DATA_INTERVALS", "CREATE_DELTA_DATA_INTERVALS"):
            os.environ[f"AIRFLOW__SCHEDULER__{key}"] = str(spec["data_intervals"])
        start = self.pendulum.datetime(2020, 1, 1, tz=self.zone(spec["timezone"]))
        return DAG("d", schedule=self.argument(spec["schedule"]), start_date=start, max_active_runs=1)

    def answer(self, case: dict[str, Any]) -> dict[str, Any]:
        """The case with Airflow's answers."""
        from airflow.timetables.base import TimeRestriction

        timetable = self.timetable(case["timetable"])
        earliest, latest, catchup = case["restriction"]
        restriction = TimeRestriction(self.moment(earliest), self.moment(latest), catchup)
        answered = {**case, "name": type(timetable).__name__, "summary": timetable.summary}
        answered["description"] = timetable.description
        answered["steps"] = self.steps(timetable, restriction, case)
        answered["manual"] = [[instant, self.manual(timetable, instant)] for instant in case["manual"]]
        del answered["pauses"], answered["now"]
        return answered

    def steps(self, timetable: Any, restriction: Any, case: dict[str, Any]) -> list[list[Any]]:
        """[now, [start, end, run_after] or null or the name of the exception]"""
        from airflow.timetables.base import DataInterval

        last = case["last"] and DataInterval(*map(self.moment, case["last"]))
        now, steps = case["now"], []
        for pause in [0, *case["pauses"]]:
            self.now = self.moment(now := now + pause)
            try:
                info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
            except Exception as error:
                steps.append([now, type(error).__name__])
                break
            if info is None:
                steps.append([now, None])
                break
            last = info.data_interval
            steps.append([now, [micros(last.start), micros(last.end), micros(info.run_after)]])
            now = max(now, micros(info.run_after))
        return steps

    def manual(self, timetable: Any, instant: int) -> Any:
        try:
            interval = timetable.infer_manual_data_interval(run_after=self.moment(instant))
        except Exception as error:
            return type(error).__name__
        return [micros(interval.start), micros(interval.end)]
