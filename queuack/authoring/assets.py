"""Assets: names of data that tasks read and write. Identity and conditions only; events and schedules are not built.

Airflow page: authoring-and-scheduling/assets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import urlsplit

from queuack.errors import NotBuilt


class BaseAsset:
    """What can stand in a condition: ``a & b``, ``a | b``."""

    def __and__(self, other: BaseAsset) -> AssetAll:
        return AssetAll(self, other)

    def __or__(self, other: BaseAsset) -> AssetAny:
        return AssetAny(self, other)

    def iter_assets(self) -> Iterator[Asset]:
        return iter(())

    def __bool__(self) -> bool:
        return True


class Asset(BaseAsset):
    """A piece of data: ``Asset("name")``, ``Asset("s3://bucket/key")``, ``Asset(name=…, uri=…)``.

    Raises ValueError for a bad name or URI.
    """

    asset_type: ClassVar[str] = "asset"

    def __init__(
        self,
        name: str | None = None,
        uri: str | Any = None,
        *,
        group: str = "asset",
        extra: dict[str, Any] | None = None,
        watchers: list[Any] | None = None,
        **_: Any,
    ) -> None:
        if name is None and uri is None:
            raise TypeError("Asset() requires either 'name' or 'uri'")
        self.name = str(uri if name is None else name)
        self.uri = _clean_uri(str(name if uri is None else uri))
        if not self.name.strip():
            raise ValueError("Asset name cannot be just whitespace or empty")
        if len(self.name) > 1500 or not self.name.isascii():
            raise ValueError("Asset name must be ASCII and at most 1500 characters")
        self.group = group
        self.extra = extra or {}
        self.watchers = watchers or []

    def iter_assets(self) -> Iterator[Asset]:
        yield self

    def __fspath__(self) -> str:
        return self.uri

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Asset) and (self.name, self.uri) == (other.name, other.uri)

    def __hash__(self) -> int:
        return hash((self.name, self.uri))

    def __repr__(self) -> str:
        return f"Asset(name={self.name!r}, uri={self.uri!r})"

    @staticmethod
    def ref(*, name: str | None = None, uri: str | None = None) -> AssetRef:
        """A reference to an asset defined elsewhere."""
        return AssetRef(name=name, uri=uri)


Dataset = Asset
"""2.x name."""


class AssetRef(BaseAsset):
    def __init__(self, name: str | None = None, uri: str | None = None) -> None:
        if (name is None) == (uri is None):
            raise TypeError("Asset reference expects keyword argument 'name' or 'uri'")
        self.name, self.uri = name, uri


class AssetAlias(BaseAsset):
    """A name that tasks tie to assets when they run."""

    def __init__(self, name: str, group: str = "asset") -> None:
        self.name, self.group = name, group

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetAlias) and self.name == other.name

    def __hash__(self) -> int:
        return hash(("alias", self.name))

    def __repr__(self) -> str:
        return f"AssetAlias(name={self.name!r})"


DatasetAlias = AssetAlias
"""2.x name."""


class _Condition(BaseAsset):
    def __init__(self, *objects: Any) -> None:
        if not all(isinstance(one, BaseAsset) for one in objects):
            raise TypeError("expect asset expressions in condition")
        self.objects = objects

    def iter_assets(self) -> Iterator[Asset]:
        seen: dict[Asset, None] = {}
        for one in self.objects:
            seen.update(dict.fromkeys(one.iter_assets()))
        return iter(seen)


class AssetAny(_Condition):
    """A condition: any of these assets has been updated."""

    def __or__(self, other: BaseAsset) -> AssetAny:
        return AssetAny(*self.objects, other)


class AssetAll(_Condition):
    """A condition: all of these assets have been updated."""

    def __and__(self, other: BaseAsset) -> AssetAll:
        return AssetAll(*self.objects, other)


DatasetAny, DatasetAll = AssetAny, AssetAll
"""2.x names."""


class Model(Asset):
    """An asset that is a model."""

    asset_type = "model"


class Metadata:
    """What a task may yield about an asset it wrote."""

    def __init__(self, asset: Any, extra: dict[str, Any] | None = None, alias: AssetAlias | None = None) -> None:
        self.asset, self.extra, self.alias = asset, extra or {}, alias


class AssetWatcher:
    """A trigger that updates an asset from outside. Not built: its asset never updates by it."""

    def __init__(self, name: str, trigger: Any) -> None:
        self.name, self.trigger = name, trigger


def asset(*_: Any, **__: Any) -> Any:
    """``@asset``: not built."""
    raise NotBuilt(
        "The @asset decorator is not built in Queuack yet; write a DAG with a task that has the asset as outlet."
    )


def _clean_uri(uri: str) -> str:
    if not uri.strip():
        raise ValueError("Asset URI cannot be just whitespace or empty")
    if not uri.isascii():
        raise ValueError("Asset URI must only consist of ASCII characters")
    if urlsplit(uri).scheme == "airflow":
        raise ValueError("Asset scheme 'airflow' is reserved for internal use")
    return uri
