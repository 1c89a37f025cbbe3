"""Schedules that wait for assets, with and without partitions. When they are met is the engine's business.

Airflow pages: authoring-and-scheduling/asset-scheduling, authoring-and-scheduling/assets ("Asset partitioning").
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from queuack.schedule.base import TimetableBase
from queuack.schedule.conditions import AssetKey, Condition, Leaf, NameRef, UriRef, leaves
from queuack.schedule.partition_mappers import IdentityMapper, Mapper


class AssetTriggeredTimetable(TimetableBase, frozen=True, tag="assets"):
    """``schedule=[asset, …]``: a run whenever the condition is met."""

    condition: Condition

    periodic = False

    @property
    def summary(self) -> str:
        return "Asset"

    @property
    def description(self) -> str:
        return "Triggered by assets"


class MapperChoice(msgspec.Struct, frozen=True):
    """The mapper for some of the assets."""

    asset: AssetKey | NameRef | UriRef
    mapper: Mapper


class PartitionedAssetTimetable(TimetableBase, frozen=True, tag="partitioned_assets"):
    """A run for each partition key, whenever the condition is met for that key."""

    condition: Condition
    choices: tuple[MapperChoice, ...] = ()
    default_mapper: Mapper = IdentityMapper()

    periodic = False

    def mapper(self, asset: Leaf) -> Mapper:
        """The mapper for an asset or a reference to one: that chosen by name, else by URI, else the default."""
        name, uri = getattr(asset, "name", None), getattr(asset, "uri", None)
        for known in ("name", "uri"):
            wanted = name if known == "name" else uri
            for choice in reversed(self.choices):
                if wanted is not None and getattr(choice.asset, known, None) == wanted:
                    return choice.mapper
        return self.default_mapper

    @property
    def fingerprint(self) -> dict[str, object]:
        """What a partition that waits was begun under: ``name|uri`` → mapper. It is dropped when this changes."""
        found = {}
        for leaf in leaves(self.condition):
            key = f"{getattr(leaf, 'name', '')}|{getattr(leaf, 'uri', '')}"
            found[key] = msgspec.to_builtins(self.mapper(leaf))
        return dict(sorted(found.items()))

    def partition_date(self, key: str) -> datetime | None:
        """The date that all mappers which know of time read from ``key``; None when none does or two differ.

        Raises ValueError for a key that one cannot read.
        """
        dates = {self.mapper(leaf).partition_date(key) for leaf in leaves(self.condition)} - {None}
        return dates.pop() if len(dates) == 1 else None

    @property
    def summary(self) -> str:
        return "Partitioned Asset"

    @property
    def description(self) -> str:
        return "Triggered by assets"


class PartitionedAtRuntime(TimetableBase, frozen=True, tag="partitioned_at_runtime"):
    """Runs only when triggered; their tasks decide of which partitions the events are."""

    can_be_scheduled = False
    periodic = False

    @property
    def summary(self) -> str:
        return "PartitionedAtRuntime"

    @property
    def description(self) -> str:
        return "Never, partition key(s) set at runtime"
