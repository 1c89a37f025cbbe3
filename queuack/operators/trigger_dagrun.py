"""TriggerDagRunOperator: starts a run of another DAG and may wait for it. Page: howto/operator/trigger_dag_run.

It decides which run is asked for and says so with DagRunTriggerException; whoever runs the task carries that out.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn
from urllib.parse import urljoin

from queuack import config
from queuack.authoring import timezone
from queuack.authoring.baseoperatorlink import BaseOperatorLink
from queuack.authoring.dag_run import generate_run_id
from queuack.authoring.exceptions import AirflowException, DagRunTriggerException
from queuack.authoring.operator import BaseOperator
from queuack.authoring.runtime import NO_XCOM, current_runtime
from queuack.authoring.state import DagRunState, DagRunType
from queuack.authoring.types import NOTSET, ArgNotSet
from queuack.sensors.date_time import default_deferrable

if TYPE_CHECKING:
    from queuack.authoring.context import Context

XCOM_RUN_ID = "trigger_run_id"
"""XCom key of the id of the run that was triggered."""

Moment = str | dt.datetime | ArgNotSet | None


class DagIsPaused(AirflowException):
    """The DAG to trigger is paused, and ``fail_when_dag_is_paused`` is set."""

    def __init__(self, dag_id: str) -> None:
        super().__init__(dag_id)
        self.dag_id = dag_id

    def __str__(self) -> str:
        return f"Dag {self.dag_id} is paused"


def run_url(dag_id: str, run_id: str) -> str:
    """The page of a DAG run."""
    base = str(config.get("api", "base_url") or "/")
    return urljoin(base.rstrip("/") + "/", f"dags/{dag_id}/runs/{run_id}")


class TriggerDagRunLink(BaseOperatorLink):
    """To the run that was triggered."""

    name = "Triggered DAG"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Empty while nothing has been triggered."""
        run_id = current_runtime().xcom_get(
            dag_id=ti_key.dag_id,
            run_id=ti_key.run_id,
            task_id=ti_key.task_id,
            map_index=ti_key.map_index,
            key=XCOM_RUN_ID,
        )
        return "" if run_id is NO_XCOM or run_id is None else run_url(operator.trigger_dag_id, str(run_id))


