"""Planning: which runs are created, and which of the queued ones start.

Runs come from the schedule or by hand; both are queued first and start in order of their dates while
``max_active_runs`` allows.
https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html
"""

from __future__ import annotations

import hashlib
import heapq
import re

from queuack.engine import timers
from queuack.engine.admission import Limit
from queuack.engine.catalog import DagState, Planned
from queuack.engine.effects import NewInstances, NextRunRow, RunRow
from queuack.engine.events import TriggerRun
from queuack.engine.instants import from_us, iso, to_us
from queuack.engine.run import Run, Version
from queuack.engine.states import DagRunState, DagRunType
from queuack.engine.world import World
from queuack.errors import DagNotFound, DagRunAlreadyExists, InvalidRequest
from queuack.schedule.timetables import Interval, InvalidSchedule, Restriction

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
    return Planned(to_us(found.logical_date), to_us(found.run_after), to_us(interval.start), to_us(interval.end))


def replan(world: World, dag: DagState) -> None:
    """The schedule, the latest run or the time changed: find the next run anew."""
    before, dag.next = dag.next, compute_next(dag, world.now)
    if dag.next != before:
        tell_next(world, dag)
    if dag.next is not None:
        world.timers.set(dag.next.run_after, timers.NEXT_RUN, dag)


def tell_next(world: World, dag: DagState) -> None:
    found = dag.next
    world.writes.append(
        NextRunRow(
            dag_id=dag.dag_id,
            next_dagrun=found and found.logical_date,
            next_dagrun_data_interval_start=found and found.start,
            next_dagrun_data_interval_end=found and found.end,
            next_dagrun_create_after=found and found.run_after,
        )
    )


def plan_dag(world: World, dag: DagState) -> None:
    """Start what may start, create what is due; repeated until neither changes anything."""
    if not dag.is_open:
        return
    start_queued(world, dag)
    while (due := dag.wants_run_at) is not None and due <= world.now:
        if not dag.document.catchup:
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
    dag.last_interval = (found.start, found.end)
    if not dag.knows(run_id, found.logical_date):
        create_run(
            world,
            dag,
            RunRow(
                id=0,
                dag_id=dag.dag_id,
                run_id=run_id,
                run_type=str(DagRunType.SCHEDULED),
                state=str(DagRunState.QUEUED),
                logical_date=found.logical_date,
                data_interval_start=found.start,
                data_interval_end=found.end,
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
            ),
        )
    dag.pass_date(found.logical_date)
    replan(world, dag)


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────────
def trigger(world: World, event: TriggerRun) -> str:
    """Returns the run id. Raises DagNotFound, DagRunAlreadyExists, InvalidRequest."""
    dag = world.dag(event.dag_id)
    if dag.is_stale:
        raise DagNotFound(f"DAG {event.dag_id!r} is no longer in any file.")
    run_after = world.now if event.run_after is None else event.run_after
    run_id = event.run_id or _manual_run_id(world, event, run_after)
    _check_run_id(run_id)
    if dag.knows(run_id, None):
        raise DagRunAlreadyExists(f"DAG {event.dag_id!r} has a run {run_id!r} already.")
    if event.logical_date is not None and dag.knows(None, event.logical_date):
        raise DagRunAlreadyExists(
            f"DAG {event.dag_id!r} has a run with logical date {iso(event.logical_date)} already."
        )
    start, end = _manual_interval(dag, event, run_after)
    dag.take_date(event.logical_date)
    create_run(
        world,
        dag,
        RunRow(
            id=0,
            dag_id=dag.dag_id,
            run_id=run_id,
            run_type=str(DagRunType.MANUAL),
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
        ),
    )
    world.log("trigger_dag_run", dag.dag_id, run_id=run_id, owner=event.triggering_user_name,
              extra={"dag_run_id": run_id, "conf": event.conf})  # fmt: skip
    return run_id


def _manual_run_id(world: World, event: TriggerRun, run_after: int) -> str:
    run_id = f"{DagRunType.MANUAL}__{iso(run_after)}"
    if event.triggered_by == "operator" and event.logical_date is None:
        suffix = world.random_suffix() if world.random_suffix else _suffix(event.dag_id, world.next_run_key)
        return f"{run_id}_{suffix}"
    return run_id


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
    basis = run_after if event.triggered_by == "cli" else event.logical_date
    interval = dag.document.timetable.manual_interval(from_us(basis))
    return to_us(interval.start), to_us(interval.end)


# ── runs come to be ──────────────────────────────────────────────────────────────────────────────────
def create_run(world: World, dag: DagState, row: RunRow) -> Run:
    """Queue a new run of the current version; ``row.id`` and ``row.dag_version_id`` are given here."""
    row.id = world.next_run_key
    world.next_run_key += 1
    version = dag.version
    run = Run(row, version, dag, Limit("max_active_tasks", dag.document.max_active_tasks))
    world.runs[run.key] = run
    world.by_id[run.dag_id, run.run_id] = run
    dag.enqueue(run)
    _create_instances(world, run, version, replaces=False)
    world.dirty_runs[run] = None
    world.to_plan[dag] = None
    return run


def move_to_version(world: World, run: Run, version: Version) -> None:
    """A run that has not begun takes the newest version; its instances are made anew."""
    _create_instances(world, run, version, replaces=True)
    world.dirty_runs[run] = None


def _create_instances(world: World, run: Run, version: Version, *, replaces: bool) -> None:
    plan = version.plan
    tasks = plan.document.tasks
    date = run.logical_date
    wanted = [
        date is None or ((t.start_date is None or t.start_date <= date) and (t.end_date is None or date <= t.end_date))
        for t in tasks
    ]
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


# ── runs begin ───────────────────────────────────────────────────────────────────────────────────────
def start_queued(world: World, dag: DagState) -> None:
    """Start queued runs, earliest first, while ``max_active_runs`` allows."""
    dag.wants_start_at = None
    queued = dag.queued
    while queued:
        earliest, key = queued[0]
        run = dag.active.get(key)
        if run is None or run.state != DagRunState.QUEUED:
            heapq.heappop(queued)
            continue
        if dag.running >= dag.max_active_runs:
            return
        if earliest > world.now:
            dag.wants_start_at = earliest
            world.timers.set(earliest, timers.RUN_START, dag)
            return
        heapq.heappop(queued)
        start_run(world, run)


def start_run(world: World, run: Run) -> None:
    run.turn("start")
    run.start_date = world.now
    run.end_date = None
    run.dag.running += 1
    world.dirty_runs[run] = None
    world.touched[run] = None
    watch_timeout(world, run)
    if run.is_fresh:
        world.look_at(run, run.plan.roots)
    else:
        run.recount()
        world.look_at(run, range(run.plan.size))


def watch_timeout(world: World, run: Run) -> None:
    if run.times_out_at is not None:
        world.timers.set(run.times_out_at, timers.RUN_TIMEOUT, run)
