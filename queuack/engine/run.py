"""Run: one DAG run in memory: a plan, one state per task instance, and counters of upstream states.

It holds and counts; what happens next is decided elsewhere. An instance's position is its task's index; of a mapped
task that is the first instance, and the others have positions after all tasks (see ``spread``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from queuack.engine import states
from queuack.engine.effects import InstanceRow, RunRow
from queuack.engine.instants import SECOND
from queuack.engine.mapping import Mapping
from queuack.engine.plan import Plan, compile_plan
from queuack.engine.relevance import counts_of
from queuack.engine.spec import DagDocument
from queuack.engine.spread import Spread
from queuack.engine.trigger_rules import Counts
from queuack.errors import IllegalTransition

if TYPE_CHECKING:
    from queuack.engine.admission import Limit
    from queuack.engine.backfill import Backfill
    from queuack.engine.catalog import DagState
    from queuack.engine.deferral import Deferral
    from queuack.engine.questions import Question


class Version:
    """One version of a DAG; compiled when first needed."""

    __slots__ = ("_plan", "dag_id", "document", "document_hash", "file_hash", "id", "number")

    def __init__(
        self, version_id: int, number: int, dag_id: str, document: DagDocument, document_hash: str, file_hash: str
    ) -> None:
        self.id = version_id
        self.number = number
        self.dag_id = dag_id
        self.document = document
        self.document_hash = document_hash
        self.file_hash = file_hash
        self._plan: Plan | None = None

    @property
    def plan(self) -> Plan:
        if self._plan is None:
            plan = compile_plan(self.document)
            plan.version_id, plan.version_number, plan.file_hash = self.id, self.number, self.file_hash
            self._plan = plan
        return self._plan

    def take_source(self, file_hash: str) -> None:
        """The file changed, the DAG did not: its source is now the file with this hash."""
        self.file_hash = file_hash
        if self._plan is not None:
            self._plan.file_hash = file_hash


class Detail:
    """What is known of an instance beyond its state. Instants in microseconds."""

    __slots__ = (
        "deferral", "end_date", "hostname", "pid", "question", "queued_dttm", "reschedules", "retry_at",
        "scheduled_dttm", "start_date", "unixname", "worker_id",
    )  # fmt: skip

    def __init__(self) -> None:
        self.scheduled_dttm: int | None = None
        self.queued_dttm: int | None = None
        self.start_date: int | None = None
        self.end_date: int | None = None
        self.retry_at: int | None = None
        self.reschedules = 0
        """Of the present try."""
        self.deferral: Deferral | None = None
        """What it waits for, or how it goes on once a worker has it."""
        self.question: Question | None = None
        """What it has asked a person."""
        self.pid: int | None = None
        self.hostname = ""
        self.unixname = ""
        self.worker_id = ""


class Parent(NamedTuple):
    """The task instance that runs a run as its SubDAG."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int


def parent_of(row: RunRow) -> Parent | None:
    """None: the run is nobody's SubDAG."""
    if row.parent_dag_id is None or row.parent_run_id is None or row.parent_task_id is None:
        return None
    return Parent(row.parent_dag_id, row.parent_run_id, row.parent_task_id, row.parent_map_index)


