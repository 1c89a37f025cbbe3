"""Planning: which runs are created, and which of the queued ones start.

Runs come from the schedule or by hand; both are queued first and start in order of their dates while
``max_active_runs`` allows.
https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html
"""

from __future__ import annotations

import hashlib
import heapq
import re
from collections.abc import Sequence

from queuack.engine import asking, deadlines, family, states, timers
from queuack.engine.admission import Limit
from queuack.engine.catalog import DagState, Planned
from queuack.engine.effects import NewInstances, RunNoteRow, RunRow
from queuack.engine.events import TriggerRun
from queuack.engine.expansion import expand_literals
from queuack.engine.instants import from_us, iso, to_us
from queuack.engine.run import Run, Version
from queuack.engine.spec import TaskDocument
from queuack.engine.states import DagRunState, DagRunType
from queuack.engine.world import World
from queuack.errors import DagNotFound, DagRunAlreadyExists, InvalidRequest
from queuack.schedule.timetables import (
    CronPartitionTimetable,
    Interval,
    InvalidSchedule,
    PartitionedAssetTimetable,
    PartitionedAtRuntime,
    Restriction,
)

BY_RUN_AFTER = ("cli", "operator")
"""Of runs that these trigger, the data interval is inferred at ``run_after``, of others at the logical date."""
LONGEST_PARTITION_KEY = 250
_RUN_ID = re.compile(r"[A-Za-z0-9_.~:+-]+\Z")
_RESERVED = tuple(f"{kind}__" for kind in DagRunType if kind is not DagRunType.MANUAL)
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


# ── the schedule ─────────────────────────────────────────────────────────────────────────────────────
def compute_next(dag: DagState, now: int) -> Planned | None:
    """The run after the latest automated one; None = the schedule has no further run."""
    document = dag.document
    restriction = Restriction(
        None if document.start_date is None else from_us(document.start_date),
        None if document.end_date is None else from_us(document.end_date),
        document.catchup,
    )
    last = None if dag.last_interval is None else Interval(*map(from_us, dag.last_interval))
    try:
        found = document.timetable.next_run(last, restriction, from_us(now))
    except (InvalidSchedule, OverflowError):  # nothing after the last run that a calendar can name
        return None
    if found is None:
        return None
    interval = found.data_interval
    dates = to_us(found.logical_date), to_us(found.run_after), to_us(interval.start), to_us(interval.end)
    if isinstance(document.timetable, CronPartitionTimetable):
        date, key = document.timetable.partition(found.run_after)
        return Planned(*dates, partition_key=key, partition_date=to_us(date))
    return Planned(*dates)


def replan(world: World, dag: DagState) -> None:
    """The schedule, the latest run or the time changed: find the next run anew."""
    if asking.custom_of(dag) is not None:
        asking.ask(world, dag)
        return
    if dag.asked is not None:
        asking.forget(world, dag)
    before, dag.next = dag.next, compute_next(dag, world.now)
    if dag.next != before:
        world.tell_next(dag)
    if dag.next is not None:
        world.timers.set(dag.next.run_after, timers.NEXT_RUN, dag)


def plan_dag(world: World, dag: DagState) -> None:
    """Start what may start, create what is due; repeated until neither changes anything."""
    if not dag.is_open:
        return
    start_queued(world, dag)
    while (due := dag.wants_run_at) is not None and due <= world.now:
        if asking.custom_of(dag) is not None:
            if asking.is_stale(world, dag):
                asking.ask(world, dag)
                return
        elif not dag.document.catchup:
            replan(world, dag)  # time may have passed over intervals that nobody wants any more
        before = dag.next
        _create_scheduled(world, dag)
        start_queued(world, dag)
        if dag.next == before:
            break
    if dag.wants_run_at is not None:
        world.timers.set(dag.wants_run_at, timers.NEXT_RUN, dag)


