"""The messages between the daemon and its children and clients: who may say what, when.

One Unix domain stream socket in the home folder carries all of it. A frame is a 4-byte big-endian
length and a MessagePack body: one of the structs below, told apart by its ``t`` field.

The first frame on a connection is Hello, from the one that connected; the daemon answers Welcome or
Refused. After that:

* A **worker** says Started, Finished, XComPush, XComClear, Rendered, CallbackRan: facts that must not be lost. Each
  carries ``seq``, counted up by the worker for its whole life. The daemon says Ack(seq) once the facts up to
  ``seq`` are durable; the worker keeps every fact until then and, after a lost connection, says them again in
  order behind a new Hello whose ``holding`` lists all attempts it has (waiting, running, or finished and not
  acknowledged). The daemon ignores a fact it has heard. It also says Executing (the clock of a time limit runs) and
  Leaving (no more work, please), which may get lost.
  The daemon says Run (more work), Recall (give back what you have not begun; the worker answers
  Recalled with what it gave back), Cancel (stop this attempt, say nothing of it), Stop (finish the running
  task, then leave).
* A **worker**, **parser** or **client** says Ask at any time; the daemon answers Answer with the same ``id``.
  What a worker may ask: see ``daemon/runtime_service.py``; a client: see ``daemon/service.py``.
* The **parser** says Parsed, Gone, ScanDone and PluginsFound; the daemon answers nothing. The daemon says Reparse and
  Stop. It says TimetableQuestion, the parser answers each with one TimetableAnswer; a question whose parser is gone is
  put to the next one.
* The **triggerer** says TriggerFired and TriggerFailed: facts, kept and acknowledged as a worker's; its Hello lists the
  triggers it has. The daemon says RunTriggers, CancelTriggers and Stop (clean up, then leave: the triggers run again in
  the next triggerer). A task's trigger is cancelled by the daemon once its event is durable.
* Anyone says Heartbeat; silence for long from a worker that holds a task counts as death.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import msgspec

from queuack.errors import ProtocolError
from queuack.schedule.conditions import Leaf
from queuack.schedule.outlet_events import OutletEvent

VERSION = 1
MAX_FRAME = 512 * 1024 * 1024
"""Bytes; a longer frame is refused."""


class Message(msgspec.Struct, tag_field="t", array_like=False, omit_defaults=True):
    """Base of all messages."""


class RunInfo(msgspec.Struct, omit_defaults=True, kw_only=True):
    """The DAG run a task belongs to. Instants in microseconds."""

    dag_id: str
    run_id: str
    run_type: str
    logical_date: int | None
    data_interval_start: int | None
    data_interval_end: int | None
    run_after: int
    queued_at: int | None = None
    start_date: int | None = None
    end_date: int | None = None
    state: str = "running"
    conf: dict[str, Any] = {}
    triggered_by: str = ""
    triggering_user_name: str | None = None
    note: str | None = None
    clear_number: int = 0
    partition_key: str | None = None
    partition_date: int | None = None


class Workload(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One attempt of one task instance, or one callback."""

    ti_id: int
    task_id: str
    """Empty for a callback of the DAG."""
    map_index: int = -1
    try_number: int = 1
    max_tries: int = 0
    """Retries allowed: the attempt is retried on failure while try_number <= max_tries."""
    fileloc: str
    relative_fileloc: str
    file_hash: str
    """Of the version the run uses; when the file on disk differs the worker asks for ``source``."""
    version_id: int
    version_number: int = 1
    run: RunInfo
    isolation: str = "warm"
    is_async: bool = False
    """It runs on the worker's event loop, beside others."""
    log_path: str = ""
    """Relative to the logs folder."""
    queued_dttm: int | None = None
    """When it was handed out. Its facts repeat it: a try that is interrupted is handed out more than once."""
    task_reschedule_count: int = 0
    """How often this try has asked to be run again later (sensors in reschedule mode)."""
    first_reschedule_us: int | None = None
    """When its first process began, if that count is not 0."""
    expected_duration: float | None = None
    """Seconds, from history; None = never seen."""
    execution_timeout: float | None = None
    """Seconds; what the executor kills by when the worker's own timeout does not end the task."""
    callback_id: int | None = None
    callback_kind: str = ""
    """success or failure, for a callback; deadline, deadline_reference: see ``callback_data``."""
    upstream_map_indexes: dict[str, list[int]] = {}
    """Upstream task in the same mapped group → the map indexes this instance looks at; a task that is not here is
    looked at whole."""
    is_mapped_over: bool = False
    """Another task or group expands over what this one returns: Finished says how long that is."""
    callback_reason: str = ""
    callback_data: str = ""
    """JSON object: of a deadline, what is called with what, or what is asked."""
    next_method: str | None = None
    """The method in which a deferred task goes on; None = it begins with ``execute``."""
    next_kwargs: bytes = b""
    """JSON object, values as ``serialization.typed_json`` writes them."""
    begun_us: int | None = None
    """When this try began, if it goes on after a deferral."""
    inactive_assets: list[tuple[str, str]] = []
    """(name, URI) of inlets and outlets that are not active: with one, the task fails."""


