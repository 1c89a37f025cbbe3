"""What must hold, whatever happens. One function an invariant; the decorator says when it is checked.

``stepped``: after each step of an engine, before its commit. ``committing``: before a commit, with what it writes.
``idle``: when nothing is left to do. ``submitted``: for each workload handed to the executor. ``end``: when all has
gone well for long enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from queuack import clock
from queuack.engine import effects as fx
from queuack.engine import states
from queuack.engine.engine import Engine
from queuack.engine.events import ClearTasks, Event, SetRunState, SetTaskState
from queuack.engine.run import Run
from queuack.protocol import Workload
from queuack.store.snapshot import load_snapshot
from tests.engine.random_dags import LEGAL
from tests.sim.memory import differences, picture
from tests.sim.story import Violation

if TYPE_CHECKING:
    from tests.sim.simulation import Simulation

BY_HAND = (ClearTasks, SetTaskState, SetRunState)
"""Requests that may change what is finished."""

INVARIANTS: dict[str, list[Callable[..., None]]] = {
    "stepped": [], "committing": [], "idle": [], "submitted": [], "end": [],
}  # fmt: skip


def invariant(when: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def keep(function: Callable[..., None]) -> Callable[..., None]:
        INVARIANTS[when].append(function)
        return function

    return keep


def require(holds: bool, text: str) -> None:
    if not holds:
        raise Violation(text)


def _occupied(engine: Engine) -> list[tuple[Run, int]]:
    """Instances that are queued, running, or wait outside."""
    busy = states.RUNNING_LIKE | states.WAITING
    return [
        (run, i)
        for run in engine.runs.values()
        if not run.is_finished
        for i, state in enumerate(run.states)
        if state in busy
    ]


# ── after each step ──────────────────────────────────────────────────────────────────────────────────
@invariant("stepped")
def limits_hold(sim: Simulation, engine: Engine, events: Sequence[Event], step: fx.Step) -> None:
    """What a step hands out fits into every limit it counts for."""
    handed_out = [command for command in step.commands if isinstance(command, fx.Dispatch)]
    if not handed_out:
        return
    pools: Counter[str] = Counter()
    per_run: Counter[int] = Counter()
    per_task: Counter[tuple[str, str]] = Counter()
    per_task_and_run: Counter[tuple[int, str]] = Counter()
    caps: dict[tuple[str, str], int] = {}
    active = alone = 0
    for run, i in _occupied(engine):
        task, state = run.task_of[i], run.states[i]
        task_id, pool = run.plan.task_ids[task], run.plan.pools[task]
        per_task_and_run[run.key, task_id] += 1
        cap = run.plan.per_dag[task]
        if cap is not None:  # what a version without the limit runs does not count for that of another
            per_task[run.dag_id, task_id] += 1
            caps[run.dag_id, task_id] = max(cap, caps.get((run.dag_id, task_id), 0))
        if state in states.RUNNING_LIKE:
            active += 1
            alone += not run.plan.is_async[task]
            per_run[run.key] += 1
        if state in states.RUNNING_LIKE or (state == states.DEFERRED and sim.pools.get(pool, (0, False))[1]):
            pools[pool] += run.plan.pool_slots[task]
    world = engine._world
    most, ahead = sim.settings.parallelism, world.admission.ahead
    require(active <= most + ahead, f"{active} attempts at once, parallelism {most}, {ahead} ahead")
    most = min(most, sim.settings.max_workers or most)
    if any(not engine.runs[command.run_key].plan.is_async[command.task_index] for command in handed_out):
        require(alone <= most + ahead, f"{alone} attempts that take a worker at once, {most} workers, {ahead} ahead")
    for command in handed_out:
        run = engine.runs[command.run_key]
        task = command.task_index
        task_id, pool = run.plan.task_ids[task], run.plan.pools[task]
        where = f"{run.dag_id}/{run.run_id}/{task_id}"
        slots = world.admission.pools[pool].capacity
        require(pools[pool] <= slots, f"{where}: {pools[pool]} slots of pool {pool} are taken, it has {slots}")
        most = run.dag.document.max_active_tasks
        require(
            per_run[run.key] <= most, f"{where}: {per_run[run.key]} tasks of the run at once, max_active_tasks {most}"
        )
        cap = caps.get((run.dag_id, task_id))
        require(cap is None or per_task[run.dag_id, task_id] <= cap,
                f"{where}: {per_task[run.dag_id, task_id]} instances at once, max_active_tis_per_dag {cap}")  # fmt: skip
        cap = run.plan.per_run[task]
        require(cap is None or per_task_and_run[run.key, task_id] <= cap,
                f"{where}: {per_task_and_run[run.key, task_id]} at once, max_active_tis_per_dagrun {cap}")  # fmt: skip


@invariant("stepped")
def active_runs_hold(sim: Simulation, engine: Engine, events: Sequence[Event], step: fx.Step) -> None:
    """No run is started beyond max_active_runs."""
    for write in step.writes:
        if not isinstance(write, fx.RunRow) or write.state != "running" or write.dag_id not in engine.dags:
            continue
        before = sim.ledger.runs.get(write.id)
        if before is not None and before.state == "running":
            continue
        dag = engine.dags[write.dag_id]
        running = sum(run.state == "running" for run in dag.active.values())
        most = dag.document.max_active_runs
        require(running <= most, f"{running} runs of {write.dag_id} at once, max_active_runs {most}")


# ── before a commit ──────────────────────────────────────────────────────────────────────────────────
@invariant("committing")
def transitions_are_legal(sim: Simulation, writes: Sequence[fx.Write]) -> None:
    """States follow the tables; what is finished stays so unless a person said otherwise."""
    last = {write.id: write for write in writes if isinstance(write, fx.InstanceRow)}
    replaced = {write.run_key for write in writes if isinstance(write, fx.NewInstances) and write.replaces}
    for ti_id, row in last.items():
        known = sim.ledger.instances.get(ti_id)
        if known is None:
            continue
        run_key, task_id, map_index = sim.ledger.places[ti_id]
        run = sim.ledger.runs.get(run_key)
        if run is None or run_key in replaced or (run.dag_id, run.run_id) in sim.by_hand:
            continue
        where = f"{run.dag_id}/{run.run_id}/{task_id}[{map_index}]"
        require(row.state in LEGAL[known.state], f"{where}: {known.state} became {row.state}")
        require(known.state not in states.FINISHED_NAMES or row.state in (known.state, "removed"),
                f"{where}: was {known.state}, is {row.state}, and nobody cleared it")  # fmt: skip
        require(row.try_number >= known.try_number, f"{where}: try {known.try_number} became {row.try_number}")
        require(row.try_number <= row.max_tries + 1 or row.try_number == known.try_number,
                f"{where}: try {row.try_number} of {row.max_tries + 1}")  # fmt: skip
    for write in writes:
        if isinstance(write, fx.RunRow) and (write.dag_id, write.run_id) not in sim.by_hand:
            before = sim.ledger.runs.get(write.id)
            if before is not None and before.state in ("success", "failed"):
                require(
                    write.state == before.state, f"{write.dag_id}/{write.run_id}: {before.state} became {write.state}"
                )


# ── for each workload ────────────────────────────────────────────────────────────────────────────────
@invariant("submitted")
def dispatched_was_committed(sim: Simulation, engine: Engine, workload: Workload) -> None:
    """Whatever a worker is handed, the store says so."""
    if workload.callback_id is not None:
        require(workload.callback_id in sim.ledger.callbacks, f"callback {workload.callback_id} is not in the store")
        return
    row = sim.ledger.instances.get(workload.ti_id)
    said = None if row is None else (row.state, row.try_number)
    require(said == ("queued", workload.try_number),
            f"{workload.run.dag_id}/{workload.run.run_id}/{workload.task_id} try {workload.try_number} is dispatched, "
            f"the store says {said}")  # fmt: skip


@invariant("submitted")
def no_attempt_is_doubled(sim: Simulation, engine: Engine, workload: Workload) -> None:
    """Nobody has it, and if its beginning was known, only a deferral or a later look begins it again."""
    key = (workload.ti_id, workload.try_number)
    held = [
        worker.name for worker in sim.crew.workers.values() if any((w.ti_id, w.try_number) == key for w in worker.queue)
    ]
    where = f"{workload.run.dag_id}/{workload.run.run_id}/{workload.task_id}[{workload.map_index}] try {workload.try_number}"
    require(not held, f"{where} is dispatched while {', '.join(held)} has it")
    if workload.callback_id is not None:
        return
    allowed = sim.interruptions[key]
    require(sim.beginnings[key] <= allowed, f"{where} has begun {sim.beginnings[key]} times and is dispatched again")


# ── when all is quiet ────────────────────────────────────────────────────────────────────────────────
@invariant("idle")
def nothing_waits_without_reason(sim: Simulation) -> None:
    """What could run, runs; what does not, has a reason that is true."""
    engine = sim.life.engine
    for run in engine.runs.values():
        if run.is_finished:
            continue
        for i, state in enumerate(run.states):
            if states.IS_FINISHED[state] or state == states.ABSENT or state in states.RUNNING_LIKE:
                continue
            task_id, index = run.plan.task_ids[run.task_of[i]], run.map_indexes[i]
            reasons = engine.explain(run.dag_id, run.run_id, task_id, index, clock.now_us())
            require(
                bool(reasons),
                f"{run.dag_id}/{run.run_id}/{run.name(i)} ({states.NAMES[state]}) waits, and nothing holds it",
            )


@invariant("idle")
def who_has_it_knows(sim: Simulation) -> None:
    """Every attempt that is queued or running is in somebody's hands, or its end is on its way."""
    if sim.recovering:
        return
    executor = sim.life.executor
    known = {*executor.holding, *((w.ti_id, w.try_number) for w in executor.backlog)}
    known |= {
        (fact.ti_id, fact.try_number)
        for worker in sim.crew.workers.values()
        for fact in worker.facts
        if hasattr(fact, "ti_id")
    }
    lost = [key[:2] for key in sim.life.engine.outstanding() if key[:2] not in known]
    require(not lost, f"attempts {lost} are queued or running and nobody has them")


