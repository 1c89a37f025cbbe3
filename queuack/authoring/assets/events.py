"""Asset events as a task sees them: what it says of its outlets, what came to its inlets, what its run consumed.

Decides how assets, aliases and references find their events; the store is asked when an event is looked at.
Airflow page: authoring-and-scheduling/assets, "Attaching extra information", "Fetching information".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from queuack.authoring import timezone
from queuack.authoring.assets.asset import Asset, AssetAlias, AssetNameRef, AssetRef, AssetUriRef
from queuack.authoring.assets.keys import AssetAliasEvent, AssetAliasUniqueKey, AssetUniqueKey
from queuack.authoring.assets.runtime import asset_runtime
from queuack.authoring.dag_run import DagRun, moment
from queuack.authoring.exceptions import AirflowRuntimeError
from queuack.authoring.runtime import NO_XCOM, current_runtime
from queuack.clock import to_us

UniqueKey = AssetUniqueKey | AssetAliasUniqueKey
Named = Asset | AssetAlias | AssetRef

LONGEST_PARTITION_KEY = 250


def find_asset(*, name: str | None = None, uri: str | None = None) -> Asset:
    """The active asset of that name or URI. Raises AirflowRuntimeError when there is none."""
    found = asset_runtime().asset_find(name=name, uri=uri)
    if found is None:
        raise AirflowRuntimeError(
            f"ASSET_NOT_FOUND: there is no active asset with {f'name {name!r}' if name else f'URI {uri!r}'}"
        )
    return Asset(found["name"], found["uri"], group=found["group"], extra=found["extra"])


def _resolved(ref: AssetRef) -> Asset:
    if isinstance(ref, AssetNameRef):
        return find_asset(name=ref.name)
    if isinstance(ref, AssetUriRef):
        return find_asset(uri=ref.uri)
    raise TypeError(f"Unimplemented asset ref: {type(ref)}")


def key_of(named: Any) -> UniqueKey:
    """What an asset, alias or reference is told apart by. Raises TypeError for anything else."""
    if isinstance(named, Asset):
        return AssetUniqueKey.from_asset(named)
    if isinstance(named, AssetAlias):
        return AssetAliasUniqueKey.from_asset_alias(named)
    if isinstance(named, AssetRef):
        return AssetUniqueKey.from_asset(_resolved(named))
    raise TypeError(f"Key should be either an asset or an asset alias, not {type(named)}")


def named_by(key: UniqueKey) -> Asset | AssetAlias:
    return key.to_asset() if isinstance(key, AssetUniqueKey) else key.to_asset_alias()


class _ByName:
    """``for_asset`` and ``for_asset_alias``: items without the object."""

    def __getitem__(self, key: Any) -> Any:
        raise NotImplementedError

    def for_asset(self, *, name: str | None = None, uri: str | None = None) -> Any:
        """The item of the asset with this name, URI, or both."""
        if name and uri:
            return self[Asset(name=name, uri=uri)]
        if name:
            return self[Asset.ref(name=name)]
        if uri:
            return self[Asset.ref(uri=uri)]
        raise ValueError("name and uri cannot both be None")

    def for_asset_alias(self, *, name: str) -> Any:
        return self[AssetAlias(name=name)]


# ── outlets ──────────────────────────────────────────────────────────────────────────────────────
@dataclass
class OutletEventAccessor:
    """What the task says of one outlet; taken when the task succeeds."""

    key: UniqueKey
    extra: dict[str, Any] = field(default_factory=dict)
    asset_alias_events: list[AssetAliasEvent] = field(default_factory=list)
    partition_keys: set[str] = field(default_factory=set)

    def add_partitions(self, keys: str | list[str]) -> None:
        """An event for each of these partitions. Raises ValueError for a blank or overlong key, TypeError for an
        alias."""
        if isinstance(self.key, AssetAliasUniqueKey):
            raise TypeError(
                "add_partitions() is not supported on asset alias outlet events; "
                "partition keys can only be attached to a concrete asset."
            )
        listed = [keys] if isinstance(keys, str) else list(keys)
        for key in listed:
            if not key.strip():
                raise ValueError(f"partition_key must not be empty or whitespace-only; got {key!r}.")
            if len(key) > LONGEST_PARTITION_KEY:
                raise ValueError(f"partition_key must be at most {LONGEST_PARTITION_KEY} characters; got {len(key)}.")
        self.partition_keys.update(listed)

    def add(self, asset: Asset | AssetRef, extra: dict[str, Any] | None = None) -> None:
        """On an alias: an event of ``asset``, by this alias. On an asset: nothing."""
        if not isinstance(self.key, AssetAliasUniqueKey):
            return
        known = _resolved(asset) if isinstance(asset, AssetRef) else asset
        self.asset_alias_events.append(
            AssetAliasEvent(self.key.name, AssetUniqueKey.from_asset(known), known.extra, extra or {})
        )


class OutletEventAccessors(_ByName, Mapping[Any, OutletEventAccessor]):
    """``outlet_events``: an accessor for whatever asset or alias is asked for."""

    def __init__(self) -> None:
        self._dict: dict[UniqueKey, OutletEventAccessor] = {}

    def __getitem__(self, key: Named) -> OutletEventAccessor:
        found = key_of(key)
        return self._dict.setdefault(found, OutletEventAccessor(found))

    def __iter__(self) -> Iterator[Asset | AssetAlias]:
        return (named_by(key) for key in self._dict)

    def __len__(self) -> int:
        return len(self._dict)

    def accessors(self) -> Iterable[OutletEventAccessor]:
        """Those that were looked at."""
        return self._dict.values()

    def __repr__(self) -> str:
        return f"OutletEventAccessors(_dict={self._dict})"


# ── events that happened ─────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class AssetInfo:
    """The asset of an event."""

    name: str
    uri: str
    group: str = "asset"
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AliasInfo:
    name: str


@dataclass(frozen=True)
class SourceTaskInstance:
    """The task instance an event came from."""

    dag_run: DagRun
    task_id: str
    map_index: int

    @property
    def dag_id(self) -> str:
        return str(self.dag_run.dag_id)

    @property
    def run_id(self) -> str:
        return str(self.dag_run.run_id)

    def xcom_pull(self, *, key: str = "return_value", default: Any = None) -> Any:
        """What it left under ``key``."""
        value = current_runtime().xcom_get(
            dag_id=self.dag_id, run_id=self.run_id, task_id=self.task_id, map_index=self.map_index, key=key
        )
        return default if value is NO_XCOM or value is None else value


class AssetEvent:
    """One update of an asset that happened."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.id: int = fields["id"]
        self.asset = AssetInfo(**fields["asset"])
        self.extra: dict[str, Any] = fields["extra"]
        self.timestamp = moment(fields["timestamp"])
        self.source_task_id: str | None = fields["source_task_id"]
        self.source_dag_id: str | None = fields["source_dag_id"]
        self.source_run_id: str | None = fields["source_run_id"]
        self.source_map_index: int | None = fields["source_map_index"]
        self.partition_key: str | None = fields["partition_key"]
        self.source_aliases = [AliasInfo(name) for name in fields.get("source_aliases", ())]
        self.created_dagruns = [
            DagRun.from_fields({"dag_id": run["dag_id"], **run}) for run in fields.get("created_dagruns", ())
        ]

    @property
    def uri(self) -> str:
        """2.x: the asset's URI."""
        return self.asset.uri

    @cached_property
    def source_dag_run(self) -> DagRun | None:
        """The run it came from; None for an event from outside."""
        if not self.source_dag_id or not self.source_run_id:
            return None
        rows = current_runtime().dag_runs(
            dag_id=self.source_dag_id, logical_dates=None, run_ids=[self.source_run_id], states=None
        )
        return DagRun.from_fields({"dag_id": self.source_dag_id, **rows[0]}) if rows else None

    @cached_property
    def source_task_instance(self) -> SourceTaskInstance | None:
        """The task instance it came from; None for an event from outside."""
        run = self.source_dag_run
        if run is None or self.source_task_id is None or self.source_map_index is None:
            return None
        return SourceTaskInstance(run, self.source_task_id, self.source_map_index)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetEvent) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return (
            f"AssetEvent(id={self.id}, timestamp={self.timestamp!s}, extra={self.extra!r}, asset={self.asset!r}, "
            f"source_dag_id={self.source_dag_id!r}, source_task_id={self.source_task_id!r}, "
            f"source_run_id={self.source_run_id!r}, source_map_index={self.source_map_index!r})"
        )