class TriggerDagRunOperator(BaseOperator):
    """Triggers a run of ``trigger_dag_id`` with ``conf`` (JSON-able), which is checked against that DAG's params.

    Without ``trigger_run_id`` the id is made of the date; ``logical_date`` defaults to now, or to none when
    ``run_after`` is given: the run does not begin before that. A run that exists already fails the task without retry;
    ``reset_dag_run`` clears that run instead, ``skip_when_already_exists`` skips the task. With ``wait_for_completion``
    the task looks every ``poke_interval`` seconds (60) until the run's state is in ``allowed_states`` (success) or
    ``failed_states`` (failed); ``deferrable`` waits in the triggerer. Leaves the run's id as XCom ``trigger_run_id``.
    """

    template_fields: Collection[str] = (
        "trigger_dag_id",
        "trigger_run_id",
        "logical_date",
        "conf",
        "wait_for_completion",
        "skip_when_already_exists",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"conf": "py"}
    ui_color = "#ffefeb"
    operator_extra_links: Collection[BaseOperatorLink] = (TriggerDagRunLink(),)

    def __init__(
        self,
        *,
        trigger_dag_id: str,
        trigger_run_id: str | None = None,
        conf: dict[str, Any] | None = None,
        logical_date: Moment = NOTSET,
        run_after: Moment = NOTSET,
        reset_dag_run: bool = False,
        wait_for_completion: bool = False,
        poke_interval: int = 60,
        allowed_states: Sequence[str] | None = None,
        failed_states: Sequence[str] | None = None,
        skip_when_already_exists: bool = False,
        fail_when_dag_is_paused: bool = False,
        note: str | None = None,
        deferrable: bool | None = None,
        openlineage_inject_parent_info: bool = True,
        **kwargs: Any,
    ) -> None:
        if "execution_date" in kwargs:  # 2.x spelling
            logical_date = kwargs.pop("execution_date")
        super().__init__(**kwargs)
        self.trigger_dag_id = trigger_dag_id
        self.trigger_run_id = trigger_run_id
        self.conf = conf
        self.logical_date = logical_date
        self.run_after = _checked("run_after", run_after)
        self.reset_dag_run = reset_dag_run
        self.wait_for_completion = wait_for_completion
        self.poke_interval = poke_interval
        self.allowed_states = _states(allowed_states or (DagRunState.SUCCESS,))
        self.failed_states = _states((DagRunState.FAILED,) if failed_states is None else failed_states)
        self.skip_when_already_exists = skip_when_already_exists
        self.fail_when_dag_is_paused = fail_when_dag_is_paused
        self.note = note
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.openlineage_inject_parent_info = openlineage_inject_parent_info
        """Accepted; it means something only with the OpenLineage provider, whose own operator looks at it."""

    def execute(self, context: Context) -> NoReturn:
        """Raises DagRunTriggerException, which is how the run is asked for; ValueError, TypeError and DagIsPaused."""
        logical_date, run_after = self._dates()
        conf = self._checked_conf()
        self.trigger_run_id = str(self.trigger_run_id or self._run_id(logical_date, run_after))
        if self.fail_when_dag_is_paused and context["ti"].get_dag(self.trigger_dag_id).is_paused:
            raise DagIsPaused(self.trigger_dag_id)
        raise DagRunTriggerException(
            trigger_dag_id=self.trigger_dag_id,
            dag_run_id=self.trigger_run_id,
            conf=conf,
            logical_date=logical_date,
            run_after=run_after,
            reset_dag_run=self.reset_dag_run,
            skip_when_already_exists=self.skip_when_already_exists,
            wait_for_completion=self.wait_for_completion,
            allowed_states=self.allowed_states,
            failed_states=self.failed_states,
            poke_interval=self.poke_interval,
            deferrable=self.deferrable,
            note=self.note,
        )

    def _dates(self) -> tuple[dt.datetime | None, dt.datetime | None]:
        """Logical date and run_after."""
        logical_date = _checked("logical_date", self.logical_date)
        run_after = None if isinstance(self.run_after, ArgNotSet) else _moment(self.run_after)
        if not isinstance(logical_date, ArgNotSet):
            return _moment(logical_date), run_after
        return (timezone.utcnow() if isinstance(self.run_after, ArgNotSet) else None), run_after

    @staticmethod
    def _run_id(logical_date: dt.datetime | None, run_after: dt.datetime | None) -> str:
        """It is made here, not in the daemon, so that asking twice (the answer got lost) is asking for the same run."""
        moment = run_after or logical_date or timezone.utcnow()
        return generate_run_id(run_type=DagRunType.MANUAL, logical_date=logical_date, run_after=moment)

    def _checked_conf(self) -> dict[str, Any] | None:
        try:
            if self.conf and isinstance(self.conf, str):
                self.conf = json.loads(self.conf)
            json.dumps(self.conf)
        except (TypeError, ValueError):
            raise ValueError(f"conf parameter should be JSON Serializable: {self.conf}") from None
        return self.conf

    def execute_complete(self, context: Context, event: tuple[str, dict[str, Any]]) -> None:
        """The run has reached one of the states. Raises AirflowException for a failed one."""
        _, told = event
        run_ids = told["run_ids"]
        self.trigger_run_id = run_ids[0] if len(run_ids) == 1 else None
        failed = [run_id for run_id in run_ids if told.get(run_id) in self.failed_states]
        if failed:
            states = [str(state) for state in self.failed_states]
            raise AirflowException(f"{self.trigger_dag_id} failed with failed states {states} for run_ids {failed}")
        for run_id in run_ids:
            if told.get(run_id) in self.allowed_states:
                self.log.info("%s of run %s finished with allowed state %s", self.trigger_dag_id, run_id, told[run_id])


def _states(states: Iterable[str]) -> list[DagRunState]:
    """Raises ValueError for what is no state of a run."""
    return [DagRunState(state) for state in states]


def _checked(name: str, value: Moment) -> Moment:
    if value is None or isinstance(value, (str, dt.datetime, ArgNotSet)):
        return value
    raise TypeError(f"Expected str, datetime.datetime, or None for parameter '{name}'. Got {type(value).__name__}")


def _moment(value: Moment) -> dt.datetime | None:
    """Aware. Raises ValueError for a text that is no date."""
    if isinstance(value, str):
        return timezone.parse(value)
    return timezone.convert_to_utc(value) if isinstance(value, dt.datetime) else None
