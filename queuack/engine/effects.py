"""What the engine answers: writes for the store, commands for the executor.

A write is a whole row or a change of one; the store groups them by type and applies a step's
writes in one transaction. For InstanceRow the last one of an id wins. Commands may be carried
out only after the writes of their step are durable.
"""

from __future__ import annotations

from typing import Any

import msgspec

from queuack.engine.events import ImportErrorInfo


class Write(msgspec.Struct, kw_only=True, tag=True, array_like=True):
    """Base of all writes. Tagged and array-like: the store's journal keeps some of them as MessagePack."""


class DagRow(Write, kw_only=True):
    """Insert or replace a row of ``dag`` (all columns but those of NextRunRow)."""

    dag_id: str
    relative_fileloc: str
    fileloc: str
    is_paused: bool
    is_stale: bool
    last_parsed_time: int
    owners: str
    description: str | None
    timetable_summary: str
    timetable_description: str
    timetable_type: str
    max_active_tasks: int
    max_active_runs: int
    max_consecutive_failed_dag_runs: int
    has_import_errors: bool
    dag_display_name: str | None
    tags: tuple[str, ...]
    is_subdag: bool = False
    root_dag_id: str | None = None
    """Of a SubDAG: the DAG at the top."""


class NextRunRow(Write, kw_only=True):
    """``dag.next_dagrun*``; all None = no next run."""

    dag_id: str
    next_dagrun: int | None
    next_dagrun_data_interval_start: int | None
    next_dagrun_data_interval_end: int | None
    next_dagrun_create_after: int | None
    next_dagrun_partition_key: str | None = None
    next_dagrun_partition_date: int | None = None


class DagVersionRow(Write, kw_only=True):
    """Insert into ``dag_version``, ``serialized_dag`` and ``dag_code``."""

    id: int
    dag_id: str
    version_number: int
    document: bytes
    document_hash: str
    file_hash: str
    source: str
    created_at: int


class DagSourceRow(Write, kw_only=True):
    """The file's text changed and the serialized form did not: the version's code is the new text."""

    version_id: int
    file_hash: str
    source: str
    updated_at: int


class DagDeleted(Write, kw_only=True):
    """Delete every row of a DAG in every table."""

    dag_id: str


class RunsCleaned(Write, kw_only=True):
    """Delete finished runs, which the engine does not hold, and every row that hangs on them."""

    run_keys: tuple[int, ...]


class RunDeleted(Write, kw_only=True):
    """Delete every row of a run in every table but the audit log."""

    id: int
    dag_id: str
    run_id: str


class InstanceDeleted(Write, kw_only=True):
    """Delete every row of a task instance in every table but the audit log."""

    id: int
    run_key: int


class PartitionsForgotten(Write, kw_only=True):
    """``dag_run.partition_key`` and ``partition_date`` become NULL."""

    dag_id: str
    run_ids: tuple[str, ...]


class ImportErrorRows(Write, kw_only=True):
    """The import errors of one file, replacing those it had; empty = mended."""

    relative_fileloc: str
    errors: tuple[ImportErrorInfo, ...]
    at: int


class RunRow(Write, kw_only=True):
    """Insert or update (by ``id``) a row of ``dag_run``."""

    id: int
    dag_id: str
    run_id: str
    run_type: str
    state: str
    logical_date: int | None
    data_interval_start: int | None
    data_interval_end: int | None
    run_after: int
    queued_at: int | None
    start_date: int | None
    end_date: int | None
    conf: dict[str, Any]
    triggered_by: str
    triggering_user_name: str | None
    note: str | None
    dag_version_id: int
    clear_number: int
    updated_at: int
    partition_key: str | None = None
    partition_date: int | None = None
    parent_dag_id: str | None = None
    parent_run_id: str | None = None
    parent_task_id: str | None = None
    parent_map_index: int = -1
    """Of the task instance that runs this run as its SubDAG; all None (and -1) for any other run."""
    backfill_id: int | None = None


