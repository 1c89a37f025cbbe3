"""Deadlines: by when a run has to have succeeded; what is missed, calls back once.

They are set when a run is made. What only user code or the past knows (a reference of the user's, an average, an
interval in a Variable) is asked of a worker, as a callback that is kept until it is answered. What a callback does is
nobody's business here. https://airflow.apache.org/docs/apache-airflow/stable/howto/deadline-alerts.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from queuack.engine import deferral, timers
from queuack.engine.deadline_effects import DeadlineAlertRow, DeadlineDeleted, DeadlineRow
from queuack.engine.deadline_spec import DeadlineDocument
from queuack.engine.effects import CallbackRow
from queuack.engine.events import TriggerAsked
from queuack.engine.instants import SECOND, iso
from queuack.engine.run import Run, Version

if TYPE_CHECKING:
    from queuack.engine.deferral import Trigger, Watcher
    from queuack.engine.snapshot import DeadlineSnapshot
    from queuack.engine.world import World

MOST = 1024
"""Alerts a DAG may have: their ids, and those of deadlines, are a multiple of it and their place."""
REFERENCE, MISSED = "deadline_reference", "deadline"
"""Kinds of callbacks: what a deadline counts from is asked; it was missed."""
TRIGGER = "queuack.triggers.callback.CallbackTrigger"

_json = msgspec.json.Encoder(order="deterministic").encode


class Deadline:
    """One that is not missed yet. Instants in microseconds."""

    __slots__ = ("alert_id", "at", "created_at", "definition", "id", "is_over", "run")

    def __init__(self, run: Run, alert_id: int, definition: DeadlineDocument, at: int, created_at: int) -> None:
        self.id = run.key * MOST + alert_id % MOST
        self.run = run
        self.alert_id = alert_id
        self.definition = definition
        self.at = at
        self.created_at = created_at
        self.is_over = False

    def row(self, now: int, callback_id: int | None = None) -> DeadlineRow:
        return DeadlineRow(
            id=self.id,
            dagrun_id=self.run.key,
            deadline_time=self.at,
            missed=callback_id is not None,
            callback_id=callback_id,
            deadline_alert_id=self.alert_id,
            created_at=self.created_at,
            last_updated_at=now,
        )


# ── definitions ──────────────────────────────────────────────────────────────────────────────────────
def declare(world: World, version: Version) -> None:
    """Write the alerts of a new version."""
    for place, definition in enumerate(version.document.deadlines):
        world.writes.append(
            DeadlineAlertRow(
                id=version.id * MOST + place, dag_version_id=version.id, definition=definition, created_at=world.now
            )
        )


# ── a run is made ────────────────────────────────────────────────────────────────────────────────────
def create(world: World, run: Run) -> None:
    """Set the deadlines of a new run, or have a worker work them out."""
    for place, definition in enumerate(run.version.document.deadlines):
        alert_id = run.version.id * MOST + place
        if definition.interval is None or definition.kind not in _BASES:
            question = {"alert_id": alert_id, "created_at": world.now, "definition": definition}
            world.call_back(run, REFERENCE, definition.kind, data=_json(question).decode())
            continue
        base = _BASES[definition.kind](run, definition.reference)
        if base is not None:
            _set(world, run, alert_id, definition, base + round(definition.interval * SECOND))


_BASES: dict[str, Any] = {
    "DagRunLogicalDateDeadline": lambda run, _: run.logical_date,
    "DagRunQueuedAtDeadline": lambda run, _: run.queued_at,
    "FixedDatetimeDeadline": lambda _, reference: round(reference["datetime"] * SECOND),
}
"""Built-in references that need nobody's help."""


def answered(world: World, row: CallbackRow, output: str | None) -> None:
    """A worker says when a deadline is, in microseconds; None = there is none."""
    run = world.by_id.get((row.dag_id, row.run_id))
    if row.kind != REFERENCE or run is None or not output:
        return
    question = msgspec.json.decode(row.data)
    at = int(output)
    if run.state == "success" and run.end_date is not None and run.end_date <= at:
        return
    definition = msgspec.convert(question["definition"], DeadlineDocument)
    _set(world, run, question["alert_id"], definition, at)


def _set(world: World, run: Run, alert_id: int, definition: DeadlineDocument, at: int) -> None:
    deadline = Deadline(run, alert_id, definition, at, world.now)
    world.deadlines.setdefault(run.key, {})[deadline.id] = deadline
    world.timers.set(at, timers.DEADLINE, deadline)
    world.writes.append(deadline.row(world.now))


