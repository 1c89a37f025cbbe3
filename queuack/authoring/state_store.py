"""State stores: what a task instance keeps over its tries, and what is kept for an asset over all runs.

Decides names, expiry and which assets a task reaches; values are JSON. Airflow page: core-concepts/task-state-store.
"""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

from queuack import clock, config
from queuack.authoring.assets.asset import Asset, AssetAlias, AssetNameRef, AssetUriRef
from queuack.authoring.assets.runtime import asset_runtime
from queuack.authoring.async_tasks import off_loop
from queuack.authoring.runtime import NO_XCOM

log = logging.getLogger("queuack.task")


NEVER_EXPIRE = timedelta.max
"""``retention=NEVER_EXPIRE``: the key stays until it is deleted."""


class TaskStateStoreAccessor:
    """``task_state_store`` in the context: keys of this task instance. They outlive its tries."""

    def __init__(self, *, dag_id: str, run_id: str, task_id: str, map_index: int) -> None:
        self._place: dict[str, Any] = {
            "dag_id": dag_id,
            "run_id": run_id,
            "task_id": task_id,
            "map_index": map_index,
        }

    def get(self, key: str, default: Any = None) -> Any:
        """The value, ``default`` when there is none or it has expired."""
        value = asset_runtime().task_state_get(**self._place, key=key)
        return default if value is NO_XCOM else value

    def set(self, key: str, value: Any, *, retention: timedelta | None = None) -> None:
        """Keep ``value`` (JSON-able, not None) for ``retention``; None: as ``[state_store] default_retention_days``.

        Raises ValueError for None, TypeError for what JSON cannot hold.
        """
        _check(key, value)
        expires_at = _expiry(retention)
        asset_runtime().task_state_set(**self._place, key=key, value=value, expires_at=expires_at)

    def delete(self, key: str) -> None:
        """Nothing happens when there is no such key."""
        asset_runtime().task_state_delete(**self._place, key=key)

    def clear(self) -> None:
        """Delete all keys of this task instance."""
        asset_runtime().task_state_delete(**self._place, key=None)

    async def aget(self, key: str, default: Any = None) -> Any:
        return await off_loop(self.get, key, default)

    async def aset(self, key: str, value: Any, *, retention: timedelta | None = None) -> None:
        await off_loop(self.set, key, value, retention=retention)

    async def adelete(self, key: str) -> None:
        await off_loop(self.delete, key)

    async def aclear(self) -> None:
        await off_loop(self.clear)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TaskStateStoreAccessor) and other._place == self._place

    def __hash__(self) -> int:
        return hash(tuple(self._place.values()))

    def __repr__(self) -> str:
        return f"<TaskStateStoreAccessor {'/'.join(map(str, self._place.values()))}>"


class AssetStateStoreAccessor:
    """The keys of one asset. Raises ValueError without a name or URI."""

    def __init__(
        self, *, name: str | None = None, uri: str | None = None, writer: dict[str, Any] | None = None
    ) -> None:
        if not name and not uri:
            raise ValueError("Either `name` or `uri` must be provided")
        self._name, self._uri = name, uri
        self._writer = writer or {}

    def get(self, key: str, default: Any = None) -> Any:
        """The value, ``default`` when there is none."""
        value = asset_runtime().asset_state_get(name=self._name, uri=self._uri, key=key)
        return default if value is NO_XCOM else value

    def set(self, key: str, value: Any) -> None:
        """Keep ``value`` (JSON-able, not None). Raises ValueError for None, TypeError for what JSON cannot hold."""
        _check(key, value)
        asset_runtime().asset_state_set(name=self._name, uri=self._uri, key=key, value=value, writer=self._writer)

    def delete(self, key: str) -> None:
        """Nothing happens when there is no such key."""
        asset_runtime().asset_state_delete(name=self._name, uri=self._uri, key=key)

    def clear(self) -> None:
        """Delete all keys of the asset."""
        asset_runtime().asset_state_delete(name=self._name, uri=self._uri, key=None)

    async def aget(self, key: str, default: Any = None) -> Any:
        return await off_loop(self.get, key, default)

    async def aset(self, key: str, value: Any) -> None:
        await off_loop(self.set, key, value)

    async def adelete(self, key: str) -> None:
        await off_loop(self.delete, key)

    async def aclear(self) -> None:
        await off_loop(self.clear)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetStateStoreAccessor) and (other._name, other._uri) == (self._name, self._uri)

    def __hash__(self) -> int:
        return hash((self._name, self._uri))

    def __repr__(self) -> str:
        named = f"name={self._name!r}" if self._name is not None else f"uri={self._uri!r}"
        return f"<AssetStateStoreAccessor {named}>"