class TriggerRequest(msgspec.Struct, omit_defaults=True):
    """A trigger that a task wants to wait for."""

    classpath: str
    kwargs: bytes
    """JSON object, values as ``serialization.typed_json`` writes them."""
    queue: str | None = None


class WaitingTask(msgspec.Struct, omit_defaults=True, kw_only=True):
    """The task instance that waits for a trigger."""

    ti_id: int
    task_id: str
    map_index: int = -1
    try_number: int = 1
    max_tries: int = 0
    log_path: str = ""
    """Of the attempt, relative to the logs folder: the trigger's own log lies beside it."""
    run: RunInfo
    template_fields: list[str] = []
    """Arguments of the trigger that are templates: only of a task that begins in the triggerer."""
    params: dict[str, Any] = {}
    """Of the DAG, for these templates."""


class TriggerWork(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One trigger to run."""

    trigger_id: int
    classpath: str
    kwargs: bytes
    task: WaitingTask | None = None
    """None: it watches something, and fires again and again."""
    assets: list[tuple[str, str]] = []
    """(name, URI) of the assets that are watched."""


class Held(msgspec.Struct):
    ti_id: int
    try_number: int
    phase: str
    """waiting, running or finished."""
    callback_id: int | None = None
    is_async: bool = False


# ── anyone → daemon ──────────────────────────────────────────────────────────────────────────────
class Hello(Message, tag="hello", kw_only=True):
    role: str
    """worker, parser, triggerer, client, api_server."""
    name: str
    """Worker id; unique for the life of the home."""
    pid: int
    token: str = ""
    protocol: int = VERSION
    holding: list[Held] = []
    triggers: list[int] = []
    """Ids of the triggers that a triggerer runs, or has something to say of."""


class Ask(Message, tag="ask"):
    id: int
    method: str
    params: dict[str, Any] = {}


class Heartbeat(Message, tag="heartbeat"):
    pass


# ── worker → daemon ──────────────────────────────────────────────────────────────────────────────
class Fact(Message, kw_only=True):
    """Base of what must not be lost."""

    seq: int


class Started(Fact, tag="started", kw_only=True):
    ti_id: int
    try_number: int
    at: int
    pid: int
    queued_dttm: int | None = None
    """Of the workload."""


class Finished(Fact, tag="finished", kw_only=True):
    """``outcome``: success, failed, skipped, up_for_reschedule, deferred, awaiting_input."""

    ti_id: int
    try_number: int
    at: int
    outcome: str
    queued_dttm: int | None = None
    """Of the workload."""
    started_at: int | None = None
    pid: int | None = None
    fail_without_retry: bool = False
    retry_delay: float | None = None
    """Seconds until the retry, where a retry policy says so."""
    retry_reason: str | None = None
    """Why, as the policy says."""
    reschedule_at: int | None = None
    skip_tasks: tuple[str, ...] = ()
    skip_instances: tuple[tuple[str, int], ...] = ()
    """(task id, map index) to mark skipped together with this success: a branch inside a mapped group."""
    map_length: int | None = None
    """How many elements were returned, where ``is_mapped_over``; None = nothing was."""
    rendered_map_index: str | None = None
    """What ``map_index_template`` gave."""
    outlets: tuple[Leaf, ...] = ()
    """What a task that succeeded has as outlets."""
    asset_events: tuple[OutletEvent, ...] = ()
    """What it said of assets."""
    trigger: TriggerRequest | None = None
    """What a deferred task waits for."""
    next_method: str | None = None
    """The method in which a deferred task, or one that awaits input, goes on."""
    next_kwargs: bytes = b""
    """JSON object, values as ``serialization.typed_json`` writes them."""
    wait_timeout: int | None = None
    """Microseconds it waits at most."""
    import_us: int = 0
    """Microseconds of it that went into importing the DAG file, and into fetching what the task is mapped over: no part
    of its usual duration."""


class XComPush(Fact, tag="xcom_push", kw_only=True):
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    key: str
    encoding: str
    value: bytes
    at: int


class XComClear(Fact, tag="xcom_clear", kw_only=True):
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    key: str | None = None


class Rendered(Fact, tag="rendered", kw_only=True):
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    rendered: bytes


class CallbackRan(Fact, tag="callback_ran", kw_only=True):
    callback_id: int
    state: str = "success"
    """success or failed, of a deadline's callback."""
    output: str | None = None
    """What it returned, or its error."""


# ── triggerer → daemon ───────────────────────────────────────────────────────────────────────────
class TriggerFired(Fact, tag="trigger_fired", kw_only=True):
    trigger_id: int
    at: int
    payload: bytes
    """JSON, values as ``serialization.typed_json`` writes them."""
    ends: str = ""
    """success, failed or skipped: the event ends the task without a worker."""
    xcoms: list[tuple[str, str, bytes]] = []
    """(key, encoding, value) to be pushed with such an end."""


class TriggerFailed(Fact, tag="trigger_failed", kw_only=True):
    """It raised, ended without an event, or could not be made. Only of a task's trigger."""

    trigger_id: int
    at: int
    traceback: list[str] = []


# ── worker → daemon, what may get lost ───────────────────────────────────────────────────────────
class Recalled(Message, tag="recalled"):
    attempts: list[tuple[int, int]]
    """(ti_id, try_number) given back; for one that was cancelled: it has stopped."""


class Loading(Message, tag="loading"):
    """The DAG file of an attempt is being loaded, for the first time in this worker: that says nothing of the task."""

    ti_id: int
    try_number: int


class Executing(Message, tag="executing"):
    """The attempt's code begins now, after Loading or where it has a time limit."""

    ti_id: int
    try_number: int


class Leaving(Message, tag="leaving"):
    """The worker is about to end by itself (recycled, or asked to by a signal): give it nothing more."""


# ── parser → daemon ──────────────────────────────────────────────────────────────────────────────
class ParseFailure(msgspec.Struct):
    relative_fileloc: str
    message: str
    line: int | None
    stacktrace: str


class Parsed(Message, tag="parsed", kw_only=True):
    relative_fileloc: str
    file_hash: str
    source: str
    documents: list[bytes]
    """Encoded DagDocuments."""
    failures: list[ParseFailure]
    duration: float = 0.0
    warnings: list[str] = []


class Gone(Message, tag="gone"):
    relative_fileloc: str


class ScanDone(Message, tag="scan_done"):
    """Every file that was there at start has been parsed (or has failed)."""

    files: list[str]
    """relative_fileloc of every DAG file there is; a file the daemon knows and this list lacks is gone."""


class PluginsFound(Message, tag="plugins_found", kw_only=True):
    """The plugins there are now, as a process that tried them all has found."""

    state: str
    """Changes with them."""
    hooks: list[str] = []
    """Names of the listener hooks that some plugin implements."""
    errors: dict[str, str] = {}
    """File or entry point → why it is left out."""


class TimetableRun(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A run to come, or one by hand."""

    run_after: int | None = None
    start: int | None = None
    end: int | None = None
    run_id: str | None = None
    """None = the timetable leaves it to the daemon."""


class TimetableAnswer(Message, tag="timetable_answer", kw_only=True):
    """``runs`` may be fewer than asked for: no more are known at present."""

    number: int
    runs: list[TimetableRun] = []
    error: str | None = None
    """One line."""
    stacktrace: str = ""


# ── daemon → anyone ──────────────────────────────────────────────────────────────────────────────
class Welcome(Message, tag="welcome", kw_only=True):
    settings: dict[str, str] = {}
    """``section.key`` → value, those that differ from the default."""


class Refused(Message, tag="refused"):
    reason: str


class Answer(Message, tag="answer", kw_only=True):
    id: int
    value: Any = None
    error: str | None = None
    error_type: str = ""
    """Class name in ``queuack.errors``."""


class Run(Message, tag="run"):
    workloads: list[Workload]


class Recall(Message, tag="recall"):
    attempts: list[tuple[int, int]]


class Cancel(Message, tag="cancel"):
    ti_id: int
    try_number: int
    reason: str


class Ack(Message, tag="ack"):
    seq: int


class RunTriggers(Message, tag="run_triggers"):
    triggers: list[TriggerWork]


class CancelTriggers(Message, tag="cancel_triggers"):
    """Run these no more."""

    trigger_ids: list[int]
    killed: list[int] = []
    """Of these, ``on_kill`` is to run: a person ended the task."""


class Reparse(Message, tag="reparse"):
    relative_fileloc: str | None = None
    """None = everything."""


class Stop(Message, tag="stop"):
    pass


class TimetableQuestion(Message, tag="timetable_question", kw_only=True):
    """To the parser: ask a custom timetable for the runs after the last, or for the interval of a run by hand."""

    number: int
    dag_id: str
    importable: str
    data: dict[str, Any]
    """The class and its serialized form."""
    last_start: int | None = None
    last_end: int | None = None
    last_run_after: int | None = None
    """Of the latest automated run; None = there was none."""
    earliest: int | None = None
    latest: int | None = None
    catchup: bool = False
    count: int = 1
    """So many runs, each following the one before."""
    manual_run_after: int | None = None
    """Instead of runs: what a run triggered by hand gets for its id, with this for ``run_after``."""
    manual_at: int | None = None
    """… and for its data interval, inferred at this moment; None = it has none."""


ToDaemon = (
    Hello
    | Ask
    | Heartbeat
    | Started
    | Finished
    | XComPush
    | XComClear
    | Rendered
    | CallbackRan
    | TriggerFired
    | TriggerFailed
    | Recalled
    | Loading
    | Executing
    | Leaving
    | Parsed
    | Gone
    | ScanDone
    | PluginsFound
    | TimetableAnswer
)
FromDaemon = (
    Welcome
    | Refused
    | Answer
    | Run
    | Recall
    | Cancel
    | Ack
    | RunTriggers
    | CancelTriggers
    | Reparse
    | Stop
    | TimetableQuestion
    | Heartbeat
)


# ── daemon ↔ nursery: JSON lines on an inherited socket, see ``nursery`` ─────────────────────────
class Fork(msgspec.Struct, tag="fork", tag_field="t"):
    role: str
    """worker, parser or triggerer."""
    name: str
    home: str
    environ: dict[str, str | None] = {}
    """On top of the nursery's own environment; None removes a variable."""


class SignalChild(msgspec.Struct, tag="signal", tag_field="t"):
    """Send a signal to a child. The nursery is the parent, so the pid cannot have been used again."""

    pid: int
    signal: int


class NurseryReady(msgspec.Struct, tag="ready", tag_field="t"):
    pid: int


class Forked(msgspec.Struct, tag="forked", tag_field="t"):
    name: str
    pid: int


class ForkFailed(msgspec.Struct, tag="fork_failed", tag_field="t"):
    name: str
    reason: str


class Exited(msgspec.Struct, tag="exited", tag_field="t"):
    name: str
    pid: int
    status: int


NurseryRequest = Fork | SignalChild
NurseryReport = NurseryReady | Forked | ForkFailed | Exited


_encoder = msgspec.msgpack.Encoder()
_to_daemon = msgspec.msgpack.Decoder(ToDaemon)
_from_daemon = msgspec.msgpack.Decoder(FromDaemon)
_length = struct.Struct(">I")


def frame(message: Message) -> bytes:
    """The bytes of one message on the wire."""
    body = _encoder.encode(message)
    return _length.pack(len(body)) + body


class FrameReader:
    """Cuts a byte stream into message bodies. ``feed`` bytes as they come; iterate what is complete."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        buffer = self._buffer
        buffer += data
        start = 0
        while len(buffer) - start >= 4:
            (length,) = _length.unpack_from(buffer, start)
            if length > MAX_FRAME:
                raise ProtocolError(f"A frame of {length} bytes was announced; the limit is {MAX_FRAME}.")
            if len(buffer) - start - 4 < length:
                break
            yield bytes(memoryview(buffer)[start + 4 : start + 4 + length])
            start += 4 + length
        if start:
            del buffer[:start]


def decode_to_daemon(body: bytes) -> ToDaemon:
    message: ToDaemon = _to_daemon.decode(body)
    return message


def decode_from_daemon(body: bytes) -> FromDaemon:
    message: FromDaemon = _from_daemon.decode(body)
    return message
