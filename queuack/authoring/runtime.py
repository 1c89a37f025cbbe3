"""The runtime: how code in a DAG file reaches the running system, whatever process it is in.

A worker, a parser child and ``dag.test()`` each install their own Runtime with ``set_runtime``; authoring code calls
``current_runtime()``. Values are Python objects: serialization is the runtime's business.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol

from queuack.errors import QueuackError


class Runtime(Protocol):
    """What user code may ask of the system while it runs."""

    def xcom_get(
        self, *, dag_id: str, run_id: str, task_id: str, map_index: int, key: str, include_prior_dates: bool = False
    ) -> Any:
        """The value, or ``NO_XCOM`` when there is none."""

    def xcom_set(self, *, dag_id: str, run_id: str, task_id: str, map_index: int, key: str, value: Any) -> None: ...

    def xcom_count(self, *, dag_id: str, run_id: str, task_id: str, key: str) -> int:
        """How many instances of a task have left a value under ``key``."""

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
        """The values of a task's instances, by map index; from the ``start``-th (0 = first) up to, not with, ``stop``.

        With ``max_bytes`` maybe only the first of them: about so many bytes, one at least. With
        ``include_prior_dates`` also those of the DAG's runs before this one; of one map index the earlier run's first.
        """

    def xcom_delete(self, *, dag_id: str, run_id: str, task_id: str, map_index: int, key: str) -> None: ...

    def variable_get(self, key: str) -> str | None: ...

    def variable_set(self, key: str, value: str, description: str | None = None) -> None: ...

    def variable_delete(self, key: str) -> None: ...

    def variable_keys(self, prefix: str | None = None) -> list[str]:
        """The keys in the store that begin with ``prefix``, in order."""

    def connection_get(self, conn_id: str) -> dict[str, Any] | None:
        """Fields: conn_id, conn_type, description, host, login, password, schema, port, extra (JSON text)."""

    def previous_run(
        self, *, dag_id: str, logical_date: int | None, run_after: int, state: str | None
    ) -> dict[str, Any] | None:
        """The DAG run before this one (latest logical date below it), optionally only of ``state``.

        Fields as ``protocol.RunInfo`` (instants in microseconds)."""

    def dag_runs(
        self, *, dag_id: str, logical_dates: list[int] | None, run_ids: list[str] | None, states: list[str] | None
    ) -> list[dict[str, Any]]: ...

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
        """Rows: run_id, logical_date, task_id, map_index, state, try_number."""

    def trigger_run(
        self,
        *,
        dag_id: str,
        run_id: str,
        logical_date: int | None,
        run_after: int | None,
        conf: dict[str, Any] | None,
        note: str | None,
        reset: bool,
        asked_by: dict[str, Any],
    ) -> str:
        """Create a run, or with ``reset`` clear the one there is. Returns its id, then XCom ``trigger_run_id``.

        ``asked_by``: dag_id, run_id, task_id, map_index of the task. The same attempt may ask again for the same run.
        Raises DagRunAlreadyExists (``queuack.errors``), DagNotFound, InvalidRequest."""

    def previous_task(
        self, *, dag_id: str, task_id: str, map_index: int, before: int | None, state: str | None
    ) -> dict[str, Any] | None:
        """task_id, dag_id, run_id, logical_date, start_date, end_date, state, try_number, map_index, duration of a task
        in the latest run with a logical date below ``before``. Instants in microseconds."""

    def task_breadcrumbs(self, *, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """task_id, map_index, state, operator, duration of what has ended in a run."""

    def dag_outline(self, dag_id: str) -> dict[str, Any] | None:
        """dag_id, is_paused, is_stale, relative_fileloc, owners, tags, task_ids, group_ids; None = there is none."""

    def hitl_ask(self, *, ti_id: int, **question: Any) -> None:
        """Ask a person. ``question``: options, subject, body, defaults, multiple, params, assignees."""

    def hitl_answer_by_default(self, *, ti_id: int, chosen_options: list[str], params_input: dict[str, Any]) -> None:
        """Answer in nobody's name."""

    def hitl_answer(self, ti_id: int) -> dict[str, Any] | None:
        """What was asked, and what was answered: fields of Airflow's ``hitlDetails``; None = nothing was asked."""


class _NoXCom:
    def __repr__(self) -> str:
        return "NO_XCOM"

    def __bool__(self) -> bool:
        return False


NO_XCOM = _NoXCom()

_runtime: Runtime | None = None


def set_runtime(runtime: Runtime | None) -> Runtime | None:
    """Install ``runtime`` for this process; returns the one before."""
    global _runtime
    before, _runtime = _runtime, runtime
    return before


def has_runtime() -> bool:
    return _runtime is not None


def current_runtime() -> Runtime:
    """The runtime of this process. Raises QueuackError outside a worker, a parser or ``dag.test()``."""
    if _runtime is None:
        raise QueuackError(
            "This needs a running Queuack (XComs, variables and connections live in its store): call it from a task, "
            "from a DAG file that Queuack parses, or inside dag.test()."
        )
    return _runtime


def reachable_runtime() -> Runtime:
    """The runtime of this process. In plain Python, as in ``python dags/x.py``, one that asks the deployment of the
    home folder: its daemon, else its file; variables and connections only."""
    if _runtime is not None:
        return _runtime
    outside: Runtime = import_module("queuack.testing.outside").runtime()  # stands above authoring
    return outside