# ── inlets ───────────────────────────────────────────────────────────────────────────────────────
class InletEventsAccessor(Sequence[AssetEvent]):
    """The events of one inlet, oldest first, fetched when looked at; ``after``, ``before``, ``ascending`` and
    ``limit`` narrow them down."""

    def __init__(
        self, asset_name: str | None = None, asset_uri: str | None = None, alias_name: str | None = None
    ) -> None:
        self._name, self._uri, self._alias = asset_name, asset_uri, alias_name
        self._after: int | None = None
        self._before: int | None = None
        self._ascending = True
        self._limit: int | None = None
        self._found: list[AssetEvent] | None = None

    def after(self, after: str | datetime) -> InletEventsAccessor:
        """Not before this moment (ISO 8601 or a datetime)."""
        self._after, self._found = _instant(after), None
        return self

    def before(self, before: str | datetime) -> InletEventsAccessor:
        """Not after this moment."""
        self._before, self._found = _instant(before), None
        return self

    def ascending(self, ascending: bool = True) -> InletEventsAccessor:
        """Oldest first, or newest first."""
        self._ascending, self._found = ascending, None
        return self

    def limit(self, limit: int) -> InletEventsAccessor:
        """At most so many, after sorting."""
        self._limit, self._found = limit, None
        return self

    @property
    def _events(self) -> list[AssetEvent]:
        if self._found is None:
            rows = asset_runtime().asset_events(
                name=self._name,
                uri=self._uri,
                alias=self._alias,
                after=self._after,
                before=self._before,
                ascending=self._ascending,
                limit=self._limit,
            )
            self._found = [AssetEvent(row) for row in rows]
        return self._found

    def __iter__(self) -> Iterator[AssetEvent]:
        return iter(self._events)

    def __len__(self) -> int:
        return len(self._events)

    def __getitem__(self, index: Any) -> Any:
        return self._events[index]

    def __repr__(self) -> str:
        return repr(self._events)