class Run:
    """One DAG run. Attributes named as the columns of ``dag_run``; ``key`` is its integer id."""

    __slots__ = (
        "backfill", "backfill_id", "clear_number", "conf", "dag", "dag_id", "data_interval_end", "data_interval_start",
        "details", "end_date", "epoch", "failed", "held", "key", "limit", "logical_date", "map_indexes", "max_tries",
        "needed", "note", "order", "parent", "partition_date", "partition_key", "past_waiting", "pending", "plan",
        "queued_at", "removed", "run_after", "run_id", "run_type", "scope_done", "skipped", "spread",
        "start_date", "state", "states", "success", "tally", "task_limits", "task_of", "ti_ids", "tries",
        "triggered_by", "triggering_user_name", "updated_at", "upstream_failed", "version",
    )  # fmt: skip

    def __init__(self, row: RunRow, version: Version, dag: DagState, limit: Limit) -> None:
        self.key = row.id
        self.dag_id = row.dag_id
        self.run_id = row.run_id
        self.run_type = row.run_type
        self.state = row.state
        self.logical_date = row.logical_date
        self.data_interval_start = row.data_interval_start
        self.data_interval_end = row.data_interval_end
        self.run_after = row.run_after
        self.queued_at = row.queued_at
        self.start_date = row.start_date
        self.end_date = row.end_date
        self.conf: dict[str, Any] = row.conf
        self.triggered_by = row.triggered_by
        self.triggering_user_name = row.triggering_user_name
        self.note = row.note
        self.clear_number = row.clear_number
        self.updated_at = row.updated_at
        self.partition_key = row.partition_key
        self.partition_date = row.partition_date
        self.parent = parent_of(row)
        self.backfill_id = row.backfill_id
        self.backfill: Backfill | None = None
        """The backfill it belongs to, while that is not over."""
        self.dag = dag
        self.limit = limit
        """``max_active_tasks`` of this run."""
        self.order = row.run_after if row.logical_date is None else row.logical_date
        self.adopt(version, range(0))

    def __lt__(self, other: Run) -> bool:
        """For queues, where a run that was built anew in another version may stand twice: either order will do."""
        return self.key < other.key

    def adopt(self, version: Version, ti_ids: Sequence[int]) -> None:
        """Take a version's plan, all instances new."""
        plan = version.plan
        size = plan.size
        self.version = version
        self.plan = plan
        self.ti_ids = ti_ids
        """By position; 0 for a task without instance."""
        self.task_of = plan.tasks
        """Position → index of the task in the plan: every look into the plan goes through it."""
        self.map_indexes = plan.unmapped
        """Position → map index, -1 for an instance of a task that is not mapped, or not yet."""
        self.states = bytearray([states.NONE]) * size
        self.tries = [0] * size
        self.max_tries = list(plan.retries)
        self.details: list[Detail | None] = [None] * size
        self.task_limits: dict[int, list[Limit]] = {}
        self.tally = [0] * len(states.NAMES)
        """Instances by state."""
        self.tally[states.NONE] = size
        self.held: set[int] = set()
        """Ready, waiting for the DAG to be unpaused."""
        self.past_waiting: set[int] = set()
        """Ready, waiting for the run before."""
        self.pending = 0
        """Pieces of work that the engine still has to do for this run."""
        self.epoch = 0
        self.needed = plan.upstream_count if plan.mapping is None else list(plan.mapping.outer_count)
        """By task: how many instances upstream it looks at (of mapped upstream tasks: all, unless they share a mapped
        group with it)."""
        self.spread = None if plan.mapping is None else Spread(self, plan.mapping)
        """The instances of mapped tasks; None = the plan has none."""
        self.forget_counts()

    def forget_counts(self) -> None:
        size = self.plan.size
        self.success = [0] * size
        self.failed = [0] * size
        self.skipped = [0] * size
        self.upstream_failed = [0] * size
        self.removed: list[int] | None = None
        self.scope_done: dict[int, int] = {}

    # ── counting ─────────────────────────────────────────────────────────────────────────────────
    def counter(self, state: int) -> list[int]:
        """The list, by task index, that counts upstream instances in this finished state."""
        if state == states.SUCCESS:
            return self.success
        if state == states.SKIPPED:
            return self.skipped
        if state == states.FAILED:
            return self.failed
        if state == states.UPSTREAM_FAILED:
            return self.upstream_failed
        if self.removed is None:
            self.removed = [0] * self.plan.size
        return self.removed

    def recount(self) -> None:
        """Build the counters anew from the states (after a finished instance changed by hand, or at restore)."""
        self.forget_counts()
        self.epoch += 1
        self.pending = 0
        watchers, scope, task_of = self.plan.watchers, self.plan.scope, self.task_of
        mapping = self.plan.mapping
        downstream = self.plan.downstream if mapping is None else mapping.outer_downstream
        for i, state in enumerate(self.states):
            if states.IS_FINISHED[state]:
                counter = self.counter(state)
                task = task_of[i]
                for target in downstream[task]:
                    counter[target] += 1
                for target in watchers.get(task, ()):
                    if target in scope:
                        self.scope_done[target] = self.scope_done.get(target, 0) + 1

    def counts(self, i: int) -> Counts:
        """What the trigger rule of the instance at position ``i`` looks at."""
        if self.spread is not None:
            return counts_of(self, self.spread, i)
        counts = Counts(
            self.needed[i],
            self.success[i],
            self.skipped[i],
            self.failed[i],
            self.upstream_failed[i],
            0 if self.removed is None else self.removed[i],
        )
        setups = self.plan.direct_setups.get(i)
        if setups:
            counts.setups = len(setups)
            counts.success_setups = sum(self.states[s] == states.SUCCESS for s in setups)
            counts.skipped_setups = sum(self.states[s] == states.SKIPPED for s in setups)
        return counts

    @property
    def unfinished(self) -> int:
        """Instances that are not in a finished state."""
        t = self.tally
        finished = (
            t[states.SUCCESS] + t[states.FAILED] + t[states.SKIPPED] + t[states.UPSTREAM_FAILED] + t[states.REMOVED]
        )
        return len(self.states) - t[states.ABSENT] - finished

    @property
    def is_fresh(self) -> bool:
        """Nothing was ever decided about any of its instances."""
        return self.clear_number == 0 and self.tally[states.NONE] + self.tally[states.ABSENT] == len(self.states)

    @property
    def is_finished(self) -> bool:
        return self.state in ("success", "failed")

    @property
    def times_out_at(self) -> int | None:
        """When ``dagrun_timeout`` ends the run; None = never."""
        timeout = self.plan.document.dagrun_timeout
        if timeout is None or self.start_date is None:
            return None
        return self.start_date + round(timeout * SECOND)

    # ── changing ─────────────────────────────────────────────────────────────────────────────────
    def move(self, i: int, move: int) -> int:
        """Follow the table of transitions; returns the new state. Raises IllegalTransition."""
        before = self.states[i]
        after = states.MOVES[move][before]
        if after < 0:
            raise IllegalTransition(self.story(i, move))
        self.states[i] = after
        self.tally[before] -= 1
        self.tally[after] += 1
        if self.spread is not None:
            self.spread.moved(self.task_of[i], before, after)
        return after

    def turn(self, move: str) -> None:
        """Follow the runs' table of transitions. Raises IllegalTransition."""
        after = states.RUN_TRANSITIONS.get((states.DagRunState(self.state), move))
        if after is None:
            raise IllegalTransition(f"{self.dag_id}/{self.run_id} is {self.state} and cannot {move}.")
        self.state = str(after)

    def absent(self, i: int) -> None:
        """This run has no instance of task ``i``."""
        self.states[i] = states.ABSENT
        self.tally[states.NONE] -= 1
        self.tally[states.ABSENT] += 1
        if self.plan.mapping is not None:
            self._need_less(self.plan.mapping, i)

    def vanish(self, i: int) -> None:
        """The instance at ``i``, the only one of its task, is no more; whoever calls this counts anew."""
        before, self.states[i] = self.states[i], states.NONE
        self.tally[before] -= 1
        self.tally[states.NONE] += 1
        if self.spread is not None:
            self.spread.moved(self.task_of[i], before, states.NONE)
        self.absent(i)
        if not isinstance(self.ti_ids, list):
            self.ti_ids = list(self.ti_ids)
        self.ti_ids[i] = 0
        self.tries[i] = 0
        self.details[i] = None

    def _need_less(self, mapping: Mapping, absent: int) -> None:
        """As in Airflow: where something upstream is mapped, a task that is not there is not waited for."""
        for target in mapping.outer_downstream[absent]:
            if any(u in mapping.expansions for u in self.plan.upstream[target]):
                self.needed[target] -= 1

    def detail(self, i: int) -> Detail:
        found = self.details[i]
        if found is None:
            found = self.details[i] = Detail()
        return found

    # ── instances ────────────────────────────────────────────────────────────────────────────────
    def instances(self, task: int) -> Sequence[int]:
        """Positions of the instances of a task, by map index."""
        if self.spread is None:
            return (task,)
        return self.spread.positions.get(task) or (task,)

    def all_instances(self, tasks: Sequence[int]) -> Sequence[int]:
        """Positions of the instances of these tasks."""
        if self.spread is None or not self.spread.positions:
            return tasks
        return [i for task in tasks for i in self.instances(task)]

    def position(self, task_id: str, map_index: int) -> int | None:
        """Where an instance is; None when the run has no such instance."""
        task = self.plan.index.get(task_id)
        if task is None:
            return None
        if self.spread is None or task not in self.spread.positions:
            return task if map_index == -1 and self.states[task] != states.ABSENT else None
        found = self.spread.positions[task]
        return found[map_index] if 0 <= map_index < len(found) else None

    def add_instances(self, task: int, ids: Sequence[int]) -> Sequence[int]:
        """Expand a task: its one instance becomes map index 0, and these are new. Returns all positions that are new
        to it. An expanded task just gets more."""
        spread = self.spread
        assert spread is not None
        size, count = len(self.states), len(ids)
        known = len(spread.positions.get(task, ()))
        if self.task_of is self.plan.tasks:  # shared until now
            self.task_of, self.map_indexes = list(self.task_of), list(self.map_indexes)
        if not isinstance(self.ti_ids, list):
            self.ti_ids = list(self.ti_ids)
        self.task_of.extend([task] * count)
        first = known or 1
        self.map_indexes.extend(range(first, first + count))
        self.ti_ids.extend(ids)
        self.states.extend(bytes([states.NONE]) * count)
        self.tries.extend([0] * count)
        self.max_tries.extend([self.plan.retries[task]] * count)
        self.details.extend([None] * count)
        self.tally[states.NONE] += count
        new = range(size, size + count)
        if not known:
            self.map_indexes[task] = 0
        spread.add(task, new if known else (task, *new))
        for target in spread.mapping.outer_downstream[task]:
            self.needed[target] += count
        return new

    # ── telling ──────────────────────────────────────────────────────────────────────────────────
    def story(self, i: int, move: int) -> str:
        """Everything known of an instance that was asked to go where it cannot go."""
        detail = self.detail(i)
        facts = ", ".join(f"{name}={getattr(detail, name)!r}" for name in Detail.__slots__ if getattr(detail, name))
        return (
            f"{self.dag_id}/{self.run_id}/{self.name(i)} (id {self.ti_ids[i]}) is "
            f"{states.NAMES[self.states[i]] or 'without state'} at try {self.tries[i]} of {self.max_tries[i] + 1} "
            f"and cannot {states.Move(move).name.lower()}. Run {self.state}; upstream: {self.counts(i)}. {facts}"
        )

    def name(self, i: int) -> str:
        """``task_id``, or ``task_id[map_index]``."""
        task_id, map_index = self.plan.task_ids[self.task_of[i]], self.map_indexes[i]
        return task_id if map_index < 0 else f"{task_id}[{map_index}]"

    @property
    def row(self) -> RunRow:
        return RunRow(
            id=self.key,
            dag_id=self.dag_id,
            run_id=self.run_id,
            run_type=self.run_type,
            state=self.state,
            logical_date=self.logical_date,
            data_interval_start=self.data_interval_start,
            data_interval_end=self.data_interval_end,
            run_after=self.run_after,
            queued_at=self.queued_at,
            start_date=self.start_date,
            end_date=self.end_date,
            conf=self.conf,
            triggered_by=self.triggered_by,
            triggering_user_name=self.triggering_user_name,
            note=self.note,
            dag_version_id=self.version.id,
            clear_number=self.clear_number,
            updated_at=self.updated_at,
            partition_key=self.partition_key,
            partition_date=self.partition_date,
            parent_dag_id=self.parent and self.parent.dag_id,
            parent_run_id=self.parent and self.parent.run_id,
            parent_task_id=self.parent and self.parent.task_id,
            parent_map_index=-1 if self.parent is None else self.parent.map_index,
            backfill_id=self.backfill_id,
        )

    def instance_row(self, i: int, now: int) -> InstanceRow:
        detail = self.detail(i)
        return InstanceRow(
            id=self.ti_ids[i],
            state=states.NAMES[self.states[i]],
            try_number=self.tries[i],
            max_tries=self.max_tries[i],
            scheduled_dttm=detail.scheduled_dttm,
            queued_dttm=detail.queued_dttm,
            start_date=detail.start_date,
            end_date=detail.end_date,
            retry_at=detail.retry_at,
            pid=detail.pid,
            hostname=detail.hostname,
            unixname=detail.unixname,
            worker_id=detail.worker_id,
            updated_at=now,
        )
