"""How a task reaches what the system knows of assets and of stored state: a part of the runtime of its own.

Implemented by the worker; a parser and plain Python have none. Values are JSON-able.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

from queuack.authoring.runtime import current_runtime
from queuack.errors import QueuackError


class AssetRuntime(Protocol):
    """What a running task may ask about assets. Instants are microseconds, ``extra`` a dict."""

    def asset_find(self, *, name: str | None = None, uri: str | None = None) -> dict[str, Any] | None:
        """name, uri, group, extra of the active asset; None when there is none."""

    def assets_of_alias(self, name: str) -> list[dict[str, Any]]:
        """The active assets tied to an alias, as ``asset_find``."""

    def asset_events(
        self,
        *,
        name: str | None,
        uri: str | None,
        alias: str | None,
        after: int | None,
        before: int | None,
        ascending: bool,
        limit: int | None,
    ) -> list[dict[str, Any]]:
        """Events by time: id, timestamp, extra, asset, source_*, partition_key, created_dagruns."""

    def triggering_events(self, *, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The events a run consumed, with ``source_aliases``."""

    def task_state_get(self, *, dag_id: str, run_id: str, task_id: str, map_index: int, key: str) -> Any:
        """The value, or ``NO_XCOM`` when there is none."""

    def task_state_set(
        self,
        *,
        dag_id: str,
        run_id: str,
        task_id: str,
        map_index: int,
        key: str,
        value: Any,
        expires_at: int | None,
    ) -> None: ...

    def task_state_delete(self, *, dag_id: str, run_id: str, task_id: str, map_index: int, key: str | None) -> None:
        """``key`` None = all."""

    def asset_state_get(self, *, name: str | None, uri: str | None, key: str) -> Any:
        """The value, or ``NO_XCOM`` when there is none."""

    def asset_state_set(
        self, *, name: str | None, uri: str | None, key: str, value: Any, writer: dict[str, Any]
    ) -> None:
        """``writer``: dag_id, run_id, task_id, map_index of the task that writes."""

    def asset_state_delete(self, *, name: str | None, uri: str | None, key: str | None) -> None:
        """``key`` None = all."""


def asset_runtime() -> AssetRuntime:
    """The runtime of this task. Raises QueuackError where no task runs."""
    runtime = current_runtime()
    if not hasattr(runtime, "asset_find"):
        raise QueuackError("Asset events and state stores are there while a task runs, not while a DAG file is read.")
    return cast(AssetRuntime, runtime)