def _create_scheduled(world: World, dag: DagState) -> None:
    found = dag.next
    if found is None or found.run_after > world.now:
        return
    run_id = f"{DagRunType.SCHEDULED}__{iso(found.run_after)}"
    if found.run_id is not None and not dag.knows(found.run_id, None):
        run_id = found.run_id
    elif found.partition_key is not None:
        run_id = f"{run_id}__{found.partition_key}__{random_suffix(world, dag.dag_id)}"
    dag.last_interval, dag.last_run_after = (found.start, found.end), found.run_after
    is_new = not dag.knows(run_id, found.date)
    if is_new:
        create_run(
            world,
            dag,
            RunRow(
                id=0,
                dag_id=dag.dag_id,
                run_id=run_id,
                run_type=str(DagRunType.SCHEDULED),
                state=str(DagRunState.QUEUED),
                logical_date=found.date,
                data_interval_start=None if found.date is None else found.start,
                data_interval_end=None if found.date is None else found.end,
                run_after=found.run_after,
                queued_at=world.now,
                start_date=None,
                end_date=None,
                conf={},
                triggered_by="timetable",
                triggering_user_name=None,
                note=None,
                dag_version_id=0,
                clear_number=0,
                updated_at=world.now,
                partition_key=found.partition_key,
                partition_date=found.partition_date,
            ),
        )
    dag.pass_date(found.logical_date)
    if is_new or asking.custom_of(dag) is None:
        replan(world, dag)
    else:
        asking.ask_later(world, dag, asking.FIRST_PAUSE)  # a timetable that goes in circles


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────────
def trigger(world: World, event: TriggerRun) -> str:
    """Returns the run id. Raises DagNotFound, DagRunAlreadyExists, InvalidRequest."""
    dag = world.dag(event.dag_id)
    if dag.is_stale:
        raise DagNotFound(f"DAG {event.dag_id!r} is no longer in any file.")
    if dag.document.parent_dag_id is not None:
        raise InvalidRequest(
            f"DAG {event.dag_id!r} is a SubDAG: a task of DAG {dag.document.parent_dag_id!r} runs it. Trigger that DAG."
        )
    run_after = world.now if event.run_after is None else event.run_after
    run_id = event.run_id or _manual_run_id(world, event, run_after)
    if event.run_id is not None:
        _check_run_id(run_id)
    if dag.knows(run_id, None):
        raise DagRunAlreadyExists(f"DAG {event.dag_id!r} has a run {run_id!r} already.")
    if event.logical_date is not None and dag.knows(None, event.logical_date):
        raise DagRunAlreadyExists(
            f"DAG {event.dag_id!r} has a run with logical date {iso(event.logical_date)} already."
        )
    start, end = _manual_interval(dag, event, run_after)
    partition_date = _partition_date(dag, event.partition_key)
    dag.take_date(event.logical_date)
    run = create_run(
        world,
        dag,
        RunRow(
            id=0,
            dag_id=dag.dag_id,
            run_id=run_id,
            run_type=event.run_type,
            state=str(DagRunState.QUEUED),
            logical_date=event.logical_date,
            data_interval_start=start,
            data_interval_end=end,
            run_after=run_after,
            queued_at=world.now,
            start_date=None,
            end_date=None,
            conf=event.conf,
            triggered_by=event.triggered_by,
            triggering_user_name=event.triggering_user_name,
            note=event.note,
            dag_version_id=0,
            clear_number=0,
            updated_at=world.now,
            partition_key=event.partition_key,
            partition_date=partition_date,
        ),
    )
    if event.note:
        user = event.triggering_user_name
        world.writes.append(RunNoteRow(id=run.key, content=event.note, user=user, at=world.now))
    world.log("trigger_dag_run", dag.dag_id, run_id=run_id, owner=event.triggering_user_name,
              extra={"dag_run_id": run_id, "conf": event.conf})  # fmt: skip
    if event.xcom is not None:
        world.writes.append(event.xcom)
    return run_id


def _manual_run_id(world: World, event: TriggerRun, run_after: int) -> str:
    materializes = event.run_type == DagRunType.ASSET_MATERIALIZATION
    if event.logical_date is None and (event.triggered_by == "operator" or materializes):
        return random_run_id(world, event.dag_id, event.run_type, run_after)
    return f"{event.run_type}__{iso(run_after)}"


