"""Triggers that wait for other DAGs' runs and tasks, and the look at them that the sensor shares.

Airflow: ``airflow.providers.standard.triggers.external_task``.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from queuack.authoring.runtime import current_runtime
from queuack.authoring.trigger import BaseTrigger, TriggerEvent
from queuack.clock import to_us

_MODULE = "airflow.providers.standard.triggers.external_task"


@dataclass(frozen=True)
class External:
    """What to look at: a DAG's runs, by run ids or logical dates, or in them tasks or a task group."""

    dag_id: str
    task_ids: Collection[str] | None = None
    group_id: str | None = None
    run_ids: Collection[str] | None = None
    logical_dates: Collection[dt.datetime] | None = None

    def look(self, allowed: Collection[str], skipped: Collection[str], failed: Collection[str]) -> str | None:
        """success, skipped, failed, or None: not yet.

        One that is in a failed state decides, then one in a skipped state; success is when all are in an allowed one,
        in every run. A mapped task is in the states of all its instances. Raises NotFound for a group that the DAG
        does not have.
        """
        states = self._states()
        everything = [state for found in states.values() for state in found]
        if any(state in failed for state in everything):
            return "failed"
        if any(state in skipped for state in everything):
            return "skipped"
        if len(states) < self._wanted or not all(state in allowed for state in everything):
            return None
        return "success"

    @property
    def _wanted(self) -> int:
        """How many runs, or tasks in runs, there are to be."""
        runs = len(set(self.run_ids or self.logical_dates or ()))
        return runs * len(set(self.task_ids)) if self.task_ids else runs

    def _states(self) -> dict[Hashable, list[str]]:
        """Run, or run and task → its states."""
        dates = None if self.logical_dates is None else [to_us(date) for date in self.logical_dates]
        which: dict[str, Any] = {
            "dag_id": self.dag_id,
            "run_ids": None if self.run_ids is None else list(self.run_ids),
            "logical_dates": dates,
            "states": None,
        }
        found: dict[Hashable, list[str]] = defaultdict(list)
        if not self.task_ids and not self.group_id:
            for row in current_runtime().dag_runs(**which):
                found[row["run_id"]].append(row["state"])
            return found
        tasks = list(self.task_ids) if self.task_ids else None
        for row in current_runtime().task_states(**which, task_ids=tasks, group_id=self.group_id):
            if row["state"] != "removed":  # of a mapped task that has fewer instances now
                found[(row["run_id"], row["task_id"]) if tasks else row["run_id"]].append(row["state"])
        return found


class WorkflowTrigger(BaseTrigger):
    """Fires ``{"status": …}``: success, skipped or failed, once tasks, a task group or a DAG's runs are there.

    Looks every ``poke_interval`` seconds at the runs of ``run_ids`` or ``logical_dates``.
    """

    def __init__(
        self,
        external_dag_id: str,
        run_ids: list[str] | None = None,
        execution_dates: list[dt.datetime] | None = None,
        logical_dates: list[dt.datetime] | None = None,
        external_task_ids: Collection[str] | None = None,
        external_task_group_id: str | None = None,
        failed_states: Iterable[str] | None = None,
        skipped_states: Iterable[str] | None = None,
        allowed_states: Iterable[str] | None = None,
        poke_interval: float = 2.0,
        soft_fail: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.external_dag_id = external_dag_id
        self.run_ids = run_ids
        self.execution_dates = execution_dates
        self.logical_dates = logical_dates or execution_dates
        self.external_task_ids = external_task_ids
        self.external_task_group_id = external_task_group_id
        self.failed_states = _texts(failed_states)
        self.skipped_states = _texts(skipped_states)
        self.allowed_states = _texts(allowed_states)
        self.poke_interval = poke_interval
        self.soft_fail = soft_fail

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = (
            "external_dag_id",
            "external_task_group_id",
            "failed_states",
            "skipped_states",
            "allowed_states",
            "poke_interval",
            "soft_fail",
            "run_ids",
            "logical_dates",
        )
        tasks = None if self.external_task_ids is None else list(self.external_task_ids)
        return f"{_MODULE}.WorkflowTrigger", {"external_task_ids": tasks} | {n: getattr(self, n) for n in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        external = External(
            self.external_dag_id,
            self.external_task_ids,
            self.external_task_group_id,
            self.run_ids,
            self.logical_dates,
        )
        states = self.allowed_states or (), self.skipped_states or (), self.failed_states or ()
        while (status := await asyncio.to_thread(external.look, *states)) is None:
            await asyncio.sleep(self.poke_interval)
        yield TriggerEvent({"status": status})


class DagStateTrigger(BaseTrigger):
    """Fires once all runs of ``run_ids`` (or ``execution_dates``) are in one of ``states``.

    The event: this trigger as it is stored, and, in its arguments, each run id with the state of that run.
    """

    def __init__(
        self,
        dag_id: str,
        states: Iterable[str],
        run_ids: list[str] | None = None,
        execution_dates: list[dt.datetime] | None = None,
        poll_interval: float = 5.0,
    ) -> None:
        super().__init__()
        self.dag_id = dag_id
        self.states = _texts(states) or []
        self.run_ids = run_ids
        self.execution_dates = execution_dates
        self.poll_interval = poll_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("dag_id", "states", "poll_interval", "run_ids", "execution_dates")
        return f"{_MODULE}.DagStateTrigger", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        wanted = len(self.run_ids or self.execution_dates or ())
        while len(found := await asyncio.to_thread(self._look)) < wanted:
            await asyncio.sleep(self.poll_interval)
        path, arguments = self.serialize()
        yield TriggerEvent((path, arguments | found))

    def _look(self) -> dict[str, str]:
        """Run id → state, of the runs that are in one of the states."""
        dates = None if self.execution_dates is None else [to_us(date) for date in self.execution_dates]
        rows = current_runtime().dag_runs(
            dag_id=self.dag_id, logical_dates=dates, run_ids=self.run_ids, states=self.states
        )
        return {row["run_id"]: row["state"] for row in rows}


def _texts(states: Iterable[str] | None) -> list[str] | None:
    return None if states is None else [str(state) for state in states]
