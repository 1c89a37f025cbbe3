"""What an engine remembers, as plain data that two engines can be compared by.

Left out: what only the present process needs (timers that mean nothing any more, finished runs kept for looking back),
which dates of the schedule were passed over because a run by hand has them (the file leads to the same next run),
and how many runs in a row have failed: memory counts in the order of ending, the file in that of ``run_after``.
"""

from __future__ import annotations

from typing import Any

from queuack.engine import states
from queuack.engine.catalog import DagState
from queuack.engine.engine import Engine
from queuack.engine.run import Run

DETAILS = (
    "scheduled_dttm", "queued_dttm", "start_date", "end_date", "retry_at", "reschedules", "pid", "hostname", "worker_id",
)  # fmt: skip


def picture(engine: Engine) -> dict[str, Any]:
    """Path → value; values that compare."""
    world = engine._world
    found: dict[str, Any] = {}
    for dag in world.dags.values():
        _dag(found, dag)
    for run in world.runs.values():
        if not run.is_finished:
            _run(found, run, counted=not world.work)
    for name, pool in world.admission.pools.items():
        if not pool.is_missing:
            found[f"pool {name}"] = (pool.capacity, pool.include_deferred)
        if pool.used or not pool.is_missing:
            found[f"pool {name} used"] = pool.used
    found["active"] = world.admission.active
    found["outstanding"] = sorted(engine.outstanding())
    found["triggers"] = {key: (t.run and t.run.run_id, t.position) for key, t in world.triggers.items()}
    found["callbacks"] = sorted(world.callbacks)
    found["failed files"] = sorted(world.failed_files)
    found["files"] = {name: sorted(ids) for name, ids in world.files.items() if ids}
    book = world.assets
    found["assets"] = {key: (a.id, a.is_active, sorted(a.referrers)) for key, a in book.assets.items()}
    found["asset queue"] = {dag_id: dict(waiting) for dag_id, waiting in book.queue.items() if waiting}
    return found


def _dag(found: dict[str, Any], dag: DagState) -> None:
    name = f"dag {dag.dag_id}"
    found[f"{name} switches"] = (dag.is_paused, dag.is_stale, dag.has_import_errors, bool(dag.gate.capacity))
    found[f"{name} version"] = (dag.version.id, dag.version.number, dag.version.document_hash, dag.version.file_hash)
    found[f"{name} runs"] = sorted((run.run_id, run.state) for run in dag.active.values())
    found[f"{name} running"] = dag.running


def _run(found: dict[str, Any], run: Run, *, counted: bool) -> None:
    name = f"run {run.dag_id}/{run.run_id}"
    found[name] = run.row
    for i, state in enumerate(run.states):
        if state == states.ABSENT:
            found[f"{name}/{run.name(i)}"] = "absent"
            continue
        detail = run.details[i]
        told = None if state == states.NONE else tuple(getattr(detail, field, None) for field in DETAILS)
        found[f"{name}/{run.name(i)}"] = (
            run.ti_ids[i], states.NAMES[state], run.tries[i], run.max_tries[i], told, _deferral(run, i)
        )  # fmt: skip
    found[f"{name} tally"] = list(run.tally)
    if counted and run.state == "running":
        counters = (run.success, run.failed, run.skipped, run.upstream_failed, run.removed or [0] * run.plan.size)
        found[f"{name} counters"] = (*map(list, counters), list(run.needed))
        found[f"{name} limit used"] = run.limit.used, run.limit.capacity


def _deferral(run: Run, i: int) -> Any:
    detail = run.details[i]
    found = None if detail is None else detail.deferral
    if found is None:
        return None
    return found.next_method, found.next_kwargs, found.trigger_id, found.timeout_at, found.holds_pool


def differences(one: dict[str, Any], other: dict[str, Any], names: tuple[str, str]) -> list[str]:
    """One line for each path at which they differ."""
    return [
        f"{path}: {names[0]} {one.get(path)!r}, {names[1]} {other.get(path)!r}"
        for path in sorted({*one, *other})
        if one.get(path) != other.get(path)
    ]