def memory_equals_file(sim: Simulation) -> None:
    """A daemon that started now would remember what this one does, and would have nothing to do."""
    life = sim.life
    life.writer.commit((), fold=True)
    live, now = life.engine, max(clock.now_us(), life.engine._world.now)
    again = Engine.restore(live.settings, load_snapshot(sim.database), now)
    here, there = picture(live), picture(again)
    if live._world.work:
        return
    again.set_ahead(live._world.admission.ahead)
    wrong = differences(_uncounted(here), _uncounted(there), ("memory", "file"))
    require(not wrong, "memory is not what the file says:\n    " + "\n    ".join(wrong[:6]))
    for _ in range(1_000):
        step = again.step([], now)
        done = [w for w in step.writes if isinstance(w, fx.InstanceRow | fx.RunRow | fx.NewInstances)]
        require(not done, f"a daemon that started now would do what this one does not: {done[:3]}")
        if not again._world.work:
            break
    there = picture(again)
    wrong = differences(here, there, ("memory", "a restarted daemon"))
    require(not wrong, "a restarted daemon would remember otherwise:\n    " + "\n    ".join(wrong[:6]))
    mine, its = live.next_wakeup(), again.next_wakeup()
    require(
        its is None or (mine is not None and mine <= its), f"memory wakes up at {mine}, a restarted daemon at {its}"
    )


