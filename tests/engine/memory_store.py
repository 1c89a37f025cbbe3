"""A store in dicts: applies the engine's writes and gives the snapshot that a restarted engine is rebuilt from."""

from __future__ import annotations

from typing import Any

from queuack.engine import effects as fx
from queuack.engine.deadline_effects import DeadlineAlertRow, DeadlineDeleted, DeadlineRow
from queuack.engine.snapshot import (
    DagSnapshot,
    DeadlineSnapshot,
    InstanceSnapshot,
    PoolSnapshot,
    QuestionSnapshot,
    Recall,
    RunSnapshot,
    Snapshot,
    VersionSnapshot,
)
from queuack.engine.spec import decode
from tests.engine.memory_assets import MemoryAssets
from tests.engine.memory_backfills import MemoryBackfills

FINISHED_RUNS = ("success", "failed")


class MemoryStore(MemoryBackfills, MemoryAssets):
    def __init__(self) -> None:
        super().__init__()
        self.dags: dict[str, fx.DagRow] = {}
        self.next_runs: dict[str, fx.NextRunRow] = {}
        self.versions: dict[int, fx.DagVersionRow] = {}
        self.runs: dict[int, fx.RunRow] = {}
        self.instances: dict[int, fx.InstanceRow] = {}
        self.places: dict[int, tuple[int, str, int]] = {}
        """Task instance id → run key, task id, map index."""
        self.lengths: dict[tuple[int, str, int], int] = {}
        self.rendered_map_indexes: dict[int, str] = {}
        self.history: list[fx.InstanceHistoryRow] = []
        self.retry_overrides: dict[int, fx.RetryOverrideRow] = {}
        self.reschedules: list[fx.RescheduleRow] = []
        self.cleared: list[fx.XComsCleared] = []
        self.pools: dict[str, fx.PoolRow] = {}
        self.callbacks: dict[int, fx.CallbackRow] = {}
        self.callbacks_done: list[fx.CallbackDone] = []
        self.alerts: dict[int, DeadlineAlertRow] = {}
        self.deadlines: dict[int, DeadlineRow] = {}
        self.import_errors: dict[str, fx.ImportErrorRows] = {}
        self.log: list[fx.LogRow] = []
        self.deferrals: dict[int, fx.DeferralRow] = {}
        self.triggers: dict[int, fx.TriggerRow] = {}
        self.last_trigger_id = 0
        self.questions: dict[int, QuestionSnapshot] = {}
        self.xcoms: list[fx.XComRow] = []
        self.notes: dict[tuple[str, int], tuple[str, str | None]] = {}
        """("run" or "instance", its id) → text, author."""
        self.revised: dict[int, int] = {}
        """Task instance id → the version it was moved to."""

    def apply(self, writes: list[fx.Write]) -> None:
        for write in writes:
            getattr(self, "_" + type(write).__name__)(write)

    def _DagRow(self, w: fx.DagRow) -> None:
        self.dags[w.dag_id] = w

    def _NextRunRow(self, w: fx.NextRunRow) -> None:
        self.next_runs[w.dag_id] = w

    def _DagVersionRow(self, w: fx.DagVersionRow) -> None:
        assert w.id not in self.versions
        self.versions[w.id] = w

    def _DagSourceRow(self, w: fx.DagSourceRow) -> None:
        self.versions[w.version_id].file_hash = w.file_hash

    def _DagDeleted(self, w: fx.DagDeleted) -> None:
        self.dags.pop(w.dag_id, None)
        self.drop_assets_of(w.dag_id)
        for key in [k for k, run in self.runs.items() if run.dag_id == w.dag_id]:
            del self.runs[key]
            self._drop_instances(key)
        self.versions = {k: v for k, v in self.versions.items() if v.dag_id != w.dag_id}
        self.callbacks = {k: v for k, v in self.callbacks.items() if v.dag_id != w.dag_id}
        self.deadlines = {k: v for k, v in self.deadlines.items() if v.dagrun_id in self.runs}

    def _RunDeleted(self, w: fx.RunDeleted) -> None:
        del self.runs[w.id]
        self._drop_instances(w.id)
        self.callbacks = {k: v for k, v in self.callbacks.items() if (v.dag_id, v.run_id) != (w.dag_id, w.run_id)}
        self.deadlines = {k: v for k, v in self.deadlines.items() if v.dagrun_id != w.id}

    def _InstanceDeleted(self, w: fx.InstanceDeleted) -> None:
        del self.places[w.id], self.instances[w.id]

    def _PartitionsForgotten(self, w: fx.PartitionsForgotten) -> None:
        for row in self.runs.values():
            if row.dag_id == w.dag_id and row.run_id in w.run_ids:
                row.partition_key = row.partition_date = None

    def _ImportErrorRows(self, w: fx.ImportErrorRows) -> None:
        self.import_errors.pop(w.relative_fileloc, None)
        if w.errors:
            self.import_errors[w.relative_fileloc] = w

    def _RunRow(self, w: fx.RunRow) -> None:
        for key, run in self.runs.items():
            if key != w.id and run.dag_id == w.dag_id:
                assert run.run_id != w.run_id
                assert run.logical_date is None or run.logical_date != w.logical_date
        self.runs[w.id] = w

    def _drop_instances(self, run_key: int) -> None:
        for ti_id in [k for k, (key, *_) in self.places.items() if key == run_key]:
            del self.places[ti_id], self.instances[ti_id]

    def _NewInstances(self, w: fx.NewInstances) -> None:
        if w.replaces:
            self._drop_instances(w.run_key)
        for offset, task_id in enumerate(w.task_ids):
            ti_id = w.first_id + offset
            assert ti_id not in self.instances
            self.places[ti_id] = (w.run_key, task_id, -1)
            self.instances[ti_id] = fx.InstanceRow(
                id=ti_id, state=None, try_number=0, max_tries=w.max_tries[offset], scheduled_dttm=None,
                queued_dttm=None, start_date=None, end_date=None, retry_at=None, pid=None, hostname="", unixname="",
                worker_id="", updated_at=w.at,
            )  # fmt: skip

    def _InstancesExpanded(self, w: fx.InstancesExpanded) -> None:
        run_key, task_id, map_index = self.places[w.ti_id]
        assert map_index <= 0
        assert w.first_index > map_index
        self.places[w.ti_id] = (run_key, task_id, 0)
        for n in range(w.count):
            ti_id = w.first_id + n
            assert ti_id not in self.instances
            assert (run_key, task_id, w.first_index + n) not in self.places.values() or w.count > 100
            self.places[ti_id] = (run_key, task_id, w.first_index + n)
            self.instances[ti_id] = fx.InstanceRow(
                id=ti_id, state=None, try_number=0, max_tries=w.max_tries, scheduled_dttm=None,
                queued_dttm=None, start_date=None, end_date=None, retry_at=None, pid=None, hostname="", unixname="",
                worker_id="", updated_at=w.at,
            )  # fmt: skip

    def _TaskMapRow(self, w: fx.TaskMapRow) -> None:
        place = (w.run_key, w.task_id, w.map_index)
        if w.length is None:
            del self.lengths[place]
        else:
            self.lengths[place] = w.length

    def _RenderedMapIndexRow(self, w: fx.RenderedMapIndexRow) -> None:
        self.rendered_map_indexes[w.id] = w.rendered_map_index

    def _InstanceRow(self, w: fx.InstanceRow) -> None:
        assert w.id in self.instances
        self.instances[w.id] = w

    def _InstanceHistoryRow(self, w: fx.InstanceHistoryRow) -> None:
        self.history.append(w)

    def _InstancesRevised(self, w: fx.InstancesRevised) -> None:
        assert set(w.ids) <= self.instances.keys()
        self.revised.update(dict.fromkeys(w.ids, w.dag_version_id))

    def _RunNoteRow(self, w: fx.RunNoteRow) -> None:
        self.notes["run", w.id] = (w.content, w.user)

    def _InstanceNoteRow(self, w: fx.InstanceNoteRow) -> None:
        assert w.id in self.instances
        self.notes["instance", w.id] = (w.content, w.user)

    def _RetryOverrideRow(self, w: fx.RetryOverrideRow) -> None:
        assert w.id in self.instances
        self.retry_overrides[w.id] = w

    def _RescheduleRow(self, w: fx.RescheduleRow) -> None:
        self.reschedules.append(w)

    def _DeferralRow(self, w: fx.DeferralRow) -> None:
        assert w.id in self.instances
        self.deferrals[w.id] = w

    def _HitlDetailRow(self, w: fx.HitlDetailRow) -> None:
        assert w.ti_id in self.instances
        self.questions[w.ti_id] = QuestionSnapshot(try_number=w.try_number, defaults=w.defaults, params=w.params)

    def _HitlAnswered(self, w: fx.HitlAnswered) -> None:
        assert self.questions[w.ti_id].answer is None
        self.questions[w.ti_id].answer = w

    def _TriggerRow(self, w: fx.TriggerRow) -> None:
        self.triggers[w.id] = w
        self.last_trigger_id = max(self.last_trigger_id, w.id)

    def _TriggerDeleted(self, w: fx.TriggerDeleted) -> None:
        del self.triggers[w.id]

    def _XComRow(self, w: fx.XComRow) -> None:
        self.xcoms.append(w)

    def _XComsCleared(self, w: fx.XComsCleared) -> None:
        self.cleared.append(w)

    def _LogRow(self, w: fx.LogRow) -> None:
        self.log.append(w)

    def _PoolRow(self, w: fx.PoolRow) -> None:
        self.pools[w.pool] = w

    def _PoolDeleted(self, w: fx.PoolDeleted) -> None:
        del self.pools[w.pool]

    def _CallbackRow(self, w: fx.CallbackRow) -> None:
        self.callbacks[w.id] = w

    def _DeadlineAlertRow(self, w: DeadlineAlertRow) -> None:
        self.alerts[w.id] = w

    def _DeadlineRow(self, w: DeadlineRow) -> None:
        self.deadlines[w.id] = w

    def _DeadlineDeleted(self, w: DeadlineDeleted) -> None:
        del self.deadlines[w.id]

    def _CallbackDone(self, w: fx.CallbackDone) -> None:
        self.callbacks.pop(w.id, None)
        self.callbacks_done.append(w)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────
    def run(self, run_id: str) -> fx.RunRow:
        return next(run for run in self.runs.values() if run.run_id == run_id)

    def rows(self, run_key: int) -> dict[str, fx.InstanceRow]:
        """By task id; an instance of an expanded task as ``task_id[map_index]``."""
        return {
            task_id if map_index < 0 else f"{task_id}[{map_index}]": self.instances[ti]
            for ti, (key, task_id, map_index) in self.places.items()
            if key == run_key
        }

    def states(self, run_key: int) -> dict[str, str | None]:
        return {task_id: row.state for task_id, row in self.rows(run_key).items()}

    def run_snapshot(self, run: fx.RunRow) -> RunSnapshot:
        instances = [
            InstanceSnapshot(
                id=row.id, task_id=self.places[row.id][1], map_index=self.places[row.id][2], state=row.state, try_number=row.try_number,
                max_tries=row.max_tries, scheduled_dttm=row.scheduled_dttm, queued_dttm=row.queued_dttm,
                start_date=row.start_date, end_date=row.end_date, retry_at=row.retry_at, pid=row.pid,
                hostname=row.hostname, unixname=row.unixname, worker_id=row.worker_id,
                reschedules=sum((r.ti_id, r.try_number) == (row.id, row.try_number) for r in self.reschedules),
                question=self.questions.get(row.id),
                **self._deferral(row.id),
            )
            for row in self.rows(run.id).values()
        ]  # fmt: skip
        lengths = [(task_id, index, length) for (key, task_id, index), length in self.lengths.items() if key == run.id]
        return RunSnapshot(row=run, instances=instances, lengths=lengths)

    def _deferral(self, ti_id: int) -> dict[str, Any]:
        row = self.deferrals.get(ti_id, fx.DeferralRow(id=ti_id))
        return {name: getattr(row, name) for name in ("trigger_id", "trigger_timeout", "next_method", "next_kwargs")}

    def recall(self, run_key: int, before: int | None = None, family: tuple[int, ...] = ()) -> Recall:
        run = self.runs[run_key]
        version = self.versions[run.dag_version_id]
        return Recall(
            run=self.run_snapshot(run),
            version=VersionSnapshot(
                version_id=version.id, version_number=version.version_number, dag_id=version.dag_id,
                document=version.document, file_hash=version.file_hash,
            ),
            before=None if before is None else self.recall(before),
            family=[self.recall(key) for key in family],
        )  # fmt: skip

    def below(self, run: fx.RunRow) -> list[fx.RunRow]:
        """The runs of SubDAGs below a run, to any depth."""
        found = [run]
        for each in found:
            found += [r for r in self.runs.values() if (r.parent_dag_id, r.parent_run_id) == (each.dag_id, each.run_id)]
        return found[1:]

    def snapshot(self) -> Snapshot:
        chosen = [run for run in self.runs.values() if run.state not in FINISHED_RUNS]
        chosen += [below for run in chosen for below in self.below(run) if below.state in FINISHED_RUNS]
        called_back = {(row.dag_id, row.run_id) for row in self.callbacks.values()}
        chosen += [
            r
            for r in self.runs.values()
            if r.state in FINISHED_RUNS and (r.dag_id, r.run_id) in called_back and r not in chosen
        ]
        waiting = {row.dagrun_id for row in self.deadlines.values() if not row.missed} - {run.id for run in chosen}
        chosen += [run for run in self.runs.values() if run.id in waiting]
        dags = []
        for row in self.dags.values():
            version = max((v for v in self.versions.values() if v.dag_id == row.dag_id), key=lambda v: v.id)
            runs = [run for run in self.runs.values() if run.dag_id == row.dag_id]
            scheduled = [r for r in runs if r.run_type == "scheduled"]
            finished = [r for r in runs if r.state in FINISHED_RUNS and r.logical_date is not None]
            of = {version.id, *(run.dag_version_id for run in runs if run.state not in FINISHED_RUNS)}
            tasks = [task for id in of for task in decode(self.versions[id].document).tasks]
            if finished and any(task.depends_on_past or task.wait_for_downstream for task in tasks):
                latest = max(finished, key=lambda r: r.logical_date or 0)
                chosen = [run for run in chosen if run is not latest] + [latest]
            dates = [run.logical_date for run in runs if run.run_type != "scheduled" and run.logical_date is not None]
            passed = max((run.logical_date or 0 for run in scheduled), default=0)
            failures = 0
            for run in sorted(runs, key=lambda r: (r.run_after, r.id), reverse=True):
                if run.state != "failed":
                    break
                failures += 1
            dags.append(
                DagSnapshot(
                    dag_id=row.dag_id, is_paused=row.is_paused, is_stale=row.is_stale,
                    relative_fileloc=row.relative_fileloc, version_id=version.id,
                    version_number=version.version_number, document_hash=version.document_hash,
                    file_hash=version.file_hash, document=version.document,
                    has_import_errors=row.has_import_errors,
                    last_run=max(scheduled, key=lambda r: r.logical_date or r.run_after, default=None),
                    last_parsed_time=row.last_parsed_time, consecutive_failures=failures,
                    taken_dates=[date for date in dates if date > passed],
                )
            )  # fmt: skip
        current = {dag.version_id for dag in dags}
        older = {run.dag_version_id for run in chosen} - current
        return Snapshot(
            dags=dags,
            versions=[
                VersionSnapshot(
                    version_id=v.id,
                    version_number=v.version_number,
                    dag_id=v.dag_id,
                    document=v.document,
                    file_hash=v.file_hash,
                )
                for v in self.versions.values()
                if v.id in older
            ],
            runs=[self.run_snapshot(run) for run in chosen],
            pools=[
                PoolSnapshot(pool=p.pool, slots=p.slots, description=p.description, include_deferred=p.include_deferred)
                for p in self.pools.values()
            ],
            callbacks=list(self.callbacks.values()),
            assets=self.assets_snapshot(),
            failed_files=list(self.import_errors),
            next_version_id=max(self.versions, default=0) + 1,
            next_run_key=max(self.runs, default=0) + 1,
            next_ti_id=max(self.instances, default=0) + 1,
            next_callback_id=max([*self.callbacks, *(done.id for done in self.callbacks_done)], default=0) + 1,
            triggers=list(self.triggers.values()),
            next_trigger_id=self.last_trigger_id + 1,
            backfills=self.backfill_snapshots(),
            next_backfill_id=max(self.backfills, default=0) + 1,
            next_backfill_date_id=max(self.backfill_dates, default=0) + 1,
            deadlines=[
                DeadlineSnapshot(
                    run_key=row.dagrun_id,
                    alert_id=row.deadline_alert_id,
                    at=row.deadline_time,
                    created_at=row.created_at,
                    definition=self.alerts[row.deadline_alert_id].definition,
                )
                for row in self.deadlines.values()
                if not row.missed
            ],
        )
