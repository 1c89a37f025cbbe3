"""Closing: when a run is over and how: by its leaves, by deadlock, by timeout; and what follows for its DAG.

https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html#dag-run-status
"""

from __future__ import annotations

from queuack.engine import deadlines, family, states
from queuack.engine.backfill import Backfill
from queuack.engine.catalog import DagState
from queuack.engine.effects import CallbackDone
from queuack.engine.run import Run
from queuack.engine.scheduling import settle
from queuack.engine.states import DagRunState, Move
from queuack.engine.stopping import stop
from queuack.engine.world import World

_MOVES = {DagRunState.SUCCESS: "succeed", DagRunState.FAILED: "fail"}


def close_touched(world: World) -> None:
    """End the runs that are over."""
    touched, world.touched = world.touched, {}
    for run in touched:
        if run.state == DagRunState.RUNNING and not run.pending:
            _close_if_over(world, run)


def _close_if_over(world: World, run: Run) -> None:
    unfinished = run.unfinished
    if not unfinished:
        ended = (run.states[i] for i in run.all_instances(run.plan.leaves))
        found = [state for state in ended if state not in (states.REMOVED, states.ABSENT)]
        if any(state in states.FAILED_LIKE for state in found):
            close(world, run, DagRunState.FAILED, "task_failure")
        else:
            close(world, run, DagRunState.SUCCESS, "success")
    elif unfinished == run.tally[states.NONE] and not run.held and not run.past_waiting:
        close(world, run, DagRunState.FAILED, "all_tasks_deadlocked")


def time_out(world: World, run: Run) -> None:
    """``dagrun_timeout``: what is unfinished is skipped, the run fails."""
    for i, state in enumerate(run.states):
        if state in states.UNFINISHED:
            stop(world, run, i, "dagrun_timeout")
            settle(world, run, i, Move.ABANDON)
    close(world, run, DagRunState.FAILED, "timed_out")


def close(world: World, run: Run, state: DagRunState, reason: str) -> None:
    """The run ends in ``state``. The DAG's callback for it is called; the next run may come."""
    dag = run.dag
    if run.state == DagRunState.RUNNING:
        dag.count_running(run, -1)
    run.turn(_MOVES[state])
    run.end_date = world.now
    run.epoch += 1
    run.pending = 0
    world.dirty_runs[run] = None
    if state == DagRunState.SUCCESS:
        deadlines.succeeded(world, run)
    document = run.plan.document
    if state == DagRunState.FAILED and document.has_on_failure_callback:
        world.call_back(run, "failure", reason)
    elif state == DagRunState.SUCCESS and document.has_on_success_callback:
        world.call_back(run, "success", reason)
    world.tell_listeners(run, str(state), reason)
    _count_failure(world, dag, run)
    end_children(world, run, state)
    if run.parent is not None:
        world.to_return[run] = None
    leave(world, run)


def end_children(world: World, run: Run, state: DagRunState) -> None:
    """A run has ended: the runs of SubDAGs below end with it, later in this step."""
    for child in family.children_of(world, run):
        if not child.is_finished:
            world.to_end[child] = str(state)


def leave(world: World, run: Run, *, more: bool = False) -> None:
    """Take a finished run out of the active ones, and out of memory unless others look back at it.

    ``more``: others leave in the same step, and the last of them tells those that look back.
    """
    dag = run.dag
    dag.active.pop(run.key, None)
    if run.backfill is not None:
        run.backfill.leave(run)
        end_if_done(world, run.backfill)
    dag.remember(run)
    world.to_plan[dag] = None
    if dag.looks_back:
        dag.finished[run.key] = run
        if more:
            return
        world.look_at_past_waiting(run)
        forget_the_old(world, dag)
    else:
        forget(world, run)


def end_if_done(world: World, backfill: Backfill) -> None:
    """A backfill is over when all its runs have ended."""
    if backfill.is_done:
        end_backfill(world, backfill)


def end_backfill(world: World, backfill: Backfill) -> None:
    """It is over. What of it still runs, counts for its DAG from now on."""
    backfill.completed_at = world.now
    world.dirty_backfills[backfill] = None
    world.backfills.pop(backfill.id, None)
    world.to_find.pop(backfill, None)
    dag = world.dags[backfill.dag_id]
    dag.backfill = None
    for run in backfill.open.values():
        run.backfill = None
        dag.running += run.state == DagRunState.RUNNING
    world.to_plan[dag] = None


def forget(world: World, run: Run) -> None:
    """Drop a finished run from memory, unless a callback of it has still to run (whoever runs it needs the run), it has
    a deadline yet to miss, or a run above it is unfinished."""
    if run.key in world.deadlines or any(
        row.run_id == run.run_id and row.dag_id == run.dag_id for row in world.callbacks.values()
    ):
        run.dag.finished.pop(run.key, None)
        return
    if family.is_kept(world, run):
        return
    world.runs.pop(run.key, None)
    world.by_id.pop((run.dag_id, run.run_id), None)
    run.dag.finished.pop(run.key, None)
    for child in family.children_of(world, run):
        if child.is_finished and child.key not in child.dag.finished:
            forget(world, child)
    family.unlink(world, run)


def callback_done(world: World, callback_id: int, state: str = "success", output: str | None = None) -> None:
    """A callback has run; a finished run that was kept for it can go."""
    row = world.callbacks.pop(callback_id, None)
    if row is None:
        return
    world.writes.append(CallbackDone(id=callback_id, state=state, output=output))
    deadlines.answered(world, row, output if state == "success" else None)
    run = world.by_id.get((row.dag_id, row.run_id))
    if run is not None and run.is_finished and run.key not in run.dag.finished:
        forget(world, run)


def forget_the_old(world: World, dag: DagState) -> None:
    """Keep the latest finished runs (any, and automated) and those that an unfinished run looks back at."""
    dated = sorted((run for run in dag.finished.values() if run.logical_date is not None), key=lambda r: r.order)
    keep = set(dated[-1:])
    keep.update([run for run in dated if run.run_type != "manual"][-1:])
    keep.update(dag.looked_back_at())
    for run in list(dag.finished.values()):
        if run not in keep:
            forget(world, run)


def _count_failure(world: World, dag: DagState, run: Run) -> None:
    if run.state != DagRunState.FAILED:
        dag.consecutive_failures = 0
        return
    dag.consecutive_failures += 1
    limit = dag.document.max_consecutive_failed_dag_runs
    if limit <= 0 or dag.consecutive_failures < limit or dag.is_paused:
        return
    mark = (run.run_after, run.key)
    if any((other.run_after, key) > mark for key, other in dag.active.items()):
        return
    for each in (dag, *(world.dags[dag_id] for dag_id in family.dags_below(world, dag.dag_id))):
        each.is_paused = True
        each.gate.capacity = 0
        world.dirty_dags[each] = None
    world.log("paused", dag.dag_id, owner="scheduler", extra={"dag_id": dag.dag_id, "is_paused": True})
