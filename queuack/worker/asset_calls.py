"""What a task asks about assets and stored state, answered by the daemon: ``authoring.assets.runtime.AssetRuntime``."""

from __future__ import annotations

import json
from typing import Any

from queuack.authoring.runtime import NO_XCOM
from queuack.worker.link import Outlet


class AssetCalls:
    """Part of ``WorkerRuntime``; see ``AssetRuntime`` for what the methods mean."""

    outlet: Outlet

    def asset_find(self, *, name: str | None = None, uri: str | None = None) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.outlet.ask("asset_find", {"name": name, "uri": uri})
        return found

    def assets_of_alias(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.outlet.ask("assets_of_alias", {"name": name})
        return found

    def asset_events(self, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.outlet.ask("asset_events", query)
        return found

    def triggering_events(self, *, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.outlet.ask("triggering_events", {"dag_id": dag_id, "run_id": run_id})
        return found

    def task_state_get(self, **place: Any) -> Any:
        return _decoded(self.outlet.ask("task_state_get", place))

    def task_state_set(self, *, value: Any, **place: Any) -> None:
        self.outlet.ask("task_state_set", {**place, "value": json.dumps(value)})

    def task_state_delete(self, **place: Any) -> None:
        self.outlet.ask("task_state_delete", place)

    def asset_state_get(self, *, name: str | None, uri: str | None, key: str) -> Any:
        return _decoded(self.outlet.ask("asset_state_get", {"name": name, "uri": uri, "key": key}))

    def asset_state_set(
        self, *, name: str | None, uri: str | None, key: str, value: Any, writer: dict[str, Any]
    ) -> None:
        params = {"name": name, "uri": uri, "key": key, "value": json.dumps(value), "writer": writer}
        self.outlet.ask("asset_state_set", params)

    def asset_state_delete(self, *, name: str | None, uri: str | None, key: str | None) -> None:
        self.outlet.ask("asset_state_delete", {"name": name, "uri": uri, "key": key})


def _decoded(text: str | None) -> Any:
    return NO_XCOM if text is None else json.loads(text)
