"""The simulation as part of the tests: a handful of seeds at each run, more in the slow tier. See docs/concepts."""

from __future__ import annotations

import time

import pytest

from tests.sim.simulation import Simulation
from tests.sim.story import Violation

SLOW_SECONDS = 75.0


def live_through(seed: int, **options: int) -> Simulation:
    try:
        return Simulation(seed, **options).run()
    except Violation as violation:
        pytest.fail(f"seed {seed}: {violation}\n{violation.story}", pytrace=False)


@pytest.mark.parametrize("seed", [1, 3, 5])
def test_a_handful_of_seeds(seed: int) -> None:
    live_through(seed, steps=25)


def test_a_seed_tells_one_story() -> None:
    assert live_through(6, steps=15).story.lines == live_through(6, steps=15).story.lines


@pytest.mark.slow
def test_minutes_of_seeds() -> None:
    """As many as there is time for."""
    until, seed = time.monotonic() + SLOW_SECONDS, 100
    while time.monotonic() < until:
        live_through(seed)
        seed += 1
