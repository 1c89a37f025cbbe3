"""Applies a step's writes in one transaction: one set-based statement per table and kind, never one per row.

Decides the order of statements and what is looked up before them; what wins inside a batch is decided in ``batch.py``.
Belongs to the thread that owns the Database.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from queuack.engine import effects as fx
from queuack.store.asset_writer import DELETE_DAG as DELETE_DAG_FROM_ASSETS
from queuack.store.asset_writer import AssetWriter
from queuack.store.backfills import write_backfills
from queuack.store.batch import Batch, Place, TaskPlace, columns
from queuack.store.clean import TABLES, which
from queuack.store.database import Database
from queuack.store.deadlines import write_deadlines
from queuack.store.deferrals import write_deferrals
from queuack.store.deletions import DELETIONS, write_deletion
from queuack.store.expansions import write_expansions, write_rendered_map_indexes, write_revised
from queuack.store.freshness import Freshness
from queuack.store.hitl import write_hitl
from queuack.store.journal import Journal, may_wait
from queuack.store.notes import write_notes

_DAG = (
    "dag_id", "is_paused", "is_stale", "last_parsed_time", "fileloc", "relative_fileloc", "owners",
    "dag_display_name", "description", "timetable_type", "timetable_summary", "timetable_description",
    "max_active_tasks", "max_active_runs", "max_consecutive_failed_dag_runs", "has_import_errors",
    "is_subdag", "root_dag_id",
)  # fmt: skip
_NEXT_RUN = (
    "dag_id", "next_dagrun", "next_dagrun_data_interval_start", "next_dagrun_data_interval_end",
    "next_dagrun_create_after", "next_dagrun_partition_key", "next_dagrun_partition_date",
)  # fmt: skip
_RUN_CHANGES = (
    "id", "state", "queued_at", "start_date", "end_date", "note", "dag_version_id", "clear_number", "updated_at",
    "run_type", "triggered_by", "backfill_id",
)  # fmt: skip
_RUN = (
    *_RUN_CHANGES, "dag_id", "run_id", "logical_date", "data_interval_start", "data_interval_end", "run_after",
    "triggering_user_name", "partition_key", "partition_date",
    "parent_dag_id", "parent_run_id", "parent_task_id", "parent_map_index",
)  # fmt: skip
_INSTANCE = (
    "id", "state", "try_number", "max_tries", "scheduled_dttm", "queued_dttm", "start_date", "end_date", "pid",
    "hostname", "unixname", "worker_id", "updated_at",
)  # fmt: skip
_PLAN_LISTS = (
    "task_ids", "max_tries", "pools", "pool_slots", "queues", "priority_weights", "operators", "operator_names",
)  # fmt: skip
_RUN_SCALARS = ("run_key", "dag_id", "run_id", "dag_version_id", "run_after", "at")

_DELETE_DAG = (
    *DELETE_DAG_FROM_ASSETS,
    "keep_id_floor", "delete_dag_reschedules", "delete_dag_questions", "delete_dag_old_questions",
    "delete_dag_run_notes", "delete_dag_instance_notes", "delete_dag", "delete_dag_tags", "delete_dag_versions",
    "delete_dag_deadlines", "delete_dag_alerts",
    "delete_dag", "delete_dag_tags", "delete_dag_versions",
    "delete_dag_documents", "delete_dag_code", "delete_dag_runs", "delete_dag_instances", "delete_dag_history",
    "delete_dag_rendered_fields", "delete_dag_xcoms", "delete_dag_callbacks", "delete_dag_lengths",
    "delete_dag_backfill_dates", "delete_dag_backfills",
)  # fmt: skip


class Writer:
    """The one writer of a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last_run_key = int(database.run("last_run_key")[0][0])
        self._last_log_id = int(database.run("last_log_id")[0][0])
        self._last_import_error_id = int(database.run("last_import_error_id")[0][0])
        self._run_keys: dict[tuple[str, str], int] = {}
        self._freshness = Freshness()
        self._assets = AssetWriter(database, self._keys_of)
        self._journal = Journal(database)
        if self._journal:
            self.commit((), fold=True)

    @property
    def waiting(self) -> int:
        """Durable writes that are not in their tables yet."""
        return len(self._journal.writes)

    def xcom(self, place: Place, key: str) -> fx.XComRow | bool | None:
        """An XCom in the journal (any thread): the row, None when it was deleted there, False when the tables know."""
        return self._journal.xcom(place, key)

    def xcoms(self, task: TaskPlace, key: str) -> dict[int, fx.XComRow | None]:
        """Those of a task's instances in the journal (any thread): map index → the row, None when it was deleted."""
        return self._journal.xcoms(task, key)

    def commit(self, writes: Sequence[fx.Write], *, fold: bool = False) -> None:
        """Write all of it durably, or none. With ``fold``, everything is in its table afterwards; without, changes of
        task instances, XComs and the like may wait in the journal until the next commit that folds.

        Raises StoreUnavailable (disk full, unwritable) or StoreError; afterwards the same writes may be tried again.
        """
        if not fold and may_wait(writes):
            if writes:
                self._journal.append(writes)
            return
        if not (writes or self._journal):
            return
        self._fold(writes)

    def _fold(self, writes: Sequence[fx.Write]) -> None:
        """Write the journal and ``writes`` into the tables."""
        last_run_key = self._last_run_key
        try:
            with self._database.transaction():
                batch = Batch()
                for write in (*self._journal.writes, *writes):
                    if isinstance(write, fx.DagDeleted):
                        self._apply(batch)
                        self._delete_dag(write.dag_id)
                        batch = Batch()
                    elif isinstance(write, fx.RunsCleaned):
                        self._apply(batch)
                        self._delete_runs(write.run_keys)
                        batch = Batch()
                    elif isinstance(write, DELETIONS):
                        self._apply(batch)
                        write_deletion(self._database, write)
                        self._run_keys.clear()
                        batch = Batch()
                    else:
                        batch.add(write)
                self._apply(batch)
                if self._journal:
                    self._journal.empty()
        except BaseException:
            self._last_run_key = last_run_key
            self._run_keys.clear()
            raise
        self._journal.forget()

    def _delete_runs(self, run_keys: Sequence[int]) -> None:
        self._database.run("keep_id_floor_of_all")
        for table in reversed(TABLES):  # the runs and the task instances last: others are found by them
            self._database.run_text(f"DELETE FROM {table} WHERE {which(table)}", {"run_key": list(run_keys)})
        gone = set(run_keys)
        self._run_keys = {name: key for name, key in self._run_keys.items() if key not in gone}

    # ── one method a table ───────────────────────────────────────────────────────────────────────
    def _apply(self, batch: Batch) -> None:
        self._write_dags(batch)
        self._write_versions(batch)
        self._write_runs(batch)
        if batch.replaced_runs:
            self._database.run("delete_instances_of_runs", {"run_key": sorted(batch.replaced_runs)})
        self._write_new_instances(batch.new_instances)
        write_expansions(self._database, batch)
        write_revised(self._database, batch)
        self._write_history(batch.history)
        self._write_retry_overrides(batch)
        self._write_reschedules(batch.reschedules)
        self._write_instances(batch)
        write_rendered_map_indexes(self._database, batch)
        write_notes(self._database, batch)
        write_deferrals(self._database, batch)
        write_hitl(self._database, batch)
        self._write_xcoms(batch)
        self._write_rendered(batch)
        self._write_callbacks(batch)
        self._write_log(batch.log)
        self._write_import_errors(batch)
        self._write_pools(batch)
        write_backfills(self._database, batch)
        self._write_variables(batch)
        self._assets.write(batch.assets)
        self._write_connections(batch)
        self._write_users(batch)
        for row in batch.runs.values():
            if row.end_date is not None:
                self._freshness.run_ended(row.id)

    def _write_dags(self, batch: Batch) -> None:
        run = self._database.run
        if batch.dags:
            rows = list(batch.dags.values())
            params = columns(rows, *_DAG)
            run("update_dags", params)
            run("insert_dags", params)
            run("delete_tags", {"dag_id": params["dag_id"]})
            tags = [(tag, row.dag_id) for row in rows for tag in row.tags]
            if tags:
                run("insert_tags", {"name": [tag for tag, _ in tags], "dag_id": [dag_id for _, dag_id in tags]})
        if batch.next_runs:
            run("update_next_runs", columns(batch.next_runs.values(), *_NEXT_RUN))

    def _write_versions(self, batch: Batch) -> None:
        run = self._database.run
        if batch.versions:
            rows = batch.versions
            documents = [row.document.decode() for row in rows]
            run("insert_versions", columns(rows, "id", "version_number", "dag_id", "created_at"))
            run(
                "insert_documents",
                {**columns(rows, "id", "dag_id", "document_hash", "created_at"), "document": documents},
            )
            run(
                "insert_code",
                {**columns(rows, "id", "dag_id", "source", "file_hash", "created_at"), "document": documents},
            )
        if batch.sources:
            run("update_code", columns(batch.sources.values(), "version_id", "source", "file_hash", "updated_at"))

    def _write_runs(self, batch: Batch) -> None:
        new = [row for row in batch.runs.values() if row.id > self._last_run_key]
        old = [row for row in batch.runs.values() if row.id <= self._last_run_key]
        if new:
            self._database.run("insert_runs", {**columns(new, *_RUN), "conf": _conf(new)})
            self._last_run_key = max(row.id for row in new)
            for row in new:
                self._run_keys[row.dag_id, row.run_id] = row.id
                self._freshness.run_created(row.id)
        if old:
            self._database.run("update_runs", {**columns(old, *_RUN_CHANGES), "conf": _conf(old)})

    def _write_new_instances(self, created: list[fx.NewInstances]) -> None:
        created = [new for new in created if new.task_ids]
        if not created:
            return
        first = created[0]
        if all(_same_plan(first, new) for new in created):
            params = {name: _collapsed(getattr(first, name)) for name in _PLAN_LISTS}
            params["task_ids"] = list(first.task_ids)
            self._database.run("insert_instances_of_runs", {**params, **columns(created, "first_id", *_RUN_SCALARS)})
            return
        flat = {name: [value for new in created for value in getattr(new, name)] for name in _PLAN_LISTS}
        for name in _RUN_SCALARS:
            flat[name] = [value for new in created for value in [getattr(new, name)] * len(new.task_ids)]
        flat["id"] = [new.first_id + position for new in created for position in range(len(new.task_ids))]
        self._database.run("insert_instances", flat)

    def _write_history(self, rows: list[fx.InstanceHistoryRow]) -> None:
        if rows:
            said = columns(rows, "retry_delay_override", "retry_reason")
            self._database.run("insert_instance_history", {**columns((row.row for row in rows), *_INSTANCE), **said})

    def _write_retry_overrides(self, batch: Batch) -> None:
        if batch.retry_overrides:
            names = fx.RetryOverrideRow.__struct_fields__
            self._database.run("update_retry_overrides", columns(batch.retry_overrides.values(), *names))

    def _write_reschedules(self, rows: list[fx.RescheduleRow]) -> None:
        if rows:
            self._database.run("insert_reschedules", columns(rows, *fx.RescheduleRow.__struct_fields__))

    def _write_instances(self, batch: Batch) -> None:
        if not batch.instances:
            return
        params = columns(batch.instances.values(), *_INSTANCE, "retry_at")
        if len(batch.instances) == 1:
            self._database.run("update_instance", {name: values[0] for name, values in params.items()})
        else:
            self._database.run("update_instances", params)

    def _write_xcoms(self, batch: Batch) -> None:
        if not (batch.xcoms or batch.cleared_places or batch.cleared_keys):
            return
        keys = self._keys_of({*batch.xcoms, *batch.cleared_places, *(place for place, _ in batch.cleared_keys)})
        fresh = self._freshness
        emptied = [p for p in batch.cleared_places if p in keys and fresh.may_exist(keys[p], p, None)]
        touched = batch.cleared_keys | {(place, key) for place, by_key in batch.xcoms.items() for key in by_key}
        replaced = [
            (place, key)
            for place, key in touched
            if place in keys and place not in batch.cleared_places and fresh.may_exist(keys[place], place, key)
        ]
        if emptied:
            self._database.run("delete_xcoms_of_instances", _places(emptied, keys))
        if replaced:
            params = _places([place for place, _ in replaced], keys)
            self._database.run("delete_xcoms", {**params, "key": [key for _, key in replaced]})
        rows = [(place, row) for place, by_key in batch.xcoms.items() if place in keys for row in by_key.values()]
        if rows:
            self._insert_xcoms(rows, keys)

    def _insert_xcoms(self, rows: list[tuple[Place, fx.XComRow]], keys: dict[Place, int]) -> None:
        texts = [_json_text(row) for _, row in rows]
        self._database.run(
            "insert_xcoms",
            {
                **_places([place for place, _ in rows], keys),
                **columns((row for _, row in rows), "key", "encoding", "at"),
                "value": texts,
                "value_bytes": [
                    row.value if text is None else None for (_, row), text in zip(rows, texts, strict=True)
                ],
            },
        )
        for place, row in rows:
            self._freshness.written(keys[place], place, row.key)

    def _write_rendered(self, batch: Batch) -> None:
        if not batch.rendered:
            return
        keys = self._keys_of(batch.rendered)
        places = list(keys)
        if not places:
            return
        replaced = [place for place in places if self._freshness.may_exist(keys[place], place, RENDERED)]
        if replaced:
            self._database.run("delete_rendered_fields", _places(replaced, keys))
        texts = [batch.rendered[place].rendered.decode("utf-8", "replace") for place in places]
        self._database.run("insert_rendered_fields", {**_places(places, keys), "rendered": texts})
        for place in places:
            self._freshness.written(keys[place], place, RENDERED)

    def _write_callbacks(self, batch: Batch) -> None:
        if batch.callbacks:
            self._database.run("insert_callbacks", columns(batch.callbacks.values(), *fx.CallbackRow.__struct_fields__))
        if batch.callbacks_done:
            names = fx.CallbackDone.__struct_fields__
            self._database.run("finish_callbacks", columns(batch.callbacks_done.values(), *names))
        write_deadlines(self._database, batch)

    def _write_log(self, rows: list[fx.LogRow]) -> None:
        if rows:
            names = ("event", "at", "dag_id", "run_id", "task_id", "map_index", "try_number", "logical_date")
            first = self._last_log_id + 1
            self._last_log_id += len(rows)
            ids = list(range(first, first + len(rows)))
            self._database.run("insert_log", {**columns(rows, *names, "owner", "extra"), "id": ids})

    def _write_import_errors(self, batch: Batch) -> None:
        if not batch.import_errors:
            return
        self._database.run("delete_import_errors", {"filename": list(batch.import_errors)})
        rows = [(write, error) for write in batch.import_errors.values() for error in write.errors]
        if rows:
            first = self._last_import_error_id + 1
            self._last_import_error_id += len(rows)
            self._database.run(
                "insert_import_errors",
                {
                    **columns((error for _, error in rows), "message", "line", "stacktrace"),
                    "id": list(range(first, first + len(rows))),
                    "at": [write.at for write, _ in rows],
                    "filename": [write.relative_fileloc for write, _ in rows],
                },
            )

    def _write_pools(self, batch: Batch) -> None:
        if batch.pools:
            self._database.run("delete_pools", {"pool": list(batch.pools)})
            rows = [row for row in batch.pools.values() if row is not None]
            if rows:
                self._database.run("insert_pools", columns(rows, "pool", "slots", "description", "include_deferred"))

    def _write_variables(self, batch: Batch) -> None:
        if batch.variables:
            self._database.run("delete_variables", {"key": list(batch.variables)})
            rows = [row for row in batch.variables.values() if row is not None]
            if rows:
                self._database.run("insert_variables", columns(rows, "key", "val", "description", "is_encrypted"))

    def _write_users(self, batch: Batch) -> None:
        if batch.users:
            self._database.run("delete_users", {"username": list(batch.users)})
            rows = [row for row in batch.users.values() if row is not None]
            if rows:
                self._database.run("insert_users", columns(rows, *fx.UserRow.__struct_fields__))
        if batch.favorites:
            usernames, dag_ids = map(list, zip(*batch.favorites, strict=True))
            self._database.run("delete_favorites", {"username": usernames, "dag_id": dag_ids})
            marked = list(batch.favorites.values())
            self._database.run("insert_favorites", {"username": usernames, "dag_id": dag_ids, "marked": marked})

    def _write_connections(self, batch: Batch) -> None:
        if batch.connections:
            self._database.run("delete_connections", {"conn_id": list(batch.connections)})
            rows = [row for row in batch.connections.values() if row is not None]
            if rows:
                self._database.run("insert_connections", columns(rows, *fx.ConnectionRow.__struct_fields__))

    def _delete_dag(self, dag_id: str) -> None:
        for name in _DELETE_DAG:
            self._database.run(name, {"dag_id": dag_id})
        self._run_keys.clear()

    # ── what is looked up ────────────────────────────────────────────────────────────────────────
    def _keys_of(self, places: Collection[Place]) -> dict[Place, int]:
        """The ``dag_run.id`` of each place's run, from memory where it was seen before.

        A place whose run does not exist is left out: its DAG was deleted while a worker was at it, and what that
        worker says belongs to nothing.
        """
        known = self._run_keys
        missing = {(place[0], place[1]) for place in places} - known.keys()
        if missing:
            if len(known) > _REMEMBERED_RUNS:
                known.clear()
                missing = {(place[0], place[1]) for place in places}
            listed = list(missing)
            params = {"dag_id": [dag_id for dag_id, _ in listed], "run_id": [run_id for _, run_id in listed]}
            for dag_id, run_id, key in self._database.run("run_keys", params):
                known[dag_id, run_id] = key
        return {place: known[place[:2]] for place in places if place[:2] in known}


