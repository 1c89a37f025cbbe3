"""Restoring: the engine's memory from what the store holds. What was decided stands; the rest waits for the first step.

Attempts that were queued or running stay so: whoever restores must say of each (``Engine.outstanding``) whether it
lives on, was lost, or never began.
"""

from __future__ import annotations

from queuack.engine import deadlines, deferral, family, questions, states, timers
from queuack.engine.admission import UNLIMITED, Limit
from queuack.engine.asset_restoring import restore_assets
from queuack.engine.backfill import Backfill
from queuack.engine.catalog import DagState
from queuack.engine.effects import PoolRow
from queuack.engine.expansion import restore_expansions, restore_lengths
from queuack.engine.planning import replan
from queuack.engine.run import Run, Version
from queuack.engine.snapshot import (
    BackfillSnapshot,
    DagSnapshot,
    InstanceSnapshot,
    Recall,
    RunSnapshot,
    Snapshot,
    VersionSnapshot,
)
from queuack.engine.spec import decode, document_hash
from queuack.engine.states import DagRunState
from queuack.engine.world import DEFAULT_POOL, World
from queuack.errors import StoreError

FINISHED_RUNS = (str(DagRunState.SUCCESS), str(DagRunState.FAILED))


def restore(world: World, snapshot: Snapshot, now: int) -> None:
    """Fill a fresh world."""
    world.now = now
    world.next_version_id = snapshot.next_version_id
    world.next_run_key = snapshot.next_run_key
    world.next_ti_id = snapshot.next_ti_id
    world.next_callback_id = snapshot.next_callback_id
    for pool in snapshot.pools:
        world.set_pool(
            PoolRow(
                pool=pool.pool, slots=pool.slots, description=pool.description, include_deferred=pool.include_deferred
            )
        )
    if any(pool.pool == DEFAULT_POOL for pool in snapshot.pools):
        world.unsaid.clear()
    world.next_trigger_id = snapshot.next_trigger_id
    world.next_backfill_id = snapshot.next_backfill_id
    world.next_backfill_date_id = snapshot.next_backfill_date_id
    world.triggers = {row.id: deferral.Trigger(row) for row in snapshot.triggers}
    world.callbacks = {row.id: row for row in snapshot.callbacks}
    world.failed_files = set(snapshot.failed_files)
    versions = {}
    for found in snapshot.dags:
        dag = _dag(world, found)
        versions[dag.version.id] = dag.version
    for backfill in snapshot.backfills:
        _backfill(world, backfill)
    for older in snapshot.versions:
        versions.setdefault(older.version_id, version_of(older))
    for run in sorted(snapshot.runs, key=lambda r: (r.row.state in FINISHED_RUNS, r.row.id)):
        version = versions.get(run.row.dag_version_id)
        if version is None:
            raise StoreError(
                f"Run {run.row.run_id!r} of DAG {run.row.dag_id!r} is of a version that is not in the file."
            )
        restore_run(world, run, version)
    restore_assets(world, snapshot.assets)
    deadlines.restore(world, snapshot.deadlines)
    deferral.drop_unused(world)
    for dag in world.dags.values():
        world.to_plan[dag] = None


def _backfill(world: World, found: BackfillSnapshot) -> None:
    backfill = Backfill(found.row)
    backfill.pending.extend(found.pending)
    backfill.ordinals.update(found.ordinals)
    world.backfills[backfill.id] = backfill
    world.dag(backfill.dag_id).backfill = backfill
    if backfill.pending:
        world.to_find[backfill] = None


def recall(world: World, found: Recall | None) -> None:
    """Bring a finished run back for a request of this step; it is dropped again if the request leaves it finished.

    Does nothing when memory has the run, or knows that it has changed since the store was asked.
    """
    if found is None:
        return
    if _recall(world, found) and found.before is not None:
        _recall(world, found.before)
    for each in found.family:
        _recall(world, each)


def _recall(world: World, found: Recall) -> bool:
    """Returns whether the run was brought back."""
    row = found.run.row
    dag = world.dags.get(row.dag_id)
    if dag is None or row.id in world.runs or row.state not in FINISHED_RUNS:
        return False
    if dag.ended_at.get(row.run_id, row.end_date) != row.end_date:
        return False
    version = dag.version if row.dag_version_id == dag.version.id else version_of(found.version)
    world.recalled.append(restore_run(world, found.run, version))
    return True


def version_of(found: VersionSnapshot) -> Version:
    return Version(
        found.version_id,
        found.version_number,
        found.dag_id,
        decode(found.document),
        document_hash(found.document),
        found.file_hash,
    )


