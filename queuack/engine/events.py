"""What the engine is told. Each event is a fact or a request; ``request`` (when set) asks for a reply.

``Engine.step`` answers each event that carries a ``request`` with a value or a QueuackError in
``Step.replies``; an event that is refused changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from queuack.engine.spec import DagDocument

if TYPE_CHECKING:
    from queuack.engine.snapshot import Recall


class Event(msgspec.Struct, kw_only=True):
    request: int | None = None


class ImportErrorInfo(msgspec.Struct, frozen=True):
    relative_fileloc: str
    message: str
    """One line: exception type and text."""
    line: int | None
    """Line in the DAG file, when known."""
    stacktrace: str


class FileParsed(Event, kw_only=True):
    """A file was parsed. DAGs it defined before and does not now, go stale, unless ``error`` is set."""

    relative_fileloc: str
    file_hash: str
    source: str
    """The text (empty for a file in a zip)."""
    documents: list[DagDocument]
    errors: list[ImportErrorInfo]
    """An error whose file as a whole failed, and one for each DAG that is bad beside good ones."""
    parse_duration: float = 0.0
    warnings: list[str] = []


class FileGone(Event, kw_only=True):
    relative_fileloc: str


class TriggerRun(Event, kw_only=True):
    """Create a run by hand. Reply: the run id (str)."""

    dag_id: str
    run_id: str | None = None
    logical_date: int | None = None
    data_interval_start: int | None = None
    data_interval_end: int | None = None
    run_after: int | None = None
    conf: dict[str, Any] = {}
    note: str | None = None
    triggered_by: str = "cli"
    """cli, rest_api, ui, test, operator, timetable, asset, backfill (Airflow's DagRunTriggeredByType)."""
    triggering_user_name: str | None = None


class SetPaused(Event, kw_only=True):
    """Reply: True when it changed."""

    dag_id: str
    paused: bool


class DeleteDag(Event, kw_only=True):
    """Forget a DAG and all its records; refused while a task of it is running. Reply: number of runs in memory."""

    dag_id: str


class SetPool(Event, kw_only=True):
    pool: str
    slots: int
    """-1 = unlimited."""
    description: str = ""
    include_deferred: bool = False


class DeletePool(Event, kw_only=True):
    pool: str


class AttemptStarted(Event, kw_only=True):
    ti_id: int
    try_number: int
    at: int
    pid: int
    hostname: str = ""
    unixname: str = ""
    worker_id: str = ""


class AttemptFinished(Event, kw_only=True):
    """The worker's word on one attempt. ``outcome``: success, failed, skipped, up_for_reschedule.

    A ``failed`` outcome is retried while the policy allows unless ``fail_without_retry``.
    """

    ti_id: int
    try_number: int
    at: int
    outcome: str
    fail_without_retry: bool = False
    reschedule_at: int | None = None
    skip_tasks: tuple[str, ...] = ()
    """Task ids to mark skipped together with this success (branching, short circuit)."""
    skip_instances: tuple[tuple[str, int], ...] = ()
    """As ``skip_tasks``, for single instances of mapped tasks: (task id, map index)."""
    map_length: int | None = None
    """How many elements it returned, where something is mapped over it."""
    rendered_map_index: str | None = None
    started_at: int | None = None
    """When a start message was not sent of its own (short tasks): the start."""
    pid: int | None = None
    worker_id: str = ""
    hostname: str = ""
    unixname: str = ""


class AttemptLost(Event, kw_only=True):
    """The process that ran it died, or was killed. Finishes the attempt by its retry policy."""

    ti_id: int
    try_number: int
    at: int
    reason: str


class AttemptReturned(Event, kw_only=True):
    """It was handed out and never begun: queue it again, same attempt."""

    ti_id: int
    try_number: int


class CallbackFinished(Event, kw_only=True):
    callback_id: int


class SetTaskState(Event, kw_only=True):
    """Mark a task instance success, failed or skipped by hand; a running attempt is cancelled."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    state: str
    recall: Recall | None = None
    """The run as the store has it, when it is finished: the engine has forgotten it."""


class SetRunState(Event, kw_only=True):
    """Mark a run success or failed (its running tasks are cancelled), or queued again."""

    dag_id: str
    run_id: str
    state: str
    recall: Recall | None = None
    """As in SetTaskState."""


class ClearTasks(Event, kw_only=True):
    """Forget the outcome of task instances of one run so that they run again. Reply: the task ids."""

    dag_id: str
    run_id: str
    task_ids: tuple[str, ...] | None = None
    """None = all."""
    upstream: bool = False
    downstream: bool = False
    only_failed: bool = False
    recall: Recall | None = None
    """As in SetTaskState."""
