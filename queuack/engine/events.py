"""What the engine is told. Each event is a fact or a request; ``request`` (when set) asks for a reply.

``Engine.step`` answers each event that carries a ``request`` with a value or a QueuackError in
``Step.replies``; an event that is refused changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from queuack.engine.spec import DagDocument
from queuack.schedule.conditions import Leaf
from queuack.schedule.outlet_events import OutletEvent

if TYPE_CHECKING:
    from queuack.engine.effects import XComRow
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


class TimetableAnswered(Event, kw_only=True):
    """What a custom timetable said of the next run. ``run_after`` None and no ``error``: there is none at present."""

    dag_id: str
    number: int
    """Of the question, ``effects.AskTimetable``."""
    run_after: int | None = None
    start: int | None = None
    end: int | None = None
    run_id: str | None = None
    """Chosen by the timetable; None = the usual one."""
    error: str | None = None
    """One line."""
    stacktrace: str = ""


class PluginsSeen(Event, kw_only=True):
    """The plugins there are now."""

    state: str
    """Changes with them."""
    hooks: tuple[str, ...] = ()
    """Names of the listener hooks that some plugin implements."""


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
    run_type: str = "manual"
    """manual, operator_triggered or asset_materialization."""
    partition_key: str | None = None
    """Of a DAG with partitions only."""
    xcom: XComRow | None = None
    """To be written together with the run: by it the task that asked knows its own run again."""


class BackfillDate(msgspec.Struct, frozen=True, kw_only=True):
    """One run that a backfill is to have. Instants in microseconds."""

    run_after: int
    logical_date: int | None = None
    start: int | None = None
    end: int | None = None
    """Data interval."""
    partition_key: str | None = None
    """Set for a run that has a partition and no dates."""
    partition_date: int | None = None


class CreateBackfill(Event, kw_only=True):
    """Run a DAG for a range of dates. Reply: the backfill's id (int)."""

    dag_id: str
    from_date: int
    to_date: int
    dates: list[BackfillDate]
    """What the DAG's timetable has from ``from_date`` to ``to_date``, in the order in which the runs start."""
    max_active_runs: int = 10
    run_backwards: bool = False
    dag_run_conf: dict[str, Any] | None = None
    """None: new runs have no conf, and runs that are run again keep theirs."""
    reprocess_behavior: str = "none"
    run_on_latest_version: bool = True
    """Runs that are run again take the newest version of the DAG."""
    triggering_user_name: str | None = None


class SetBackfillPaused(Event, kw_only=True):
    """Reply: True when it changed."""

    backfill_id: int
    paused: bool


class CancelBackfill(Event, kw_only=True):
    """End a backfill: its queued runs fail, what is running goes on. Reply: how many runs failed."""

    backfill_id: int


class FoundRun(msgspec.Struct, frozen=True):
    """A run that exists for something a backfill is to have."""

    ordinal: int
    state: str
    recall: Recall | None = None
    """Of a finished run that is to run again."""


class RunsFound(Event, kw_only=True):
    """The answer to ``effects.FindRuns``; what is not named has no run."""

    backfill_id: int
    number: int
    runs: list[FoundRun]
    taken: list[int] = []
    """Ordinals whose run id another run has."""


class CreateAssetEvent(Event, kw_only=True):
    """Update an asset from outside; by name, by URI, or by both. Reply: the event's id (int)."""

    name: str | None = None
    uri: str | None = None
    extra: dict[str, Any] = {}
    partition_key: str | None = None


class DequeueAssets(Event, kw_only=True):
    """Forget updates that DAGs have not run for yet: of one asset, of one DAG, or of one asset for one DAG.

    Reply: how many were forgotten (int).
    """

    asset_id: int | None = None
    dag_id: str | None = None
    before: int | None = None
    """Only those queued before this instant."""


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
    queued_dttm: int | None = None
    """Of the dispatch it speaks of; None = whichever is current."""


class TriggerAsked(msgspec.Struct, frozen=True):
    """A trigger that a task wants to wait for."""

    classpath: str
    kwargs: str
    """JSON object, or encrypted."""
    queue: str | None = None


