"""Deleting: a run, or one instance of it, is forgotten with all that is on record about it.

The same happens to memory as would if it were rebuilt from a file that never knew them.
https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html (delete_dag_run, delete_task_instance)
"""

from __future__ import annotations

from queuack.engine import deadlines, deferral, family, planning
from queuack.engine.by_hand import look_anew
from queuack.engine.catalog import DagState
from queuack.engine.closing import end_if_done, forget_the_old
from queuack.engine.controlling import said_by
from queuack.engine.effects import InstanceDeleted, PartitionsForgotten, RunDeleted
from queuack.engine.events import DeleteInstance, DeleteRun, ForgetPartitions
from queuack.engine.restoring import recall
from queuack.engine.run import Run
from queuack.engine.states import DagRunState
from queuack.engine.stopping import stop
from queuack.engine.world import World
from queuack.errors import InvalidRequest, TaskNotFound, TasksRunning


def delete_run(world: World, event: DeleteRun) -> str:
    """Gives the run's id. Raises TasksRunning while the run is running; DagNotFound, DagRunNotFound."""
    recall(world, event.recall)
    run = world.run(event.dag_id, event.run_id)
    if run.state == DagRunState.RUNNING:
        raise TasksRunning(
            f"The DagRun with dag_id: `{run.dag_id}` and run_id: `{run.run_id}` cannot be deleted in running state"
        )
    for i in range(len(run.states)):
        stop(world, run, i, "the run was deleted")
        world.dirty.pop(run.ti_ids[i], None)
    _out_of_memory(world, run)
    world.writes.append(RunDeleted(id=run.key, dag_id=run.dag_id, run_id=run.run_id))
    world.log("delete_dag_run", run.dag_id, run_id=run.run_id, owner=event.user)
    _step_back(world, run.dag, run, event)
    for other in run.dag.active.values():
        if other.past_waiting:
            world.look_at(other, sorted(other.past_waiting))
    forget_the_old(world, run.dag)
    return run.run_id


def _out_of_memory(world: World, run: Run) -> None:
    dag = run.dag
    run.state = str(DagRunState.FAILED)  # what still points at it passes it over
    run.epoch += 1
    deadlines.forget(world, run)
    for row in [row for row in world.callbacks.values() if (row.dag_id, row.run_id) == (run.dag_id, run.run_id)]:
        del world.callbacks[row.id]
        if row.trigger_id is not None:
            deferral.drop(world, row.trigger_id)
    for found in (dag.active, dag.finished, world.runs):
        found.pop(run.key, None)
    world.by_id.pop((run.dag_id, run.run_id), None)
    family.unlink(world, run)
    world.to_end.pop(run, None)
    world.to_return.pop(run, None)
    world.dirty_runs.pop(run, None)
    world.touched.pop(run, None)
    world.recalled = [other for other in world.recalled if other is not run]
    dag.recent.pop(run.run_id, None)
    dag.ended_at.pop(run.run_id, None)
    if run.logical_date is not None:
        dag.taken_dates.discard(run.logical_date)
    if run.backfill is not None:
        run.backfill.leave(run)
        end_if_done(world, run.backfill)
    world.to_plan[dag] = None


def _step_back(world: World, dag: DagState, run: Run, event: DeleteRun) -> None:
    """Without its latest scheduled run a DAG's schedule goes on after the one before, as in Airflow."""
    start, end = (run.data_interval_start, run.data_interval_end)
    if start is None or end is None:
        start = end = run.run_after
    if run.run_type != "scheduled" or dag.last_interval != (start, end):
        return
    dag.last_interval, dag.last_run_after = event.interval_before, event.run_after_before
    if not dag.is_stale:
        planning.replan(world, dag)


def delete_instance(world: World, event: DeleteInstance) -> str:
    """Gives the task's id. Raises TaskNotFound, and InvalidRequest for one of several instances of a mapped task."""
    recall(world, event.recall)
    run = world.run(event.dag_id, event.run_id)
    i = run.position(event.task_id, event.map_index)
    if i is None:
        raise TaskNotFound(
            f"The Task Instance with dag_id: `{run.dag_id}`, run_id: `{run.run_id}`, task_id: `{event.task_id}` and "
            f"map_index: `{event.map_index}` was not found"
        )
    if event.map_index >= 0:
        raise InvalidRequest(
            f"{run.name(i)} is one of the instances that task {event.task_id!r} was expanded to; they are deleted with "
            "their run, not one by one."
        )
    stop(world, run, i, "the task instance was deleted")
    world.dirty.pop(run.ti_ids[i], None)
    world.writes.append(InstanceDeleted(id=run.ti_ids[i], run_key=run.key))
    world.log_task(run, i, "delete_task_instance", extra=said_by(event.user))
    run.vanish(i)
    if run.state == DagRunState.RUNNING:
        look_anew(world, run)
    else:
        run.recount()
    return event.task_id


def forget_partitions(world: World, event: ForgetPartitions) -> int:
    """Runs have no partition any more. Gives how many."""
    dag = world.dag(event.dag_id)
    for run_id in event.run_ids:
        run = world.by_id.get((dag.dag_id, run_id))
        if run is not None:
            run.partition_key = run.partition_date = None
    if event.run_ids:
        world.writes.append(PartitionsForgotten(dag_id=dag.dag_id, run_ids=event.run_ids))
        world.log("clear_dag_run_partitions", dag.dag_id, owner=event.user, extra={"run_ids": list(event.run_ids)})
    return len(event.run_ids)
