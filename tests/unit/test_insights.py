"""What counts as a regression, which tasks make the critical path, and how a forecast spreads work."""

from __future__ import annotations

from typing import Any

import pytest

from queuack.daemon.services.forecast import HOUR, HOURS, _spread
from queuack.daemon.services.insights import _chain, _judged


def row(earlier: float, recent: float, spread: float = 0.0, n: int = 40) -> dict[str, Any]:
    return _judged({"n": n, "earlier": earlier, "recent": recent, "spread": spread})


@pytest.mark.parametrize(
    ("found", "regressed"),
    [
        (row(1.0, 2.0), True),
        (row(1.0, 1.2), False),  # not by a third
        (row(0.01, 0.04), False),  # too little to matter
        (row(1.0, 2.0, spread=0.5), False),  # it varies that much anyway
        (row(1.0, 2.0, n=7), False),  # too few to say
        (row(2.0, 1.0), False),  # faster
    ],
)
def test_a_regression_is_clear_large_and_no_noise(found: dict[str, Any], regressed: bool) -> None:
    assert found["regressed"] is regressed


def test_the_critical_path_goes_back_along_what_ended_last() -> None:
    spans = {"a": (0, 10), "b": (11, 50), "c": (11, 20), "d": (51, 60), "x": (0, 59)}
    tasks = {name: {"task_id": name, "start_us": start, "end_us": end} for name, (start, end) in spans.items()}
    upstream = {"b": ["a"], "c": ["a"], "d": ["b", "c", "skipped"]}
    assert [step["task_id"] for step in _chain(tasks, upstream)] == ["a", "b", "d"]
    assert _chain({}, upstream) == []


def test_work_is_spread_over_the_hours_that_a_run_takes() -> None:
    hours = [{"start": "", "runs": 0.0, "busy": 0.0} for _ in range(HOURS)]
    _spread(hours, HOUR // 2, 2.0, 3600.0, 7200.0)
    assert [hour["runs"] for hour in hours[:3]] == [2.0, 0.0, 0.0]
    assert [hour["busy"] for hour in hours[:3]] == pytest.approx([2.0, 2.0, 0.0])
    _spread(hours, HOURS * HOUR - 1, 1.0, 7200.0, 7200.0)
    assert hours[-1]["runs"] == 1.0
