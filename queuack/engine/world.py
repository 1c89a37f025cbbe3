"""World: everything the engine remembers, and what the present step has to say so far.

It only keeps; the modules around it decide. Within a step rows are not built when something changes but once, at the
end.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from queuack.engine import states, timers
from queuack.engine.admission import UNLIMITED, Admission, Limit
from queuack.engine.asset_book import AssetBook
from queuack.engine.backfill import Backfill
from queuack.engine.catalog import DagState
from queuack.engine.deadlines import Deadline
from queuack.engine.deferral import Trigger, is_due
from queuack.engine.effects import CallbackRow, Command, LogRow, NextRunRow, PoolRow, RunCallback, Write
from queuack.engine.events import FileParsed, ImportErrorInfo
from queuack.engine.run import Run
from queuack.engine.timers import Timers
from queuack.errors import DagNotFound, DagRunNotFound

DEFAULT_POOL = "default_pool"


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator of the deployment decides; names as Airflow's settings."""

    parallelism: int = 32
    """Attempts queued or running at once, over everything."""
    max_workers: int | None = None
    """Of them, attempts of tasks that take a worker each; None = parallelism."""
    has_coroutines: bool = True
    """Async tasks share workers; False: they take one each."""
    dags_are_paused_at_creation: bool = False
    dormant: bool = False
    """Requests and files are recorded, but no run is created by its schedule or started, and nothing is handed out: for
    a command on a file that no daemon has open."""
    default_pool_slots: int = 128
    """Slots of ``default_pool`` when it is created; -1 = unlimited."""
    max_task_retry_delay: float = 86_400.0
    """Seconds; no exponential backoff goes beyond."""
    partition_mapper_max_downstream_keys: int = 1_000
    """So many partitions one asset event may count for, where the mapper says nothing else."""
    evaluations_per_step: int = 2_000
    """How many instances one step may look at, so that no step is long; the rest is done in the next."""


class Work:
    """Tasks of a run to look at, because an instance upstream reached ``state`` (NONE: for another reason)."""

    __slots__ = ("at", "epoch", "run", "state", "targets")

    def __init__(self, run: Run, targets: Sequence[int], state: int) -> None:
        self.run = run
        self.epoch = run.epoch
        self.targets = targets
        self.state = state
        self.at = 0


