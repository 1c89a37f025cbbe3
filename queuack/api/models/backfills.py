"""Bodies about backfills."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from queuack.api.models.common import Answer, Body, Instant


class ReprocessBehavior(StrEnum):
    FAILED = "failed"
    COMPLETED = "completed"
    NONE = "none"


class BackfillPostBody(Body):
    """Dates without an offset are UTC. ``run_on_latest_version``: null as the DAG or settings say."""

    dag_id: str
    from_date: datetime
    to_date: datetime
    run_backwards: bool = False
    dag_run_conf: dict[str, Any] | None = None
    reprocess_behavior: ReprocessBehavior = ReprocessBehavior.NONE
    max_active_runs: int = 10
    run_on_latest_version: bool | None = None


class BackfillResponse(Answer):
    id: int
    dag_id: str
    from_date: Instant
    to_date: Instant
    dag_run_conf: dict[str, Any] | None
    is_paused: bool
    reprocess_behavior: ReprocessBehavior
    max_active_runs: int
    created_at: Instant
    completed_at: Instant | None
    updated_at: Instant
    dag_display_name: str


class BackfillCollectionResponse(Answer):
    backfills: list[BackfillResponse]
    total_entries: int


class DryRunBackfillResponse(Answer):
    logical_date: Instant | None
    partition_key: str | None
    partition_date: Instant | None


class DryRunBackfillCollectionResponse(Answer):
    backfills: list[DryRunBackfillResponse]
    total_entries: int
