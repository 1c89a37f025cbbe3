"""SubDAGs: a SubDagOperator begins the run of its child, waits for its end, and takes its outcome.

No worker and no slot has part in it: the instance is deferred, the child an ordinary run. What people do to either by
hand is ``controlling``'s and ``tree_control``'s.
https://airflow.apache.org/docs/apache-airflow/2.10.5/core-concepts/dags.html#subdags
"""

from __future__ import annotations

from queuack.engine import deferral, family, states
from queuack.engine.assets import task_succeeded
from queuack.engine.attempts import fail_or_retry, skip_instances, skip_tasks
from queuack.engine.by_hand import clear, end_by_hand
from queuack.engine.catalog import DagState
from queuack.engine.effects import RunRow
from queuack.engine.events import AttemptFinished
from queuack.engine.planning import create_run, random_suffix, start_run
from queuack.engine.run import Run
from queuack.engine.scheduling import settle
from queuack.engine.spec import SubDagDocument
from queuack.engine.states import DagRunState, Move
from queuack.engine.world import World


def follow(world: World) -> None:
    """What this step has decided about SubDAGs so far: begin, end and return."""
    while world.to_begin or world.to_end or world.to_return:
        begin, world.to_begin = world.to_begin, {}
        if not world.settings.dormant:  # a restored engine finds them again
            for run, i in begin:
                _begin(world, run, i)
        end, world.to_end = world.to_end, {}
        for child, state in end.items():
            _end_orphan(world, child, DagRunState(state))
        returned, world.to_return = world.to_return, {}
        for child in returned:
            _return(world, child)


def time_out(world: World, run: Run, i: int) -> None:
    """The SubDagOperator has waited for too long: it fails, its child is ended."""
    child = family.child_of(world, run, i)
    _fail(world, run, i, "The time of the task is up.")
    if child is not None:
        world.to_end[child] = str(DagRunState.FAILED)


# ── beginning ────────────────────────────────────────────────────────────────────────────────────────
def _begin(world: World, run: Run, i: int) -> None:
    """The instance at ``i`` waits; see that its child runs: a new one, or the one of an earlier try."""
    subdag = run.plan.task(run.task_of[i]).subdag
    if subdag is None or run.is_finished or run.states[i] != states.DEFERRED:
        return
    child = family.child_of(world, run, i)
    if child is None:
        dag = world.dags.get(subdag.dag_id)
        if dag is None or dag.is_stale:
            _fail(world, run, i, f"The SubDAG {subdag.dag_id!r} is in no file.")
            return
        child = _create(world, run, i, dag)
    elif child.is_finished:
        if child.state == DagRunState.SUCCESS and states.NONE not in child.states:
            world.to_return[child] = None
            return
        clear(world, child, _to_run_again(child))
    if child.state == DagRunState.QUEUED:
        start_run(world, child)


def _to_run_again(child: Run) -> list[int]:
    """What failed, besides what was cleared while the run stayed as it was. If neither is there (the run timed out, or
    was marked), all that has not succeeded."""
    failed = [i for i, state in enumerate(child.states) if state in states.FAILED_LIKE]
    if states.NONE in child.states:
        return failed
    left = (i for i, state in enumerate(child.states) if state not in (states.SUCCESS, states.ABSENT))
    return failed or list(left)


def _create(world: World, run: Run, i: int, dag: DagState) -> Run:
    """The child has the dates of the run above, and its conf; its id is that of the run above, too."""
    map_index = run.map_indexes[i]
    run_id = run.run_id if map_index < 0 else f"{run.run_id}__map{map_index}"
    if dag.knows(run_id, None):
        run_id = f"{run_id}_{random_suffix(world, dag.dag_id)}"
    row = RunRow(
        id=0,
        dag_id=dag.dag_id,
        run_id=run_id,
        run_type=run.run_type,
        state=str(DagRunState.QUEUED),
        logical_date=run.logical_date,
        data_interval_start=run.data_interval_start,
        data_interval_end=run.data_interval_end,
        run_after=run.run_after,
        queued_at=world.now,
        start_date=None,
        end_date=None,
        conf=family.conf_below(run, i),
        triggered_by=run.triggered_by,
        triggering_user_name=run.triggering_user_name,
        note=None,
        dag_version_id=0,
        clear_number=0,
        updated_at=world.now,
        partition_key=run.partition_key,
        partition_date=run.partition_date,
        parent_dag_id=run.dag_id,
        parent_run_id=run.run_id,
        parent_task_id=run.plan.task_ids[run.task_of[i]],
        parent_map_index=map_index,
    )
    return create_run(world, dag, row)


# ── ending ───────────────────────────────────────────────────────────────────────────────────────────
def _end_orphan(world: World, child: Run, state: DagRunState) -> None:
    if child.is_finished:
        return
    end_by_hand(world, child, state)
    if child.state == DagRunState.QUEUED and not world.settings.dormant:  # its teardowns are left
        start_run(world, child)


def _return(world: World, child: Run) -> None:
    """The child has ended: so does the instance that waits for it."""
    found = family.parent_of(world, child)
    if found is None or not child.is_finished:
        return
    run, i = found
    if run.is_finished or run.states[i] != states.DEFERRED:
        return
    if child.state == DagRunState.SUCCESS:
        _succeed(world, run, i, child)
    else:
        _fail(world, run, i, f"The run {child.run_id!r} of SubDAG {child.dag_id!r} failed.")


def _succeed(world: World, run: Run, i: int, child: Run) -> None:
    task = run.plan.task(run.task_of[i])
    _stop_waiting(world, run, i)
    if task.subdag is not None and _passes_skips(task.subdag, child):
        if run.map_indexes[i] < 0:
            skip_tasks(world, run, task.downstream_task_ids)
        else:
            skip_instances(world, run, [(name, run.map_indexes[i]) for name in task.downstream_task_ids])
    settle(world, run, i, Move.SUCCEED)
    world.log_task(run, i, "success")
    if task.outlets:
        said = AttemptFinished(
            ti_id=run.ti_ids[i], try_number=run.tries[i], at=world.now, outcome="success", outlets=task.outlets
        )
        task_succeeded(world, run, i, said)
    if task.callbacks.success:
        world.call_back(run, "success", "The run of the SubDAG succeeded.", i)


def _fail(world: World, run: Run, i: int, reason: str) -> None:
    callbacks = run.plan.task(run.task_of[i]).callbacks
    _stop_waiting(world, run, i)
    world.log_task(run, i, "subdag failed", extra=reason)
    will_retry = fail_or_retry(world, run, i)
    if callbacks.retry if will_retry else callbacks.failure:
        world.call_back(run, "retry" if will_retry else "failure", reason, i)


def _stop_waiting(world: World, run: Run, i: int) -> None:
    deferral.forget(world, run, i)
    run.detail(i).end_date = world.now


def _passes_skips(subdag: SubDagDocument, child: Run) -> bool:
    """Whether so many leaves of the child were skipped that what comes after the task is skipped too."""
    if subdag.propagate_skipped_state is None:
        return False
    leaves = [i for task in child.plan.leaves for i in child.instances(task)]
    skipped = [child.states[i] == states.SKIPPED for i in leaves if child.states[i] != states.ABSENT]
    return any(skipped) if subdag.propagate_skipped_state == "any_leaf" else bool(skipped) and all(skipped)
