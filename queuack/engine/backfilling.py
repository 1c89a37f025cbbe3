"""Backfilling: creating, pausing and cancelling backfills, and making their runs, some in each step.

What a backfill is to have is written with the backfill itself, in one transaction; what becomes of each date follows in
portions, in order: the engine does not remember finished runs, so it asks which runs exist (``FindRuns``), and the
answer (``RunsFound``) decides that portion. The question is remembered nowhere: after a restart it is put anew.
https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/backfill.html
"""

from __future__ import annotations

from queuack.engine import controlling, states
from queuack.engine.backfill import (
    Backfill,
    BackfillDagRunExceptionReason,
    ReprocessBehavior,
    reason_against,
)
from queuack.engine.catalog import DagState
from queuack.engine.closing import end_backfill, end_children, end_if_done, leave
from queuack.engine.effects import (
    BackfillDagRunRow,
    BackfillDatesPlanned,
    BackfillRow,
    FindRuns,
    InstanceRow,
    NewInstances,
    RunRow,
    SoughtRun,
)
from queuack.engine.events import BackfillDate, CancelBackfill, CreateBackfill, FoundRun, RunsFound, SetBackfillPaused
from queuack.engine.instants import iso
from queuack.engine.planning import create_run, random_suffix
from queuack.engine.restoring import recall, restore_run, version_of
from queuack.engine.run import Run, Version
from queuack.engine.snapshot import Entry, InstanceSnapshot, Recall, RunSnapshot
from queuack.engine.spec import DagDocument
from queuack.engine.states import DagRunState, DagRunType
from queuack.engine.world import World
from queuack.errors import (
    AlreadyRunningBackfill,
    BackfillAlreadyCompleted,
    BackfillNotFound,
    DagNonPeriodicScheduleException,
    DagNotFound,
    InvalidBackfill,
    InvalidBackfillDate,
    InvalidBackfillDateRange,
    InvalidBackfillDirection,
    InvalidReprocessBehavior,
    InvalidRequest,
    NoBackfillRunsToCreate,
)

PORTION = 200
"""So many dates at the most are decided in one step; fewer where a run has many tasks."""
_BEHAVIORS = tuple(str(behavior) for behavior in ReprocessBehavior)


# ── requests ─────────────────────────────────────────────────────────────────────────────────────────
def check(
    document: DagDocument, *, from_date: int, to_date: int, run_backwards: bool, reprocess_behavior: str, now: int
) -> None:
    """Refuse what no backfill of this DAG can do, in Airflow's order. Raises InvalidRequest's children."""
    dag_id = document.dag_id
    if document.parent_dag_id is not None:
        raise InvalidRequest(
            f"DAG {dag_id!r} is a SubDAG: a task of DAG {document.parent_dag_id!r} runs it. Backfill that DAG."
        )
    if reprocess_behavior not in _BEHAVIORS:
        raise InvalidReprocessBehavior(
            f"The reprocess behavior is one of {', '.join(_BEHAVIORS)}, not {reprocess_behavior!r}."
        )
    if not document.timetable.periodic:
        raise DagNonPeriodicScheduleException(
            f"{dag_id} has a non-periodic schedule that does not support backfills: {document.timetable_summary}. "
            "Trigger its runs by hand: queuack dags trigger."
        )
    if document.allowed_run_types is not None and DagRunType.BACKFILL_JOB not in document.allowed_run_types:
        raise InvalidBackfill(f"Dag with dag_id: '{dag_id}' does not allow backfill runs")
    if from_date > to_date:
        raise InvalidBackfillDateRange(f"from_date ({iso(from_date)}) must not be after to_date ({iso(to_date)}).")
    if from_date >= now:
        raise InvalidBackfillDate("A backfill cannot be made of future dates only.")
    if not any(task.depends_on_past for task in document.tasks):
        return
    if run_backwards:
        raise InvalidBackfillDirection(
            f"DAG {dag_id!r} has tasks with depends_on_past=True: its backfill cannot run backwards."
        )
    if reprocess_behavior == ReprocessBehavior.NONE:
        raise InvalidReprocessBehavior(
            f"DAG {dag_id!r} has tasks with depends_on_past=True: set the reprocess behavior to completed or failed."
        )


