"""What tells assets and aliases apart, and what a task says of an asset through an alias. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from queuack.authoring.assets.asset import Asset, AssetAlias


@dataclass(frozen=True)
class AssetUniqueKey:
    name: str
    uri: str

    @classmethod
    def from_asset(cls, asset: Asset) -> AssetUniqueKey:
        return cls(asset.name, asset.uri)

    def to_asset(self) -> Asset:
        from queuack.authoring.assets.asset import Asset  # a cycle: assets are told apart by keys

        return Asset(name=self.name, uri=self.uri)


@dataclass(frozen=True)
class AssetAliasUniqueKey:
    name: str

    @classmethod
    def from_asset_alias(cls, asset_alias: AssetAlias) -> AssetAliasUniqueKey:
        return cls(asset_alias.name)

    def to_asset_alias(self) -> AssetAlias:
        from queuack.authoring.assets.asset import AssetAlias  # a cycle, as above

        return AssetAlias(name=self.name)


@dataclass(frozen=True)
class AssetAliasEvent:
    """An update of an asset that goes by an alias."""

    source_alias_name: str
    dest_asset_key: AssetUniqueKey
    dest_asset_extra: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
