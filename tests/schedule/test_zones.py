"""Zones by name, and the hours that come twice or never."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from queuack.schedule.cron_grid import cron_grid
from queuack.schedule.timetables import InvalidSchedule
from queuack.schedule.zones import instant_of, offset_name, wall_time, zone


@pytest.mark.parametrize(
    ("name", "minutes"),
    [("UTC", 0), ("+02:00", 120), ("-03:30", -210), ("+05:45", 345), ("Asia/Kathmandu", 345)],
)
def test_zone(name: str, minutes: int) -> None:
    noon = datetime(2024, 1, 1, 12, tzinfo=UTC)
    assert wall_time(noon, zone(name)) == datetime(2024, 1, 1, 12) + timedelta(minutes=minutes)
    assert instant_of(wall_time(noon, zone(name)), zone(name)) == noon


@pytest.mark.parametrize("name", ["Mars/Olympus", "+25:00", "+2", "", "../etc/passwd"])
def test_unknown_zone(name: str) -> None:
    with pytest.raises(InvalidSchedule, match="time zone"):
        zone(name)


@pytest.mark.parametrize(
    ("seconds", "name"), [(0, "UTC"), (7200, "+02:00"), (-12600, "-03:30"), (20700, "+05:45"), (1172, "+00:19:32")]
)
def test_offset_name(seconds: int, name: str) -> None:
    assert offset_name(timedelta(seconds=seconds)) == name
    assert zone(name).utcoffset(None) == timedelta(seconds=seconds)


def points(expression: str, timezone: str, start: datetime, count: int) -> list[str]:
    grid, found, moment = cron_grid(expression, timezone), [], start
    for _ in range(count):
        moment = grid.next(moment)
        found.append(moment.astimezone(zone(timezone)).strftime("%d %H:%M %z"))
    return found


def test_clocks_set_forward() -> None:
    night = datetime(2024, 3, 30, 23, tzinfo=UTC)  # midnight in Amsterdam; 02:00 to 03:00 on the 31st is skipped
    assert points("30 2 * * *", "Europe/Amsterdam", night, 2) == ["31 03:30 +0200", "01 02:30 +0200"]
    assert points("30 * * * *", "Europe/Amsterdam", night, 3) == ["31 00:30 +0100", "31 01:30 +0100", "31 03:30 +0200"]


def test_clocks_set_back() -> None:
    night = datetime(2024, 10, 26, 22, tzinfo=UTC)  # midnight in Amsterdam; 02:00 to 03:00 on the 27th comes twice
    assert points("30 2 * * *", "Europe/Amsterdam", night, 2) == ["27 02:30 +0100", "28 02:30 +0100"]
    assert points("30 * * * *", "Europe/Amsterdam", night, 4) == [
        "27 00:30 +0200",
        "27 01:30 +0200",
        "27 02:30 +0200",
        "27 02:30 +0100",
    ]
