"""The task instance as its own code sees it: XComs, previous runs, other tasks' states.

Everything goes through the runtime.

Airflow: ``ti`` in the context, ``airflow.sdk.execution_time.task_runner.RuntimeTaskInstance``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import product
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from queuack import config
from queuack.authoring.async_tasks import off_loop
from queuack.authoring.dag_run import DagRun, moment
from queuack.authoring.exceptions import AirflowException, DagNotFound
from queuack.authoring.map_indexes import common_mapped_group, is_further_mapped, relevant_map_indexes
from queuack.authoring.mapped_values import LazyXComSequence
from queuack.authoring.runtime import NO_XCOM, current_runtime
from queuack.authoring.types import NOTSET, is_arg_set
from queuack.clock import to_us

if TYPE_CHECKING:
    from pendulum import DateTime

    from queuack.authoring.context import Context

XCOM_RETURN_KEY = "return_value"


class TaskInstance:
    """One task in one run."""

    def __init__(
        self,
        *,
        task: Any,
        run: Any,
        ti_id: int,
        map_index: int,
        try_number: int,
        max_tries: int,
        start_date_us: int | None,
        log_path: str,
        test_mode: bool,
    ) -> None:
        self.task = task
        self.id = ti_id
        self.dag_id: str = run.dag_id
        self.run_id: str = run.run_id
        self.task_id: str = task.task_id
        self.map_index = map_index
        self.try_number = try_number
        self.max_tries = max_tries
        self.log_path = log_path
        self.test_mode = test_mode
        self.task_reschedule_count = 0
        self.first_reschedule_us: int | None = None
        self.state: str = "running"
        self.end_date: DateTime | None = None
        self.rendered_map_index: str | None = None
        self._run = run
        self._start_us = start_date_us
        self.context: Context | None = None
        self.skip_requests: list[str] = []
        """Tasks downstream that this instance of a mapped group wants skipped, each in the instance of its index."""
        self.upstream_map_indexes: dict[str, list[int]] = {}
        """Task in the same mapped group → the map indexes that belong to this instance, as far as they are known."""
        self._counts: dict[str, int] = {}

    # ── about itself ─────────────────────────────────────────────────────────────────────────────
    @property
    def start_date(self) -> DateTime | None:
        return moment(self._start_us)

    @property
    def duration(self) -> float | None:
        """Seconds, once it has ended."""
        if self.end_date is None or self.start_date is None:
            return None
        return float((self.end_date - self.start_date).total_seconds())

    @property
    def logical_date(self) -> DateTime | None:
        return moment(self._run.logical_date)

    execution_date = logical_date
    """2.x spelling."""

    @property
    def dag_run(self) -> DagRun:
        return self.get_dagrun()

    @property
    def operator(self) -> str:
        return str(self.task.task_type)

    @property
    def operator_name(self) -> str:
        return str(self.task.operator_name)

    @property
    def queue(self) -> str:
        return str(self.task.queue)

    @property
    def pool(self) -> str:
        return str(self.task.pool)

    @property
    def priority_weight(self) -> int:
        return int(self.task.priority_weight)

    @property
    def task_display_name(self) -> str:
        return str(self.task.task_display_name)

    @property
    def hostname(self) -> str:
        import socket  # start-up time

        return socket.gethostname()

    @property
    def prev_attempted_tries(self) -> int:
        return self.try_number - 1

    @property
    def is_mapped(self) -> bool:
        return self.map_index >= 0

    @property
    def key(self) -> tuple[str, str, str, int, int]:
        return self.dag_id, self.task_id, self.run_id, self.try_number, self.map_index

    @property
    def log_url(self) -> str:
        """The page of this attempt's log."""
        base = str(config.get("api", "base_url") or "").rstrip("/")
        mapped = f"/mapped/{self.map_index}" if self.map_index >= 0 else ""
        return (
            f"{base}/dags/{quote(self.dag_id)}/runs/{quote(self.run_id)}/tasks/{quote(self.task_id)}{mapped}"
            f"?try_number={self.try_number}"
        )

    @property
    def mark_success_url(self) -> str:
        return self.log_url

    def get_template_context(self) -> Context:
        """The context this task instance belongs to."""
        if self.context is None:
            raise AirflowException("This task instance has no context: it is not being run.")
        return self.context

    def get_dagrun(self) -> DagRun:
        return DagRun(self._run)

    # ── mapping ──────────────────────────────────────────────────────────────────────────────────
    @property
    def expanded_ti_count(self) -> int | None:
        """How many instances this task has in the run; None for a task that is not mapped."""
        return self._count(self.task) if self.map_index >= 0 else None

    def get_relevant_upstream_map_indexes(
        self, upstream: Any, ti_count: int | None = None, session: Any = None
    ) -> int | range | None:
        """The map index (or indexes) of ``upstream`` that belong to this instance; None = all of them.

        Tasks that share a mapped group look at the instance of the same index.
        """
        known = self.upstream_map_indexes.get(upstream.task_id)
        if known and common_mapped_group(self.task, upstream) is not None:
            further = is_further_mapped(upstream, common_mapped_group(self.task, upstream))
            return range(known[0], known[-1] + 1) if further else known[0]
        return relevant_map_indexes(self.task, self.map_index, upstream, self._count)

    def _count(self, task: Any) -> int:
        if task.task_id not in self._counts:
            self._counts[task.task_id] = self.get_ti_count(self.dag_id, task_ids=[task.task_id], run_ids=[self.run_id])
        return self._counts[task.task_id]

    # ── XCom ─────────────────────────────────────────────────────────────────────────────────────
    def xcom_push(self, key: str, value: Any, execution_date: Any = None) -> None:
        """Leave ``value`` for other tasks under ``key``."""
        current_runtime().xcom_set(
            dag_id=self.dag_id,
            run_id=self.run_id,
            task_id=self.task_id,
            map_index=self.map_index,
            key=key,
            value=value,
        )

    def xcom_pull(
        self,
        task_ids: str | Iterable[str] | None = None,
        dag_id: str | None = None,
        key: str = XCOM_RETURN_KEY,
        include_prior_dates: bool = False,
        *,
        map_indexes: Any = NOTSET,
        default: Any = None,
        run_id: str | None = None,
    ) -> Any:
        """The value of one task, or a list for several tasks or map indexes; ``default`` where there is none.

        ``task_ids`` None means this task. Without ``map_indexes`` a mapped task gives the values of all its instances
        (of one, if only one has a value), with None what a task has that is not mapped.
        """
        single = task_ids is None or isinstance(task_ids, str)
        wanted = [task_ids or self.task_id] if task_ids is None or isinstance(task_ids, str) else list(task_ids)
        if not is_arg_set(map_indexes):
            values = [
                value
                for task_id in wanted
                for value in self._pull_all(str(task_id), dag_id, run_id, key, include_prior_dates, default)
            ]
            return values[0] if single and len(values) == 1 else values
        indexes: Sequence[int | None]
        if map_indexes is None or isinstance(map_indexes, int):
            indexes = [map_indexes]
        elif isinstance(map_indexes, Iterable):
            single, indexes = False, list(map_indexes)
        else:
            raise TypeError(
                f"Invalid type for map_indexes: expected int, iterable of ints, or None, got {type(map_indexes)}"
            )
        found = [
            self._pull_one(str(task_id), index, dag_id, run_id, key, include_prior_dates, default)
            for task_id, index in product(wanted, indexes)
        ]
        return found[0] if single else found

    def _pull_all(
        self, task_id: str, dag_id: str | None, run_id: str | None, key: str, prior: bool, default: Any
    ) -> list[Any]:
        """The values of all instances; [default] when there are none."""
        if not self._is_many(task_id, dag_id):
            value = self._pull_one(task_id, None, dag_id, run_id, key, prior, NO_XCOM)
            if value is not NO_XCOM:
                return [value]
            if dag_id in (None, self.dag_id):
                return [default]
        values = current_runtime().xcom_slice(
            dag_id=dag_id or self.dag_id, run_id=run_id or self.run_id, task_id=task_id, key=key, start=0, stop=None
        )
        return values or [default]

    def _is_many(self, task_id: str, dag_id: str | None) -> bool:
        """Whether a task of this DAG is mapped."""
        if dag_id not in (None, self.dag_id):
            return False
        dag = self.task.get_dag()
        task = None if dag is None else dag.task_dict.get(task_id)
        return task is not None and task.get_needs_expansion()

    def _pull_one(
        self,
        task_id: str,
        index: int | None,
        dag_id: str | None,
        run_id: str | None,
        key: str,
        prior: bool,
        default: Any,
    ) -> Any:
        value = current_runtime().xcom_get(
            dag_id=dag_id or self.dag_id,
            run_id=run_id or self.run_id,
            task_id=task_id,
            map_index=-1 if index is None else index,
            key=key,
            include_prior_dates=prior,
        )
        return default if value is NO_XCOM else value

    def pull_result(self, task_id: str, default: Any = None) -> Any:
        """What a task returned, as an argument that refers to it gets it; ``default`` when nothing was."""
        dag = self.task.get_dag()
        task = None if dag is None else dag.task_dict.get(task_id)
        if task is None or not task.get_needs_expansion():
            return self._pull_one(task_id, None, None, None, XCOM_RETURN_KEY, False, default)
        indexes = None if task.is_mapped else self.get_relevant_upstream_map_indexes(task)
        if isinstance(indexes, int):
            return self._pull_one(task_id, indexes, None, None, XCOM_RETURN_KEY, False, default)
        if indexes is not None:
            return self.xcom_pull(task_id, map_indexes=indexes)
        results = LazyXComSequence(dag_id=self.dag_id, task_id=task_id, key=XCOM_RETURN_KEY, ti=self)
        return results if len(results) else default

    async def axcom_pull(self, *args: Any, **kwargs: Any) -> Any:
        return await off_loop(self.xcom_pull, *args, **kwargs)

    async def axcom_push(self, key: str, value: Any) -> None:
        await off_loop(self.xcom_push, key, value)

    # ── other runs and tasks ─────────────────────────────────────────────────────────────────────
    def get_previous_dagrun(self, state: str | None = None, session: Any = None) -> DagRun | None:
        """The run before this one, optionally the last one in ``state``; None without logical date."""
        if self._run.logical_date is None:
            return None
        fields = current_runtime().previous_run(
            dag_id=self.dag_id, logical_date=self._run.logical_date, run_after=self._run.run_after, state=state
        )
        return None if fields is None else DagRun.from_fields({"dag_id": self.dag_id, **fields})

    def get_previous_ti(
        self, state: str | None = None, logical_date: datetime | None = None, map_index: int = -1
    ) -> SimpleNamespace | None:
        """This task in the run before this one (or before ``logical_date``), optionally the last one in ``state``.

        Attributes: task_id, dag_id, run_id, logical_date, start_date, end_date, state, try_number, map_index, duration.
        """
        found = current_runtime().previous_task(
            dag_id=self.dag_id,
            task_id=self.task_id,
            map_index=map_index,
            before=self._run.logical_date if logical_date is None else to_us(logical_date),
            state=None if state is None else str(state),
        )
        if found is None:
            return None
        dates = {name: moment(found[name]) for name in ("logical_date", "start_date", "end_date")}
        return SimpleNamespace(**{**found, **dates})

    def get_first_reschedule_date(self, context: Any) -> DateTime | None:
        """When the sensor's first poke began; None on the first."""
        return moment(self.first_reschedule_us)

    @staticmethod
    def get_task_states(
        dag_id: str,
        map_index: int | None = None,
        task_ids: list[str] | None = None,
        task_group_id: str | None = None,
        logical_dates: list[datetime] | None = None,
        run_ids: list[str] | None = None,
    ) -> dict[str, Any]:
        """run_id → task id (``id_mapindex`` for mapped ones) → state."""
        found: dict[str, Any] = {}
        for row in _instances(dag_id, map_index, task_ids, task_group_id, logical_dates, run_ids):
            name = row["task_id"] if row["map_index"] < 0 else f"{row['task_id']}_{row['map_index']}"
            found.setdefault(row["run_id"], {})[name] = row["state"]
        return found

    @staticmethod
    def get_ti_count(
        dag_id: str,
        map_index: int | None = None,
        task_ids: list[str] | None = None,
        task_group_id: str | None = None,
        logical_dates: list[datetime] | None = None,
        run_ids: list[str] | None = None,
        states: list[str] | None = None,
    ) -> int:
        return len(_instances(dag_id, map_index, task_ids, task_group_id, logical_dates, run_ids, states))

    @staticmethod
    def get_dr_count(
        dag_id: str,
        logical_dates: list[datetime] | None = None,
        run_ids: list[str] | None = None,
        states: list[str] | None = None,
    ) -> int:
        rows = current_runtime().dag_runs(
            dag_id=dag_id, logical_dates=_instants(logical_dates), run_ids=run_ids, states=states
        )
        return len(rows)

    @staticmethod
    def get_dagrun_state(dag_id: str, run_id: str) -> str | None:
        rows = current_runtime().dag_runs(dag_id=dag_id, logical_dates=None, run_ids=[run_id], states=None)
        return str(rows[0]["state"]) if rows else None

    @staticmethod
    def get_dag(dag_id: str) -> SimpleNamespace:
        """dag_id, is_paused, relative_fileloc, owners, tags of a DAG of the deployment. Raises DagNotFound."""
        found = current_runtime().dag_outline(dag_id)
        if found is None:
            raise DagNotFound(f"There is no DAG {dag_id!r}.")
        names = ("dag_id", "is_paused", "relative_fileloc", "owners", "tags")
        return SimpleNamespace(**{name: found[name] for name in names})

    @staticmethod
    def get_task_breadcrumbs(dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """task_id, map_index, state, operator and duration (seconds) of what has ended in a run."""
        return current_runtime().task_breadcrumbs(dag_id=dag_id, run_id=run_id)

    def __repr__(self) -> str:
        mapped = f" map_index={self.map_index}" if self.map_index >= 0 else ""
        return f"<TaskInstance: {self.dag_id}.{self.task_id} {self.run_id}{mapped} [{self.state}]>"


def _instances(
    dag_id: str,
    map_index: int | None,
    task_ids: list[str] | None,
    group_id: str | None,
    logical_dates: list[datetime] | None,
    run_ids: list[str] | None,
    states: list[str] | None = None,
) -> list[dict[str, Any]]:
    """The task instances asked for; None leaves a question open."""
    rows = current_runtime().task_states(
        dag_id=dag_id,
        run_ids=run_ids,
        logical_dates=_instants(logical_dates),
        task_ids=task_ids,
        group_id=group_id,
        states=states,
    )
    return [row for row in rows if map_index is None or row["map_index"] == map_index]


def _instants(dates: list[datetime] | None) -> list[int] | None:
    return None if dates is None else [to_us(date) for date in dates]
