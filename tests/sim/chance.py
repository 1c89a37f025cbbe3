"""Chance by a seed. Everything draws from a generator named by what it is about, never from a common one: so that
leaving out one event of a story does not change the others."""

from __future__ import annotations

import random
from typing import Any


class Chance:
    def __init__(self, seed: int) -> None:
        self.seed = seed

    def of(self, *name: Any) -> random.Random:
        """The generator of what ``name`` says; the same one for the same name."""
        return random.Random("/".join(map(str, (self.seed, *name))))


def pick(rng: random.Random, weighted: dict[Any, float]) -> Any:
    """One of the keys, by weight."""
    return rng.choices(list(weighted), list(weighted.values()))[0]