# ── what becomes of it ───────────────────────────────────────────────────────────────────────────────
def succeeded(world: World, run: Run) -> None:
    """What the run was in time for is void. A run that failed has still missed what is to come, as in Airflow."""
    for deadline in list(world.deadlines.get(run.key, {}).values()):
        if run.end_date is not None and run.end_date <= deadline.at:
            _over(world, deadline)
            world.writes.append(DeadlineDeleted(id=deadline.id))


def queued_again(world: World, run: Run, before: int | None) -> None:
    """A run was cleared: what counts from its queueing counts anew."""
    if before is None or run.queued_at is None:
        return
    for deadline in world.deadlines.get(run.key, {}).values():
        if deadline.definition.kind == "DagRunQueuedAtDeadline":
            deadline.at += run.queued_at - before
            world.timers.set(deadline.at, timers.DEADLINE, deadline)
            world.writes.append(deadline.row(world.now))


def miss(world: World, deadline: Deadline) -> None:
    """Its time has come: call back, in a worker or in the triggerer."""
    run, callback = deadline.run, deadline.definition.callback
    _over(world, deadline)
    data: dict[str, Any] = {
        "path": callback["path"],
        "kwargs": callback.get("kwargs", {}),
        "dag_run": _described(run),
        "deadline": {"id": str(deadline.id), "at": deadline.at},
    }
    if callback["type"] == "AsyncCallback":
        row = world.keep_callback(run, MISSED, "deadline missed", data=_json(data).decode())
        data["callback_path"], data["callback_kwargs"] = data.pop("path"), data.pop("kwargs")
        asked = TriggerAsked(TRIGGER, _json(data).decode())
        row.trigger_id = deferral.watch(world, asked, _listener(row.id))
        row.runner, row.state = "triggerer", "queued"
    else:
        data["executor"] = callback.get("executor")
        row = world.call_back(run, MISSED, "deadline missed", data=_json(data).decode())
    world.log("deadline missed", run.dag_id, run_id=run.run_id, extra={"deadline": deadline.id, "callback": row.id})
    world.writes.append(deadline.row(world.now, row.id))


def forget(world: World, run: Run) -> None:
    """The run is deleted."""
    for deadline in list(world.deadlines.get(run.key, {}).values()):
        _over(world, deadline)


def _over(world: World, deadline: Deadline) -> None:
    deadline.is_over = True
    mine = world.deadlines[deadline.run.key]
    del mine[deadline.id]
    if not mine:
        del world.deadlines[deadline.run.key]


def _listener(callback_id: int) -> Watcher:
    def take(world: World, trigger: Trigger, payload: bytes) -> None:
        said = msgspec.json.decode(payload)
        if said.get("state") in ("success", "failed"):
            deferral.drop(world, trigger.row.id)
            world.on_callback_done(callback_id, said["state"], said.get("body"))

    return take


def _described(run: Run) -> dict[str, Any]:
    """The run, as Airflow's REST API shows one."""
    took = None if run.start_date is None or run.end_date is None else (run.end_date - run.start_date) / SECOND
    return {
        "dag_run_id": run.run_id,
        "dag_id": run.dag_id,
        "logical_date": _instant(run.logical_date),
        "queued_at": _instant(run.queued_at),
        "start_date": _instant(run.start_date),
        "end_date": _instant(run.end_date),
        "duration": took,
        "data_interval_start": _instant(run.data_interval_start),
        "data_interval_end": _instant(run.data_interval_end),
        "run_after": _instant(run.run_after),
        "last_scheduling_decision": None,
        "run_type": run.run_type,
        "state": run.state,
        "triggered_by": run.triggered_by,
        "triggering_user_name": run.triggering_user_name,
        "conf": run.conf,
        "note": run.note,
        "dag_versions": [{"id": str(run.version.id), "version_number": run.version.number, "dag_id": run.dag_id}],
        "bundle_version": None,
        "dag_display_name": run.version.document.dag_display_name or run.dag_id,
        "partition_key": run.partition_key,
        "partition_date": _instant(run.partition_date),
    }


def _instant(value: int | None) -> str | None:
    return None if value is None else iso(value).replace("+00:00", "Z")


# ── restoring ────────────────────────────────────────────────────────────────────────────────────────
def restore(world: World, found: list[DeadlineSnapshot]) -> None:
    """After the runs and the triggers: deadlines to come, and callbacks that the triggerer runs."""
    for row in found:
        run = world.runs.get(row.run_key)
        if run is not None:
            deadline = Deadline(run, row.alert_id, row.definition, row.at, row.created_at)
            world.deadlines.setdefault(run.key, {})[deadline.id] = deadline
            world.timers.set(row.at, timers.DEADLINE, deadline)
    for callback in world.callbacks.values():
        trigger = world.triggers.get(callback.trigger_id) if callback.trigger_id is not None else None
        if trigger is not None:
            trigger.on_event = _listener(callback.id)