def create(world: World, event: CreateBackfill) -> int:
    """Returns the backfill's id. Raises DagNotFound, AlreadyRunningBackfill, and what ``check`` raises."""
    dag = world.dag(event.dag_id)
    if dag.is_stale:
        raise DagNotFound(f"DAG {event.dag_id!r} is no longer in any file.")
    if dag.backfill is not None:
        raise AlreadyRunningBackfill(
            f"Backfill {dag.backfill.id} of DAG {event.dag_id!r} is running. There can be only one per DAG: wait for "
            f"it, or cancel it (queuack backfill cancel {dag.backfill.id})."
        )
    check(
        dag.document,
        from_date=event.from_date,
        to_date=event.to_date,
        run_backwards=event.run_backwards,
        reprocess_behavior=event.reprocess_behavior,
        now=world.now,
    )
    if event.max_active_runs < 1:
        raise InvalidRequest(f"max_active_runs of a backfill is at least 1, not {event.max_active_runs}.")
    if not event.dates:
        raise NoBackfillRunsToCreate(
            f"DAG {event.dag_id!r} has no runs from {iso(event.from_date)} to {iso(event.to_date)}."
        )
    backfill = Backfill(_row(world, event))
    world.next_backfill_id += 1
    _plan(world, backfill, event.dates)
    world.backfills[backfill.id] = backfill
    dag.backfill = backfill
    world.dirty_backfills[backfill] = None
    world.to_find[backfill] = None
    _log(world, backfill, "create_backfill", event.triggering_user_name)
    return backfill.id


def set_paused(world: World, event: SetBackfillPaused) -> bool:
    """Returns whether it changed. Raises BackfillNotFound."""
    backfill = _backfill(world, event.backfill_id)
    if backfill.is_paused == event.paused:
        return False
    backfill.is_paused = event.paused
    world.dirty_backfills[backfill] = None
    world.to_plan[world.dags[backfill.dag_id]] = None
    _log(world, backfill, "pause_backfill" if event.paused else "unpause_backfill")
    return True


def cancel(world: World, event: CancelBackfill) -> int:
    """Its queued runs fail, their tasks untouched, as in Airflow. Returns how many. Raises BackfillNotFound."""
    backfill = _backfill(world, event.backfill_id)
    backfill.is_paused = True
    queued = [run for run in backfill.open.values() if run.state == DagRunState.QUEUED]
    for run in queued:
        run.turn("fail")
        run.end_date = world.now
        run.epoch += 1
        world.dirty_runs[run] = None
    backfill.pending.clear()
    end_backfill(world, backfill)
    for n, run in enumerate(queued, start=1):
        end_children(world, run, DagRunState.FAILED)
        leave(world, run, more=n < len(queued))
    _log(world, backfill, "cancel_backfill")
    return len(queued)


def _row(world: World, event: CreateBackfill) -> BackfillRow:
    return BackfillRow(
        id=world.next_backfill_id,
        dag_id=event.dag_id,
        from_date=event.from_date,
        to_date=event.to_date,
        dag_run_conf=event.dag_run_conf,
        is_paused=False,
        reprocess_behavior=event.reprocess_behavior,
        max_active_runs=event.max_active_runs,
        created_at=world.now,
        completed_at=None,
        updated_at=world.now,
        triggering_user_name=event.triggering_user_name,
        run_on_latest_version=event.run_on_latest_version,
    )


def _plan(world: World, backfill: Backfill, dates: list[BackfillDate]) -> None:
    first = world.next_backfill_date_id
    world.next_backfill_date_id += len(dates)
    backfill.pending.extend(Entry(first + n, n + 1, date) for n, date in enumerate(dates))
    world.writes.append(
        BackfillDatesPlanned(
            backfill_id=backfill.id,
            first_id=first,
            logical_dates=tuple(date.logical_date for date in dates),
            starts=tuple(date.start for date in dates),
            ends=tuple(date.end for date in dates),
            run_afters=tuple(date.run_after for date in dates),
            partition_keys=tuple(date.partition_key for date in dates),
            partition_dates=tuple(date.partition_date for date in dates),
        )
    )


def _backfill(world: World, backfill_id: int) -> Backfill:
    backfill = world.backfills.get(backfill_id)
    if backfill is not None:
        return backfill
    if 0 < backfill_id < world.next_backfill_id:
        raise BackfillAlreadyCompleted(f"Backfill {backfill_id} is already completed.")
    raise BackfillNotFound(f"There is no backfill {backfill_id}.")


def _log(world: World, backfill: Backfill, event: str, user: str | None = None) -> None:
    extra = {"backfill_id": backfill.id, "from_date": iso(backfill.from_date), "to_date": iso(backfill.to_date)}
    world.log(event, backfill.dag_id, owner=user, extra=extra)