class AttemptFinished(Event, kw_only=True):
    """The worker's word on one attempt. ``outcome``: success, failed, skipped, up_for_reschedule, deferred,
    awaiting_input.

    A ``failed`` outcome is retried while the policy allows unless ``fail_without_retry``.
    """

    ti_id: int
    try_number: int
    at: int
    outcome: str
    queued_dttm: int | None = None
    """Of the dispatch it speaks of; None = whichever is current."""
    fail_without_retry: bool = False
    retry_delay: float | None = None
    """Seconds until the retry, where a retry policy says so; None = as the task says."""
    retry_reason: str | None = None
    """Why, as the policy says."""
    reschedule_at: int | None = None
    skip_tasks: tuple[str, ...] = ()
    """Task ids to mark skipped together with this success (branching, short circuit)."""
    skip_instances: tuple[tuple[str, int], ...] = ()
    """As ``skip_tasks``, for single instances of mapped tasks: (task id, map index)."""
    map_length: int | None = None
    """How many elements it returned, where something is mapped over it."""
    rendered_map_index: str | None = None
    outlets: tuple[Leaf, ...] = ()
    """What a task that succeeded has as outlets."""
    asset_events: tuple[OutletEvent, ...] = ()
    """What it said of assets."""
    trigger: TriggerAsked | None = None
    """What a ``deferred`` outcome waits for."""
    next_method: str | None = None
    """Of a ``deferred`` or ``awaiting_input`` outcome: the method it goes on in."""
    next_kwargs: bytes = b""
    """JSON object, values as ``serialization.typed_json`` writes them."""
    wait_timeout: int | None = None
    """Microseconds it waits at most."""
    started_at: int | None = None
    """When a start message was not sent of its own (short tasks): the start."""
    pid: int | None = None
    worker_id: str = ""
    hostname: str = ""
    unixname: str = ""


class TriggerFired(Event, kw_only=True):
    """A trigger has an event. ``ends``: success, failed or skipped when it ends its task without a worker."""

    trigger_id: int
    at: int
    payload: bytes
    """JSON, values as ``serialization.typed_json`` writes them."""
    ends: str = ""
    xcoms: tuple[tuple[str, str, bytes], ...] = ()
    """(key, encoding, value) to be pushed with such an end."""
    source: str = ""
    """The triggerer that says so."""
    seq: int = 0
    """Counted up by ``source`` for its whole life."""


class TriggerFailed(Event, kw_only=True):
    """A trigger ended by an exception, or without an event."""

    trigger_id: int
    at: int
    traceback: tuple[str, ...] = ()


class TriggersResealed(Event, kw_only=True):
    """The arguments of triggers are encrypted with another key. Reply: True."""

    kwargs: dict[int, tuple[str, str]]
    """Trigger id → (text as it was, text as it is to be). One that is gone or changed meanwhile is left alone."""


class InputAsked(Event, kw_only=True):
    """A running attempt asks a person something. Reply: True; InvalidRequest when no such attempt runs."""

    ti_id: int
    options: list[str]
    subject: str
    body: str | None = None
    defaults: list[str] | None = None
    multiple: bool = False
    params: dict[str, Any] = {}
    """Name → {"value", "description", "schema"}, or a plain value."""
    assignees: list[dict[str, str]] = []
    """{"id", "name"} of those who may answer; empty = anybody."""


