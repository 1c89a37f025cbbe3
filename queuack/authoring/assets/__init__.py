"""Assets: names of data that tasks read and write, conditions over them, what a task may say of them."""

from __future__ import annotations

from queuack.authoring.assets.access_control import AssetAccessControl
from queuack.authoring.assets.asset import (
    Asset,
    AssetAlias,
    AssetNameRef,
    AssetRef,
    AssetUriRef,
    AssetWatcher,
    Dataset,
    Model,
)
from queuack.authoring.assets.conditions import AssetAll, AssetAny, AssetBooleanCondition, BaseAsset
from queuack.authoring.assets.keys import AssetAliasEvent, AssetAliasUniqueKey, AssetUniqueKey
from queuack.authoring.assets.metadata import Metadata

DatasetAlias, DatasetAll, DatasetAny = AssetAlias, AssetAll, AssetAny
"""2.x names."""

__all__ = [
    "Asset",
    "AssetAccessControl",
    "AssetAlias",
    "AssetAliasEvent",
    "AssetAliasUniqueKey",
    "AssetAll",
    "AssetAny",
    "AssetBooleanCondition",
    "AssetNameRef",
    "AssetRef",
    "AssetUniqueKey",
    "AssetUriRef",
    "AssetWatcher",
    "BaseAsset",
    "Dataset",
    "DatasetAlias",
    "DatasetAll",
    "DatasetAny",
    "Metadata",
    "Model",
]
