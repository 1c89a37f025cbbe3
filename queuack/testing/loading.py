"""How long DAG files take to load, as their parsing children measure it. Records nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

from queuack.authoring.runtime import Runtime
from queuack.engine.spec import decode
from queuack.home import Home
from queuack.parser.runtime import ASKABLE
from queuack.parser.scan import scan


def load_times(home: Home, call: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """Parse every DAG file; one row each, as they are done: file, duration (seconds), dag_num, task_num, dags (ids) and
    failed. ``call`` asks the deployment for variables and connections, as ``Client.call``."""

    def asks(method: str) -> Callable[..., Any]:
        return lambda **params: call(method, **params)

    runtime = cast(Runtime, SimpleNamespace(**{method: asks(method) for method in ASKABLE}))
    for parsed in scan(home, runtime=runtime):
        documents = [decode(document) for document in parsed.documents]
        yield {
            "file": parsed.relative_fileloc,
            "duration": round(parsed.duration, 6),
            "dag_num": len(documents),
            "task_num": sum(len(document.tasks) for document in documents),
            "dags": sorted(document.dag_id for document in documents),
            "failed": bool(parsed.failures),
        }
