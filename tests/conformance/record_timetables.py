"""Records what Airflow's timetables answer, as the oracle for ``tests/schedule/test_recorded_timetables.py``.

Regenerate with any Python 3.11 or later; the argument is the interpreter of an environment that has Airflow::

    pip install apache-airflow==3.3.2          # in an environment of its own
    python tests/conformance/record_timetables.py /path/to/that/environment/bin/python

It writes ``recordings/timetables.json.gz`` beside itself. The cases are drawn from a fixed seed, so with the same
Airflow, croniter and zone data the file comes out the same. Nothing of Queuack is imported.

A case is a timetable (class, positional and keyword arguments, or a ``schedule=`` with its settings), a restriction,
the interval of a run before (or null), a few values of the clock with the run Airflow makes at each (the run made is
the run before of the next), and manual intervals. Instants are microseconds since the epoch.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

OUTPUT = Path(__file__).parent / "recordings" / "timetables.json.gz"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND, HOUR, DAY = 1_000_000, 3_600_000_000, 86_400_000_000

CRONS = (
    """
* * * * *|*/5 * * * *|*/7 * * * *|30 * * * *|0 * * * *|15,45 * * * *|@hourly|@daily|@weekly|@monthly
@quarterly|@yearly|@midnight|@annually|0 0 * * *|30 0 * * *|0 1 * * *|30 1 * * *|0 2 * * *|15 2 * * *
30 2 * * *|59 2 * * *|0 3 * * *|30 3 * * *|*/30 1-3 * * *|0 */2 * * *|0 1-23/2 * * *|*/15 2 * * *|10 2,3 * * *
0 0-23 * * *|30 23 * * *|0 12 * * *|0 0 * * 1|0 0 * * 7|0 9 * * 1-5|0 9 * * MON-FRI|30 2 * * SUN|0 0 1 * *
0 0 31 * *|0 0 29 2 *|0 0 30 * *|15 3 1,15 * *|0 0 1 1 *|0 0 1 JAN,JUL *|0 0 13 * 5|0 6 1-7 * MON|0 * 1 * 1
0 0 L * *|0 0 * * 5#2|0 0 * * L5|0 8 * * 1#1,3#3|0 0 15W * *|0 0 1W * *|0 0 L 2 *|*/10 * * * * *|0 0 3 * * 30
30 2 * * * 15|0 0 1 1 * 0 2020-2030|0 12 * * 1 0 2024|0 0 31 2 *|0 0 ? * 2|5 4 * * sun|0 22 * * 1-5
23 0-20/2 * * *|0 0,12 1 */2 *|0 4 8-14 * *|45 1 * * *|0 2 * 3 0|0 2 * 10,11 0|* 2 * * *|*/20 * * 3,10 *
""".strip()
    .replace("\n", "|")
    .split("|")
)

ZONES: list[str | int] = [
    *("UTC", "UTC", "Europe/Amsterdam", "Europe/Amsterdam", "America/New_York", "America/New_York", "Europe/Dublin"),
    *("Australia/Lord_Howe", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Africa/Casablanca"),
    *("Pacific/Apia", "Asia/Kolkata", "America/Sao_Paulo", "Antarctica/Troll", "Asia/Tehran", "Pacific/Chatham"),
    *(7200, -12600, 20700),
]

TIMEDELTAS = [60, 90, 300, 600.5, 3600, 5400, 86400, 2 * 86400, 7 * 86400, 10 * 86400, 12.25, 1, 31 * 86400]
RELATIVEDELTAS: list[dict[str, Any]] = [
    {"months": 1},
    {"months": 2},
    {"months": 3},
    {"months": 1, "days": 1},
    {"years": 1},
    {"years": 1, "months": 6},
    {"days": 1},
    {"weeks": 2},
    {"hours": 36},
    {"hours": 1, "minutes": 30},
    {"days": 1, "hours": 2, "seconds": 3},
    {"months": 1, "day": 31},
    {"months": 1, "day": 1, "hour": 6, "minute": 0},
    {"days": 1, "weekday": [0]},
    {"days": 1, "weekday": [4, 2]},
    {"days": 1.5},
]


def transitions(zone: str) -> list[int]:
    """Instants at which the clocks of a zone change, 2009 to 2025, to the minute."""
    tz, found = ZoneInfo(zone), []
    moment, end = datetime(2009, 1, 1, tzinfo=UTC), datetime(2025, 12, 1, tzinfo=UTC)
    while moment < end:
        after = moment + timedelta(hours=12)
        if moment.astimezone(tz).utcoffset() != after.astimezone(tz).utcoffset():
            low, high = moment, after
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) // 2
                same = middle.astimezone(tz).utcoffset() == low.astimezone(tz).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(micros(high.replace(second=0, microsecond=0)))
        moment = after
    return found


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


class Cases:
    """Draws the cases. ``next(cases)`` is everything but Airflow's answers."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.transitions = {zone: transitions(zone) for zone in set(map(str, ZONES)) if "/" in zone}

    def field(self, low: int, high: int, *, star: float) -> str:
        draw = self.random
        if draw.random() < star:
            return "*"
        kind = draw.randrange(5)
        first, second = sorted((draw.randint(low, high), draw.randint(low, high)))
        if kind == 0:
            return f"*/{draw.randint(2, max(2, (high - low) // 2))}"
        if kind == 1 and first < second:
            return f"{first}-{second}"
        if kind == 2 and first < second:
            return f"{first}-{second}/{draw.randint(2, 5)}"
        if kind == 3:
            return f"{first},{second}"
        return str(first)

    def cron(self) -> str:
        if self.random.random() < 0.7:
            return self.random.choice(CRONS)
        parts = [(0, 59, 0.2), (0, 23, 0.4), (1, 28, 0.7), (1, 12, 0.8), (0, 6, 0.7)]
        fields = [self.field(low, high, star=star) for low, high, star in parts]
        if self.random.random() < 0.1:
            fields.append(self.field(0, 59, star=0.1))
        return " ".join(fields)

    def moment(self, zone: str | int) -> int:
        """Near a change of the clocks, if the zone has any; half of the moments are round."""
        draw = self.random
        changes = self.transitions.get(str(zone))
        if changes and draw.random() < 0.75:
            at = draw.choice(changes) + draw.randint(-30, 30) * HOUR // 6
        else:
            at = micros(datetime(2010, 1, 1, tzinfo=UTC)) + draw.randrange(15 * 365 * 24) * HOUR
        shape = draw.randrange(4)
        if shape == 0:
            return at
        if shape == 1:
            return at + draw.randrange(0, 3600, 60) * SECOND
        return at + draw.randrange(HOUR) // (SECOND if shape == 2 else 1) * (SECOND if shape == 2 else 1)

    def delta(self) -> dict[str, Any]:
        if self.random.random() < 0.5:
            return {"seconds": self.random.choice(TIMEDELTAS)}
        return {"relativedelta": self.random.choice(RELATIVEDELTAS)}

    def interval(self) -> dict[str, Any]:
        return self.delta() if self.random.random() < 0.3 else {"seconds": 0}

    def run_immediately(self) -> Any:
        return self.random.choice([False, False, True, None, {"seconds": 600.0}, {"seconds": 86400.0}])

    def timetable(self, zone: str | int) -> dict[str, Any]:
        draw = self.random
        kind = draw.choices(
            ["CronDataInterval", "CronTrigger", "MultipleCronTrigger", "DeltaDataInterval", "DeltaTrigger", "simple",
             "Events", "schedule"],
            [30, 30, 8, 12, 10, 4, 4, 8],
        )[0]  # fmt: skip
        name = kind + "Timetable"
        if kind == "CronDataInterval":
            return {"class": name, "args": [self.cron(), zone], "kwargs": {}}
        if kind == "CronTrigger":
            more = {"timezone": zone, "interval": self.interval(), "run_immediately": self.run_immediately()}
            return {"class": name, "args": [self.cron()], "kwargs": more}
        if kind == "MultipleCronTrigger":
            crons = [self.cron() for _ in range(draw.randint(1, 3))]
            more = {"timezone": zone, "interval": self.interval(), "run_immediately": self.run_immediately()}
            return {"class": name, "args": crons, "kwargs": more}
        if kind == "DeltaDataInterval":
            return {"class": name, "args": [self.delta()], "kwargs": {}}
        if kind == "DeltaTrigger":
            return {"class": name, "args": [self.delta()], "kwargs": {"interval": self.interval()}}
        if kind == "simple":
            name = draw.choice(["NullTimetable", "OnceTimetable", "ContinuousTimetable", "ContinuousTimetable"])
            return {"class": name, "args": [], "kwargs": {}}
        if kind == "Events":
            dates = [self.moment(zone) for _ in range(draw.randrange(8))]
            return {"class": name, "args": [{"instants": dates}], "kwargs": {"restrict_to_events": draw.random() < 0.5}}
        schedule = draw.choice([self.cron(), self.cron(), self.delta(), self.delta(), None, "@once", "@continuous"])
        return {"schedule": schedule, "timezone": zone, "data_intervals": draw.random() < 0.5}

    def __next__(self) -> dict[str, Any]:
        draw = self.random
        zone = draw.choice(ZONES)
        now = self.moment(zone)
        near = draw.choice([HOUR, 6 * HOUR, DAY, 3 * DAY, 40 * DAY, 800 * DAY])
        round_to = draw.choice([1, SECOND, HOUR, DAY])

        def about_now() -> int:
            return (now + int(draw.uniform(-1, 0.4) * near)) // round_to * round_to

        last = None
        if draw.random() < 0.4:
            start = about_now()
            last = [start, start + draw.choice([0, 0, HOUR, DAY, draw.randrange(10 * DAY)])]
        return {
            "timetable": self.timetable(zone),
            "restriction": [
                about_now() if draw.random() < 0.75 else None,
                now + draw.randrange(20 * DAY) if draw.random() < 0.15 else None,
                draw.random() < 0.5,
            ],
            "last": last,
            "now": now,
            "pauses": [
                draw.choice([0, 0, SECOND, draw.randrange(3 * HOUR), draw.randrange(9 * DAY)]) for _ in range(4)
            ],
            "manual": [now, self.moment(zone)],
        }


def record(count: int) -> dict[str, Any]:
    """Runs inside Airflow's interpreter."""
    from importlib.metadata import version

    from oracle_airflow import Oracle

    oracle = Oracle()
    cases = Cases(seed=332)
    recorded = [oracle.answer(next(cases)) for _ in range(count)]
    return {
        "airflow": version("apache-airflow"),
        "croniter": version("croniter"),
        "tzdata": version("tzdata"),
        "cases": recorded,
    }


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--inside"]:
        data = json.dumps(record(int(arguments[2])), separators=(",", ":")).encode()
        Path(arguments[1]).write_bytes(gzip.compress(data, 9, mtime=0))
        return
    with tempfile.TemporaryDirectory() as home:
        command = [arguments[0], __file__, "--inside", str(OUTPUT), arguments[1] if arguments[1:] else "6000"]
        subprocess.run(command, check=True, env={**os.environ, "AIRFLOW_HOME": home})
    print(f"{OUTPUT}: {OUTPUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
