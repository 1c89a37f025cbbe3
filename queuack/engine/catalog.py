"""Catalog: the DAGs that exist and what is remembered of each, apart from its runs' insides.

It holds data; ``registering`` changes it when files change, ``planning`` when runs come and go.
"""

from __future__ import annotations

import heapq
from typing import NamedTuple

from queuack.engine.admission import UNLIMITED, Limit
from queuack.engine.backfill import Backfill
from queuack.engine.effects import DagRow
from queuack.engine.events import ImportErrorInfo
from queuack.engine.run import Run, Version
from queuack.engine.spec import DagDocument
from queuack.schedule.timetables import NullTimetable

REMEMBERED_RUNS = 1_000
"""Finished runs per DAG whose id and logical date stay known, to refuse duplicates without asking the store."""


class Planned(NamedTuple):
    """The next run of a schedule. Microseconds."""

    logical_date: int
    run_after: int
    start: int
    end: int
    run_id: str | None = None
    """Chosen by a custom timetable; None = the usual one."""
    partition_key: str | None = None
    """Set for a run that has a partition and no dates."""
    partition_date: int | None = None

    @property
    def date(self) -> int | None:
        """The logical date that the run gets."""
        return None if self.partition_key is not None else self.logical_date


class Asked:
    """The conversation with a custom timetable. See ``engine.asking``."""

    __slots__ = ("answered_at", "ask_at", "failures", "number", "trouble")

    def __init__(self) -> None:
        self.number = 0
        """Of the question that waits for its answer; 0 = none does."""
        self.answered_at = 0
        self.ask_at: int | None = None
        """When to ask again."""
        self.failures = 0
        """Answers in a row that were errors."""
        self.trouble: ImportErrorInfo | None = None