class BackfillRow(Write, kw_only=True):
    """Insert or replace a row of ``backfill``."""

    id: int
    dag_id: str
    from_date: int
    to_date: int
    dag_run_conf: dict[str, Any] | None
    is_paused: bool
    reprocess_behavior: str
    max_active_runs: int
    created_at: int
    completed_at: int | None
    updated_at: int
    triggering_user_name: str | None
    run_on_latest_version: bool


class BackfillDatesPlanned(Write, kw_only=True):
    """Insert into ``backfill_dag_run`` what a backfill is to have, nothing made yet: columns by position, with
    ``id`` from ``first_id`` and ``sort_ordinal`` from 1."""

    backfill_id: int
    first_id: int
    logical_dates: tuple[int | None, ...]
    starts: tuple[int | None, ...]
    ends: tuple[int | None, ...]
    run_afters: tuple[int, ...]
    partition_keys: tuple[str | None, ...]
    partition_dates: tuple[int | None, ...]


class BackfillDagRunRow(Write, kw_only=True):
    """What has become of a row of ``backfill_dag_run``: the run's id, or why there is none."""

    id: int
    dag_run_id: int | None = None
    exception_reason: str | None = None


class NewInstances(Write, kw_only=True):
    """Insert the task instances of a new run, state NULL, try_number 0: columns by position.

    ``ti_ids[i]`` is ``first_id + i``; task attributes come from the version's document.
    """

    first_id: int
    dag_id: str
    run_id: str
    run_key: int
    dag_version_id: int
    run_after: int
    task_ids: tuple[str, ...]
    operators: tuple[str, ...]
    operator_names: tuple[str, ...]
    pools: tuple[str, ...]
    pool_slots: tuple[int, ...]
    queues: tuple[str, ...]
    priority_weights: tuple[int, ...]
    max_tries: tuple[int, ...]
    at: int
    replaces: bool = False
    """Delete the run's instances first: a queued run that has not begun moved to a newer version."""


class InstancesRevised(Write, kw_only=True):
    """Instances that run again in another version of their DAG: what comes from the version, columns by position."""

    dag_version_id: int
    ids: tuple[int, ...]
    operators: tuple[str, ...]
    operator_names: tuple[str, ...]
    pools: tuple[str, ...]
    pool_slots: tuple[int, ...]
    queues: tuple[str, ...]
    priority_weights: tuple[int, ...]


class RunNoteRow(Write, kw_only=True):
    """Insert, replace or (empty) delete the row of ``dag_run_note``, and write ``dag_run.note``."""

    id: int
    """Of the run."""
    content: str
    user: str | None
    at: int


class InstanceNoteRow(Write, kw_only=True):
    """The same of ``task_instance_note`` and ``task_instance.note``."""

    id: int
    """Of the task instance."""
    content: str
    user: str | None
    at: int


class InstancesExpanded(Write, kw_only=True):
    """A mapped task is expanded: the instance ``ti_id`` has map index 0 from now on, and ``count`` new ones follow it,
    without state: id ``first_id + n`` has map index ``first_index + n``; everything else is as ``ti_id`` has it."""

    ti_id: int
    first_id: int
    count: int
    first_index: int = 1
    max_tries: int = 0
    at: int = 0


class TaskMapRow(Write, kw_only=True):
    """Insert or replace a row of ``task_map``: how long something is that others are mapped over; None = delete it."""

    run_key: int
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    length: int | None


class RenderedMapIndexRow(Write, kw_only=True):
    """What ``map_index_template`` gave for a task instance."""

    id: int
    rendered_map_index: str


class InstanceRow(Write, kw_only=True):
    """The changing columns of a row of ``task_instance``, whole."""

    id: int
    state: str | None
    try_number: int
    max_tries: int
    scheduled_dttm: int | None
    queued_dttm: int | None
    start_date: int | None
    end_date: int | None
    retry_at: int | None
    """When an up_for_retry or up_for_reschedule instance may run again (column ``next_try_at``)."""
    pid: int | None
    hostname: str
    unixname: str
    worker_id: str
    """Column ``external_executor_id``."""
    updated_at: int