class World:
    """The memory of the engine. Single owner, no locks."""

    __slots__ = (
        "admission",
        "assets",
        "backfills",
        "by_id",
        "callbacks",
        "children",
        "commands",
        "dags",
        "deadlines",
        "dirty",
        "dirty_backfills",
        "dirty_dags",
        "dirty_runs",
        "failed_files",
        "file_errors",
        "files",
        "hosts",
        "listened",
        "live",
        "next_backfill_date_id",
        "next_backfill_id",
        "next_callback_id",
        "next_question",
        "next_run_key",
        "next_ti_id",
        "next_trigger_id",
        "next_version_id",
        "now",
        "on_callback_done",
        "plugin_state",
        "random_suffix",
        "recalled",
        "replies",
        "runs",
        "settings",
        "shadowed",
        "timers",
        "to_ask",
        "to_begin",
        "to_end",
        "to_find",
        "to_plan",
        "to_return",
        "touched",
        "triggers",
        "unsaid",
        "work",
        "writes",
    )  # fmt: skip

    def __init__(self, settings: EngineSettings, random_suffix: Callable[[], str] | None = None) -> None:
        self.settings = settings
        self.random_suffix = random_suffix
        self.now = 0
        self.dags: dict[str, DagState] = {}
        self.runs: dict[int, Run] = {}
        """By key: unfinished runs, and the finished ones that others look back at."""
        self.by_id: dict[tuple[str, str], Run] = {}
        self.children: dict[tuple[str, str], dict[tuple[str, int], Run]] = {}
        """Runs of SubDAGs by (DAG id, run id) of the run above, then by (task id, map index) of its task."""
        self.to_begin: dict[tuple[Run, int], None] = {}
        """SubDagOperators that wait from now on: their child is to run."""
        self.to_return: dict[Run, None] = {}
        """Runs of SubDAGs that have ended, which the task above has not been told."""
        self.to_end: dict[Run, str] = {}
        """Runs of SubDAGs that nobody waits for any more, and the state to end them in."""
        self.live: dict[int, tuple[Run, int]] = {}
        """Attempts queued or running, by task instance id."""
        self.admission = Admission(settings.parallelism, settings.max_workers, has_coroutines=settings.has_coroutines)
        self.assets = AssetBook()
        self.timers = Timers(self._is_current)
        self.callbacks: dict[int, CallbackRow] = {}
        """Not yet known to have run."""
        self.on_callback_done: Callable[[int, str, str | None], None]
        """What is to be done when a callback has run: its id, state, output."""
        self.deadlines: dict[int, dict[int, Deadline]] = {}
        """Run key → deadlines that are not missed, by id."""
        self.triggers: dict[int, Trigger] = {}
        """Triggers that are to run, by id."""
        self.next_trigger_id = 1
        self.files: dict[str, set[str]] = {}
        """relative_fileloc → ids of the DAGs it defines or defined last."""
        self.failed_files: set[str] = set()
        """relative_fileloc of files that have import errors."""
        self.file_errors: dict[str, tuple[ImportErrorInfo, ...]] = {}
        """relative_fileloc → what its last parse went wrong with. Not known of files not parsed since the start."""
        self.shadowed: dict[str, FileParsed] = {}
        """Files that define a DAG which another live file defines too."""
        self.next_version_id = self.next_run_key = self.next_ti_id = self.next_callback_id = 1
        self.hosts: dict[str, str] = {}
        self.work: deque[Work] = deque()
        self.to_plan: dict[DagState, None] = {}
        """DAGs whose runs may be created or started."""
        self.touched: dict[Run, None] = {}
        """Runs that may have ended."""
        self.to_ask: dict[DagState, None] = {}
        """DAGs whose custom timetable is to be asked for the next run."""
        self.backfills: dict[int, Backfill] = {}
        """Backfills that are not over, by id."""
        self.to_find: dict[Backfill, None] = {}
        """Backfills for which the store is to be asked which runs exist."""
        self.next_backfill_id = self.next_backfill_date_id = 1
        self.next_question = 0
        self.plugin_state = ""
        self.listened: frozenset[str] = frozenset()
        """Listener hooks that some plugin implements."""
        self.recalled: list[Run] = []
        """Finished runs that are back from the store for this step."""
        self.unsaid: list[Write] = []
        """Writes decided outside a step (at creation); they go out with the next."""
        self.writes: list[Write] = []
        self.commands: list[Command] = []
        self.replies: dict[int, Any] = {}
        self.dirty: dict[int, tuple[Run, int]] = {}
        self.dirty_runs: dict[Run, None] = {}
        self.dirty_backfills: dict[Backfill, None] = {}
        self.dirty_dags: dict[DagState, None] = {}
        self._create_default_pool()

    def _create_default_pool(self) -> None:
        slots = self.settings.default_pool_slots
        row = PoolRow(pool=DEFAULT_POOL, slots=slots, description="Default pool", include_deferred=False)
        self.set_pool(row)
        self.unsaid.append(row)

    def set_pool(self, row: PoolRow) -> None:
        pool = self.admission.pool(row.pool)
        pool.capacity = UNLIMITED if row.slots < 0 else row.slots
        pool.description, pool.include_deferred, pool.is_missing = row.description, row.include_deferred, False
        self.admission.freed(pool)

    # ── one step ─────────────────────────────────────────────────────────────────────────────────
    def begin(self, now: int) -> None:
        self.now = now
        self.writes, self.unsaid = self.unsaid, []
        self.commands, self.replies = [], {}

    def flush(self) -> None:
        """Turn what changed into rows."""
        now, writes = self.now, self.writes
        writes.extend(dag.row() for dag in self.dirty_dags)
        writes.extend(backfill.row(now) for backfill in self.dirty_backfills)
        for run in self.dirty_runs:
            run.updated_at = now
            writes.append(run.row)
        for run, i in self.dirty.values():
            writes.append(run.instance_row(i, now))
        self.dirty_dags, self.dirty_backfills, self.dirty_runs, self.dirty = {}, {}, {}, {}

    def change(self, run: Run, i: int) -> None:
        """The row of this instance is to be written."""
        self.dirty[run.ti_ids[i]] = (run, i)

    def look_at(self, run: Run, targets: Sequence[int], state: int = states.NONE) -> None:
        """Leave tasks of a run to be looked at in this step, or the next if this one is full."""
        if targets:
            run.pending += 1
            self.work.append(Work(run, targets, state))

    def look_at_past_waiting(self, run: Run) -> None:
        """Something of ``run``, or that it is there at all, may let later runs of its DAG go on: look at what waits
        for the past."""
        for other in run.dag.active.values():
            if other.past_waiting and other is not run:
                self.look_at(other, sorted(other.past_waiting))

    # ── finding ──────────────────────────────────────────────────────────────────────────────────
    def dag(self, dag_id: str) -> DagState:
        try:
            return self.dags[dag_id]
        except KeyError:
            raise DagNotFound(f"There is no DAG {dag_id!r}.") from None

    def run(self, dag_id: str, run_id: str) -> Run:
        self.dag(dag_id)
        try:
            return self.by_id[dag_id, run_id]
        except KeyError:
            raise DagRunNotFound(f"DAG {dag_id!r} has no run {run_id!r} in memory.") from None

    def task_limit(self, run: Run, task: int) -> None:
        """Make sure the limits of one limited task exist."""
        if task in run.task_limits:
            return
        limits = []
        per_dag, per_run = run.plan.per_dag[task], run.plan.per_run[task]
        task_id = run.plan.task_ids[task]
        if per_dag is not None:
            limit = run.dag.task_limits.get(task_id)
            if limit is None:
                limit = run.dag.task_limits[task_id] = Limit("max_active_tis_per_dag", per_dag)
            elif limit.capacity != per_dag:
                limit.capacity = per_dag
                self.admission.freed(limit)
            limits.append(limit)
        if per_run is not None:
            limits.append(Limit("max_active_tis_per_dagrun", per_run))
        run.task_limits[task] = limits

    # ── telling ──────────────────────────────────────────────────────────────────────────────────
    def log_task(self, run: Run, i: int, event: str, extra: str | None = None, owner: str | None = None) -> None:
        """An audit row about one attempt, as Airflow's ``log`` table has them. ``owner``: default that of the task."""
        if extra is None:
            detail = run.details[i]
            extra = self._host(detail.hostname) if detail is not None and detail.hostname else None
        task = run.plan.document.tasks[run.task_of[i]]
        self.writes.append(
            LogRow(
                event=event,
                at=self.now,
                dag_id=run.dag_id,
                run_id=run.run_id,
                task_id=task.task_id,
                map_index=run.map_indexes[i],
                try_number=run.tries[i],
                logical_date=run.logical_date,
                owner=owner or task.owner,
                extra=extra,
            )
        )

    def _host(self, hostname: str) -> str:
        text = self.hosts.get(hostname)
        if text is None:
            text = self.hosts[hostname] = json.dumps({"host_name": hostname})
        return text

    def log(self, event: str, dag_id: str, *, run_id: str | None = None, owner: str | None = None,
            extra: Any = None) -> None:  # fmt: skip
        """An audit row about a DAG or a run; ``extra`` is written as JSON."""
        text = None if extra is None else json.dumps(extra)
        self.writes.append(LogRow(event=event, at=self.now, dag_id=dag_id, run_id=run_id, owner=owner, extra=text))

    def tell_listeners(self, run: Run, state: str, reason: str) -> None:
        """Have a worker call the listeners of plugins for a run that began or ended, if there are any."""
        if f"on_dag_run_{state}" in self.listened:
            self.call_back(run, f"listener_{state}", reason)

    def tell_next(self, dag: DagState) -> None:
        """The DAG's next run changed."""
        found = dag.next
        self.writes.append(
            NextRunRow(
                dag_id=dag.dag_id,
                next_dagrun=found and found.date,
                next_dagrun_data_interval_start=found and (None if found.date is None else found.start),
                next_dagrun_data_interval_end=found and (None if found.date is None else found.end),
                next_dagrun_create_after=found and found.run_after,
                next_dagrun_partition_key=found and found.partition_key,
                next_dagrun_partition_date=found and found.partition_date,
            )
        )

    def call_back(
        self, run: Run, kind: str, reason: str, position: int | None = None, *, data: str = "{}"
    ) -> CallbackRow:
        """Have a worker run a callback, of the DAG or of the instance at ``position``; it is kept until it is known to
        have run."""
        row = self.keep_callback(run, kind, reason, position, data=data)
        self.commands.append(RunCallback(callback=row))
        return row

    def keep_callback(
        self, run: Run, kind: str, reason: str, position: int | None = None, *, data: str = "{}"
    ) -> CallbackRow:
        """A callback that runs otherwise."""
        row = CallbackRow(
            id=self.next_callback_id,
            dag_id=run.dag_id,
            run_id=run.run_id,
            task_id=None if position is None else run.plan.task_ids[run.task_of[position]],
            map_index=-1 if position is None else run.map_indexes[position],
            kind=kind,
            reason=reason,
            created_at=self.now,
            data=data,
        )
        self.next_callback_id += 1
        self.callbacks[row.id] = row
        self.writes.append(row)
        return row

    # ── timers ───────────────────────────────────────────────────────────────────────────────────
    @staticmethod
    def _is_current(when: int, kind: int, subject: Any) -> bool:
        if kind == timers.RETRY:
            run, i = subject
            detail = run.details[i]
            waits = run.states[i] in (states.UP_FOR_RETRY, states.UP_FOR_RESCHEDULE)
            return bool(waits and not run.is_finished and detail is not None and detail.retry_at == when)
        if kind == timers.NEXT_RUN:
            return bool(subject.wants_run_at == when)
        if kind == timers.RUN_START:
            return bool(subject.wants_start_at == when)
        if kind == timers.WAIT:
            run, i = subject
            return is_due(run, i, when)
        if kind == timers.DEADLINE:
            return bool(not subject.is_over and subject.at == when)
        if kind == timers.ASK:
            return bool(subject.asked is not None and subject.asked.ask_at == when)
        return bool(subject.state == "running" and subject.times_out_at == when)