# ── which runs exist ─────────────────────────────────────────────────────────────────────────────────
def pose(world: World) -> None:
    """Turn what is to be found into commands."""
    if not world.to_find:
        return
    to_find, world.to_find = world.to_find, {}
    for backfill in to_find:
        world.next_question += 1
        backfill.asked = world.next_question
        portion = _portion(world, backfill)
        world.commands.append(
            FindRuns(
                backfill_id=backfill.id,
                number=backfill.asked,
                dag_id=backfill.dag_id,
                runs=tuple(
                    SoughtRun(entry.ordinal, _run_id(entry.date), entry.date.logical_date, entry.date.partition_date)
                    for entry in portion
                ),
                recalled_states=tuple(
                    state
                    for state in ("failed", "success")
                    if reason_against(state, backfill.reprocess_behavior) is None
                ),
            )
        )


def _portion(world: World, backfill: Backfill) -> list[Entry]:
    size = max(1, world.dags[backfill.dag_id].version.plan.size)
    count = max(1, min(PORTION, world.settings.evaluations_per_step // size))
    return [backfill.pending[n] for n in range(min(count, len(backfill.pending)))]


def _run_id(date: BackfillDate) -> str | None:
    """None for a partition: its run id has a random end."""
    return None if date.partition_key is not None else f"{DagRunType.BACKFILL_JOB}__{iso(date.run_after)}"


def found(world: World, event: RunsFound) -> None:
    """Decide a portion; an answer to a question that is no longer open is ignored."""
    backfill = world.backfills.get(event.backfill_id)
    if backfill is None or not backfill.asked or backfill.asked != event.number:
        return
    backfill.asked = 0
    dag = world.dags[backfill.dag_id]
    placing = _Placing(world, dag, backfill, event)
    for entry in _portion(world, backfill):
        if not placing.place(entry):
            break  # it changed while it was looked up: ask anew, from here on
        backfill.pending.popleft()
    world.to_plan[dag] = None
    if backfill.pending:
        world.to_find[backfill] = None
    else:
        end_if_done(world, backfill)


class _Placing:
    """Makes the runs of one portion."""

    def __init__(self, world: World, dag: DagState, backfill: Backfill, event: RunsFound) -> None:
        self.world = world
        self.dag = dag
        self.backfill = backfill
        self.found = {run.ordinal: run for run in event.runs}
        self.taken = set(event.taken)
        self.active = {_place(run.logical_date, run.partition_date) for run in dag.active.values()}
        self.ended = {_place(date, None) for date in dag.recent.values() if date is not None}

    def place(self, entry: Entry) -> bool:
        """Create a run, clear one, or write down why not. False: what was found is not true any more."""
        date, there = entry.date, self.found.get(entry.ordinal)
        place = _place(date.logical_date, date.partition_date)
        if place in self.active:
            self._refuse(entry, BackfillDagRunExceptionReason.IN_FLIGHT)
            return True
        if there is None:
            if place in self.ended:
                return False
            run_id = _run_id(date)
            if entry.ordinal in self.taken or (run_id is not None and (self.dag.dag_id, run_id) in self.world.by_id):
                self._refuse(entry, BackfillDagRunExceptionReason.IN_FLIGHT)
            else:
                self._create(entry, place)
            return True
        if there.state not in ("success", "failed"):
            return False
        reason = reason_against(there.state, self.backfill.reprocess_behavior)
        if reason is not None:
            self._refuse(entry, reason)
        elif date.partition_key is not None:
            self._create(entry, place)
        else:
            return self._clear(entry, place, there)
        return True

    def _refuse(self, entry: Entry, reason: BackfillDagRunExceptionReason) -> None:
        self.world.writes.append(BackfillDagRunRow(id=entry.id, exception_reason=str(reason)))

    def _made(self, entry: Entry, place: Place, run: Run) -> None:
        self.active.add(place)
        self.dag.take_date(entry.date.logical_date)
        self.world.writes.append(BackfillDagRunRow(id=entry.id, dag_run_id=run.key))

    def _create(self, entry: Entry, place: Place) -> None:
        world, dag, backfill, date = self.world, self.dag, self.backfill, entry.date
        run_id = _run_id(date)
        if run_id is None:
            suffix = random_suffix(world, dag.dag_id)
            run_id = f"{DagRunType.BACKFILL_JOB}__{iso(date.run_after)}__{date.partition_key}__{suffix}"
        backfill.ordinals[world.next_run_key] = entry.ordinal
        run = create_run(
            world,
            dag,
            RunRow(
                id=0,
                dag_id=dag.dag_id,
                run_id=run_id,
                run_type=str(DagRunType.BACKFILL_JOB),
                state=str(DagRunState.QUEUED),
                logical_date=date.logical_date,
                data_interval_start=date.start,
                data_interval_end=date.end,
                run_after=date.run_after,
                queued_at=world.now,
                start_date=None,
                end_date=None,
                conf=backfill.dag_run_conf or {},
                triggered_by="backfill",
                triggering_user_name=backfill.triggering_user_name,
                note=None,
                dag_version_id=0,
                clear_number=0,
                updated_at=world.now,
                partition_key=date.partition_key,
                partition_date=date.partition_date,
                backfill_id=backfill.id,
            ),
        )
        self._made(entry, place, run)

    def _clear(self, entry: Entry, place: Place, there: FoundRun) -> bool:
        run = _bring_back(self.world, self.dag, there.recall, latest=self.backfill.run_on_latest_version)
        if run is None:
            return False
        backfill = self.backfill
        backfill.ordinals[run.key] = entry.ordinal
        run.backfill_id = backfill.id
        run.run_type, run.triggered_by = str(DagRunType.BACKFILL_JOB), "backfill"
        if backfill.dag_run_conf is not None:
            run.conf = backfill.dag_run_conf
        for below in there.recall.family if there.recall is not None else ():
            recall(self.world, below)
        controlling.clear_run(self.world, run, latest=backfill.run_on_latest_version)
        self._made(entry, place, run)
        return True


Place = tuple[int | None, int | None]
"""Logical date and partition date: what two runs of a DAG cannot both have."""


def _place(logical_date: int | None, partition_date: int | None) -> Place:
    return (logical_date, None if logical_date is not None else partition_date)


# ── a finished run again ─────────────────────────────────────────────────────────────────────────────
def _bring_back(world: World, dag: DagState, recall: Recall | None, *, latest: bool) -> Run | None:
    """A finished run in memory, of its own version or of the newest; None when it changed since it was read."""
    if recall is None:
        return None
    row = recall.run.row
    held = world.runs.get(row.id)
    if held is not None and not held.is_finished:
        return None
    if dag.ended_at.get(row.run_id, row.end_date) != row.end_date:
        return None
    if held is not None:
        dag.finished.pop(held.key, None)
    if row.dag_version_id == dag.version.id:
        return restore_run(world, recall.run, dag.version)
    if not latest:
        return restore_run(world, recall.run, version_of(recall.version))
    return restore_run(world, _on_version(world, recall.run, dag.version), dag.version)


def _on_version(world: World, found: RunSnapshot, version: Version) -> RunSnapshot:
    """The run as one of another version: instances of tasks that are gone are removed, new tasks get one."""
    plan = version.plan
    for old in found.instances:
        if old.task_id not in plan.index and old.state != "removed":
            world.writes.append(_removed(old, world.now))
    known = {row.task_id for row in found.instances}
    new = [i for i in range(plan.size) if plan.task_ids[i] not in known]
    if not new:
        return found
    first = world.next_ti_id
    world.next_ti_id += len(new)
    tasks = [plan.document.tasks[i] for i in new]
    world.writes.append(
        NewInstances(
            first_id=first,
            dag_id=found.row.dag_id,
            run_id=found.row.run_id,
            run_key=found.row.id,
            dag_version_id=version.id,
            run_after=found.row.run_after,
            task_ids=tuple(task.task_id for task in tasks),
            operators=tuple(task.task_type for task in tasks),
            operator_names=tuple(task.operator_name or task.task_type for task in tasks),
            pools=tuple(plan.pools[i] for i in new),
            pool_slots=tuple(plan.pool_slots[i] for i in new),
            queues=tuple(task.queue for task in tasks),
            priority_weights=tuple(plan.weights[i] for i in new),
            max_tries=tuple(plan.retries[i] for i in new),
            at=world.now,
        )
    )
    added = [_blank(first + n, plan.task_ids[i], plan.retries[i]) for n, i in enumerate(new)]
    return RunSnapshot(row=found.row, instances=[*found.instances, *added], lengths=found.lengths)


def _blank(ti_id: int, task_id: str, max_tries: int) -> InstanceSnapshot:
    return InstanceSnapshot(
        id=ti_id, task_id=task_id, map_index=-1, state=None, try_number=0, max_tries=max_tries, scheduled_dttm=None,
        queued_dttm=None, start_date=None, end_date=None, retry_at=None, pid=None, hostname="", unixname="",
        worker_id="",
    )  # fmt: skip


def _removed(old: InstanceSnapshot, now: int) -> InstanceRow:
    names = [name for name in InstanceRow.__struct_fields__ if name not in ("state", "updated_at")]
    return InstanceRow(
        **{name: getattr(old, name) for name in names}, state=states.NAMES[states.REMOVED], updated_at=now
    )
