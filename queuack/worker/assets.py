"""What a task that succeeded says of its outlets, and what it must not be run with.

Airflow page: authoring-and-scheduling/assets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from queuack import config
from queuack.authoring.assets import AssetUniqueKey
from queuack.authoring.assets.events import OutletEventAccessor, OutletEventAccessors
from queuack.authoring.context import Context
from queuack.authoring.exceptions import AirflowInactiveAssetInInletOrOutletException
from queuack.document.assets import leaves_of
from queuack.protocol import Workload
from queuack.schedule.conditions import Leaf
from queuack.schedule.outlet_events import OutletEvent

Said = tuple[tuple[Leaf, ...], tuple[OutletEvent, ...]]
NOTHING: Said = ((), ())


def check_assets(workload: Workload) -> None:
    """Raises AirflowInactiveAssetInInletOrOutletException when an inlet or outlet is not active."""
    if workload.inactive_assets:
        raise AirflowInactiveAssetInInletOrOutletException(
            [AssetUniqueKey(name, uri) for name, uri in workload.inactive_assets]
        )


def clear_task_state(context: Context) -> None:
    """``[state_store] clear_on_success``: what the task instance kept is not wanted once it has succeeded."""
    if config.get_boolean("state_store", "clear_on_success"):
        context["task_state_store"].clear()


def said_of_outlets(task: Any, context: Context) -> Said:
    """The outlets the task has now, and what it said of assets. Raises TypeError for extra that JSON cannot hold."""
    outlets = leaves_of(task.outlets) if task.outlets else ()
    if not outlets:
        return NOTHING
    accessors = dict.get(context, "outlet_events")  # a context makes it when it is asked; nobody may have
    if not isinstance(accessors, OutletEventAccessors):
        return outlets, ()
    return outlets, tuple(event for accessor in accessors.accessors() for event in _events(accessor))


def _events(accessor: OutletEventAccessor) -> Iterator[OutletEvent]:
    key = accessor.key
    if isinstance(key, AssetUniqueKey):
        extra = json.dumps(accessor.extra)
        partition_keys: list[str | None] = [*sorted(accessor.partition_keys)] or [None]
        for partition_key in partition_keys:
            yield OutletEvent(name=key.name, uri=key.uri, extra=extra, partition_key=partition_key)
    for event in accessor.asset_alias_events:
        yield OutletEvent(
            name=event.dest_asset_key.name,
            uri=event.dest_asset_key.uri,
            extra=json.dumps(event.extra, sort_keys=True),
            alias=event.source_alias_name,
            asset_extra=json.dumps(event.dest_asset_extra, sort_keys=True),
        )
