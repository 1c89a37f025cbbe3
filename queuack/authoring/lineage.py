"""Lineage that hooks report while a task runs: which assets were read and written, and what else they tell.

Decides that nothing is kept unless a plugin brings a reader (``hook_lineage_readers``), that the same report is
counted, and how much one process keeps. Who reads it is the plugin's business.
Airflow page: administration-and-deployment/lineage.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

from queuack.authoring.assets import Asset
from queuack.authoring.registered import registered

MAX_COLLECTED_ASSETS = 100
"""Inputs, and as many outputs."""
MAX_COLLECTED_EXTRA = 200

log = logging.getLogger("queuack.lineage")


@dataclass
class AssetLineageInfo:
    """An asset, how often it was reported, and the hook or path that did."""

    asset: Asset
    count: int
    context: Any


@dataclass
class ExtraLineageInfo:
    """Something else, how often it was reported, and the hook or path that did."""

    key: str
    value: Any
    count: int
    context: Any


@dataclass
class HookLineage:
    """All that was reported."""

    inputs: list[AssetLineageInfo] = field(default_factory=list)
    outputs: list[AssetLineageInfo] = field(default_factory=list)
    extra: list[ExtraLineageInfo] = field(default_factory=list)


class HookLineageCollector:
    """Takes reports of hooks. What cannot be reported is left out: lineage never fails a task."""

    def __init__(self, **_: Any) -> None:
        self._inputs: dict[str, AssetLineageInfo] = {}
        self._outputs: dict[str, AssetLineageInfo] = {}
        self._extra: dict[str, ExtraLineageInfo] = {}

    def create_asset(
        self,
        *,
        scheme: str | None = None,
        uri: str | None = None,
        name: str | None = None,
        group: str | None = None,
        asset_kwargs: dict[str, Any] | None = None,
        asset_extra: Mapping[str, Any] | None = None,
    ) -> Asset | None:
        """An asset by URI or name, else by what is registered for ``scheme``; None when that cannot be made."""
        if uri or name:
            given: dict[str, Any] = {"uri": uri, "name": name, "group": group, "extra": dict(asset_extra or {})}
            return Asset(**{key: value for key, value in given.items() if value})
        factory = asset_factories().get(scheme) if scheme else None
        if factory is None:
            log.debug("No asset can be made of the scheme %r.", scheme)
            return None
        try:
            made: Asset = factory(**(asset_kwargs or {}), extra=asset_extra)
        except Exception as error:
            log.debug("No asset can be made of %r: %s", asset_kwargs, error)
            return None
        return made

    def add_input_asset(self, context: Any, scheme: str | None = None, uri: str | None = None, **asset: Any) -> None:
        """Report that an asset was read; arguments as ``create_asset``."""
        self._add(self._inputs, context, self.create_asset(scheme=scheme, uri=uri, **asset))

    def add_output_asset(self, context: Any, scheme: str | None = None, uri: str | None = None, **asset: Any) -> None:
        """Report that an asset was written."""
        self._add(self._outputs, context, self.create_asset(scheme=scheme, uri=uri, **asset))

    def add_extra(self, context: Any, key: str, value: Any) -> None:
        """Report something else; nothing without both a key and a value."""
        if not key or not value:
            return
        place = f"{key} {_text(value)} {id(context)}"
        if place in self._extra:
            self._extra[place].count += 1
        elif len(self._extra) < MAX_COLLECTED_EXTRA:
            self._extra[place] = ExtraLineageInfo(key, value, 1, context)

    def _add(self, into: dict[str, AssetLineageInfo], context: Any, asset: Asset | None) -> None:
        if asset is None:
            return
        place = f"{asset.uri} {_text(asset.extra)} {id(context)}"
        if place in into:
            into[place].count += 1
        elif len(into) < MAX_COLLECTED_ASSETS:
            into[place] = AssetLineageInfo(asset, 1, context)

    @property
    def collected_assets(self) -> HookLineage:
        return HookLineage([*self._inputs.values()], [*self._outputs.values()], [*self._extra.values()])

    @property
    def has_collected(self) -> bool:
        """Whether an asset or something else was reported."""
        return bool(self._inputs or self._outputs or self._extra)


class NoOpCollector(HookLineageCollector):
    """Keeps nothing: nobody reads."""

    def add_input_asset(self, *_: Any, **__: Any) -> None:
        """Forgotten."""

    def add_output_asset(self, *_: Any, **__: Any) -> None:
        """Forgotten."""

    def add_extra(self, *_: Any, **__: Any) -> None:
        """Forgotten."""


class HookLineageReader:
    """Base of readers: subclass it, and name the subclass in a plugin's ``hook_lineage_readers``."""

    def __init__(self, **_: Any) -> None:
        self.lineage_collector = get_hook_lineage_collector()

    def retrieve_hook_lineage(self) -> HookLineage:
        return self.lineage_collector.collected_assets


class LineageState:
    """The collector of this process, made when first asked for."""

    collector: ClassVar[HookLineageCollector | None] = None


def get_hook_lineage_collector() -> HookLineageCollector:
    """The collector of this process: one that keeps nothing unless a plugin has a reader."""
    if LineageState.collector is None:
        LineageState.collector = HookLineageCollector() if registered.hook_lineage_readers else NoOpCollector()
    return LineageState.collector


@cache
def asset_factories() -> Mapping[str, Any]:
    """Scheme → what makes an asset of it, from the provider packages."""
    import importlib.metadata  # start-up time: only where a hook reports by scheme

    found: dict[str, Any] = {}
    for point in importlib.metadata.entry_points(group="apache_airflow_provider"):
        for entry in point.load()().get("asset-uris", ()):
            if entry.get("factory"):
                module, _, attribute = str(entry["factory"]).rpartition(".")
                for scheme in entry["schemes"]:
                    found[scheme] = getattr(importlib.import_module(module), attribute)
    return found


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
