"""Registering: what files say about DAGs. Versions, import errors, DAGs that vanish and come back, pausing, deleting.

A file with errors takes nothing away: its DAGs keep their last good version and go on. Of two live files that define
the same DAG the first keeps it; the second takes over when the first lets go.
"""

from __future__ import annotations

from queuack.engine import assets, deadlines, deferral, family, states
from queuack.engine.admission import UNLIMITED
from queuack.engine.asking import troubles
from queuack.engine.catalog import DagState
from queuack.engine.closing import forget
from queuack.engine.effects import DagDeleted, DagSourceRow, DagVersionRow, ImportErrorRows
from queuack.engine.events import DeleteDag, FileGone, FileParsed, ImportErrorInfo, SetPaused
from queuack.engine.planning import move_to_version, replan
from queuack.engine.run import Run, Version
from queuack.engine.scheduling import release
from queuack.engine.spec import DagDocument, document_hash, encode
from queuack.engine.states import DagRunState, Move
from queuack.engine.stopping import stop
from queuack.engine.world import World
from queuack.errors import InvalidRequest, QueuackError, TasksRunning


def file_parsed(world: World, event: FileParsed) -> None:
    name = event.relative_fileloc
    world.shadowed.pop(name, None)
    errors = list(event.errors)
    before = [world.dags[dag_id] for dag_id in sorted(world.files.get(name, ()))]
    defined: set[str] = set()
    for document in event.documents:
        owner = world.dags.get(document.dag_id)
        if owner is not None and not owner.is_stale and owner.relative_fileloc != name:
            errors.append(_duplicate(name, document.dag_id, owner.relative_fileloc))
            world.shadowed[name] = event
            continue
        try:
            _adopt(world, event, document)
            defined.add(document.dag_id)
        except QueuackError as error:
            errors.append(_invalid(name, document.dag_id, error))
    for dag_id in defined:
        _flag(world, world.dags[dag_id], bool(errors or troubles(world, name)))
    released = []
    for dag in before:
        if dag.dag_id in defined or dag.is_stale:
            continue
        if event.errors or any(document.dag_id == dag.dag_id for document in event.documents):
            _flag(world, dag, True)
        else:
            _set_stale(world, dag)
            released.append(dag.dag_id)
    _say_errors(world, name, errors)
    _hand_over(world, released)


def file_gone(world: World, event: FileGone) -> None:
    name = event.relative_fileloc
    world.shadowed.pop(name, None)
    gone = [dag for dag_id in sorted(world.files.get(name, ())) if not (dag := world.dags[dag_id]).is_stale]
    for dag in gone:
        dag.has_import_errors = False
        _set_stale(world, dag)
    _say_errors(world, name, [])
    _hand_over(world, [dag.dag_id for dag in gone])


def set_paused(world: World, event: SetPaused) -> bool:
    """Its SubDAGs follow, to any depth. Returns whether it changed. Raises DagNotFound."""
    dag = world.dag(event.dag_id)
    if dag.is_paused == event.paused:
        return False
    world.log("paused" if event.paused else "unpaused", dag.dag_id, extra={"is_paused": event.paused})
    for dag_id in (dag.dag_id, *family.dags_below(world, dag.dag_id)):
        _pause(world, world.dags[dag_id], event.paused)
    return True


def _pause(world: World, dag: DagState, paused: bool) -> None:
    if dag.is_paused != paused:
        dag.is_paused = paused
        world.dirty_dags[dag] = None
        turn_gate(world, dag)
        assets.pausing_changed(world, dag)


def delete_dag(world: World, event: DeleteDag) -> int:
    """With its SubDAGs. Returns the number of runs that were in memory.

    Raises DagNotFound, InvalidRequest for a SubDAG, and TasksRunning, as in Airflow.
    """
    dag = world.dag(event.dag_id)
    parent = dag.document.parent_dag_id
    if parent in world.dags and not dag.is_stale:
        raise InvalidRequest(f"DAG {dag.dag_id!r} is a SubDAG and is deleted with its parent {parent!r}.")
    dags = [dag, *(world.dags[dag_id] for dag_id in family.dags_below(world, dag.dag_id))]
    runs = [run for run in world.runs.values() if run.dag in dags]
    running = [f"{run.run_id}/{run.name(i)}" for run in runs for i in _running(run)]
    if running:
        raise TasksRunning(f"Tasks of DAG {dag.dag_id!r} are running: {', '.join(running[:5])}. End their runs first.")
    for each in dags:
        _delete(world, each, [run for run in runs if run.dag is each])
    return len(runs)


def _delete(world: World, dag: DagState, runs: list[Run]) -> None:
    for run in runs:
        for i, state in enumerate(run.states):
            stop(world, run, i, "the DAG was deleted", child=None)
            if state in states.UNFINISHED:
                run.move(i, Move.ABANDON)  # it may stand in the queue
        run.state = str(DagRunState.FAILED)
        run.epoch += 1
        deadlines.forget(world, run)
        forget(world, run)
        for ti_id in run.ti_ids:
            world.dirty.pop(ti_id, None)
        world.dirty_runs.pop(run, None)
    dag.active.clear()
    dag.next = dag.wants_start_at = None
    for row in [row for row in world.callbacks.values() if row.dag_id == dag.dag_id]:
        del world.callbacks[row.id]
        if row.trigger_id is not None:
            deferral.drop(world, row.trigger_id)
    world.dirty_dags.pop(dag, None)
    world.to_plan.pop(dag, None)
    if dag.backfill is not None:
        world.backfills.pop(dag.backfill.id)
        world.to_find.pop(dag.backfill, None)
        world.dirty_backfills.pop(dag.backfill, None)
    del world.dags[dag.dag_id]
    world.files[dag.relative_fileloc].discard(dag.dag_id)
    world.writes.append(DagDeleted(dag_id=dag.dag_id))
    assets.forget_dag(world, dag.dag_id)
    world.log("delete_dag", dag.dag_id)


