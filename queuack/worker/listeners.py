"""What a worker tells listeners: its own life, its tasks', and the runs' on behalf of the daemon.

Decides which hook an outcome means and what it is given. Airflow page: administration-and-deployment/listeners.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from queuack.authoring.assets import Asset, AssetAlias
from queuack.authoring.dag import DAG
from queuack.authoring.dag_run import DagRun
from queuack.authoring.listeners import AssetEvent, has_listeners, notify
from queuack.authoring.state import DagRunState, TaskInstanceState
from queuack.protocol import Workload
from queuack.schedule.outlet_events import OutletEvent
from queuack.worker.verdict import Verdict

__all__ = [
    "RUN_HOOKS",
    "WorkerComponent",
    "has_listeners",
    "notify",
    "tell_assets",
    "tell_outcome",
    "tell_run",
    "tell_running",
]

RUN_HOOKS = {
    "listener_running": ("on_dag_run_running", DagRunState.RUNNING),
    "listener_success": ("on_dag_run_success", DagRunState.SUCCESS),
    "listener_failed": ("on_dag_run_failed", DagRunState.FAILED),
}
"""Kind of callback, as the engine has it → hook and the state the run is told to have."""


class WorkerComponent:
    """What ``on_starting`` and ``before_stopping`` get for ``component``; Airflow gives its TaskRunnerMarker."""

    def __init__(self, worker_id: str) -> None:
        self.worker_id = worker_id

    def __repr__(self) -> str:
        return f"<Queuack worker {self.worker_id}>"


def tell_running(task_instance: Any) -> None:
    notify("on_task_instance_running", previous_state=TaskInstanceState.QUEUED, task_instance=task_instance)


def tell_outcome(task_instance: Any, verdict: Verdict, *, may_retry: bool) -> None:
    """Of an attempt that ran; nothing is told of one that asked to be run again later."""
    arguments: dict[str, Any] = {"previous_state": TaskInstanceState.RUNNING, "task_instance": task_instance}
    if verdict.outcome == "failed":
        retried = may_retry and not verdict.fail_without_retry
        task_instance.state = TaskInstanceState.UP_FOR_RETRY if retried else TaskInstanceState.FAILED
        notify("on_task_instance_failed", **arguments, error=verdict.error)
    elif verdict.outcome in ("success", "skipped"):
        task_instance.state = TaskInstanceState(verdict.outcome)
        notify(f"on_task_instance_{verdict.outcome}", **arguments)


def tell_run(workload: Workload, load: Callable[[], DAG]) -> None:
    """A run began or ended: the callback workload that the engine made of it."""
    hook, state = RUN_HOOKS[workload.callback_kind]
    fields = msgspec.structs.asdict(workload.run)
    run = DagRun.from_fields({**fields, "state": state, "version_number": workload.version_number})
    run.dag = None
    with contextlib.suppress(Exception):  # the run is told of even when its file has broken meanwhile
        run.dag = load()
    notify(hook, dag_run=run, msg=workload.callback_reason)


def tell_assets(task: Any, events: Sequence[OutletEvent], task_instance: Any) -> None:
    """A task succeeded that has outlets: ``on_asset_changed`` and ``on_asset_event_emitted`` of each event."""
    for asset in (outlet for outlet in task.outlets if isinstance(outlet, Asset)):
        said = [event for event in events if (event.name, event.uri, event.alias) == (asset.name, asset.uri, "")]
        for event in said or [OutletEvent(name=asset.name, uri=asset.uri)]:
            _tell_event(asset, event, task_instance)
    for event in events:
        if event.alias:
            _tell_event(Asset(name=event.name, uri=event.uri), event, task_instance)


def _tell_event(asset: Asset, event: OutletEvent, task_instance: Any) -> None:
    notify("on_asset_changed", asset=asset)
    emitted = AssetEvent(
        asset=asset,
        extra=json.loads(event.extra),
        source_dag_id=task_instance.dag_id,
        source_task_id=task_instance.task_id,
        source_run_id=task_instance.run_id,
        source_map_index=task_instance.map_index,
        source_aliases=[AssetAlias(name=event.alias)] if event.alias else [],
        partition_key=event.partition_key,
    )
    notify("on_asset_event_emitted", asset_event=emitted)
