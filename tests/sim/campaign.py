"""Many seeds on many cores, and a report of what there was."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections import Counter
from typing import Any

from tests.sim.simulation import Simulation
from tests.sim.story import Violation

Result = tuple[int, Counter[str], float, str | None]


def live(job: tuple[int, int]) -> Result:
    """(seed, what there was, simulated seconds, the violation with its story)."""
    seed, steps = job
    simulation = Simulation(seed, steps=steps)
    text = None
    try:
        simulation.run()
    except Violation as violation:
        text = f"seed {seed}: {violation}\n{violation.story}"
    return seed, simulation.done, simulation.time.monotonic, text


def many(minutes: float, first: int, steps: int, processes: int) -> int:
    total: Counter[str] = Counter()
    seeds, simulated, violations = 0, 0.0, []
    begun = time.monotonic()

    def jobs() -> Any:
        seed = first
        while time.monotonic() - begun < minutes * 60 and len(violations) < 10:
            yield seed, steps
            seed += 1

    with multiprocessing.get_context("spawn").Pool(processes, maxtasksperchild=50) as pool:
        waiting: list[Any] = []
        source = jobs()
        while True:
            while len(waiting) < processes + 1 and (job := next(source, None)) is not None:
                waiting.append(pool.apply_async(live, (job,)))
            if not waiting:
                break
            seed, done, seconds, violation = waiting.pop(0).get()
            seeds, simulated = seeds + 1, simulated + seconds
            total += done
            if violation is not None:
                violations.append(seed)
                print(violation, flush=True)
    print(json.dumps(dict(sorted(total.items())), indent=1))
    print(
        f"{seeds} seeds, {seeds * steps} events, {total['rounds']} steps of the engine, {total['commits']} commits, "
        f"{total['crashes']} crashes, {simulated / 86_400:.1f} simulated days in {(time.monotonic() - begun) / 60:.1f} "
        f"minutes; violations: {len(violations)} {violations or ''}"
    )
    return 1 if violations else 0
