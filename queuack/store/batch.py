"""A step's writes, sorted by table and boiled down to what is left of them. Decides which write wins; no SQL.

Later writes win over earlier ones of the same row: the last InstanceRow, RunRow or VariableRow of a key counts, an
XCom pushed and cleared in the same batch is not written, task instances replaced in it are not inserted. A
DagDeleted and the like are not handled here: they end a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from queuack.engine import effects as fx
from queuack.engine.deadline_effects import DeadlineAlertRow, DeadlineDeleted, DeadlineRow
from queuack.errors import StoreError
from queuack.store.asset_batch import HANDLERS as ASSET_HANDLERS
from queuack.store.asset_batch import AssetBatch

Place = tuple[str, str, str, int]
"""dag_id, run_id, task_id, map_index."""
TaskPlace = tuple[str, str, str]
"""dag_id, run_id, task_id."""


HitlGroup = dict[int, fx.HitlDetailRow] | dict[int, fx.HitlAnswered]
"""Questions, or answers, by task instance."""


class Batch:
    """What a transaction has to write. Filled with ``add``, then read by the writer."""

    def __init__(self) -> None:
        self.dags: dict[str, fx.DagRow] = {}
        self.next_runs: dict[str, fx.NextRunRow] = {}
        self.versions: list[fx.DagVersionRow] = []
        self.sources: dict[int, fx.DagSourceRow] = {}
        self.import_errors: dict[str, fx.ImportErrorRows] = {}
        self.runs: dict[int, fx.RunRow] = {}
        self.replaced_runs: set[int] = set()
        self.new_instances: list[fx.NewInstances] = []
        self.expansions: list[fx.InstancesExpanded] = []
        self.lengths: dict[tuple[int, str, int], fx.TaskMapRow] = {}
        self.rendered_map_indexes: dict[int, fx.RenderedMapIndexRow] = {}
        self.revised: list[fx.InstancesRevised] = []
        self.run_notes: dict[int, fx.RunNoteRow] = {}
        self.instance_notes: dict[int, fx.InstanceNoteRow] = {}
        self.instances: dict[int, fx.InstanceRow] = {}
        self.history: list[fx.InstanceHistoryRow] = []
        self.retry_overrides: dict[int, fx.RetryOverrideRow] = {}
        self.reschedules: list[fx.RescheduleRow] = []
        self.deferrals: dict[int, fx.DeferralRow] = {}
        self.triggers: dict[int, fx.TriggerRow | None] = {}
        self.hitl: list[HitlGroup] = []
        self.cleared_places: set[Place] = set()
        self.cleared_keys: set[tuple[Place, str]] = set()
        self.xcoms: dict[Place, dict[str, fx.XComRow]] = {}
        self.rendered: dict[Place, fx.RenderedFieldsRow] = {}
        self.log: list[fx.LogRow] = []
        self.pools: dict[str, fx.PoolRow | None] = {}
        self.variables: dict[str, fx.VariableRow | None] = {}
        self.users: dict[str, fx.UserRow | None] = {}
        self.favorites: dict[tuple[str, str], bool] = {}
        self.connections: dict[str, fx.ConnectionRow | None] = {}
        self.callbacks: dict[int, fx.CallbackRow] = {}
        self.backfills: dict[int, fx.BackfillRow] = {}
        self.backfill_dates: list[fx.BackfillDatesPlanned] = []
        self.backfill_runs: dict[int, fx.BackfillDagRunRow] = {}
        self.callbacks_done: dict[int, fx.CallbackDone] = {}
        self.deadline_alerts: list[DeadlineAlertRow] = []
        self.deadlines: dict[int, DeadlineRow | None] = {}
        self.assets = AssetBatch()

    def add(self, write: fx.Write) -> None:
        """Take one write in. Raises StoreError for a type that no table knows."""
        about_assets = ASSET_HANDLERS.get(type(write))
        if about_assets is not None:
            about_assets(self.assets, write)
            return
        handler = _HANDLERS.get(type(write))
        if handler is None:
            raise StoreError(f"The store does not know the write {type(write).__name__}.")
        handler(self, write)

    def _new_instances(self, write: fx.NewInstances) -> None:
        if write.replaces:
            self.replaced_runs.add(write.run_key)
            self.new_instances = [new for new in self.new_instances if new.run_key != write.run_key]
        self.new_instances.append(write)

    def _import_errors(self, write: fx.ImportErrorRows) -> None:
        self.import_errors[write.relative_fileloc] = write

    def _xcom(self, write: fx.XComRow) -> None:
        self.xcoms.setdefault(_place(write), {})[write.key] = write

    def _xcoms_cleared(self, write: fx.XComsCleared) -> None:
        place = _place(write)
        if write.key is None:
            self.xcoms.pop(place, None)
            self.cleared_places.add(place)
        else:
            self.xcoms.get(place, {}).pop(write.key, None)
            self.cleared_keys.add((place, write.key))

    def _hitl(self, write: fx.HitlDetailRow | fx.HitlAnswered) -> None:
        """In the order they came, for a question may follow an answer; as many of one kind together as can be."""
        last: dict[int, Any] = self.hitl[-1] if self.hitl else {}
        if not last or write.ti_id in last or type(write) is not type(next(iter(last.values()))):
            last = {}
            self.hitl.append(last)
        last[write.ti_id] = write

    def _rendered(self, write: fx.RenderedFieldsRow) -> None:
        self.rendered[_place(write)] = write


def _place(write: fx.XComRow | fx.XComsCleared | fx.RenderedFieldsRow) -> Place:
    return (write.dag_id, write.run_id, write.task_id, write.map_index)


_HANDLERS: dict[type[fx.Write], Callable[[Batch, Any], None]] = {
    fx.DagRow: lambda batch, write: batch.dags.__setitem__(write.dag_id, write),
    fx.NextRunRow: lambda batch, write: batch.next_runs.__setitem__(write.dag_id, write),
    fx.DagVersionRow: lambda batch, write: batch.versions.append(write),
    fx.DagSourceRow: lambda batch, write: batch.sources.__setitem__(write.version_id, write),
    fx.ImportErrorRows: Batch._import_errors,
    fx.RunRow: lambda batch, write: batch.runs.__setitem__(write.id, write),
    fx.NewInstances: Batch._new_instances,
    fx.InstancesExpanded: lambda batch, write: batch.expansions.append(write),
    fx.TaskMapRow: lambda batch, write: batch.lengths.__setitem__(
        (write.run_key, write.task_id, write.map_index), write
    ),
    fx.RenderedMapIndexRow: lambda batch, write: batch.rendered_map_indexes.__setitem__(write.id, write),
    fx.InstancesRevised: lambda batch, write: batch.revised.append(write),
    fx.RunNoteRow: lambda batch, write: batch.run_notes.__setitem__(write.id, write),
    fx.InstanceNoteRow: lambda batch, write: batch.instance_notes.__setitem__(write.id, write),
    fx.InstanceRow: lambda batch, write: batch.instances.__setitem__(write.id, write),
    fx.InstanceHistoryRow: lambda batch, write: batch.history.append(write),
    fx.RetryOverrideRow: lambda batch, write: batch.retry_overrides.__setitem__(write.id, write),
    fx.RescheduleRow: lambda batch, write: batch.reschedules.append(write),
    fx.DeferralRow: lambda batch, write: batch.deferrals.__setitem__(write.id, write),
    fx.TriggerRow: lambda batch, write: batch.triggers.__setitem__(write.id, write),
    fx.TriggerDeleted: lambda batch, write: batch.triggers.__setitem__(write.id, None),
    fx.HitlDetailRow: Batch._hitl,
    fx.HitlAnswered: Batch._hitl,
    fx.XComRow: Batch._xcom,
    fx.XComsCleared: Batch._xcoms_cleared,
    fx.RenderedFieldsRow: Batch._rendered,
    fx.LogRow: lambda batch, write: batch.log.append(write),
    fx.PoolRow: lambda batch, write: batch.pools.__setitem__(write.pool, write),
    fx.PoolDeleted: lambda batch, write: batch.pools.__setitem__(write.pool, None),
    fx.VariableRow: lambda batch, write: batch.variables.__setitem__(write.key, write),
    fx.VariableDeleted: lambda batch, write: batch.variables.__setitem__(write.key, None),
    fx.UserRow: lambda batch, write: batch.users.__setitem__(write.username, write),
    fx.UserDeleted: lambda batch, write: batch.users.__setitem__(write.username, None),
    fx.FavoriteRow: lambda batch, write: batch.favorites.__setitem__((write.username, write.dag_id), write.marked),
    fx.ConnectionRow: lambda batch, write: batch.connections.__setitem__(write.conn_id, write),
    fx.ConnectionDeleted: lambda batch, write: batch.connections.__setitem__(write.conn_id, None),
    fx.CallbackRow: lambda batch, write: batch.callbacks.__setitem__(write.id, write),
    fx.BackfillRow: lambda batch, write: batch.backfills.__setitem__(write.id, write),
    fx.BackfillDatesPlanned: lambda batch, write: batch.backfill_dates.append(write),
    fx.BackfillDagRunRow: lambda batch, write: batch.backfill_runs.__setitem__(write.id, write),
    fx.CallbackDone: lambda batch, write: batch.callbacks_done.__setitem__(write.id, write),
    DeadlineAlertRow: lambda batch, write: batch.deadline_alerts.append(write),
    DeadlineRow: lambda batch, write: batch.deadlines.__setitem__(write.id, write),
    DeadlineDeleted: lambda batch, write: batch.deadlines.__setitem__(write.id, None),
}


def columns(rows: Iterable[Any], *names: str, **renamed: str) -> dict[str, list[Any]]:
    """Rows turned into one list per attribute; ``renamed`` maps parameter name → attribute."""
    listed = list(rows)
    wanted = {**{name: name for name in names}, **renamed}
    return {parameter: [getattr(row, attribute) for row in listed] for parameter, attribute in wanted.items()}
