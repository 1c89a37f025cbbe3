"""Time zones by name, and wall time to instant as Airflow's cron timetables read it.

A zone's name is an IANA key (``Europe/Amsterdam``), ``UTC``, or a fixed offset (``+02:00``, ``-03:30``, ``+00:19:32``).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from queuack.schedule.base import InvalidSchedule

_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})(?::(\d{2}))?")


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo:
    """The zone called ``name``. Raises InvalidSchedule."""
    if name == "UTC":
        return UTC
    if match := _OFFSET.fullmatch(name):
        sign, hours, minutes, seconds = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
        if offset < timedelta(days=1):
            return timezone(-offset if sign == "-" else offset)
        raise InvalidSchedule(f"time zone {name!r}: an offset is less than 24 hours")
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidSchedule(f"time zone {name!r}: neither an IANA name nor an offset like +02:00") from error


def offset_name(offset: timedelta) -> str:
    """The name of the zone that is always ``offset`` from UTC."""
    if not offset:
        return "UTC"
    hours, rest = divmod(abs(int(offset.total_seconds())), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{'-' if offset < timedelta(0) else '+'}{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")


def wall_time(instant: datetime, tz: tzinfo) -> datetime:
    """What a clock in ``tz`` shows at ``instant``, naive: the two passes of a repeated hour look alike."""
    if tz is UTC and instant.tzinfo is UTC:
        return instant.replace(tzinfo=None)
    return instant.astimezone(tz).replace(tzinfo=None, fold=0)


def instant_of(wall: datetime, tz: tzinfo) -> datetime:
    """The UTC instant at which clocks in ``tz`` show ``wall``.

    A time shown twice (clocks set back) means the second pass. A time never shown (clocks set forward) is moved
    forward by the gap. Both are the smaller of the two offsets that could be meant.
    """
    if tz is UTC:
        return wall.replace(tzinfo=UTC)
    first, second = tz.utcoffset(wall.replace(tzinfo=tz, fold=0)), tz.utcoffset(wall.replace(tzinfo=tz, fold=1))
    assert first is not None  # zone() returns only zones with offsets
    assert second is not None
    return (wall - min(first, second)).replace(tzinfo=UTC)