def _running(run: Run) -> list[int]:
    return [i for i, state in enumerate(run.states) if state == states.RUNNING] if run.tally[states.RUNNING] else []


# ── one DAG of a file ────────────────────────────────────────────────────────────────────────────────
def _adopt(world: World, event: FileParsed, document: DagDocument) -> None:
    data = encode(document)
    digest = document_hash(data)
    dag = world.dags.get(document.dag_id)
    is_new = dag is None
    if dag is None or dag.version.document_hash != digest:
        number = 1 if dag is None else dag.version.number + 1
        version = Version(world.next_version_id, number, document.dag_id, document, digest, event.file_hash)
        version.plan  # noqa: B018  refuses what cannot be compiled, before anything changes
        world.next_version_id += 1
        world.writes.append(_version_row(world, event, version, data))
        deadlines.declare(world, version)
        if dag is None:
            dag = world.dags[document.dag_id] = DagState(document.dag_id, event.relative_fileloc, version)
            paused = document.is_paused_upon_creation
            dag.is_paused = world.settings.dags_are_paused_at_creation if paused is None else paused
            if (above := world.dags.get(document.parent_dag_id or "")) is not None:
                dag.is_paused = above.is_paused
        else:
            _change_version(world, dag, version)
    elif dag.version.file_hash != event.file_hash:
        dag.version.take_source(event.file_hash)
        world.writes.append(
            DagSourceRow(
                version_id=dag.version.id, file_hash=event.file_hash, source=event.source, updated_at=world.now
            )
        )
    changed = is_new or dag.is_stale or dag.version.document is document
    dag.is_stale = False
    world.files.get(dag.relative_fileloc, set()).discard(dag.dag_id)
    world.files.setdefault(event.relative_fileloc, set()).add(dag.dag_id)
    dag.relative_fileloc = event.relative_fileloc
    dag.last_parsed_time = world.now
    world.dirty_dags[dag] = None
    turn_gate(world, dag, plan_anew=changed)
    if changed:
        assets.sync_dag(world, dag)


def _version_row(world: World, event: FileParsed, version: Version, data: bytes) -> DagVersionRow:
    return DagVersionRow(
        id=version.id,
        dag_id=version.dag_id,
        version_number=version.number,
        document=data,
        document_hash=version.document_hash,
        file_hash=event.file_hash,
        source=event.source,
        created_at=world.now,
    )


def _change_version(world: World, dag: DagState, version: Version) -> None:
    dag.version = version
    for run in dag.active.values():
        run.limit.capacity = version.document.max_active_tasks
        world.admission.freed(run.limit)
        if (
            run.state == DagRunState.QUEUED and run.is_fresh and run.backfill is None
        ):  # those of a backfill: when they start
            move_to_version(world, run, version)
    world.to_plan[dag] = None


def turn_gate(world: World, dag: DagState, *, plan_anew: bool = True) -> None:
    """Open or close the DAG's gate as its switches say; an opened one lets go what it held."""
    was_open = bool(dag.gate.capacity)
    dag.gate.capacity = UNLIMITED if dag.is_open else 0
    if plan_anew and not dag.is_stale:
        replan(world, dag)
    if not dag.is_open:
        return
    world.to_plan[dag] = None
    if not was_open:
        world.admission.freed(dag.gate)
        for run in dag.active.values():
            release(world, run)


def _set_stale(world: World, dag: DagState) -> None:
    dag.is_stale = True
    world.dirty_dags[dag] = None
    turn_gate(world, dag, plan_anew=False)
    assets.sync_dag(world, dag)


def _flag(world: World, dag: DagState, has_errors: bool) -> None:
    if dag.has_import_errors != has_errors:
        dag.has_import_errors = has_errors
        world.dirty_dags[dag] = None


# ── errors ───────────────────────────────────────────────────────────────────────────────────────────
def _say_errors(world: World, name: str, errors: list[ImportErrorInfo]) -> None:
    world.file_errors[name] = tuple(errors)
    errors = [*errors, *troubles(world, name)]
    if not errors and name not in world.failed_files:
        return
    if errors:
        world.failed_files.add(name)
    else:
        world.failed_files.discard(name)
    world.writes.append(ImportErrorRows(relative_fileloc=name, errors=tuple(errors), at=world.now))


def _duplicate(name: str, dag_id: str, owner: str) -> ImportErrorInfo:
    message = f"AirflowDagDuplicatedIdException: the DAG {dag_id!r} of {name} is ignored, {owner} defines it already."
    return ImportErrorInfo(relative_fileloc=name, message=message, line=None, stacktrace=message)


def _invalid(name: str, dag_id: str, error: QueuackError) -> ImportErrorInfo:
    message = f"{type(error).__name__}: {error.message}"
    return ImportErrorInfo(relative_fileloc=name, message=message, line=None, stacktrace=f"DAG {dag_id}: {message}")


def _hand_over(world: World, dag_ids: list[str]) -> None:
    """DAGs whose file let them go may be defined by another file, which was refused them until now."""
    for event in list(world.shadowed.values()):
        if any(document.dag_id in dag_ids for document in event.documents):
            file_parsed(world, event)
