"""``python -m tests.sim``: simulate as long as asked, on every core; or one seed, with its story.

Exit code 1 when something was violated.
"""

from __future__ import annotations

import argparse
import os
import sys

from tests.sim.campaign import many
from tests.sim.shrinking import shrink, violation_of
from tests.sim.simulation import STEPS


def one(seed: int, steps: int, *, short: bool) -> int:
    found = violation_of(seed, steps, frozenset())
    if found is None:
        print(f"Seed {seed} with {steps} events violates nothing.")
        return 0
    if short:
        without, found = shrink(seed, steps, found)
        print(f"{steps - len(without)} of {steps} events are needed.")
    print(found.story)
    print(f"\nseed {seed}: {found}")
    return 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("SIM_MINUTES", "1")))
    parser.add_argument("--first", type=int, default=int(os.environ.get("SIM_FIRST", "10000")), help="the first seed")
    parser.add_argument("--seed", type=int, help="only this one, with its story")
    parser.add_argument("--shrink", action="store_true", help="with --seed: leave out what the violation does not need")
    parser.add_argument("--steps", type=int, default=STEPS, help="events of a seed")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.seed is not None:
        return one(options.seed, options.steps, short=options.shrink)
    return many(options.minutes, options.first, options.steps, options.processes)


if __name__ == "__main__":
    sys.exit(main())