RENDERED = "\0rendered"
"""Stands for the rendered fields of a task instance where XCom keys are remembered; no XCom key contains NUL."""
_REMEMBERED_RUNS = 50_000

_encode = msgspec.json.Encoder(order="deterministic").encode


def _conf(rows: list[fx.RunRow]) -> list[str]:
    return [_encode(row.conf).decode() for row in rows]


def _same_plan(first: fx.NewInstances, other: fx.NewInstances) -> bool:
    return first is other or all(getattr(first, name) == getattr(other, name) for name in _PLAN_LISTS)


def _collapsed(values: Sequence[Any]) -> list[Any]:
    """The values, one of them when all are equal."""
    return list(values[:1] if values.count(values[0]) == len(values) else values)


def _places(places: list[Place], keys: dict[Place, int]) -> dict[str, list[object]]:
    dag_ids, run_ids, task_ids, map_indexes = zip(*places, strict=True)
    return {
        "dag_run_id": [keys[place] for place in places],
        "dag_id": list(dag_ids),
        "run_id": list(run_ids),
        "task_id": list(task_ids),
        "map_index": list(map_indexes),
    }


def _json_text(row: fx.XComRow) -> str | None:
    """The text of a JSON value; None when the value has to be kept as bytes."""
    if row.encoding != "json":
        return None
    try:
        return row.value.decode()
    except UnicodeDecodeError:
        return None