def _uncounted(found: dict[str, Any]) -> dict[str, Any]:
    return {path: value for path, value in found.items() if not path.endswith((" counters", " limit used"))}


def store_keeps_what_it_was_given(sim: Simulation) -> None:
    """After a crash: the real store gives the snapshot that a store in dicts gives, of the same commits."""
    now = clock.now_us()
    real = Engine.restore(sim.settings, load_snapshot(sim.database), now)
    ideal = Engine.restore(sim.settings, sim.ledger.snapshot(), now)
    wrong = differences(picture(real), picture(ideal), ("the file", "what was committed"))
    require(not wrong, "the file is not what was committed:\n    " + "\n    ".join(wrong[:6]))


# ── at the end ───────────────────────────────────────────────────────────────────────────────────────
@invariant("end")
def every_run_ends(sim: Simulation) -> None:
    """When nothing goes wrong any more every run ends, or waits for a past that failed or a pool that is not there."""
    engine = sim.life.engine
    for run in engine.runs.values():
        if not run.is_finished:
            _excuse(engine, run)


def _excuse(engine: Engine, run: Run) -> None:
    if run.dag.is_stale:
        return
    name = f"{run.dag_id}/{run.run_id}"
    if run.state == "queued":
        others = [other for other in run.dag.active.values() if other.state == "running"]
        require(len(others) >= run.dag.max_active_runs, f"{name} is queued for ever")
        return
    codes = {
        reason.code
        for i, state in enumerate(run.states) if not states.IS_FINISHED[state] and state != states.ABSENT
        for reason in engine.explain(run.dag_id, run.run_id, run.plan.task_ids[run.task_of[i]], run.map_indexes[i], clock.now_us())
    }  # fmt: skip
    require(
        "depends_on_past" in codes or any("pool" in code for code in codes), f"{name} does not end: {sorted(codes)}"
    )
