"""A runtime that keeps XComs in a dict, and a way to run one task as a worker does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from queuack.authoring.context import make_context
from queuack.authoring.exceptions import DownstreamTasksSkipped
from queuack.authoring.execution import execute_task
from queuack.authoring.runtime import NO_XCOM, set_runtime
from queuack.clock import to_us
from queuack.protocol import RunInfo


class MemoryRuntime:
    """XComs by (task_id, key); variables and connections by name; runs before this one."""

    def __init__(self) -> None:
        self.xcoms: dict[tuple[str, str], Any] = {}
        self.variables: dict[str, str] = {}
        self.connections: dict[str, dict[str, Any]] = {}
        self.before: dict[str, Any] | None = None
        self.asked = 0

    def xcom_get(self, *, task_id: str, key: str, **_: Any) -> Any:
        return self.xcoms.get((task_id, key), NO_XCOM)

    def xcom_set(self, *, task_id: str, key: str, value: Any, **_: Any) -> None:
        self.xcoms[task_id, key] = value

    def variable_get(self, key: str) -> str | None:
        return self.variables.get(key)

    def variable_set(self, key: str, value: str, description: str | None = None) -> None:
        self.variables[key] = value

    def variable_delete(self, key: str) -> None:
        self.variables.pop(key, None)

    def connection_get(self, conn_id: str) -> dict[str, Any] | None:
        return self.connections.get(conn_id)

    def previous_run(self, **_: Any) -> dict[str, Any] | None:
        self.asked += 1
        return self.before


class Desk:
    """Runs tasks of a DAG in one imagined run."""

    def __init__(self, runtime: MemoryRuntime) -> None:
        self.runtime = runtime
        self.run = run_info()
        self.context: Any = None
        self.skipped: set[str] = set()
        """The ids that the last task asked to be skipped."""

    def context_of(self, task: Any, **fields: Any) -> Any:
        return make_context(task=task, run=self.run, ti_id=1, **fields)

    def execute(self, task: Any, **fields: Any) -> Any:
        copy = task.prepare_for_execution()
        self.context = self.context_of(copy, **fields)
        copy.render_template_fields(self.context)
        self.skipped = set()
        try:
            result = execute_task(copy, self.context)
        except DownstreamTasksSkipped as ended:
            self.skipped = set(ended.tasks)
            return None
        if result is not None:
            self.runtime.xcoms[copy.task_id, "return_value"] = result
        return result


def run_info(**fields: Any) -> RunInfo:
    start, end = (to_us(datetime(2024, 1, day, tzinfo=UTC)) for day in (2, 3))
    known: dict[str, Any] = {
        "dag_id": "d",
        "run_id": "scheduled__2024-01-02",
        "run_type": "scheduled",
        "logical_date": start,
        "data_interval_start": start,
        "data_interval_end": end,
        "run_after": end,
    }
    return RunInfo(**{**known, **fields})


@pytest.fixture
def desk() -> Any:
    runtime = MemoryRuntime()
    before = set_runtime(runtime)  # type: ignore[arg-type]
    yield Desk(runtime)
    set_runtime(before)
