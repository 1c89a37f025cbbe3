"""Assets as a DagDocument has them."""

from __future__ import annotations

from typing import Any

import msgspec


class WatcherDocument(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A trigger whose events update the asset."""

    name: str
    classpath: str
    kwargs: str
    """JSON, with the types of ``serialization.typed_json``."""
    trigger_hash: int
    """Equal for triggers that watch the same: these run once."""


class AssetDocument(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    name: str
    uri: str
    group: str = "asset"
    extra: dict[str, Any] = {}
    watchers: tuple[WatcherDocument, ...] = ()
    access_control: dict[str, Any] = {}
    """``producer_teams``, ``consumer_teams``, ``allow_global``, when not the defaults."""


class AliasDocument(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    name: str
    group: str = "asset"