class DagState:
    """One DAG: its current version, its switches, its schedule and its unfinished runs."""

    __slots__ = (
        "active", "asked", "backfill", "consecutive_failures", "dag_id", "ended_at", "finished", "gate",
        "has_import_errors", "is_paused", "is_stale", "last_interval", "last_parsed_time", "last_run_after",
        "next", "queued", "recent", "relative_fileloc", "running", "taken_dates", "task_limits", "version",
        "wants_start_at",
    )  # fmt: skip

    def __init__(self, dag_id: str, relative_fileloc: str, version: Version) -> None:
        self.dag_id = dag_id
        self.relative_fileloc = relative_fileloc
        self.version = version
        self.is_paused = False
        self.is_stale = False
        self.has_import_errors = False
        self.last_parsed_time = 0
        self.next: Planned | None = None
        self.last_interval: tuple[int, int] | None = None
        """Data interval of the latest automated run."""
        self.last_run_after: int | None = None
        """When that run was to be created."""
        self.asked: Asked | None = None
        """Of a custom timetable: where the conversation with it stands."""
        self.consecutive_failures = 0
        """Failed runs at the end of the history."""
        self.active: dict[int, Run] = {}
        """Queued and running runs by key."""
        self.running = 0
        """Running runs, those of a backfill left out."""
        self.backfill: Backfill | None = None
        """The one that is not over."""
        self.queued: list[tuple[int, int]] = []
        """Heap of (earliest start, run key)."""
        self.wants_start_at: int | None = None
        """When the first queued run may start, if that is in the future."""
        self.finished: dict[int, Run] = {}
        """Finished runs that later ones look back at (only where tasks depend on the past)."""
        self.recent: dict[str, int | None] = {}
        """Run id → logical date of the last finished runs."""
        self.ended_at: dict[str, int | None] = {}
        """Run id → end of the same runs: what tells an outdated recall."""
        self.taken_dates: set[int] = set()
        """Logical dates of runs by hand that the schedule may yet come to."""
        self.gate = Limit("dag", UNLIMITED)
        """Closed (no capacity) while the DAG is paused or stale."""
        self.task_limits: dict[str, Limit] = {}

    @property
    def document(self) -> DagDocument:
        return self.version.document

    @property
    def is_open(self) -> bool:
        return not self.is_paused and not self.is_stale

    @property
    def looks_back(self) -> bool:
        """Whether some task depends on the past: in the newest version, or in that of an unfinished run."""
        return self.version.plan.needs_past or any(run.plan.needs_past for run in self.active.values())

    @property
    def max_active_runs(self) -> int:
        limit: int | None = getattr(self.document.timetable, "active_runs_limit", None)
        return self.document.max_active_runs if limit is None else min(limit, self.document.max_active_runs)

    @property
    def wants_run_at(self) -> int | None:
        """When the schedule wants a run and could have it."""
        if self.next is None or not self.is_open or self.is_full:
            return None
        return self.next.run_after

    @property
    def is_full(self) -> bool:
        """``max_active_runs`` leaves no room for another run. Runs of a backfill do not count: it has its own limit."""
        backfilled = 0 if self.backfill is None else len(self.backfill.open)
        return len(self.active) - backfilled >= self.max_active_runs

    def row(self) -> DagRow:
        document = self.document
        owners = {task.owner for task in document.tasks}
        return DagRow(
            dag_id=self.dag_id,
            relative_fileloc=self.relative_fileloc,
            fileloc=document.fileloc,
            is_paused=self.is_paused,
            is_stale=self.is_stale,
            last_parsed_time=self.last_parsed_time,
            owners=", ".join(sorted(owners)),
            description=document.description,
            timetable_summary=document.timetable_summary,
            timetable_description=document.timetable_description,
            timetable_type=document.timetable.type_name,
            max_active_tasks=document.max_active_tasks,
            max_active_runs=document.max_active_runs,
            max_consecutive_failed_dag_runs=document.max_consecutive_failed_dag_runs,
            has_import_errors=self.has_import_errors,
            dag_display_name=document.dag_display_name,
            tags=document.tags,
            is_subdag=document.parent_dag_id is not None,
            root_dag_id=document.root_dag_id,
        )

    def enqueue(self, run: Run) -> None:
        self.active[run.key] = run
        earliest = run.run_after if run.logical_date is None else max(run.run_after, run.logical_date)
        if run.backfill is not None:
            run.backfill.enqueue(run, earliest)
        else:
            heapq.heappush(self.queued, (earliest, run.key))

    def count_running(self, run: Run, change: int) -> None:
        """A run began (1) or ended (-1): it counts for its backfill, or else for the DAG."""
        if run.backfill is not None:
            run.backfill.running += change
        else:
            self.running += change

    def remember(self, run: Run) -> None:
        self.recent[run.run_id] = run.logical_date
        self.ended_at[run.run_id] = run.end_date
        while len(self.recent) > REMEMBERED_RUNS:
            oldest = next(iter(self.recent))
            del self.recent[oldest]
            self.ended_at.pop(oldest, None)

    def take_date(self, logical_date: int | None) -> None:
        """A run by hand has this date; remembered while the schedule may come to it."""
        if logical_date is not None and not isinstance(self.document.timetable, NullTimetable):
            self.taken_dates.add(logical_date)

    def pass_date(self, logical_date: int) -> None:
        """The schedule has come to this date."""
        if self.taken_dates:
            self.taken_dates = {date for date in self.taken_dates if date > logical_date}

    def knows(self, run_id: str | None, logical_date: int | None) -> bool:
        """Whether a run with this id or this logical date exists, as far as memory goes."""
        if run_id is not None and run_id in self.recent:
            return True
        if logical_date is not None and (logical_date in self.taken_dates or logical_date in self.recent.values()):
            return True
        runs = [*self.active.values(), *self.finished.values()]
        return any(
            (run_id is not None and run.run_id == run_id)
            or (logical_date is not None and run.logical_date == logical_date)
            for run in runs
        )

    def looked_back_at(self) -> set[Run]:
        """The finished runs that are ``previous`` of an unfinished one."""
        dated = [run for run in (*self.finished.values(), *self.active.values()) if run.logical_date is not None]
        dated.sort(key=lambda run: run.order)
        found: set[Run] = set()
        last: Run | None = None
        last_automated: Run | None = None
        for run in dated:
            if not run.is_finished:
                before = last_automated if run.plan.document.catchup else last
                if before is not None and before.is_finished:
                    found.add(before)
            last = run
            if run.run_type != "manual":
                last_automated = run
        return found

    def previous(self, run: Run) -> Run | None:
        """The run that ``run``'s depends_on_past tasks look at: the latest logical date before its own."""
        if run.logical_date is None:
            return None
        only_automated = run.plan.document.catchup
        best: Run | None = None
        for other in (*self.finished.values(), *self.active.values()):
            if other.logical_date is None or other.logical_date >= run.logical_date:
                continue
            if only_automated and other.run_type == "manual":
                continue
            if best is None or best.logical_date is None or other.logical_date > best.logical_date:
                best = other
        return best