class AssetStateStoreAccessors:
    """``asset_state_store`` in the context: by inlet or outlet; of a task with one asset, directly."""

    def __init__(
        self, inlets: list[Any], outlets: list[Any] | None = None, *, writer: dict[str, Any] | None = None
    ) -> None:
        self._by_name: dict[str, AssetStateStoreAccessor] = {}
        self._by_uri: dict[str, AssetStateStoreAccessor] = {}
        for used in (*inlets, *(outlets or ())):
            if isinstance(used, Asset | AssetNameRef):
                self._by_name.setdefault(used.name, AssetStateStoreAccessor(name=used.name, writer=writer))
            elif isinstance(used, AssetUriRef):
                self._by_uri.setdefault(used.uri, AssetStateStoreAccessor(uri=used.uri, writer=writer))
        for alias in [inlet for inlet in inlets if isinstance(inlet, AssetAlias)]:
            for asset in asset_runtime().assets_of_alias(alias.name):
                name = asset["name"]
                self._by_name.setdefault(name, AssetStateStoreAccessor(name=name, writer=writer))

    def __getitem__(self, key: Any) -> AssetStateStoreAccessor:
        try:
            if isinstance(key, Asset | AssetNameRef):
                return self._by_name[key.name]
            if isinstance(key, AssetUriRef):
                return self._by_uri[key.uri]
        except KeyError:
            raise KeyError(f"{key!r} is not in this task's inlets or outlets") from None
        raise TypeError(f"Expected Asset, AssetNameRef, or AssetUriRef; got {type(key).__name__}")

    @property
    def _only(self) -> AssetStateStoreAccessor:
        found = [*self._by_name.values(), *self._by_uri.values()]
        if len(found) != 1:
            raise ValueError(
                f"Task has {len(found)} concrete inlets and outlets — use context['asset_state_store'][MY_ASSET] "
                "to specify which"
            )
        return found[0]

    def get(self, key: str, default: Any = None) -> Any:
        return self._only.get(key, default)

    def set(self, key: str, value: Any) -> None:
        self._only.set(key, value)

    def delete(self, key: str) -> None:
        self._only.delete(key)

    def clear(self) -> None:
        self._only.clear()

    async def aget(self, key: str, default: Any = None) -> Any:
        return await off_loop(self.get, key, default)

    async def aset(self, key: str, value: Any) -> None:
        await off_loop(self.set, key, value)

    async def adelete(self, key: str) -> None:
        await off_loop(self.delete, key)

    async def aclear(self) -> None:
        await off_loop(self.clear)

    def __repr__(self) -> str:
        parts = [f"name={name!r}" for name in self._by_name] + [f"uri={uri!r}" for uri in self._by_uri]
        return f"<AssetStateStoreAccessors [{', '.join(parts)}]>"


def _check(key: str, value: Any) -> None:
    if value is None:
        raise ValueError("Cannot set value as None")
    size, limit = len(json.dumps(value)), config.get_int("state_store", "max_value_storage_bytes")
    if 0 < limit < size:
        log.warning(
            "The value of key %r has %d bytes, more than [state_store] max_value_storage_bytes = %d.", key, size, limit
        )


def _expiry(retention: timedelta | None) -> int | None:
    """When a key set now expires; None = never. Raises ValueError for a negative setting."""
    if retention == NEVER_EXPIRE:
        return None
    if retention is None:
        days = config.get_int("state_store", "default_retention_days")
        if days < 0:
            raise ValueError(
                f"[state_store] default_retention_days must be >= 0, got {days}. Set to 0 to disable expiry."
            )
        if days == 0:
            return None
        retention = timedelta(days=days)
    return clock.now_us() + round(retention.total_seconds() * clock.SECOND)
