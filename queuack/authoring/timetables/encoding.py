"""How zones, deltas and cron expressions are written down: in schedule structs and in Airflow's serialized timetables.

Airflow writes a zone as its name or its offset in seconds, a timedelta as seconds, a relativedelta as its fields.
"""

from __future__ import annotations

import datetime as dt
import importlib
from functools import lru_cache
from typing import Any

import pendulum
from dateutil.relativedelta import relativedelta, weekday
from pendulum.tz.timezone import FixedTimezone, Timezone

from queuack.schedule.cron import cron_line
from queuack.schedule.timetables import Delta, InvalidSchedule, RelativeDelta
from queuack.schedule.zones import offset_name, zone

Zone = str | dt.tzinfo
"""An IANA name, an offset like ``+02:00``, or any tzinfo with a name or a fixed offset."""
Length = dt.timedelta | relativedelta


def zone_name(tz: Zone | int) -> str:
    """The name ``queuack.schedule.zones`` knows it by. Raises ValueError for a zone without name or fixed offset."""
    if isinstance(tz, str):
        return tz
    if isinstance(tz, int):
        return offset_name(dt.timedelta(seconds=tz))
    if isinstance(tz, FixedTimezone):
        return offset_name(dt.timedelta(seconds=tz.offset))
    for attribute in ("key", "name", "zone"):  # zoneinfo and pendulum, pendulum 2, pytz
        if isinstance(name := getattr(tz, attribute, None), str):
            return name
    if isinstance(offset := tz.utcoffset(None), dt.timedelta):
        return offset_name(offset)
    raise ValueError(f"a timetable's time zone needs an IANA name or a fixed offset: {tz!r} has neither")


def pendulum_zone(tz: Zone | int) -> Timezone | FixedTimezone:
    """Raises InvalidSchedule for an unknown name."""
    name = zone_name(tz)
    found = zone(name)
    if isinstance(found, dt.timezone) and name != "UTC":
        return pendulum.timezone(int(found.utcoffset(None).total_seconds()))
    return pendulum.timezone(name)


def encode_zone(tz: Zone) -> str | int:
    """Its name, or for a fixed offset other than UTC the seconds."""
    found = pendulum_zone(tz)
    return found.offset if isinstance(found, FixedTimezone) else found.name


def delta_of(length: Length) -> Delta:
    """As ``queuack.schedule`` holds it. Raises TypeError for anything but timedelta and relativedelta."""
    if isinstance(length, relativedelta):
        return RelativeDelta.of(length)
    if isinstance(length, dt.timedelta):
        # pendulum's Duration is a timedelta too, with months of 30 days: only its seconds go on.
        return length if type(length) is dt.timedelta else dt.timedelta(seconds=length.total_seconds())
    raise TypeError(f"a timedelta or a relativedelta is needed, not {length!r}")


def encode_length(length: Length) -> float | dict[str, Any]:
    if isinstance(length, dt.timedelta):
        return length.total_seconds()
    # A plural field of 0 says nothing, a singular one (minute=0) does: Airflow 3.3 loses those.
    given = {name: value for name, value in vars(length).items() if not name.startswith("_") and value is not None}
    fields = {name: value for name, value in given.items() if value or not name.endswith("s")}
    if length.weekday is not None:
        day: weekday = length.weekday
        fields["weekday"] = [day.weekday, day.n] if day.n else [day.weekday]
    return fields


def decode_length(data: float | dict[str, Any]) -> Length:
    if not isinstance(data, dict):
        return dt.timedelta(seconds=data)
    fields = dict(data)
    if "weekday" in fields:
        fields["weekday"] = weekday(*fields["weekday"])
    return relativedelta(**fields)


@lru_cache(maxsize=4096)
def describe_cron(expression: str) -> str:
    """In words, by the package ``cron-descriptor`` as in Airflow; "" without it, for seconds, for a bad expression.

    When both day of month and weekday are given, each is described by itself: "… (or) …".
    """
    try:
        words = importlib.import_module("cron_descriptor")  # optional, and slow to import
    except ImportError:
        return ""
    fields = expression.split()
    if len(fields) > 5:
        return ""
    options = words.Options()
    options.casing_type = words.CasingTypeEnum.Sentence
    options.use_24hour_time_format = True
    variants = [expression]
    if len(fields) == 5 and fields[2] != "*" and fields[4] != "*":
        variants = [" ".join([*fields[:4], "*"]), " ".join([*fields[:2], "*", *fields[3:]])]
    try:
        cron_line(expression)
        return " (or) ".join(words.ExpressionDescriptor(each, options).get_description() for each in variants)
    except (InvalidSchedule, words.FormatException, words.MissingFieldException):
        return ""
