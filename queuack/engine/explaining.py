"""Explaining: why a task instance does not run. One rule, one small function, one ``Reason``.

It looks and changes nothing. https://airflow.apache.org/docs/apache-airflow/stable/faq.html#why-is-task-not-getting-scheduled
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from queuack.engine import family, states
from queuack.engine.admission import Limit, Reason
from queuack.engine.instants import iso
from queuack.engine.relevance import seen_by
from queuack.engine.run import Run
from queuack.engine.scheduling import past_allows, verdict_of
from queuack.engine.trigger_rules import WAIT
from queuack.engine.world import World


def explain(world: World, run: Run, i: int) -> list[Reason]:
    """Everything that holds this instance back; empty = nothing does (it runs, or its turn is next)."""
    state = run.states[i]
    if states.IS_FINISHED[state] or state == states.ABSENT or run.is_finished:
        return [_over(run, i)]
    if state in states.RUNNING_LIKE:
        return []
    return [reason for rule in _RULES for reason in rule(world, run, i)]


def _over(run: Run, i: int) -> Reason:
    state = states.NAMES[run.states[i]]
    if run.states[i] == states.ABSENT:
        return Reason("task_dates", "The run's logical date is outside the task's start and end date.")
    if states.IS_FINISHED[run.states[i]]:
        return Reason("task_finished", f"The task instance is {state}; clear it to run it again.")
    return Reason("run_finished", f"The run is {run.state}.")


def _paused(world: World, run: Run, i: int) -> Iterator[Reason]:
    if run.dag.is_paused:
        yield Reason("dag_paused", f"The DAG {run.dag_id!r} is paused.")


def _stale(world: World, run: Run, i: int) -> Iterator[Reason]:
    if run.dag.is_stale:
        yield Reason("dag_stale", f"The DAG {run.dag_id!r} is no longer in any file.")


def _run_queued(world: World, run: Run, i: int) -> Iterator[Reason]:
    if run.state != "queued":
        return
    if run.parent is not None and family.waits_for_parent(world, run):
        above = f"{run.parent.dag_id}/{run.parent.run_id}/{run.parent.task_id}"
        yield Reason("parent_task", f"The run is that of a SubDAG and starts when the task {above} begins.")
        return
    if run.run_after > world.now:
        yield Reason("run_after", f"The run starts at {iso(run.run_after)}.")
    if run.logical_date is not None and run.logical_date > world.now:
        yield Reason("logical_date", f"The logical date {iso(run.logical_date)} is in the future.")
    backfill = run.backfill
    if backfill is not None:
        if backfill.is_paused:
            yield Reason("backfill_paused", f"The backfill {backfill.id} is paused.")
        if backfill.running >= backfill.max_active_runs:
            yield Reason(
                "backfill_max_active_runs",
                f"{backfill.running} runs of the backfill {backfill.id} are running, and its max_active_runs is "
                f"{backfill.max_active_runs}.",
            )
    elif run.dag.running >= run.dag.max_active_runs:
        yield Reason(
            "max_active_runs",
            f"{run.dag.running} runs of the DAG are running, and max_active_runs is {run.dag.max_active_runs}.",
        )


def _trigger_rule(world: World, run: Run, i: int) -> Iterator[Reason]:
    if run.states[i] == states.SCHEDULED or verdict_of(run, i) != WAIT:
        return
    task = run.task_of[i]
    setups = [run.name(s) for s in _seen(run, i, run.plan.outer_setups) if run.states[s] != states.SUCCESS]
    if setups:
        yield Reason("setup", f"Setup tasks have not succeeded: {', '.join(setups)}.")
    between = [run.name(s) for s in _seen(run, i, run.plan.scope) if not states.IS_FINISHED[run.states[s]]]
    if between:
        yield Reason("teardown_scope", f"Tasks between setup and teardown are not done: {', '.join(between)}.")
    if run.plan.rules[task](run.counts(i)) == WAIT:
        rule = run.plan.task(task).trigger_rule
        yield Reason("trigger_rule", f"The trigger rule {rule} is not met; upstream tasks: {run.counts(i)}.")


def _seen(run: Run, i: int, sources: dict[int, tuple[int, ...]]) -> list[int]:
    """Positions of the instances of some tasks that the instance at ``i`` looks at."""
    tasks = sources.get(run.task_of[i], ())
    spread = run.spread
    if spread is None:
        return list(tasks)
    return [position for task in tasks for position in seen_by(run, spread, i, task)]


def _mapped(world: World, run: Run, i: int) -> Iterator[Reason]:
    spread = run.spread
    if spread is None or run.states[i] != states.NONE:
        return
    over = [s for s in spread.mapping.dependencies.get(run.task_of[i], ()) if s not in spread.positions]
    lost = [run.name(s) for s in over if states.IS_FINISHED[run.states[s]] and run.states[s] != states.SUCCESS]
    if lost:
        yield Reason("mapped_upstream", f"It is mapped over tasks that have not succeeded: {', '.join(lost)}.")


def _past(world: World, run: Run, i: int) -> Iterator[Reason]:
    if run.plan.past[run.task_of[i]] and run.states[i] != states.SCHEDULED and not past_allows(run, i):
        before = run.dag.previous(run)
        name = before.run_id if before else ""
        yield Reason(
            "depends_on_past", f"The task depends on the past, and in {name!r} it or its downstream has not succeeded."
        )


def _waiting(world: World, run: Run, i: int) -> Iterator[Reason]:
    detail = run.details[i]
    if detail is None or detail.retry_at is None or detail.retry_at <= world.now:
        return
    if run.states[i] == states.UP_FOR_RETRY:
        yield Reason("retry", f"It failed at try {run.tries[i]} and is tried again at {iso(detail.retry_at)}.")
    elif run.states[i] == states.UP_FOR_RESCHEDULE:
        yield Reason("reschedule", f"It asked to be run again at {iso(detail.retry_at)}.")


def _deferred(world: World, run: Run, i: int) -> Iterator[Reason]:
    detail = run.details[i]
    if detail is None or detail.deferral is None or run.states[i] not in states.WAITING:
        return
    until = detail.deferral.timeout_at
    limit = "" if until is None else f", until {iso(until)} at the latest"
    if run.states[i] == states.AWAITING_INPUT:
        yield Reason("awaiting_input", f"It waits for a person's answer{limit}.")
        return
    if run.plan.task(run.task_of[i]).subdag is not None:
        yield Reason("subdag", _of_child(family.child_of(world, run, i), limit))
        return
    trigger = world.triggers.get(detail.deferral.trigger_id or 0)
    name = "a trigger" if trigger is None else f"the trigger {trigger.row.id} ({trigger.row.classpath})"
    yield Reason("deferred", f"It waits for {name}{limit}.")


def _of_child(child: Run | None, limit: str) -> str:
    if child is None:
        return f"It waits for the run of its SubDAG to be made{limit}."
    closed = "" if child.dag.is_open else ", and that DAG is paused" if child.dag.is_paused else ", which is in no file"
    return f"It waits for the run {child.run_id!r} of SubDAG {child.dag_id!r}, which is {child.state}{closed}{limit}."


def _limit(limit: Limit, code: str, what: str) -> Iterator[Reason]:
    if limit.used >= limit.capacity:
        yield Reason(code, f"{what} allows {limit.capacity} at once, and {limit.used} are queued or running.")


def _slots(count: int) -> str:
    return f"{count} slot" if count == 1 else f"{count} slots"


def _pool(world: World, run: Run, i: int) -> Iterator[Reason]:
    if run.states[i] != states.SCHEDULED:
        return
    task = run.task_of[i]
    name, need = run.plan.pools[task], run.plan.pool_slots[task]
    pool = world.admission.pool(name)
    if pool.is_missing:
        yield Reason("pool_missing", f"The pool {name!r} does not exist.")
    elif need > pool.capacity:
        yield Reason("pool_too_small", f"The task needs {_slots(need)}, and the pool {name!r} has {pool.capacity}.")
    elif need > pool.free:
        yield Reason(
            "pool_full",
            f"The task needs {_slots(need)}, and the pool {name!r} has {max(0, pool.free)} free of {pool.capacity}.",
        )


def _limits(world: World, run: Run, i: int) -> Iterator[Reason]:
    if run.states[i] != states.SCHEDULED:
        return
    yield from _limit(run.limit, "max_active_tasks", "max_active_tasks of the DAG")
    for limit in run.task_limits.get(run.task_of[i], ()):
        yield from _limit(limit, limit.name, f"{limit.name} of the task")
    admission = world.admission
    alone, shared = admission.rooms
    if not shared:
        yield Reason("parallelism", f"All {_slots(admission.parallelism)} of [core] parallelism are taken.")
    elif not alone and not admission.is_async(run, run.task_of[i]):
        yield Reason("workers", f"All {_slots(admission.workers)} of [workers] max_workers are taken.")


_RULES: tuple[Callable[[World, Run, int], Iterator[Reason]], ...] = (
    _paused, _stale, _run_queued, _trigger_rule, _mapped, _past, _waiting, _deferred, _pool, _limits,
)  # fmt: skip