def _partition_date(dag: DagState, key: str | None) -> int | None:
    """The date that the timetable reads from a key. Raises InvalidRequest for a key the DAG cannot have."""
    if key is None:
        return None
    timetable = dag.document.timetable
    if not isinstance(timetable, CronPartitionTimetable | PartitionedAssetTimetable | PartitionedAtRuntime):
        raise InvalidRequest(f"DAG {dag.dag_id!r} is not a partitioned DAG and does not accept a partition key.")
    if not key.strip() or len(key) > LONGEST_PARTITION_KEY:
        raise InvalidRequest(f"A partition key has 1 to {LONGEST_PARTITION_KEY} characters that are not all blank.")
    if isinstance(timetable, PartitionedAtRuntime):
        return None
    try:
        date = timetable.partition_date(key)
    except ValueError as error:
        raise InvalidRequest(f"The schedule of DAG {dag.dag_id!r} cannot read partition key {key!r}: {error}") from None
    return None if date is None else to_us(date)


def random_run_id(world: World, dag_id: str, run_type: str, run_after: int) -> str:
    """Of a run without logical date: others may have the same instant."""
    return f"{run_type}__{iso(run_after)}_{random_suffix(world, dag_id)}"


def random_suffix(world: World, dag_id: str) -> str:
    return world.random_suffix() if world.random_suffix else _suffix(dag_id, world.next_run_key)


def _suffix(dag_id: str, key: int) -> str:
    """Eight letters that look random and are not: the same for the same run."""
    digest = hashlib.sha1(f"{dag_id}#{key}".encode(), usedforsecurity=False).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:8])


def _check_run_id(run_id: str) -> None:
    if not _RUN_ID.match(run_id) or ".." in run_id:
        raise InvalidRequest(
            f"The run id {run_id!r} may hold letters, digits and _.~:+- only, and no two dots in a row."
        )
    if run_id.startswith(_RESERVED):
        raise InvalidRequest(f"The run id {run_id!r} begins like one that Queuack gives to runs it creates by itself.")


def _manual_interval(dag: DagState, event: TriggerRun, run_after: int) -> tuple[int | None, int | None]:
    if (event.data_interval_start is None) != (event.data_interval_end is None):
        raise InvalidRequest("A data interval needs both its start and its end.")
    if event.logical_date is None:
        if event.data_interval_start is not None:
            raise InvalidRequest("A run without logical date has no data interval.")
        return None, None
    if event.data_interval_start is not None:
        return event.data_interval_start, event.data_interval_end
    if asking.custom_of(dag) is not None:
        raise InvalidRequest(f"The data interval of a run of DAG {dag.dag_id!r} is its timetable's to say: give it.")
    basis = run_after if event.triggered_by in BY_RUN_AFTER else event.logical_date
    interval = dag.document.timetable.manual_interval(from_us(basis))
    return to_us(interval.start), to_us(interval.end)


# ── runs come to be ──────────────────────────────────────────────────────────────────────────────────
def create_run(world: World, dag: DagState, row: RunRow) -> Run:
    """Queue a new run of the current version; ``row.id`` and ``row.dag_version_id`` are given here."""
    row.id = world.next_run_key
    world.next_run_key += 1
    version = dag.version
    run = Run(row, version, dag, Limit("max_active_tasks", dag.document.max_active_tasks))
    run.backfill = world.backfills.get(row.backfill_id or 0)
    world.runs[run.key] = run
    world.by_id[run.dag_id, run.run_id] = run
    family.link(world, run)
    dag.enqueue(run)
    _create_instances(world, run, version, replaces=False)
    world.dirty_runs[run] = None
    world.to_plan[dag] = None
    deadlines.create(world, run)
    return run


def move_to_version(world: World, run: Run, version: Version) -> None:
    """A run that has not begun takes the newest version; its instances are made anew."""
    _create_instances(world, run, version, replaces=True)
    world.dirty_runs[run] = None


