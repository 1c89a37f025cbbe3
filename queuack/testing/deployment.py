"""What a run in this process asks of the deployment it stands in: variables, connections, events of assets.

They are read from the home, by its daemon or from its file; what the run sets or deletes it alone sees, so that a test
leaves the home as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from queuack.authoring import masking
from queuack.authoring.runtime import set_runtime
from queuack.client import connect
from queuack.errors import InvalidRequest, NotFound
from queuack.home import Home
from queuack.testing.bench import Collector
from queuack.worker.runtime import WorkerRuntime


@contextmanager
def importing(home: Home) -> Iterator[None]:
    """While DAG files are imported in this process: variables and connections can be read, XComs and runs cannot."""
    deployment = Deployment(home)

    def answer(method: str, params: dict[str, Any]) -> Any:
        if method not in deployment.methods:
            raise InvalidRequest(
                f"{method} cannot be asked while a DAG file is imported: nothing runs. Do it in a task."
            )
        return deployment.methods[method](**params)

    runtime = WorkerRuntime(
        Collector(answer), masking.current(), xcoms=home.xcoms, enable_pickling=False, threshold_bytes=1 << 62
    )
    before = set_runtime(runtime)
    try:
        yield
    finally:
        set_runtime(before)


class Deployment:
    """Answers by the names the runtime asks with."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._own: dict[str, str | None] = {}
        self.methods: dict[str, Callable[..., Any]] = {
            "variable_get": self.variable_get,
            "variable_set": self.variable_set,
            "variable_delete": self.variable_delete,
            "variable_keys": self.variable_keys,
            "connection_get": self.connection_get,
        }

        self.besides: dict[str, Callable[..., Any]] = {
            "asset_find": self.asset_find,
            "assets_of_alias": self.assets_of_alias,
            "asset_events": self.asset_events,
        }
        """Name → what to make of the answer of the run's own store (first argument) and of the home."""

    def asset_find(self, own: Any, **query: Any) -> Any:
        """The run's own, else the home's."""
        return own if own is not None else self._ask("asset_find", **query)

    def assets_of_alias(self, own: list[Any], name: str) -> list[Any]:
        """The run's own, else the home's."""
        return own or self._ask("assets_of_alias", name=name) or []

    def asset_events(self, own: list[Any], *, ascending: bool, limit: int | None, **query: Any) -> list[Any]:
        """The home's, and those of this run, in order of time."""
        stored = self._ask("asset_events", ascending=ascending, limit=limit, **query) or []
        found = sorted([*stored, *own], key=lambda event: event["timestamp"], reverse=not ascending)
        return found if limit is None else found[:limit]

    def of_another_dag(self, method: str, params: dict[str, Any]) -> Any:
        """What the home knows of runs and tasks of a DAG that is not the one under test."""
        found = self._ask(method, **params)
        return [] if found is None and method != "dag_outline" else found

    def variable_get(self, key: str) -> str | None:
        """None where there is none."""
        if key in self._own:
            return self._own[key]
        found = self._ask("get_variable", key=key)
        return None if found is None else str(found["val"])

    def variable_set(self, key: str, value: str, description: str | None = None) -> None:
        self._own[key] = value

    def variable_delete(self, key: str) -> None:
        """Raises NotFound."""
        if self.variable_get(key) is None:
            raise NotFound(f"There is no variable {key!r}.")
        self._own[key] = None

    def variable_keys(self, prefix: str | None = None) -> list[str]:
        """Those of the home, and what the run set."""
        stored = self._ask("variable_keys", prefix=prefix) or []
        own = {key: value is not None for key, value in self._own.items() if key.startswith(prefix or "")}
        return sorted({*(key for key in stored if own.get(key, True)), *(key for key, is_set in own.items() if is_set)})

    def connection_get(self, conn_id: str) -> dict[str, Any] | None:
        """Of the home; None where there is none."""
        found: dict[str, Any] | None = self._ask("get_connection", conn_id=conn_id, secrets=True)
        return found

    def _ask(self, method: str, **params: Any) -> Any:
        """The home's answer; None where there is no such thing, or no home."""
        if not self._home.database.exists():
            return None
        client = connect(self._home)
        try:
            return client.call(method, **params)
        except NotFound:
            return None
        finally:
            client.close()
