"""Assets, references to assets, and aliases: identity and what the author says of them.

Decides which names and URIs are valid and how a URI is written. Airflow page: authoring-and-scheduling/assets.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from queuack.authoring.assets.access_control import AssetAccessControl
from queuack.authoring.assets.conditions import BaseAsset
from queuack.authoring.trigger import BaseEventTrigger
from queuack.schedule import conditions as schedule

LONGEST = 1500
"""Characters of a name, a URI or a group."""


@dataclass
class AssetWatcher:
    """A trigger whose events update the asset. Raises ValueError for a trigger that is no BaseEventTrigger."""

    name: str
    trigger: BaseEventTrigger

    def __post_init__(self) -> None:
        if not isinstance(self.trigger, BaseEventTrigger):
            raise ValueError("Asset watcher trigger must inherit BaseEventTrigger")


class Asset(os.PathLike[str], BaseAsset):
    """A piece of data: ``Asset("name")``, ``Asset("s3://bucket/key")``, ``Asset(name=…, uri=…)``.

    ``extra``: JSON-able, shown with the asset; ``watchers``: triggers that update it from outside. Raises ValueError
    for a bad name or URI, TypeError without either.
    """

    asset_type: ClassVar[str] = "asset"
    __version__: ClassVar[int] = 1

    def __init__(
        self,
        name: str | None = None,
        uri: str | Any = None,
        *,
        group: str | None = None,
        extra: dict[str, Any] | None = None,
        watchers: list[AssetWatcher] | None = None,
        access_control: AssetAccessControl | None = None,
    ) -> None:
        if name is None and uri is None:
            raise TypeError("Asset() requires either 'name' or 'uri'")
        kind = type(self).__name__
        self.name = identifier(str(uri) if name is None else name, f"{kind} name")
        if self.name in ("self", "context"):
            raise ValueError(f"prohibited name for asset: {self.name}")
        self.uri = identifier(clean_uri(str(name if uri is None else uri)), f"{kind} uri")
        self.group = identifier(self.asset_type if group is None else group, f"{kind} group", may_be_empty=True)
        self.extra: dict[str, Any] = {} if extra is None else extra
        self.watchers = list(watchers or [])
        self.access_control = access_control or AssetAccessControl()

    @staticmethod
    def ref(*, name: str = "", uri: str = "") -> AssetRef:
        """A reference to an asset defined elsewhere, by one of both."""
        if name and uri:
            raise TypeError("Asset reference must be made to either name or URI, not both")
        if name:
            return AssetNameRef(name)
        if uri:
            return AssetUriRef(uri)
        raise TypeError("Asset reference expects keyword argument 'name' or 'uri'")

    @property
    def document(self) -> schedule.Condition:
        return schedule.AssetKey(self.name, self.uri)

    @property
    def normalized_uri(self) -> str | None:
        """The URI where its scheme has rules of its own (``file``), else None."""
        return self.uri if urlsplit(self.uri).scheme == "file" else None

    def iter_assets(self) -> Iterator[Asset]:
        yield self

    def __fspath__(self) -> str:
        return self.uri

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Asset) and self._compared() == other._compared()

    def _compared(self) -> tuple[Any, ...]:
        return self.name, self.uri, self.group, self.extra, self.watchers, self.access_control

    def __hash__(self) -> int:
        return hash((self.name, self.uri))

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(name={self.name!r}, uri={self.uri!r}, group={self.group!r}, extra={self.extra!r})"
        )


class Dataset(Asset):
    """2.x name."""

    asset_type = "dataset"


class Model(Asset):
    """An asset that is a model."""

    asset_type = "model"


class AssetRef(BaseAsset):
    """Base of the references that ``Asset.ref`` makes."""


@dataclass(frozen=True)
class AssetNameRef(AssetRef):
    name: str

    @property
    def document(self) -> schedule.Condition:
        return schedule.NameRef(self.name)


@dataclass(frozen=True)
class AssetUriRef(AssetRef):
    uri: str

    @property
    def document(self) -> schedule.Condition:
        return schedule.UriRef(self.uri)


@dataclass(frozen=True)
class AssetAlias(BaseAsset):
    """A name that tasks tie to assets when they run. Raises ValueError for an empty or blank one."""

    name: str
    group: str = field(default="asset", kw_only=True)

    def __post_init__(self) -> None:
        identifier(self.name, "AssetAlias name")
        identifier(self.group, "AssetAlias group", may_be_empty=True)

    @property
    def document(self) -> schedule.Condition:
        return schedule.AliasRef(self.name)


def identifier(value: Any, what: str, *, may_be_empty: bool = False) -> str:
    """``value`` if it can name something. Raises ValueError."""
    if not isinstance(value, str):
        raise ValueError(f"{what} must be a string")
    if len(value) > LONGEST:
        raise ValueError(f"{what} cannot exceed {LONGEST} characters")
    if value.isspace():
        raise ValueError(f"{what} cannot be just whitespace")
    if not value and not may_be_empty:
        raise ValueError(f"{what} cannot be empty")
    return value


def clean_uri(text: str) -> str:
    """The URI as it is kept: lower-case scheme, no password, no slash at the end, the query sorted, no fragment.

    What has no scheme, or one of its own (``x-…``), stays as it is. Raises ValueError for the scheme ``airflow``.
    """
    parts = urlsplit(text)
    scheme = parts.scheme.lower()
    if not scheme or scheme.startswith("x-"):
        return text
    if scheme == "airflow":
        raise ValueError("Asset scheme 'airflow' is reserved")
    host = parts.netloc
    if parts.password:
        warnings.warn(
            "An Asset URI should not contain a password. User info has been automatically dropped.",
            UserWarning,
            stacklevel=4,
        )
        host = host.rpartition("@")[2]
    query = urlencode(sorted(parse_qsl(parts.query))) if parts.query else ""
    return urlunsplit((scheme, host, parts.path.rstrip("/") or "/", query, ""))
