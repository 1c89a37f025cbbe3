"""The book of assets: what the engine remembers of assets, aliases, who refers to them, and what waits for a run.

It keeps and finds; ``assets``, ``asset_runs`` and ``partitions`` decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from queuack.engine.asset_spec import WatcherDocument
from queuack.schedule.conditions import AliasRef, AssetKey, Leaf, NameRef, UriRef


class AssetState:
    """One asset. Rows of ``asset`` and ``asset_active``."""

    __slots__ = (
        "aliases", "created_at", "extra", "group", "id", "is_active", "name", "referrers", "updated_at", "uri",
        "watchers",
    )  # fmt: skip

    def __init__(self, asset_id: int, name: str, uri: str, created_at: int) -> None:
        self.id = asset_id
        self.name = name
        self.uri = uri
        self.group = "asset"
        self.extra: dict[str, Any] = {}
        self.created_at = self.updated_at = created_at
        self.is_active = False
        """Something refers to it, and no other active asset has its name or its URI."""
        self.referrers: set[str] = set()
        """DAGs that name it."""
        self.aliases: set[str] = set()
        self.watchers: dict[int, tuple[str, int]] = {}
        """Hash of a trigger that runs for it → (watcher's name, trigger id)."""


class AliasState:
    __slots__ = ("assets", "group", "id", "name")

    def __init__(self, alias_id: int, name: str, group: str) -> None:
        self.id = alias_id
        self.name = name
        self.group = group
        self.assets: set[int] = set()


class References:
    """What one DAG refers to."""

    __slots__ = ("assets", "created_at", "leaves", "partitioned", "watchers")

    def __init__(self) -> None:
        self.leaves: tuple[Leaf, ...] = ()
        """Of its schedule, each once."""
        self.assets: set[int] = set()
        """All that it names: schedule, inlets, outlets."""
        self.created_at: dict[int, int] = {}
        """Asset of the schedule → since when."""
        self.partitioned = False
        self.watchers: dict[int, tuple[WatcherDocument, ...]] = {}
        """By asset."""


class Partition:
    """A partition that waits for its run. A row of ``asset_partition_dag_run``."""

    __slots__ = ("created_at", "dag_id", "date", "events", "fingerprint", "id", "key", "keys")

    def __init__(self, partition_id: int, dag_id: str, key: str, date: int | None, fingerprint: str, at: int) -> None:
        self.id = partition_id
        self.dag_id = dag_id
        self.key = key
        self.date = date
        self.fingerprint = fingerprint
        self.created_at = at
        self.keys: dict[int, set[str]] = {}
        """Asset → the keys of its events that count for this partition."""
        self.events: list[int] = []


class AssetBook:
    """The memory."""

    def __init__(self) -> None:
        self.assets: dict[tuple[str, str], AssetState] = {}
        self.by_id: dict[int, AssetState] = {}
        self.aliases: dict[str, AliasState] = {}
        self.active_names: dict[str, AssetState] = {}
        self.active_uris: dict[str, AssetState] = {}
        self.references: dict[str, References] = {}
        """By DAG."""
        self.consumers: dict[Leaf, set[str]] = {}
        """What stands in a schedule → the DAGs."""
        self.queue: dict[str, dict[int, int]] = {}
        """DAG → asset updated since its last run → when first. The rows of ``asset_dag_run_queue``."""
        self.floors: dict[str, int] = {}
        """DAG → the last event that a run of it consumed, or that there was when it began to wait for assets."""
        self.partitions: dict[str, dict[str, Partition]] = {}
        """DAG → key → the partition that waits."""
        self.changed: dict[str, dict[str, None]] = {}
        """DAG → keys of partitions to look at."""
        self.watched: dict[int, tuple[int, set[int]]] = {}
        """Hash of a trigger that runs → (its id, the assets it updates)."""
        self.next_asset_id = self.next_alias_id = self.next_event_id = 1
        self.next_partition_id = self.next_key_id = 1

    def add(self, asset: AssetState) -> None:
        self.assets[asset.name, asset.uri] = asset
        self.by_id[asset.id] = asset

    def find(self, leaf: Leaf) -> AssetState | None:
        """The asset that an asset key names, the active one that a reference names."""
        match leaf:
            case AssetKey(name, uri):
                return self.assets.get((name, uri))
            case NameRef(name):
                return self.active_names.get(name)
            case UriRef(uri):
                return self.active_uris.get(uri)
        return None

    def ids_of(self, leaf: Leaf) -> set[int]:
        """The assets that something in a condition stands for, at present."""
        if isinstance(leaf, AliasRef):
            alias = self.aliases.get(leaf.name)
            return set() if alias is None else alias.assets
        asset = self.find(leaf)
        return set() if asset is None else {asset.id}

    def waiting_for(self, asset: AssetState, aliases: set[str]) -> set[str]:
        """DAGs whose schedule names the asset, a reference to it, or one of the aliases an event of it goes by."""
        names: list[Leaf] = [AssetKey(asset.name, asset.uri), NameRef(asset.name), UriRef(asset.uri)]
        names += [AliasRef(alias) for alias in aliases]
        return {dag_id for name in names for dag_id in self.consumers.get(name, ())}

    def index(self, dag_id: str, leaves: tuple[Leaf, ...]) -> None:
        for leaf in leaves:
            self.consumers.setdefault(leaf, set()).add(dag_id)

    def unindex(self, dag_id: str, leaves: tuple[Leaf, ...]) -> None:
        for leaf in leaves:
            found = self.consumers.get(leaf, set())
            found.discard(dag_id)
            if not found:
                self.consumers.pop(leaf, None)

    def inactive(self, leaves: tuple[Leaf, ...]) -> Iterator[AssetState]:
        """Assets (not references or aliases) among these that are known and not active."""
        for leaf in leaves:
            if isinstance(leaf, AssetKey):
                asset = self.assets.get((leaf.name, leaf.uri))
                if asset is not None and not asset.is_active:
                    yield asset