class InputGiven(Event, kw_only=True):
    """A person has answered, within what was asked. Reply: True.

    InvalidRequest when the instance waits for no answer, AlreadyExists when it has one."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    chosen_options: list[str]
    params_input: dict[str, Any] = {}
    responded_by: dict[str, str] | None = None
    """{"id", "name"}; None: the time is over, a trigger that watches it gives the defaults, and goes on by itself."""


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
    state: str = "success"
    output: str | None = None


class SetTaskState(Event, kw_only=True):
    """Mark a task instance success, failed or skipped by hand; a running attempt is cancelled."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    """-1 of a task that has been expanded = all its instances."""
    state: str
    upstream: bool = False
    """Also everything before the task, whatever the index."""
    downstream: bool = False
    """Also everything after it but teardowns."""
    note: str | None = None
    """For each instance that is marked."""
    user: str | None = None
    """Who asks, for the audit log; so in the events below."""
    recall: Recall | None = None
    """The run as the store has it, when it is finished: the engine has forgotten it."""


class SetRunState(Event, kw_only=True):
    """Mark a run success or failed (its running tasks are cancelled), or queued again."""

    dag_id: str
    run_id: str
    state: str
    user: str | None = None
    recall: Recall | None = None
    """As in SetTaskState."""


class BranchChoice(msgspec.Struct, frozen=True):
    """What a task that skips others had decided when it last succeeded: the XCom ``skipmixin_key``."""

    task_id: str
    map_index: int
    followed: tuple[str, ...] | None
    """Of the tasks directly downstream only these run; None = ``skipped`` says which do not."""
    skipped: tuple[str, ...] = ()
    dag_id: str = ""
    run_id: str = ""
    """Of which run; empty: of the one that the request is about."""

    def place(self, asked: ClearTasks) -> tuple[str, str]:
        """(DAG id, run id)."""
        return self.dag_id or asked.dag_id, self.run_id or asked.run_id

    def skips(self, task_id: str) -> bool:
        return task_id in self.skipped if self.followed is None else task_id not in self.followed


class ClearTasks(Event, kw_only=True):
    """Forget the outcome of task instances of one run so that they run again. Reply: the task ids."""

    dag_id: str
    run_id: str
    task_ids: tuple[str, ...] | None = None
    """None = all (unless there are ``instances``)."""
    instances: tuple[tuple[str, int], ...] = ()
    """Single instances of mapped tasks besides: (task id, map index)."""
    pass_over_unknown: bool = False
    """What the run does not have of these is no error."""
    upstream: bool = False
    downstream: bool = False
    only_failed: bool = False
    include_subdags: bool = True
    """Clear the runs of SubDAGs too, to any depth; ``only_failed`` holds there as well."""
    include_parentdag: bool = True
    """Of a SubDAG's run: clear the task above that runs it and what comes after that task, up to the root."""
    only_running: bool = False
    """With ``only_failed``: those in either state."""
    only_new: bool = False
    """Only what the DAG's newest version has and the run has not; the run takes that version."""
    on_latest_version: bool = False
    """The run goes on in the DAG's newest version."""
    reopen: bool = True
    """A finished run is queued again; without, it stays as it is and the instances wait for that."""
    prevent_running: bool = False
    """Refuse when one of them is running."""
    choices: tuple[BranchChoice, ...] = ()
    """What branches of the runs had decided: where they are not cleared, that still holds."""
    note: str | None = None
    """For each instance that is cleared."""
    user: str | None = None
    recall: Recall | None = None
    """As in SetTaskState."""


class Choose(Event, kw_only=True):
    """What would the request clear or mark? Changes nothing. Reply: a list of ``choosing.Chosen``."""

    of: ClearTasks | SetTaskState


class DeleteRun(Event, kw_only=True):
    """Forget a run and all its records. Reply: the run id. TasksRunning while it is running."""

    dag_id: str
    run_id: str
    interval_before: tuple[int, int] | None = None
    """Data interval of the latest scheduled run but this one: the schedule goes on from there if this is the latest."""
    run_after_before: int | None = None
    """When that run was to be created."""
    user: str | None = None
    recall: Recall | None = None
    """As in SetTaskState."""


class DeleteInstance(Event, kw_only=True):
    """Forget a task instance: the run goes on as if the task had not been in it. Reply: the task id."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    user: str | None = None
    recall: Recall | None = None
    """As in SetTaskState."""


class ForgetPartitions(Event, kw_only=True):
    """Take partition key and date off runs of a DAG. Reply: how many runs."""

    dag_id: str
    run_ids: tuple[str, ...]
    user: str | None = None


class SetNote(Event, kw_only=True):
    """Write down something about a run, or about a task instance of it; an empty text takes it away."""

    dag_id: str
    run_id: str
    note: str
    task_id: str | None = None
    map_index: int = -1
    """-1 of a task that has been expanded = all its instances."""
    user: str | None = None
    recall: Recall | None = None
    """As in SetTaskState."""
