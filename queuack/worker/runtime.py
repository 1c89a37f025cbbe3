"""What user code asks of the system, answered by the daemon: ``authoring.runtime.Runtime`` over the worker's link.

It serializes and deserializes XComs and registers the secrets it hands out with the masker. Variables and connections
in the environment are authoring's business and never get here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from queuack import clock
from queuack.authoring.masking import Masker
from queuack.authoring.runtime import NO_XCOM
from queuack.protocol import XComClear, XComPush
from queuack.worker.asset_calls import AssetCalls
from queuack.worker.link import Outlet
from queuack.worker.xcom_values import XComValues


class WorkerRuntime(AssetCalls):
    """Implements ``Runtime``; see there for what the methods mean."""

    def __init__(
        self, outlet: Outlet, masker: Masker, *, xcoms: Path, enable_pickling: bool, threshold_bytes: int
    ) -> None:
        self.outlet = outlet
        self._masker = masker
        self.values = XComValues(enable_pickling, threshold_bytes, xcoms)

    def xcom_get(
        self, *, dag_id: str, run_id: str, task_id: str, map_index: int, key: str, include_prior_dates: bool = False
    ) -> Any:
        found = self.outlet.ask(
            "xcom_get",
            {
                "dag_id": dag_id,
                "run_id": run_id,
                "task_id": task_id,
                "map_index": map_index,
                "key": key,
                "include_prior_dates": include_prior_dates,
            },
        )
        return NO_XCOM if found is None else self.values.decode(found)

    def xcom_count(self, *, dag_id: str, run_id: str, task_id: str, key: str) -> int:
        place = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "key": key}
        return int(self.outlet.ask("xcom_count", place))

    def xcom_slice(
        self,
        *,
        dag_id: str,
        run_id: str,
        task_id: str,
        key: str,
        start: int,
        stop: int | None,
        max_bytes: int | None = None,
        include_prior_dates: bool = False,
    ) -> list[Any]:
        params = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "key": key, "start": start, "stop": stop}
        params |= {"max_bytes": max_bytes, "include_prior_dates": include_prior_dates}
        return [self.values.decode(row) for row in self.outlet.ask("xcom_slice", params)]

    def xcom_set(self, *, dag_id: str, run_id: str, task_id: str, map_index: int, key: str, value: Any) -> None:
        self.push(dag_id, run_id, task_id, map_index, key, value, flush=True)

    def push(
        self, dag_id: str, run_id: str, task_id: str, map_index: int, key: str, value: Any, *, flush: bool
    ) -> None:
        """As ``xcom_set``; ``flush=False`` lets it travel with the outcome of the attempt."""
        encoding, data = self.values.encode(
            value, key=key, dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index
        )
        fact = XComPush(
            seq=0,
            dag_id=dag_id,
            run_id=run_id,
            task_id=task_id,
            map_index=map_index,
            key=key,
            encoding=encoding,
            value=data,
            at=clock.now_us(),
        )
        self.outlet.emit(fact, flush=flush)

    def xcom_delete(self, *, dag_id: str, run_id: str, task_id: str, map_index: int, key: str) -> None:
        place: dict[str, Any] = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": map_index}
        place["key"] = key
        if self.values.purges and (found := self.outlet.ask("xcom_get", place)) is not None:
            self.values.purge(found, **place)
        self.outlet.emit(XComClear(seq=0, **place))

    def variable_get(self, key: str) -> str | None:
        value: str | None = self.outlet.ask("variable_get", {"key": key})
        if value is not None:
            self._masker.mask_variable(key, value)
        return value

    def variable_set(self, key: str, value: str, description: str | None = None) -> None:
        self._masker.mask_variable(key, value)
        self.outlet.ask("variable_set", {"key": key, "value": value, "description": description})

    def variable_delete(self, key: str) -> None:
        self.outlet.ask("variable_delete", {"key": key})

    def variable_keys(self, prefix: str | None = None) -> list[str]:
        keys: list[str] = self.outlet.ask("variable_keys", {"prefix": prefix})
        return keys

    def connection_get(self, conn_id: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.outlet.ask("connection_get", {"conn_id": conn_id})
        if found is not None:
            self._masker.mask_connection(found.get("password"), found.get("extra"))
        return found

    def previous_run(
        self, *, dag_id: str, logical_date: int | None, run_after: int, state: str | None
    ) -> dict[str, Any] | None:
        params = {"dag_id": dag_id, "logical_date": logical_date, "run_after": run_after, "state": state}
        found: dict[str, Any] | None = self.outlet.ask("previous_run", params)
        return found

    def dag_runs(
        self,
        *,
        dag_id: str,
        logical_dates: list[int] | None,
        run_ids: list[str] | None,
        states: list[str] | None,
    ) -> list[dict[str, Any]]:
        params = {"dag_id": dag_id, "logical_dates": logical_dates, "run_ids": run_ids, "states": states}
        found: list[dict[str, Any]] = self.outlet.ask("dag_runs", params)
        return found

    def task_states(
        self,
        *,
        dag_id: str,
        run_ids: list[str] | None,
        logical_dates: list[int] | None,
        task_ids: list[str] | None,
        group_id: str | None,
        states: list[str] | None,
    ) -> list[dict[str, Any]]:
        params = {
            "dag_id": dag_id,
            "run_ids": run_ids,
            "logical_dates": logical_dates,
            "task_ids": task_ids,
            "group_id": group_id,
            "states": states,
        }
        found: list[dict[str, Any]] = self.outlet.ask("task_states", params)
        return found

    def trigger_run(self, **params: Any) -> str:
        return str(self.outlet.ask("trigger_run", params))

    def hitl_ask(self, *, ti_id: int, **question: Any) -> None:
        self.outlet.ask("hitl_ask", {"ti_id": ti_id, **question})

    def hitl_answer_by_default(self, *, ti_id: int, chosen_options: list[str], params_input: dict[str, Any]) -> None:
        params = {"ti_id": ti_id, "chosen_options": chosen_options, "params_input": params_input}
        self.outlet.ask("hitl_answer_by_default", params)

    def hitl_answer(self, ti_id: int) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.outlet.ask("hitl_answer", {"ti_id": ti_id})
        return found

    def dag_outline(self, dag_id: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.outlet.ask("dag_outline", {"dag_id": dag_id})
        return found

    def previous_task(self, **params: Any) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.outlet.ask("previous_task", params)
        return found

    def task_breadcrumbs(self, *, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.outlet.ask("task_breadcrumbs", {"dag_id": dag_id, "run_id": run_id})
        return found

    def model_rows(self, **query: Any) -> list[dict[str, Any]]:
        """Beyond ``Runtime``: rows as Airflow's database models have them, for ``compat/models``."""
        found: list[dict[str, Any]] = self.outlet.ask("model_rows", query)
        return found
