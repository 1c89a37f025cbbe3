"""Deliberate bugs, each found by the simulation within a bounded number of seeds."""

from __future__ import annotations

import pytest

from tests.sim.mutations import MUTATIONS, Mutation
from tests.sim.simulation import Simulation
from tests.sim.story import Violation

SEEDS = range(1_000, 1_030)


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_the_simulation_finds_it(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    mutation(monkeypatch)
    for seed in SEEDS:
        try:
            Simulation(seed).run()
        except Violation:
            return
    pytest.fail(f"{mutation.__name__} lives through {len(SEEDS)} seeds")
