"""What the engine is rebuilt from at start: rows the store reads, in the engine's terms.

Only what scheduling needs: current versions and versions of unfinished runs, unfinished runs with
all their task instances, and a little of the past (last runs, past states for depends_on_past).
"""

from __future__ import annotations

from typing import Any

import msgspec

from queuack.engine.asset_snapshot import AssetsSnapshot
from queuack.engine.deadline_spec import DeadlineDocument
from queuack.engine.effects import BackfillRow, CallbackRow, HitlAnswered, RunRow, TriggerRow
from queuack.engine.events import BackfillDate


class DagSnapshot(msgspec.Struct, kw_only=True):
    dag_id: str
    is_paused: bool
    is_stale: bool
    relative_fileloc: str
    version_id: int
    version_number: int
    document_hash: str
    file_hash: str
    document: bytes
    has_import_errors: bool = False
    last_run: RunRow | None = None
    """The latest scheduled run by logical date (automated runs only, backfill excluded), for the next run."""
    last_parsed_time: int = 0
    consecutive_failures: int = 0
    """Failed runs at the end of the history, by run_after, at most max_consecutive_failed_dag_runs."""
    taken_dates: list[int] = []
    """Logical dates after that of ``last_run`` that runs by hand have: the schedule makes no second run of them."""


class QuestionSnapshot(msgspec.Struct, kw_only=True):
    """What an instance has asked a person, and the answer if it has one."""

    try_number: int
    defaults: list[str] | None
    params: dict[str, Any]
    answer: HitlAnswered | None = None


class InstanceSnapshot(msgspec.Struct, kw_only=True):
    id: int
    task_id: str
    map_index: int
    state: str | None
    try_number: int
    max_tries: int
    scheduled_dttm: int | None
    queued_dttm: int | None
    start_date: int | None
    end_date: int | None
    retry_at: int | None
    pid: int | None
    hostname: str
    unixname: str
    worker_id: str
    reschedules: int = 0
    """How often the present try has asked to be run again later."""
    trigger_id: int | None = None
    trigger_timeout: int | None = None
    next_method: str | None = None
    next_kwargs: bytes | None = None
    question: QuestionSnapshot | None = None


class RunSnapshot(msgspec.Struct, kw_only=True):
    row: RunRow
    instances: list[InstanceSnapshot]
    lengths: list[tuple[str, int, int]] = []
    """Rows of ``task_map``: task id, map index, length."""


class VersionSnapshot(msgspec.Struct, kw_only=True):
    """An older version that an unfinished run still uses."""

    version_id: int
    version_number: int
    dag_id: str
    document: bytes
    file_hash: str


class Recall(msgspec.Struct, kw_only=True):
    """A finished run as the store has it, for a request about it."""

    run: RunSnapshot
    version: VersionSnapshot
    before: Recall | None = None
    """The run before it, where a task of it depends on the past."""
    family: list[Recall] = []
    """The other finished runs of its tree, where it has SubDAGs or is the run of one."""


class PoolSnapshot(msgspec.Struct, kw_only=True):
    pool: str
    slots: int
    description: str
    include_deferred: bool


class Entry(msgspec.Struct, frozen=True):
    """A row of ``backfill_dag_run``."""

    id: int
    ordinal: int
    """From 1, in the order in which the runs start."""
    date: BackfillDate


class BackfillSnapshot(msgspec.Struct, kw_only=True):
    """A backfill that is not over."""

    row: BackfillRow
    pending: list[Entry] = []
    """Of which it is not decided yet what becomes of them, in order."""
    ordinals: list[tuple[int, int]] = []
    """(run key, place in the order) of those that have a run."""


class DeadlineSnapshot(msgspec.Struct, kw_only=True):
    run_key: int
    alert_id: int
    at: int
    created_at: int
    definition: DeadlineDocument


class Snapshot(msgspec.Struct, kw_only=True):
    dags: list[DagSnapshot] = []
    versions: list[VersionSnapshot] = []
    runs: list[RunSnapshot] = []
    """Unfinished runs (queued, running); for DAGs with a task that depends on the past, the latest finished run with
    its instances; finished runs of which a callback has still to run, or that have a deadline yet to miss;
    finished runs of SubDAGs below an unfinished run."""
    pools: list[PoolSnapshot] = []
    callbacks: list[CallbackRow] = []
    assets: AssetsSnapshot = msgspec.field(default_factory=AssetsSnapshot)
    failed_files: list[str] = []
    """relative_fileloc of files that have import errors."""
    next_version_id: int = 1
    next_run_key: int = 1
    next_ti_id: int = 1
    next_callback_id: int = 1
    triggers: list[TriggerRow] = []
    next_trigger_id: int = 1
    backfills: list[BackfillSnapshot] = []
    next_backfill_id: int = 1
    next_backfill_date_id: int = 1
    deadlines: list[DeadlineSnapshot] = []
    """Those that are not missed."""
