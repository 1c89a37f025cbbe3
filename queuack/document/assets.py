"""What a document says of assets: those a DAG names, as schedule, inlet or outlet, and the triggers that watch them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from queuack.authoring.assets import Asset, AssetAlias, BaseAsset
from queuack.authoring.trigger import BaseEventTrigger
from queuack.engine.asset_spec import AliasDocument, AssetDocument, WatcherDocument
from queuack.schedule.conditions import Leaf
from queuack.serialization.typed_json import dumps

if TYPE_CHECKING:
    from queuack.authoring.dag import DAG


def leaves_of(given: Any) -> tuple[Leaf, ...]:
    """Inlets or outlets as data; what is no asset (lineage of other kinds) is left out."""
    found: dict[Leaf, None] = {}
    for member in _members(given):
        document: Any = member.document
        found[document] = None
    return tuple(found)


def assets_of(dag: DAG) -> tuple[AssetDocument, ...]:
    """Every asset the DAG names, by name and URI; of two that differ in the rest, the first counts, as in Airflow."""
    found: dict[tuple[str, str], AssetDocument] = {}
    for member in _all_members(dag):
        if isinstance(member, Asset):
            found.setdefault((member.name, member.uri), _asset(member))
    return tuple(found[key] for key in sorted(found))


def aliases_of(dag: DAG) -> tuple[AliasDocument, ...]:
    found: dict[str, AliasDocument] = {}
    for member in _all_members(dag):
        if isinstance(member, AssetAlias):
            found.setdefault(member.name, AliasDocument(name=member.name, group=member.group))
    return tuple(found[name] for name in sorted(found))


def _all_members(dag: DAG) -> Iterator[BaseAsset]:
    condition = getattr(dag.timetable, "asset_condition", None)
    scheduled = condition.members() if isinstance(condition, BaseAsset) else ()
    tasks: list[Any] = dag.tasks
    return chain(scheduled, *(_members(chain(task.inlets, task.outlets)) for task in tasks))


def _members(given: Iterable[Any] | None) -> Iterator[BaseAsset]:
    for one in given or ():
        if isinstance(one, BaseAsset):
            yield from one.members()


def _asset(asset: Asset) -> AssetDocument:
    control = dataclasses.asdict(asset.access_control)
    return AssetDocument(
        name=asset.name,
        uri=asset.uri,
        group=asset.group,
        extra=asset.extra,
        watchers=tuple(_watcher(watcher.name, watcher.trigger) for watcher in asset.watchers),
        access_control={} if asset.access_control == type(asset.access_control)() else control,
    )


def _watcher(name: str, trigger: BaseEventTrigger) -> WatcherDocument:
    classpath, kwargs = trigger.serialize()
    digest = BaseEventTrigger.hash(classpath, kwargs)
    return WatcherDocument(name=name, classpath=classpath, kwargs=dumps(kwargs).decode(), trigger_hash=digest)
