"""ExternalTaskSensor and ExternalTaskMarker: a DAG that waits for another one, and the other's word of it.

Airflow page: howto/operator/external_task_sensor. Where Airflow 3.3 does otherwise (``check_existence``,
mapped tasks, a failed task in a group), the page decides here.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

from queuack.authoring.baseoperatorlink import BaseOperatorLink
from queuack.authoring.call_arguments import determine_kwargs
from queuack.authoring.exceptions import AirflowException, AirflowProviderDeprecationWarning, AirflowSkipException
from queuack.authoring.runtime import current_runtime
from queuack.authoring.state import State, TaskInstanceState
from queuack.errors import NotFound
from queuack.operators.empty import EmptyOperator
from queuack.operators.trigger_dagrun import run_url
from queuack.sensors.base import BaseSensorOperator
from queuack.sensors.date_time import default_deferrable
from queuack.triggers.external_task import External, WorkflowTrigger

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class AirflowExternalTaskSensorException(AirflowException):
    """Base of what ExternalTaskSensor raises."""


class ExternalDagNotFoundError(AirflowExternalTaskSensorException):
    """There is no such DAG."""


class ExternalDagDeletedError(AirflowExternalTaskSensorException):
    """The DAG is no longer in any file."""


class ExternalTaskNotFoundError(AirflowExternalTaskSensorException):
    """The DAG has no such task."""


class ExternalTaskGroupNotFoundError(AirflowExternalTaskSensorException):
    """The DAG has no such task group."""


class ExternalTaskFailedError(AirflowExternalTaskSensorException):
    """A task that is waited for is in one of the failed states."""


class ExternalTaskGroupFailedError(AirflowExternalTaskSensorException):
    """A task of the group that is waited for is in one of the failed states."""


class ExternalDagFailedError(AirflowExternalTaskSensorException):
    """A run that is waited for is in one of the failed states."""


class DuplicateStateError(AirflowExternalTaskSensorException):
    """A state is in two of allowed_states, skipped_states and failed_states."""


class ExternalDagLink(BaseOperatorLink):
    """To the run of the other DAG that has the run id of this one."""

    name = "External DAG"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        return run_url(operator.external_dag_id, ti_key.run_id)


class ExternalTaskSensor(BaseSensorOperator):
    """Waits for a run of ``external_dag_id``, or for tasks or a task group of it, of the same logical date.

    ``external_task_id``, ``external_task_ids`` or ``external_task_group_id`` say what in the run; without, the run.
    ``execution_delta`` looks so much earlier (yesterday: one day), ``execution_date_fn(logical_date, …)`` gives the
    date or a list of dates. It succeeds when all is in ``allowed_states`` (success), fails when something is in
    ``failed_states`` (none; with ``soft_fail`` it skips), skips when something is in ``skipped_states`` (none).
    A group that does not exist fails it at once, with ``check_existence`` also a DAG or a task that does not.
    ``deferrable`` waits in the triggerer.
    """

    template_fields: Collection[str] = (
        "external_dag_id",
        "external_task_id",
        "external_task_ids",
        "external_task_group_id",
    )
    ui_color = "#4db7db"
    operator_extra_links: Collection[BaseOperatorLink] = (ExternalDagLink(),)

    def __init__(
        self,
        *,
        external_dag_id: str,
        external_task_id: str | None = None,
        external_task_ids: Collection[str] | None = None,
        external_task_group_id: str | None = None,
        allowed_states: Iterable[str] | None = None,
        skipped_states: Iterable[str] | None = None,
        failed_states: Iterable[str] | None = None,
        execution_delta: dt.timedelta | None = None,
        execution_date_fn: Callable[..., Any] | None = None,
        check_existence: bool = False,
        poll_interval: float | None = None,
        deferrable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        if poll_interval is not None:
            _warn("Parameter `poll_interval` is deprecated; use `poke_interval` instead.", 4)
            kwargs.setdefault("poke_interval", poll_interval)
        super().__init__(**kwargs)
        self.allowed_states = list(allowed_states or [TaskInstanceState.SUCCESS.value])
        self.skipped_states = list(skipped_states or [])
        self.failed_states = list(failed_states or [])
        if external_task_id is not None and external_task_ids:
            raise ValueError("Give ExternalTaskSensor `external_task_id` or `external_task_ids`, not both.")
        external_task_ids = [external_task_id] if external_task_id is not None else (external_task_ids or None)
        if external_task_group_id is not None and external_task_ids is not None:
            raise ValueError("Give ExternalTaskSensor `external_task_group_id` or `external_task_ids`, not both.")
        if execution_delta is not None and execution_date_fn is not None:
            raise ValueError("Give ExternalTaskSensor `execution_delta` or `execution_date_fn`, not both.")
        self.execution_delta = execution_delta
        self.execution_date_fn = execution_date_fn
        self.external_dag_id = external_dag_id
        self.external_task_id = external_task_id
        self.external_task_ids = external_task_ids
        self.external_task_group_id = external_task_group_id
        self._check_states()
        self.check_existence = check_existence
        self._has_checked_existence = False
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.external_dates_filter: str | None = None
        """The dates it looked at, for listeners."""

    def _check_states(self) -> None:
        states = [*self.allowed_states, *self.skipped_states, *self.failed_states]
        if len(set(states)) < len(states):
            raise DuplicateStateError(
                "Duplicate values provided across allowed_states, skipped_states and failed_states."
            )
        of_tasks = bool(self.external_task_ids or self.external_task_group_id)
        valid = State.task_states if of_tasks else State.dag_states
        if not set(states) <= set(valid):
            what = "a task" if of_tasks else "a DAG"
            names = ", ".join(str(state) for state in valid if state is not None)
            raise ValueError(
                f"Valid values for `allowed_states`, `skipped_states` and `failed_states` of {what}: {names}."
            )

    @property
    def poll_interval(self) -> float:
        """Deprecated: ``poke_interval``."""
        _warn("Attribute poll_interval is deprecated; use poke_interval instead.", 3)
        return self.poke_interval

    @poll_interval.setter
    def poll_interval(self, value: float) -> None:
        _warn("Attribute poll_interval is deprecated; use poke_interval instead.", 3)
        self.poke_interval = value

    # ── waiting ──────────────────────────────────────────────────────────────────────────────────
    def execute(self, context: Context) -> Any:
        if not self.deferrable:
            return super().execute(context)
        dates = self._begin_look(context)
        limit = self.timeout or (self.execution_timeout.total_seconds() if self.execution_timeout else None)
        self.defer(
            trigger=WorkflowTrigger(
                external_dag_id=self.external_dag_id,
                external_task_group_id=self.external_task_group_id,
                external_task_ids=self.external_task_ids,
                allowed_states=self.allowed_states,
                failed_states=self.failed_states,
                skipped_states=self.skipped_states,
                poke_interval=self.poke_interval,
                soft_fail=self.soft_fail,
                logical_dates=dates,
            ),
            method_name="execute_complete",
            timeout=None if limit is None else dt.timedelta(seconds=limit),
        )
        return None

    def poke(self, context: Context) -> bool:
        dates = self._begin_look(context)
        self.log.info("Poking for %s on %s ...", self._what, self.external_dates_filter)
        external = External(
            self.external_dag_id, self.external_task_ids, self.external_task_group_id, logical_dates=dates
        )
        try:
            found = external.look(self.allowed_states, self.skipped_states, self.failed_states)
        except NotFound as error:
            raise ExternalTaskGroupNotFoundError(str(error)) from None
        if found in ("failed", "skipped"):
            self._end_badly(found)
        return found == "success"

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> None:
        """The trigger has seen it."""
        if event is None:
            raise ExternalTaskNotFoundError("No event received from trigger")
        self.external_dates_filter = _serialized(self._dates(context))
        status = event["status"]
        if status in ("failed", "skipped"):
            self._end_badly(status)
        if status != "success":
            raise ExternalTaskNotFoundError(f"The trigger could not tell the state of {self._what}: {event!r}")
        self.log.info("%s: all there.", self._what)

    def _begin_look(self, context: Context) -> list[dt.datetime]:
        """The dates to look at, after the checks that wait for rendered fields."""
        if self.external_task_ids and len(set(self.external_task_ids)) < len(self.external_task_ids):
            raise ValueError("Duplicate task_ids passed in external_task_ids parameter")
        if self.check_existence and not self._has_checked_existence:
            self._check_existence()
            self._has_checked_existence = True
        dates = self._dates(context)
        self.external_dates_filter = _serialized(dates)
        return dates

    def _end_badly(self, status: str) -> None:
        if status == "skipped":
            raise AirflowSkipException(f"{self._what} reached a state in skipped_states. Skipping.")
        if self.soft_fail:
            raise AirflowSkipException(f"{self._what} failed. Skipping due to soft_fail.")
        if self.external_task_ids:
            raise ExternalTaskFailedError(f"{self._what} failed.")
        if self.external_task_group_id:
            raise ExternalTaskGroupFailedError(f"{self._what} failed.")
        raise ExternalDagFailedError(f"{self._what} failed.")

    @property
    def _what(self) -> str:
        dag = f"the external DAG {self.external_dag_id}"
        if self.external_task_ids:
            return f"One of the external tasks {list(self.external_task_ids)} in {dag}"
        if self.external_task_group_id:
            return f"The external task group {self.external_task_group_id} in {dag}"
        return dag[0].upper() + dag[1:]

    # ── what to look at ──────────────────────────────────────────────────────────────────────────
    def _dates(self, context: Context) -> list[dt.datetime]:
        date = self._get_logical_date(context)
        if self.execution_delta:
            return [date - self.execution_delta]
        if self.execution_date_fn is None:
            return [date]
        found = self._call_date_fn(date, context)
        return list(found) if isinstance(found, (list, tuple)) else [found]

    def _call_date_fn(self, date: dt.datetime, context: Context) -> Any:
        """It may name context keys besides the date, and ``context`` itself."""
        assert self.execution_date_fn is not None
        named = {key: context[key] for key in context if key not in ("logical_date", "execution_date")}
        arguments = {**named, "context": context}
        return self.execution_date_fn(date, **determine_kwargs(self.execution_date_fn, [date], arguments))

    def _get_logical_date(self, context: Context) -> dt.datetime:
        """Of the run; of one without, the moment it was due."""
        date: dt.datetime = context.get("logical_date") or context["dag_run"].run_after
        return date

    def _check_existence(self) -> None:
        found = current_runtime().dag_outline(self.external_dag_id)
        if found is None:
            raise ExternalDagNotFoundError(f"The external DAG {self.external_dag_id} does not exist.")
        if found["is_stale"]:
            raise ExternalDagDeletedError(f"The external DAG {self.external_dag_id} was deleted.")
        for task_id in self.external_task_ids or ():
            if task_id not in found["task_ids"]:
                raise ExternalTaskNotFoundError(
                    f"The external task {task_id} in DAG {self.external_dag_id} does not exist."
                )
        group = self.external_task_group_id
        if group and group not in found["group_ids"]:
            raise ExternalTaskGroupNotFoundError(
                f"The external task group {group!r} in DAG {self.external_dag_id!r} does not exist."
            )


class ExternalTaskMarker(EmptyOperator):
    """Says that ``external_task_id`` of another DAG depends on this task: clearing it with what is downstream clears
    that one too, and so on over at most ``recursion_depth`` (10) DAGs.

    ``logical_date``: of the other DAG's run; a datetime or a template, by default the date of this run.
    """

    template_fields: Collection[str] = ("external_dag_id", "external_task_id", "logical_date")
    ui_color = "#4db7db"
    operator_extra_links: Collection[BaseOperatorLink] = (ExternalDagLink(),)

    def __init__(
        self,
        *,
        external_dag_id: str,
        external_task_id: str,
        logical_date: str | dt.datetime | None = "{{ logical_date.isoformat() }}",
        recursion_depth: int = 10,
        **kwargs: Any,
    ) -> None:
        if "execution_date" in kwargs:  # 2.x spelling
            logical_date = kwargs.pop("execution_date")
        super().__init__(**kwargs)
        self.external_dag_id = external_dag_id
        self.external_task_id = external_task_id
        if not isinstance(logical_date, (str, dt.datetime)):
            raise TypeError(f"Expected str or datetime.datetime type for logical_date. Got {type(logical_date)}")
        self.logical_date = logical_date.isoformat() if isinstance(logical_date, dt.datetime) else logical_date
        if recursion_depth <= 0:
            raise ValueError("recursion_depth should be a positive integer")
        self.recursion_depth = recursion_depth


def _serialized(dates: Iterable[dt.datetime]) -> str:
    return ",".join(date.isoformat() for date in dates)


def _warn(message: str, stacklevel: int) -> None:
    warnings.warn(message, AirflowProviderDeprecationWarning, stacklevel=stacklevel)
