"""What the daemon has in hand at this moment, from the engine's memory alone: for those who look often."""

from __future__ import annotations

import heapq
from typing import Any

from queuack import clock
from queuack.daemon.port import Port
from queuack.engine import states
from queuack.engine.engine import Engine
from queuack.engine.run import Run

Row = dict[str, Any]

LATE = 1 << 62
"""When what has not begun begins: after everything else."""


def load(port: Port, most: int = 100) -> Row:
    """{"tasks", "runs", "pools"}: ``most`` attempts that run (then those queued) and ``most`` runs that are not
    over, each that began first before others; every pool.

    Tasks: dag_id, run_id, task_id, map_index, state, try_number, start_date, pid. Runs: dag_id, run_id, state,
    start_date, total, done (finished task instances) and failed of them. Pools: pool, slots (-1 = no limit),
    occupied_slots.
    """
    return port.on_engine(
        lambda engine: {"tasks": _tasks(engine, most), "runs": _runs(engine, most), "pools": _pools(engine)}
    )


def _tasks(engine: Engine, most: int) -> list[Row]:
    def began(place: tuple[Run, int]) -> tuple[bool, int]:
        run, i = place
        detail = run.details[i]
        at = detail.start_date if detail is not None else None
        return run.states[i] != states.RUNNING, LATE if at is None else at

    return [_task(run, i) for run, i in heapq.nsmallest(most, engine.attempts(), key=began)]


def _task(run: Run, i: int) -> Row:
    detail = run.details[i]
    begun = run.states[i] == states.RUNNING
    return {
        "dag_id": run.dag_id,
        "run_id": run.run_id,
        "task_id": run.plan.document.tasks[run.task_of[i]].task_id,
        "map_index": run.map_indexes[i],
        "state": states.NAMES[run.states[i]],
        "try_number": run.tries[i],
        "start_date": clock.iso(detail.start_date) if begun and detail is not None else None,
        "pid": detail.pid if begun and detail is not None else None,
    }


def _runs(engine: Engine, most: int) -> list[Row]:
    active = (run for run in engine.runs.values() if not run.is_finished)
    rows = heapq.nsmallest(most, active, key=lambda run: (run.start_date or LATE, run.key))
    return [
        {
            "dag_id": run.dag_id,
            "run_id": run.run_id,
            "state": str(run.state),
            "start_date": clock.iso(run.start_date),
            "total": sum(run.tally),
            "done": sum(count for state, count in enumerate(run.tally) if states.IS_FINISHED[state]),
            "failed": run.tally[states.FAILED] + run.tally[states.UPSTREAM_FAILED],
        }
        for run in rows
    ]


def _pools(engine: Engine) -> list[Row]:
    return [{"pool": name, "slots": slots, "occupied_slots": used} for name, slots, used in engine.pool_use()]


METHODS = (load,)
