"""The simulation as part of the tests: a handful of seeds at each run, more in the slow tier. See docs/concepts."""

from __future__ import annotations

import pytest

from tests.sim.simulation import Simulation
from tests.sim.story import Violation

OPEN = {118}
"""Seeds that do not pass; docs/concepts/simulation.md says why."""

SLOW_SEEDS = [seed for seed in range(100, 124) if seed not in OPEN]


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
    """The same ones each time, so that a machine that is faster or slower runs the same; ``make sim`` takes new ones."""
    for seed in SLOW_SEEDS:
        live_through(seed)
