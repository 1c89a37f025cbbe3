"""Versions: a run that has begun goes on in the newest version of its DAG.

It decides what becomes of the instances: those whose task is gone are removed, those of new tasks are made, all others
keep what they have. The run is built anew, because every array of it is by task index. (A run that has not begun just
takes the newest version: ``planning``.)
https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html#re-run-dag
"""

from __future__ import annotations

from queuack.engine import states
from queuack.engine.effects import InstancesRevised, NewInstances
from queuack.engine.plan import Plan
from queuack.engine.restoring import restore_run
from queuack.engine.run import Run, Version
from queuack.engine.snapshot import InstanceSnapshot, RunSnapshot
from queuack.engine.states import Move
from queuack.engine.stopping import stop
from queuack.engine.world import World


def take_latest(world: World, run: Run) -> Run:
    """The run, in its DAG's newest version."""
    dag = run.dag
    version = dag.version
    if run.version.id == version.id:
        return run
    kept = _keep(world, run, version.plan)
    new = _new_instances(world, run, version, {one.task_id for one in kept})
    row = run.row
    row.dag_version_id = version.id
    lengths = _lengths(run)
    _take_down(world, run)
    found = restore_run(world, RunSnapshot(row=row, instances=[*kept, *new], lengths=lengths), version)
    if run in world.recalled:
        world.recalled[world.recalled.index(run)] = found
    world.dirty_runs[found] = None
    return found


def revised(world: World, run: Run, positions: list[int]) -> None:
    """These instances run again in the run's version: their rows say what that version says of their tasks."""
    plan = run.plan
    tasks = [run.task_of[i] for i in positions]
    documents = [plan.task(task) for task in tasks]
    world.writes.append(
        InstancesRevised(
            dag_version_id=run.version.id,
            ids=tuple(run.ti_ids[i] for i in positions),
            operators=tuple(t.task_type for t in documents),
            operator_names=tuple(t.operator_name or t.task_type for t in documents),
            pools=tuple(plan.pools[task] for task in tasks),
            pool_slots=tuple(plan.pool_slots[task] for task in tasks),
            queues=tuple(t.queue for t in documents),
            priority_weights=tuple(plan.weights[task] for task in tasks),
        )
    )


def _keep(world: World, run: Run, plan: Plan) -> list[InstanceSnapshot]:
    """The instances that the version has too; the others are removed."""
    kept = []
    for i, state in enumerate(run.states):
        if state == states.ABSENT:
            continue
        task = plan.index.get(run.plan.task_ids[run.task_of[i]])
        if task is not None and (run.map_indexes[i] < 0 or plan.is_mapped(task)):
            kept.append(_snapshot(run, i))
        elif state != states.REMOVED:
            stop(world, run, i, "removed: the newest version of the DAG has it no more")
            run.move(i, Move.SHRINK)
            run.detail(i).retry_at = None
            world.change(run, i)
        if run.ti_ids[i] in world.dirty:
            del world.dirty[run.ti_ids[i]]
            world.writes.append(run.instance_row(i, world.now))
    return kept


def _snapshot(run: Run, i: int) -> InstanceSnapshot:
    row = run.instance_row(i, 0)
    detail = run.detail(i)
    waits = detail.deferral
    return InstanceSnapshot(
        id=row.id,
        task_id=run.plan.task_ids[run.task_of[i]],
        map_index=run.map_indexes[i],
        state=row.state,
        try_number=row.try_number,
        max_tries=row.max_tries,
        scheduled_dttm=row.scheduled_dttm,
        queued_dttm=row.queued_dttm,
        start_date=row.start_date,
        end_date=row.end_date,
        retry_at=row.retry_at,
        pid=row.pid,
        hostname=row.hostname,
        unixname=row.unixname,
        worker_id=row.worker_id,
        reschedules=detail.reschedules,
        trigger_id=None if waits is None else waits.trigger_id,
        trigger_timeout=None if waits is None else waits.timeout_at,
        next_method=None if waits is None else waits.next_method,
        next_kwargs=None if waits is None else waits.next_kwargs,
    )


def _new_instances(world: World, run: Run, version: Version, known: set[str]) -> list[InstanceSnapshot]:
    """Instances of the tasks that the run has not had, as at its creation."""
    plan, date = version.plan, run.logical_date
    absent = {run.plan.task_ids[run.task_of[i]] for i, state in enumerate(run.states) if state == states.ABSENT}
    chosen = [
        i
        for i, t in enumerate(plan.document.tasks)
        if t.task_id not in known
        and t.task_id not in absent
        and (
            date is None
            or ((t.start_date is None or t.start_date <= date) and (t.end_date is None or date <= t.end_date))
        )
    ]
    if not chosen:
        return []
    first = world.next_ti_id
    world.next_ti_id += len(chosen)
    tasks = [plan.task(i) for i in chosen]
    world.writes.append(
        NewInstances(
            first_id=first,
            dag_id=run.dag_id,
            run_id=run.run_id,
            run_key=run.key,
            dag_version_id=version.id,
            run_after=run.run_after,
            task_ids=tuple(t.task_id for t in tasks),
            operators=tuple(t.task_type for t in tasks),
            operator_names=tuple(t.operator_name or t.task_type for t in tasks),
            pools=tuple(plan.pools[i] for i in chosen),
            pool_slots=tuple(plan.pool_slots[i] for i in chosen),
            queues=tuple(t.queue for t in tasks),
            priority_weights=tuple(plan.weights[i] for i in chosen),
            max_tries=tuple(plan.retries[i] for i in chosen),
            at=world.now,
        )
    )
    return [
        InstanceSnapshot(
            id=first + n, task_id=t.task_id, map_index=-1, state=None, try_number=0, max_tries=plan.retries[i],
            scheduled_dttm=None, queued_dttm=None, start_date=None, end_date=None, retry_at=None, pid=None,
            hostname="", unixname="", worker_id="",
        )
        for n, (i, t) in enumerate(zip(chosen, tasks, strict=True))
    ]  # fmt: skip


def _lengths(run: Run) -> list[tuple[str, int, int]]:
    if run.spread is None:
        return []
    ids = run.plan.task_ids
    found = [(ids[task], -1, length) for task, length in run.spread.lengths.items()]
    found += [(ids[task], index, 1) for task, indexes in run.spread.returned.items() for index in indexes]
    return found


def _take_down(world: World, run: Run) -> None:
    """Nothing of this object counts any more: what it occupied is free, timers and work of it mean nothing."""
    for i, state in enumerate(run.states):
        if state in states.RUNNING_LIKE:
            world.live.pop(run.ti_ids[i], None)
            world.admission.give(run, i)
        waits = run.detail(i).deferral if state in states.WAITING else None
        if waits is not None:
            world.admission.let_go(run, i, pool=waits.holds_pool)
        run.states[i] = states.NONE
    dag = run.dag
    if run.state == "running":
        dag.count_running(run, -1)
    for known in (dag.active, dag.finished, world.runs):
        known.pop(run.key, None)
    world.by_id.pop((run.dag_id, run.run_id), None)
    world.touched.pop(run, None)
    world.dirty_runs.pop(run, None)
    run.epoch += 1
    run.state = "removed"