def _dag(world: World, found: DagSnapshot) -> DagState:
    version = Version(
        found.version_id,
        found.version_number,
        found.dag_id,
        decode(found.document),
        found.document_hash,
        found.file_hash,
    )
    dag = DagState(found.dag_id, found.relative_fileloc, version)
    dag.is_paused = found.is_paused
    dag.is_stale = found.is_stale
    dag.has_import_errors = found.has_import_errors
    dag.last_parsed_time = found.last_parsed_time
    dag.consecutive_failures = found.consecutive_failures
    dag.taken_dates.update(found.taken_dates)
    dag.gate.capacity = UNLIMITED if dag.is_open else 0
    last = found.last_run
    if last is not None and last.data_interval_start is not None and last.data_interval_end is not None:
        dag.last_interval = (last.data_interval_start, last.data_interval_end)
        dag.last_run_after = last.run_after
        dag.recent[last.run_id] = last.logical_date
    elif last is not None and last.partition_key is not None:
        dag.last_interval, dag.last_run_after = (last.run_after, last.run_after), last.run_after
        dag.recent[last.run_id] = None
    world.dags[dag.dag_id] = dag
    world.files.setdefault(dag.relative_fileloc, set()).add(dag.dag_id)
    if not dag.is_stale:
        replan(world, dag)
        world.unsaid, world.writes = world.unsaid + world.writes, []
    return dag


def restore_run(world: World, found: RunSnapshot, version: Version) -> Run:
    """One run with its instances, finished or not."""
    dag = world.dag(found.row.dag_id)
    run = Run(found.row, version, dag, Limit("max_active_tasks", dag.document.max_active_tasks))
    run.backfill = world.backfills.get(found.row.backfill_id or 0)
    ids = [0] * run.plan.size
    run.adopt(version, ids)
    rows: list[InstanceSnapshot | None] = [None] * run.plan.size
    others: dict[int, list[InstanceSnapshot]] = {}
    for row in found.instances:
        task = run.plan.index.get(row.task_id)
        if task is None or (row.map_index >= 0 and not run.plan.is_mapped(task)):
            continue  # removed when the run took a version without the task, or in which it is not mapped
        if row.map_index <= 0:
            rows[task] = row
            ids[task] = row.id
        if row.map_index >= 0:
            others.setdefault(task, []).append(row)
    for i, first in enumerate(rows):
        if first is None:
            run.absent(i)
    for task, instances in sorted(others.items()):
        instances.sort(key=lambda row: row.map_index)
        run.add_instances(task, [row.id for row in instances[1:]])
        rows.extend(instances[1:])
    if run.spread is not None:
        restore_lengths(run, run.spread, found)
    for i, each in enumerate(rows):
        if each is not None:
            _instance(world, run, i, each)
    if run.spread is not None:
        restore_expansions(run, run.spread)
    run.recount()
    world.runs[run.key] = run
    world.by_id[run.dag_id, run.run_id] = run
    family.link(world, run)
    if run.state == DagRunState.RUNNING:
        dag.active[run.key] = run
        if run.backfill is not None:
            run.backfill.open[run.key] = run
        dag.count_running(run, 1)
        world.look_at(run, range(len(run.states)))
        world.touched[run] = None
        if run.times_out_at is not None:
            world.timers.set(run.times_out_at, timers.RUN_TIMEOUT, run)
    elif run.state == DagRunState.QUEUED:
        dag.enqueue(run)
    else:
        if dag.looks_back:
            dag.finished[run.key] = run
        dag.remember(run)
    return run


def _instance(world: World, run: Run, i: int, row: InstanceSnapshot) -> None:
    state = states.CODES[row.state]
    run.states[i] = state
    run.tally[states.NONE] -= 1
    run.tally[state] += 1
    if run.spread is not None:
        run.spread.moved(run.task_of[i], states.NONE, state)
    run.tries[i] = row.try_number
    run.max_tries[i] = row.max_tries
    if state == states.NONE and not row.try_number:
        return
    detail = run.detail(i)
    detail.scheduled_dttm, detail.queued_dttm = row.scheduled_dttm, row.queued_dttm
    detail.start_date, detail.end_date, detail.retry_at = row.start_date, row.end_date, row.retry_at
    detail.pid, detail.hostname, detail.unixname, detail.worker_id = row.pid, row.hostname, row.unixname, row.worker_id
    detail.reschedules = row.reschedules
    if run.is_finished:
        return
    questions.restore(run, i, row)
    deferral.restore(world, run, i, row)
    if run.plan.task_limited[run.task_of[i]] and (state == states.SCHEDULED or state in states.RUNNING_LIKE):
        world.task_limit(run, run.task_of[i])
    if state == states.SCHEDULED:
        world.admission.offer(run, i)
    elif state in states.RUNNING_LIKE:
        world.live[row.id] = (run, i)
        world.admission.take(run, i)
    elif row.retry_at is not None:
        world.timers.set(row.retry_at, timers.RETRY, (run, i))