def _wanted(run: Run, tasks: Sequence[TaskDocument]) -> list[bool]:
    """By position: whether the run has the task, as its start and end date say. Backfills reach before the start."""
    date = None if run.run_type == DagRunType.BACKFILL_JOB else run.logical_date
    return [
        date is None or ((t.start_date is None or t.start_date <= date) and (t.end_date is None or date <= t.end_date))
        for t in tasks
    ]


def _create_instances(world: World, run: Run, version: Version, *, replaces: bool) -> None:
    plan = version.plan
    tasks = plan.document.tasks
    wanted = _wanted(run, tasks)
    first = world.next_ti_id
    count = sum(wanted)
    world.next_ti_id += count
    if count == plan.size:
        run.adopt(version, range(first, first + count))
        chosen = list(range(plan.size))
    else:
        chosen = [i for i in range(plan.size) if wanted[i]]
        ids = [0] * plan.size
        for offset, i in enumerate(chosen):
            ids[i] = first + offset
        run.adopt(version, ids)
        for i in range(plan.size):
            if not wanted[i]:
                run.absent(i)
    if run.logical_date is not None:
        world.look_at_past_waiting(run)  # the run that others look back at has come to be, or has other tasks
    if not chosen and not replaces:
        return
    world.writes.append(
        NewInstances(
            first_id=first,
            dag_id=run.dag_id,
            run_id=run.run_id,
            run_key=run.key,
            dag_version_id=version.id,
            run_after=run.run_after,
            task_ids=tuple(plan.task_ids[i] for i in chosen),
            operators=tuple(tasks[i].task_type for i in chosen),
            operator_names=tuple(tasks[i].operator_name or tasks[i].task_type for i in chosen),
            pools=tuple(plan.pools[i] for i in chosen),
            pool_slots=tuple(plan.pool_slots[i] for i in chosen),
            queues=tuple(tasks[i].queue for i in chosen),
            priority_weights=tuple(plan.weights[i] for i in chosen),
            max_tries=tuple(plan.retries[i] for i in chosen),
            at=world.now,
            replaces=replaces,
        )
    )
    expand_literals(world, run)


# ── runs begin ───────────────────────────────────────────────────────────────────────────────────────
def start_queued(world: World, dag: DagState) -> None:
    """Start queued runs, earliest first, while ``max_active_runs`` allows; then those of the backfill, in its order and
    within its own limit."""
    dag.wants_start_at = None
    _start_own(world, dag)
    backfill = dag.backfill
    if backfill is not None:
        for run in backfill.startable(world.now):
            if run.is_fresh and run.version is not dag.version:
                move_to_version(world, run, dag.version)
            start_run(world, run)
        if backfill.wakes_at is not None:
            dag.wants_start_at = min(dag.wants_start_at or backfill.wakes_at, backfill.wakes_at)
    if dag.wants_start_at is not None:
        world.timers.set(dag.wants_start_at, timers.RUN_START, dag)


def _start_own(world: World, dag: DagState) -> None:
    queued = dag.queued
    while queued:
        earliest, key = queued[0]
        run = dag.active.get(key)
        if run is None or run.state != DagRunState.QUEUED or family.waits_for_parent(world, run):
            heapq.heappop(queued)
            continue
        if dag.running >= dag.max_active_runs:
            return
        if earliest > world.now:
            dag.wants_start_at = earliest
            return
        heapq.heappop(queued)
        start_run(world, run)


def start_run(world: World, run: Run) -> None:
    run.turn("start")
    run.start_date = world.now
    run.end_date = None
    run.dag.count_running(run, 1)
    world.dirty_runs[run] = None
    world.touched[run] = None
    world.tell_listeners(run, "running", "started")
    watch_timeout(world, run)
    if run.is_fresh and not run.tally[states.ABSENT]:
        world.look_at(run, run.all_instances(run.plan.roots))
    else:
        run.recount()
        world.look_at(run, range(len(run.states)))


def watch_timeout(world: World, run: Run) -> None:
    if run.times_out_at is not None:
        world.timers.set(run.times_out_at, timers.RUN_TIMEOUT, run)