class InstanceHistoryRow(Write, kw_only=True):
    """An attempt that ended and was not the last, for ``task_instance_history``: the row as it stood.

    The store completes it with the fixed columns of ``task_instance`` (dag_id, task_id, pool, …).
    """

    row: InstanceRow
    retry_delay_override: float | None = None
    retry_reason: str | None = None


class RetryOverrideRow(Write, kw_only=True):
    """What a retry policy said of the retry that a task instance waits for: columns of ``task_instance``. Both None =
    the retry has begun."""

    id: int
    retry_delay_override: float | None = None
    """Seconds."""
    retry_reason: str | None = None


class RescheduleRow(Write, kw_only=True):
    """One more row of ``task_reschedule``: a sensor looked, and asked to be run again later."""

    ti_id: int
    run_key: int
    try_number: int
    start_date: int
    """Of this look."""
    end_date: int
    reschedule_date: int


class DeferralRow(Write, kw_only=True):
    """What a deferred instance waits for and how it goes on: columns of ``task_instance``. All None = nothing."""

    id: int
    """Of the task instance."""
    trigger_id: int | None = None
    trigger_timeout: int | None = None
    next_method: str | None = None
    next_kwargs: bytes | None = None
    """JSON object, values as ``serialization.typed_json`` writes them."""


class HitlDetailRow(Write, kw_only=True):
    """What an attempt asks a person: a row of ``hitl_detail``, in place of that of an earlier try."""

    ti_id: int
    try_number: int
    options: list[str]
    subject: str
    body: str | None
    defaults: list[str] | None
    multiple: bool
    params: dict[str, Any]
    assignees: list[dict[str, str]]
    created_at: int


class HitlAnswered(Write, kw_only=True):
    """The answer, in the row of its question. ``responded_by`` None: the time was over, these are the defaults."""

    ti_id: int
    responded_at: int
    responded_by: dict[str, str] | None
    chosen_options: list[str]
    params_input: dict[str, Any]


class TriggerRow(Write, kw_only=True):
    """Insert or replace a row of ``trigger``."""

    id: int
    classpath: str
    kwargs: str
    """JSON object, or encrypted."""
    created_date: int
    queue: str | None = None
    fired_by: str | None = None
    """The triggerer whose event was the last one taken, of a trigger that fires again and again."""
    fired_seq: int = 0
    """The number of that event: what is not above it has been taken."""


class TriggerDeleted(Write, kw_only=True):
    id: int


class XComRow(Write, kw_only=True):
    """Insert or replace one XCom. Comes from a worker, not from the engine."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    key: str
    encoding: str
    """json, parquet, pickle, file (see ``worker/xcom``)."""
    value: bytes
    at: int


class XComsCleared(Write, kw_only=True):
    """Delete the XComs of one task instance (before it runs again) or one key of it."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    key: str | None = None


class RenderedFieldsRow(Write, kw_only=True):
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    rendered: bytes
    """JSON object: field → value."""


class LogRow(Write, kw_only=True):
    """The audit log, table ``log``."""

    event: str
    at: int
    dag_id: str | None = None
    run_id: str | None = None
    task_id: str | None = None
    map_index: int | None = None
    try_number: int | None = None
    logical_date: int | None = None
    owner: str | None = None
    extra: str | None = None


class PoolRow(Write, kw_only=True):
    pool: str
    slots: int
    description: str
    include_deferred: bool


class PoolDeleted(Write, kw_only=True):
    pool: str


class VariableRow(Write, kw_only=True):
    """Comes from the service, not from the engine."""

    key: str
    val: str
    """Encrypted when ``is_encrypted`` says so."""
    description: str | None = None
    is_encrypted: bool = False


class UserRow(Write, kw_only=True):
    """Somebody who may use the API and the pages. Comes from the service."""

    id: int
    username: str
    password: str
    """As ``daemon/services/passwords.py`` makes it, never the text."""
    role: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    active: bool = True
    created_on: int
    changed_on: int


class UserDeleted(Write, kw_only=True):
    username: str


class FavoriteRow(Write, kw_only=True):
    """A DAG that somebody marked, or no longer marks. Comes from the service."""

    username: str
    dag_id: str
    marked: bool


class VariableDeleted(Write, kw_only=True):
    key: str


