"""What a run in this process asks of the deployment it stands in: variables.

They are read from the home, by its daemon or from its file; what the run sets or deletes it alone sees, so that a test
leaves the home as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from queuack.authoring.runtime import set_runtime
from queuack.client import connect
from queuack.errors import InvalidRequest, NotFound
from queuack.home import Home
from queuack.testing.bench import Collector
from queuack.worker.masking import Masker
from queuack.worker.runtime import WorkerRuntime


@contextmanager
def importing(home: Home) -> Iterator[None]:
    """While DAG files are imported in this process: variables can be read, XComs and runs cannot."""
    deployment = Deployment(home)

    def answer(method: str, params: dict[str, Any]) -> Any:
        if method not in deployment.methods:
            raise InvalidRequest(
                f"{method} cannot be asked while a DAG file is imported: nothing runs. Do it in a task."
            )
        return deployment.methods[method](**params)

    runtime = WorkerRuntime(
        Collector(answer), Masker(), xcoms=home.xcoms, enable_pickling=False, threshold_bytes=1 << 62
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
            "connection_get": self.connection_get,
        }

    def variable_get(self, key: str) -> str | None:
        """None where there is none."""
        if key in self._own:
            return self._own[key]
        if not self._home.database.exists():
            return None
        client = connect(self._home)
        try:
            return str(client.call("get_variable", key=key)["val"])
        except NotFound:
            return None
        finally:
            client.close()

    def variable_set(self, key: str, value: str, description: str | None = None) -> None:
        self._own[key] = value

    def variable_delete(self, key: str) -> None:
        """Raises NotFound."""
        if self.variable_get(key) is None:
            raise NotFound(f"There is no variable {key!r}.")
        self._own[key] = None

    def connection_get(self, conn_id: str) -> dict[str, Any] | None:
        """The store holds none yet; those of the environment are found before anybody asks."""
        return None
