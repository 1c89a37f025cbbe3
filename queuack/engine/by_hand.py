"""By hand: what is done to the instances of one run when people decide over them: marked, cleared, ended.

Which instances, and what it means for other runs of the tree, is decided in ``controlling`` and ``tree_control``.
https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html#re-run-dag
"""

from __future__ import annotations

from collections.abc import Iterable

from queuack.engine import deadlines, expansion, states
from queuack.engine.closing import close
from queuack.engine.effects import InstanceHistoryRow
from queuack.engine.run import Run
from queuack.engine.states import DagRunState, Move
from queuack.engine.stopping import stop
from queuack.engine.versions import revised, take_latest
from queuack.engine.world import World


def mark(world: World, run: Run, i: int, move: Move) -> None:
    """One instance is as if it had ended so. ``look_anew`` when all are marked."""
    stop(world, run, i, "marked by hand")
    run.move(i, move)
    detail = run.detail(i)
    detail.start_date = world.now if detail.start_date is None else detail.start_date
    detail.end_date = world.now
    detail.retry_at = None
    world.change(run, i)


def clear(world: World, run: Run, chosen: Iterable[int], *, reopens: bool = True) -> None:
    """These instances are as if they had never run; a finished run is queued again (``reopens``)."""
    for i in chosen:
        detail = run.detail(i)
        before = run.states[i]
        begun = before == states.RUNNING or before in states.WAITING
        if (begun or before in (states.SUCCESS, states.FAILED)) and run.tries[i]:
            history = run.instance_row(i, world.now)
            if begun:
                history.state, history.end_date = "failed", world.now
            world.writes.append(InstanceHistoryRow(row=history))
        if run.states[i] == states.SCHEDULED and detail.start_date is None:
            run.tries[i] -= 1  # nobody has heard of this attempt
        stop(world, run, i, "cleared", child=None)
        run.move(i, Move.CLEAR)
        expansion.cleared(run, i)
        run.max_tries[i] = run.tries[i] + run.plan.retries[run.task_of[i]]
        detail.retry_at = detail.start_date = detail.end_date = None
        detail.scheduled_dttm = detail.queued_dttm = detail.pid = None
        detail.worker_id = ""
        detail.reschedules = 0
        world.change(run, i)
    if not reopens:
        look_anew(world, run)
        return
    queued_at = run.queued_at
    if run.is_finished:
        reopen(world, run)
    else:
        run.queued_at = world.now
    deadlines.queued_again(world, run, queued_at)
    run.clear_number += 1
    world.dirty_runs[run] = None
    look_anew(world, run)


def on_latest(world: World, run: Run, chosen: list[int]) -> tuple[list[int], Run]:
    """The run in the DAG's newest version, and where in it the chosen instances are, as far as it has them."""
    ids = {run.ti_ids[i] for i in chosen}
    run = take_latest(world, run)
    here = [i for i, ti_id in enumerate(run.ti_ids) if ti_id in ids]
    if here:
        revised(world, run, here)
    return here, run


def reopen(world: World, run: Run) -> None:
    """A finished run is queued again."""
    run.turn("queue")
    run.limit.capacity = run.dag.document.max_active_tasks  # there may be another version since
    run.queued_at, run.start_date, run.end_date = world.now, None, None
    run.backfill = world.backfills.get(run.backfill_id or 0)
    run.dag.finished.pop(run.key, None)
    run.dag.recent.pop(run.run_id, None)
    run.dag.enqueue(run)
    world.runs[run.key] = run
    world.by_id[run.dag_id, run.run_id] = run
    world.dirty_runs[run] = None
    world.to_plan[run.dag] = None


def end_by_hand(world: World, run: Run, state: DagRunState) -> None:
    """A run ends in ``state``, whatever its tasks do; teardowns still run before."""
    ending = Move.FINISH if state == DagRunState.SUCCESS else Move.KILL
    teardowns_left = False
    for i, before in enumerate(run.states):
        if before not in states.UNFINISHED:
            continue
        if run.plan.is_teardown[run.task_of[i]]:
            teardowns_left = True
            continue
        stop(world, run, i, f"the run was marked {state}", child=str(state))
        begun = before in (states.RUNNING, states.UP_FOR_RESCHEDULE) or before in states.WAITING
        run.move(i, ending if begun else Move.ABANDON)
        detail = run.detail(i)
        detail.end_date, detail.retry_at = world.now, None
        world.change(run, i)
    look_anew(world, run)
    if not teardowns_left:
        close(world, run, state, "marked")


def look_anew(world: World, run: Run) -> None:
    """Finished states changed by hand: count again, and look at every task."""
    run.recount()
    run.held.clear()
    run.past_waiting.clear()
    world.touched[run] = None
    if run.state == DagRunState.RUNNING:
        world.look_at(run, range(len(run.states)))
    world.look_at_past_waiting(run)
