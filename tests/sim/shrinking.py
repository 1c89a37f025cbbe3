"""Making a story short: leave out events while the seed still violates the same thing."""

from __future__ import annotations

from tests.sim.simulation import Simulation
from tests.sim.story import Violation


def violation_of(seed: int, steps: int, without: frozenset[int]) -> Violation | None:
    try:
        Simulation(seed, steps=steps, without=without).run()
    except Violation as violation:
        return violation
    return None


def shrink(seed: int, steps: int, found: Violation, tries: int = 60) -> tuple[frozenset[int], Violation]:
    """(the numbers of the events that are not needed, the violation that is left)."""
    kind = str(found)[:25]
    without: frozenset[int] = frozenset()
    size = steps // 2
    while size >= 1 and tries > 0:
        left = [number for number in range(1, steps + 1) if number not in without]
        for at in range(0, len(left), size):
            tries -= 1
            tried = without | frozenset(left[at : at + size])
            again = violation_of(seed, steps, tried)
            if again is not None and str(again)[:25] == kind:
                without, found = tried, again
            if tries <= 0:
                break
        size //= 2
    return without, found
