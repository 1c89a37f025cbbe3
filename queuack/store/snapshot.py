"""Reads what the engine is rebuilt from at start. Decides how much of the past is read; interprets nothing of it.

Bounded: unfinished runs with their task instances, and of finished runs only what the next ones depend on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from queuack.engine.effects import CallbackRow, HitlAnswered, RunRow, TriggerRow
from queuack.engine.snapshot import (
    DagSnapshot,
    InstanceSnapshot,
    PoolSnapshot,
    QuestionSnapshot,
    Recall,
    RunSnapshot,
    Snapshot,
    VersionSnapshot,
)
from queuack.engine.spec import decode
from queuack.store.asset_snapshot import read_assets
from queuack.store.backfills import read_backfills
from queuack.store.database import Database
from queuack.store.deadlines import read_deadlines
from queuack.store.reader import Reader, fetch

_RUN_FIELDS = (
    "id", "dag_id", "run_id", "run_type", "state", "logical_date", "data_interval_start", "data_interval_end",
    "run_after", "queued_at", "start_date", "end_date", "conf", "triggered_by", "triggering_user_name", "note",
    "dag_version_id", "clear_number", "updated_at", "partition_key", "partition_date", "backfill_id",
    "parent_dag_id", "parent_run_id", "parent_task_id", "parent_map_index",
)  # fmt: skip
_INSTANCE_FIELDS = (
    "id", "task_id", "map_index", "state", "try_number", "max_tries", "scheduled_dttm", "queued_dttm", "start_date",
    "end_date", "retry_at", "pid", "hostname", "unixname", "worker_id",
)  # fmt: skip
_TRIGGER_FIELDS = ("id", "classpath", "kwargs", "created_date", "queue", "fired_by", "fired_seq")
_CALLBACK_FIELDS = (
    "id", "dag_id", "run_id", "task_id", "map_index", "kind", "reason", "created_at", "data", "runner", "state",
    "trigger_id",
)  # fmt: skip

_DEPENDS_ON_THE_PAST = (b'"depends_on_past":true', b'"wait_for_downstream":true')
"""As a document spells them: compact JSON, and quotes inside strings are escaped, so nothing else matches."""
_RUNS_SUBDAGS = b'"subdag":{'


def load_snapshot(database: Database) -> Snapshot:
    """The engine's memory as the database has it. Raises StoreError when the database cannot be read."""
    with database.reader() as reader:
        reader.execute("BEGIN TRANSACTION READ ONLY")
        try:
            return _read(reader)
        finally:
            reader.execute("ROLLBACK")


def load_run(reader: Reader, dag_id: str, run_id: str) -> Recall | None:
    """One run as the engine wants it for a request about a finished one; None when there is no such run."""
    rows = fetch(reader, "recalled_run", {"dag_id": dag_id, "run_id": run_id})
    if not rows:
        return None
    found = _recall(reader, _run(rows[0]))
    document, date = decode(found.version.document), found.run.row.logical_date
    if date is not None and any(task.depends_on_past or task.wait_for_downstream for task in document.tasks):
        before = {"dag_id": dag_id, "logical_date": date, "only_automated": document.catchup}
        for row in fetch(reader, "recalled_run_before", before):
            found.before = _recall(reader, _run(row))
    found.family = _family(reader, found)
    return found


def load_runs(reader: Reader, run_keys: Sequence[int]) -> dict[int, Recall]:
    """Some runs as the engine wants them to run again, by ``dag_run.id``; with what is below them, without what came
    before."""
    if not run_keys:
        return {}
    rows = [_run(row) for row in fetch(reader, "recalled_runs", {"run_key": list(run_keys)})]
    versions = {version.version_id: version for version in _versions(reader, {row.dag_version_id for row in rows})}
    snapshots = _with_instances(reader, rows)
    recalls = {run.row.id: Recall(run=run, version=versions[run.row.dag_version_id]) for run in snapshots}
    for found in recalls.values():
        found.family = _family(reader, found)
    return recalls


def _family(reader: Reader, found: Recall) -> list[Recall]:
    """The other finished runs of its tree of SubDAGs."""
    if found.run.row.parent_run_id is None and _RUNS_SUBDAGS not in found.version.document:
        return []
    return [_recall(reader, _run(row)) for row in fetch(reader, "recalled_family", {"id": found.run.row.id})]


def _recall(reader: Reader, run: RunRow) -> Recall:
    (version,) = _versions(reader, {run.dag_version_id})
    (snapshot,) = _with_instances(reader, [run])
    return Recall(run=snapshot, version=version)


