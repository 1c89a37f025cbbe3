"""Backfill: a range of dates whose runs are made apart from the schedule, in memory.

It holds and counts: what is still to be made, which of its runs are unfinished, which of them may start next. What is
made of a date is decided in ``backfilling``.
https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/backfill.html
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

from queuack.engine.effects import BackfillRow
from queuack.engine.snapshot import Entry

if TYPE_CHECKING:
    from queuack.engine.run import Run


class ReprocessBehavior(StrEnum):
    """What becomes of a date that has a run already."""

    NONE = "none"
    FAILED = "failed"
    COMPLETED = "completed"


class BackfillDagRunExceptionReason(StrEnum):
    """Why a date got no run."""

    IN_FLIGHT = "in flight"
    ALREADY_EXISTS = "already exists"
    UNKNOWN = "unknown"


class Backfill:
    """One backfill that is not over. Attributes named as the columns of ``backfill``."""

    __slots__ = (
        "asked", "completed_at", "created_at", "dag_id", "dag_run_conf", "from_date", "id", "is_paused", "later",
        "max_active_runs", "open", "ordinals", "pending", "queued", "reprocess_behavior", "run_on_latest_version",
        "running", "to_date", "triggering_user_name",
    )  # fmt: skip

    def __init__(self, row: BackfillRow) -> None:
        self.id = row.id
        self.dag_id = row.dag_id
        self.from_date = row.from_date
        self.to_date = row.to_date
        self.dag_run_conf = row.dag_run_conf
        self.is_paused = row.is_paused
        self.reprocess_behavior = ReprocessBehavior(row.reprocess_behavior)
        self.max_active_runs = row.max_active_runs
        self.created_at = row.created_at
        self.completed_at = row.completed_at
        self.triggering_user_name = row.triggering_user_name
        self.run_on_latest_version = row.run_on_latest_version
        self.pending: deque[Entry] = deque()
        """Of which it is not decided yet what becomes of them, in order."""
        self.asked = 0
        """Number of the question that waits for its answer: which runs exist for the first of those; 0 = none does."""
        self.ordinals: dict[int, int] = {}
        """Run key → place in the order."""
        self.open: dict[int, Run] = {}
        """Queued and running runs by key."""
        self.running = 0
        self.queued: list[tuple[int, int]] = []
        """Heap of (place in the order, run key)."""
        self.later: list[tuple[int, int]] = []
        """Heap of (earliest start, run key): those whose time has not come."""

    def row(self, now: int) -> BackfillRow:
        return BackfillRow(
            id=self.id,
            dag_id=self.dag_id,
            from_date=self.from_date,
            to_date=self.to_date,
            dag_run_conf=self.dag_run_conf,
            is_paused=self.is_paused,
            reprocess_behavior=str(self.reprocess_behavior),
            max_active_runs=self.max_active_runs,
            created_at=self.created_at,
            completed_at=self.completed_at,
            updated_at=now,
            triggering_user_name=self.triggering_user_name,
            run_on_latest_version=self.run_on_latest_version,
        )

    @property
    def is_done(self) -> bool:
        """Nothing is left to be made or to end."""
        return not self.pending and not self.open

    def enqueue(self, run: Run, earliest: int) -> None:
        """A run of it is queued, and may not start before ``earliest``."""
        self.open[run.key] = run
        heapq.heappush(self.later, (earliest, run.key))

    def leave(self, run: Run) -> None:
        """A run of it has ended."""
        self.open.pop(run.key, None)

    def startable(self, now: int) -> Iterator[Run]:
        """The runs that may start, in order; whoever takes one starts it before asking for the next."""
        while self.later and self.later[0][0] <= now:
            key = heapq.heappop(self.later)[1]
            heapq.heappush(self.queued, (self.ordinals.get(key, 0), key))
        while self.queued and not self.is_paused and self.running < self.max_active_runs:
            run = self.open.get(heapq.heappop(self.queued)[1])
            if run is not None and run.state == "queued":
                yield run

    @property
    def wakes_at(self) -> int | None:
        """When the first of those whose time has not come may start."""
        return self.later[0][0] if self.later else None


def reason_against(state: str, behavior: ReprocessBehavior) -> BackfillDagRunExceptionReason | None:
    """Why a date whose run is in ``state`` gets none; None = it is run again."""
    if state not in ("success", "failed"):
        return BackfillDagRunExceptionReason.IN_FLIGHT
    if behavior is ReprocessBehavior.NONE or (behavior is ReprocessBehavior.FAILED and state != "failed"):
        return BackfillDagRunExceptionReason.ALREADY_EXISTS
    return None