class ConnectionRow(Write, kw_only=True):
    """Comes from the service, not from the engine. ``password`` and ``extra`` are encrypted as the flags say."""

    conn_id: str
    conn_type: str
    description: str | None = None
    host: str | None = None
    schema: str | None = None
    login: str | None = None
    password: str | None = None
    port: int | None = None
    extra: str | None = None
    """JSON object."""
    is_encrypted: bool = False
    is_extra_encrypted: bool = False


class ConnectionDeleted(Write, kw_only=True):
    conn_id: str


class CallbackRow(Write, kw_only=True):
    """A callback that a worker must run: stored until CallbackDone, so a crash does not lose it."""

    id: int
    dag_id: str
    run_id: str
    task_id: str | None
    """None = the DAG's callback."""
    map_index: int
    kind: str
    """success, failure, retry, listener_…, deadline (one was missed), deadline_reference (when is it?)."""
    reason: str
    """Airflow's reason: success, task_failure, timed_out, all_tasks_deadlocked, or the loss of the process."""
    created_at: int
    data: str = "{}"
    """JSON object: of a deadline, what is called with what, or what is asked."""
    runner: str = "executor"
    """executor: a worker runs it; triggerer: the trigger ``trigger_id`` does."""
    state: str = "pending"
    trigger_id: int | None = None


class CallbackDone(Write, kw_only=True):
    id: int
    state: str = "success"
    """success or failed."""
    output: str | None = None
    """What it returned, or its error, where that is kept."""


class Command(msgspec.Struct, kw_only=True):
    """Base of all commands."""


class Dispatch(Command, kw_only=True):
    """Run this attempt. Everything else a worker needs is read from ``engine.runs[run_key]``."""

    ti_id: int
    run_key: int
    task_index: int
    map_index: int
    try_number: int
    max_tries: int
    queued_dttm: int | None = None
    """The instant of this dispatch: what is said of the attempt repeats it."""
    task_reschedule_count: int = 0
    """How often this try has asked to be run again later."""
    first_reschedule_us: int | None = None
    """When the first process of this try began, if that count is not 0."""
    next_method: str | None = None
    """The method in which a deferred task goes on; None = it begins."""
    next_kwargs: bytes = b""
    begun_us: int | None = None
    """When this try began, if it goes on after a deferral."""


class Cancel(Command, kw_only=True):
    """Stop this attempt; its state has been decided, its outcome will be ignored."""

    ti_id: int
    try_number: int
    reason: str


class StartTrigger(Command, kw_only=True):
    """Run a trigger of ``engine.triggers``."""

    trigger_id: int


class StopTrigger(Command, kw_only=True):
    """Run it no more. ``killed``: a person decided so, the trigger is to end what it started elsewhere."""

    trigger_id: int
    killed: bool = False


class RunCallback(Command, kw_only=True):
    callback: CallbackRow


class AskTimetable(Command, kw_only=True):
    """Ask a custom timetable for the run after the last; the answer is the event ``TimetableAnswered``."""

    number: int
    dag_id: str
    importable: str
    data: dict[str, Any]
    """The class and its serialized form, as in ``schedule.timetables.CustomTimetable``."""
    last_start: int | None
    last_end: int | None
    last_run_after: int | None
    """Of the latest automated run; None = there was none."""
    earliest: int | None
    latest: int | None
    catchup: bool


class SoughtRun(msgspec.Struct, frozen=True):
    """A run that a backfill is to have, by what tells whether it exists."""

    ordinal: int
    run_id: str | None
    logical_date: int | None
    partition_date: int | None


class FindRuns(Command, kw_only=True):
    """Look in the store which of these runs exist; the answer is the event ``RunsFound``."""

    backfill_id: int
    number: int
    dag_id: str
    runs: tuple[SoughtRun, ...]
    recalled_states: tuple[str, ...]
    """Finished runs in these states are wanted whole: they are to run again."""


class Step(msgspec.Struct):
    """The result of ``Engine.step``."""

    writes: list[Write]
    commands: list[Command]
    replies: dict[int, Any]
    """request → value, or a QueuackError instance."""