def _read(reader: Reader) -> Snapshot:
    dag_rows = fetch(reader, "snapshot_dags")
    unfinished = [_run(row) for row in fetch(reader, "snapshot_unfinished_runs")]
    current = {row[4] for row in dag_rows}
    versions = _versions(reader, {run.dag_version_id for run in unfinished} - current)
    looking_back = {row[0] for row in dag_rows if _looks_back(row[8].encode())}
    looking_back |= {version.dag_id for version in versions if _looks_back(version.document)}
    past = _past_runs(reader, sorted(looking_back))
    called_back = [_run(row) for row in fetch(reader, "snapshot_runs_called_back")]
    of_subdags = [_run(row) for row in fetch(reader, "snapshot_runs_of_subdags")]
    runs = list({run.id: run for run in past + called_back + of_subdags + unfinished}.values())
    known = current | {version.version_id for version in versions}
    next_ids = fetch(reader, "snapshot_next_ids")[0]
    return Snapshot(
        dags=_dags(reader, dag_rows),
        versions=versions + _versions(reader, {run.dag_version_id for run in runs} - known),
        runs=_with_instances(reader, runs),
        pools=[
            PoolSnapshot(pool=pool, slots=slots, description=description, include_deferred=include_deferred)
            for pool, slots, description, include_deferred in fetch(reader, "snapshot_pools")
        ],
        callbacks=[
            CallbackRow(**dict(zip(_CALLBACK_FIELDS, row, strict=True))) for row in fetch(reader, "snapshot_callbacks")
        ],
        assets=read_assets(reader),
        failed_files=[filename for (filename,) in fetch(reader, "snapshot_failed_files")],
        next_version_id=next_ids[0],
        next_run_key=next_ids[1],
        next_ti_id=next_ids[2],
        next_callback_id=next_ids[3],
        triggers=[
            TriggerRow(**dict(zip(_TRIGGER_FIELDS, row, strict=True))) for row in fetch(reader, "snapshot_triggers")
        ],
        next_trigger_id=next_ids[4],
        backfills=read_backfills(reader),
        next_backfill_id=next_ids[5],
        next_backfill_date_id=next_ids[6],
        deadlines=read_deadlines(reader),
    )


def _dags(reader: Reader, rows: list[tuple[Any, ...]]) -> list[DagSnapshot]:
    last_runs = {row[1]: _run(row) for row in fetch(reader, "snapshot_last_runs")}
    limits = {row[0]: row[11] for row in rows if row[11] > 0}
    taken = dict(fetch(reader, "snapshot_taken_dates"))
    failures: dict[str, int] = {}
    if limits:
        failures = dict(fetch(reader, "snapshot_consecutive_failures", {"dag_id": list(limits)}))
    return [
        DagSnapshot(
            dag_id=dag_id,
            is_paused=is_paused,
            is_stale=is_stale,
            relative_fileloc=relative_fileloc,
            version_id=version_id,
            version_number=version_number,
            document_hash=document_hash,
            file_hash=file_hash,
            document=document.encode(),
            has_import_errors=has_import_errors,
            last_run=last_runs.get(dag_id),
            last_parsed_time=last_parsed_time or 0,
            consecutive_failures=min(failures.get(dag_id, 0), limits.get(dag_id, 0)),
            taken_dates=taken.get(dag_id, []),
        )
        for (
            dag_id, is_paused, is_stale, relative_fileloc, version_id, version_number, document_hash, file_hash,
            document, has_import_errors, last_parsed_time, _,
        ) in rows
    ]  # fmt: skip


def _looks_back(document: bytes) -> bool:
    return any(mark in document for mark in _DEPENDS_ON_THE_PAST)


def _past_runs(reader: Reader, dag_ids: list[str]) -> list[RunRow]:
    if not dag_ids:
        return []
    return [_run(row) for row in fetch(reader, "snapshot_past_runs", {"dag_id": dag_ids})]


def _versions(reader: Reader, version_ids: set[int]) -> list[VersionSnapshot]:
    if not version_ids:
        return []
    return [
        VersionSnapshot(
            version_id=version_id,
            version_number=version_number,
            dag_id=dag_id,
            document=document.encode(),
            file_hash=file_hash,
        )
        for version_id, version_number, dag_id, document, file_hash in fetch(
            reader, "snapshot_versions", {"version_id": sorted(version_ids)}
        )
    ]


def _with_instances(reader: Reader, runs: list[RunRow]) -> list[RunSnapshot]:
    snapshots = {run.id: RunSnapshot(row=run, instances=[]) for run in runs}
    if snapshots:
        keys = {"run_key": sorted(snapshots)}
        reschedules = dict(fetch(reader, "snapshot_reschedules", keys))
        deferrals = {row[0]: row[1:] for row in fetch(reader, "snapshot_deferrals", keys)}
        questions = {row[0]: _question(*row) for row in fetch(reader, "snapshot_questions", keys)}
        for run_key, *length in fetch(reader, "snapshot_lengths", keys):
            snapshots[run_key].lengths.append(tuple(length))
        for run_key, *values in fetch(reader, "snapshot_instances", keys):
            instance = InstanceSnapshot(**dict(zip(_INSTANCE_FIELDS, values, strict=True)))
            instance.reschedules = reschedules.get(instance.id, 0)
            instance.question = questions.get(instance.id)
            if instance.id in deferrals:
                trigger_id, timeout, method, arguments = deferrals[instance.id]
                instance.trigger_id, instance.trigger_timeout, instance.next_method = trigger_id, timeout, method
                instance.next_kwargs = None if arguments is None else arguments.encode()
            snapshots[run_key].instances.append(instance)
    return [snapshots[key] for key in sorted(snapshots)]


def _question(
    ti_id: int, try_number: int, defaults: str | None, params: str, at: int | None, by: str | None, *answer: str | None
) -> QuestionSnapshot:
    found = QuestionSnapshot(try_number=try_number, defaults=_json(defaults), params=_json(params))
    if at is not None:
        chosen, given = (_json(text) for text in answer)
        found.answer = HitlAnswered(
            ti_id=ti_id, responded_at=at, responded_by=_json(by), chosen_options=chosen, params_input=given
        )
    return found


def _json(text: str | None) -> Any:
    return None if text is None else msgspec.json.decode(text)


def _run(row: tuple[Any, ...]) -> RunRow:
    values = dict(zip(_RUN_FIELDS, row, strict=True))
    values["conf"] = msgspec.json.decode(values["conf"]) if values["conf"] else {}
    return RunRow(**values)
