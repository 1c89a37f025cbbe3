"""What can stand in ``DAG(schedule=…)``: assets, references, aliases, and their combinations with ``&`` and ``|``.

Decides how conditions are written; when one is met is ``queuack.schedule.conditions``'s.
Airflow page: authoring-and-scheduling/asset-scheduling.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from queuack.schedule import conditions as schedule

if TYPE_CHECKING:
    from queuack.authoring.assets.asset import Asset


class BaseAsset:
    """What can stand in a condition: ``a & b``, ``a | b``."""

    def __or__(self, other: Any) -> BaseAsset:
        return AssetAny(self, other) if isinstance(other, BaseAsset) else NotImplemented

    def __and__(self, other: Any) -> BaseAsset:
        return AssetAll(self, other) if isinstance(other, BaseAsset) else NotImplemented

    @property
    def document(self) -> schedule.Condition:
        """The condition as data."""
        raise NotImplementedError

    def members(self) -> Iterator[BaseAsset]:
        """The assets, references and aliases in it, left to right."""
        yield self

    def iter_assets(self) -> Iterator[Asset]:
        """The assets in it, each once."""
        return iter(())


class AssetBooleanCondition(BaseAsset):
    """Base of ``AssetAll`` and ``AssetAny``. Raises TypeError for what is no asset expression."""

    objects: Collection[BaseAsset]

    def __init__(self, *objects: BaseAsset) -> None:
        if not all(isinstance(one, BaseAsset) for one in objects):
            raise TypeError("expect asset expressions in condition")
        self.objects = objects

    def members(self) -> Iterator[BaseAsset]:
        for one in self.objects:
            yield from one.members()

    def iter_assets(self) -> Iterator[Asset]:
        seen: dict[tuple[str, str], Asset] = {}
        for one in self.objects:
            for asset in one.iter_assets():
                seen.setdefault((asset.name, asset.uri), asset)
        return iter(seen.values())

    def _parts(self) -> tuple[schedule.Condition, ...]:
        return tuple(one.document for one in self.objects)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.objects == other.objects

    def __hash__(self) -> int:
        return hash((type(self), tuple(self.objects)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(str, self.objects))})"


class AssetAny(AssetBooleanCondition):
    """Any of these has been updated."""

    def __or__(self, other: Any) -> BaseAsset:
        return AssetAny(*self.objects, other) if isinstance(other, BaseAsset) else NotImplemented

    @property
    def document(self) -> schedule.Condition:
        return schedule.AnyOf(self._parts())


class AssetAll(AssetBooleanCondition):
    """All of these have been updated."""

    def __and__(self, other: Any) -> BaseAsset:
        return AssetAll(*self.objects, other) if isinstance(other, BaseAsset) else NotImplemented

    @property
    def document(self) -> schedule.Condition:
        return schedule.AllOf(self._parts())


def as_condition(assets: BaseAsset | Collection[BaseAsset]) -> BaseAsset:
    """A condition as it is, a collection as "all of it"."""
    return assets if isinstance(assets, BaseAsset) else AssetAll(*assets)