class InletEventsAccessors(_ByName, Mapping[Any, InletEventsAccessor]):
    """``inlet_events``: the events of each inlet, by asset, reference, alias or position."""

    def __init__(self, inlets: list[Any]) -> None:
        self._inlets = inlets
        self._keys: set[UniqueKey] = {
            key_of(inlet) for inlet in inlets if isinstance(inlet, Asset | AssetAlias | AssetRef)
        }

    def __getitem__(self, key: Any) -> InletEventsAccessor:
        wanted = self._inlets[key] if isinstance(key, int) else key
        if isinstance(wanted, AssetNameRef | AssetUriRef):
            return self._by_reference(wanted)
        if not isinstance(wanted, Asset | AssetAlias):
            if isinstance(key, int):
                raise IndexError(key)
            raise TypeError(f"`key` is of unknown type ({type(key).__name__})")
        found = key_of(wanted)
        if found not in self._keys:
            raise KeyError(found)
        if isinstance(found, AssetAliasUniqueKey):
            return InletEventsAccessor(alias_name=found.name)
        return InletEventsAccessor(asset_name=found.name, asset_uri=found.uri)

    def _by_reference(self, ref: AssetNameRef | AssetUriRef) -> InletEventsAccessor:
        for key in self._keys:
            if isinstance(ref, AssetNameRef) and isinstance(key, AssetUniqueKey) and key.name == ref.name:
                return InletEventsAccessor(asset_name=key.name)
            if isinstance(ref, AssetUriRef) and isinstance(key, AssetUniqueKey) and key.uri == ref.uri:
                return InletEventsAccessor(asset_uri=key.uri)
        raise KeyError(ref)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._inlets)

    def __len__(self) -> int:
        return len(self._inlets)


# ── what the run consumed ────────────────────────────────────────────────────────────────────────
class TriggeringAssetEventsAccessor(_ByName, Mapping[Any, Sequence[AssetEvent]]):
    """``triggering_asset_events``: the events this run consumed, by asset, alias or reference."""

    def __init__(self, events: Iterable[AssetEvent]) -> None:
        self._by_key: dict[UniqueKey, list[AssetEvent]] = {}
        self.events = list(events)
        """All of them, in order."""
        for event in self.events:
            self._by_key.setdefault(AssetUniqueKey(event.asset.name, event.asset.uri), []).append(event)
            for alias in event.source_aliases:
                self._by_key.setdefault(AssetAliasUniqueKey(alias.name), []).append(event)

    def __getitem__(self, key: Any) -> Sequence[AssetEvent]:
        if isinstance(key, str):  # 2.x: by URI
            return next(
                events
                for known, events in self._by_key.items()
                if isinstance(known, AssetUniqueKey) and known.uri == key
            )
        return self._by_key[key_of(key)]

    def __iter__(self) -> Iterator[Asset | AssetAlias]:
        return (named_by(key) for key in self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)

    def __repr__(self) -> str:
        return f"TriggeringAssetEventAccessor(_events={self._by_key})"


def triggering_events(dag_id: str, run_id: str, run_type: str) -> TriggeringAssetEventsAccessor:
    """Those of a run; a run of another type than ``asset_triggered`` has none, and nobody is asked."""
    if run_type != "asset_triggered":
        return TriggeringAssetEventsAccessor(())
    rows = asset_runtime().triggering_events(dag_id=dag_id, run_id=run_id)
    return TriggeringAssetEventsAccessor(AssetEvent(row) for row in rows)


def _instant(value: str | datetime) -> int:
    parsed = timezone.parse(value) if isinstance(value, str) else timezone.convert_to_utc(value)
    assert parsed is not None  # only None gives None
    return to_us(parsed)
