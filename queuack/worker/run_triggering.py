"""Carries out what a task asked for by raising DagRunTriggerException: the run, and waiting for it.

It asks the daemon and looks at the answer; what a run is and whether it may be created is not decided here. Waiting is
part of the attempt: ``execution_timeout`` bounds it. Airflow page: howto/operator/trigger_dag_run.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from queuack.authoring.exceptions import AirflowException, AirflowSkipException, DagRunTriggerException, TaskDeferred
from queuack.authoring.runtime import Runtime
from queuack.clock import to_us
from queuack.errors import DagRunAlreadyExists

if TYPE_CHECKING:
    from collections.abc import Iterable

log = logging.getLogger("queuack.task")


def trigger_run(wanted: DagRunTriggerException, asked_by: dict[str, Any], runtime: Runtime) -> None:
    """Returns when the run is there, or, where it is to be waited for, has reached an allowed state.

    ``asked_by``: dag_id, run_id, task_id and map_index of the task. Raises DagRunAlreadyExists, AirflowSkipException,
    TaskDeferred, AirflowException for a run that failed, and what the daemon refuses the run with.
    """
    dag_id = wanted.trigger_dag_id
    log.info("Triggering a run of DAG %s.", dag_id)
    try:
        run_id = runtime.trigger_run(
            dag_id=dag_id,
            run_id=wanted.dag_run_id,
            logical_date=_us(wanted.logical_date),
            run_after=_us(wanted.run_after),
            conf=wanted.conf,
            note=wanted.note,
            reset=wanted.reset_dag_run,
            asked_by=asked_by,
        )
    except DagRunAlreadyExists as error:
        if not wanted.skip_when_already_exists:
            raise
        raise AirflowSkipException(f"{error} skip_when_already_exists is set.") from None
    log.info("Triggered run %s of DAG %s.", run_id, dag_id)
    if not wanted.wait_for_completion:
        return
    if wanted.deferrable:
        from queuack.triggers.external_task import DagStateTrigger  # start-up time: asyncio

        states = [*map(str, wanted.allowed_states), *map(str, wanted.failed_states)]
        trigger = DagStateTrigger(dag_id, states, run_ids=[run_id], poll_interval=wanted.poke_interval)
        raise TaskDeferred(trigger=trigger, method_name="execute_complete")
    _wait(wanted, run_id, runtime)


def _wait(wanted: DagRunTriggerException, run_id: str, runtime: Runtime) -> None:
    dag_id = wanted.trigger_dag_id
    while True:
        log.info("Waiting for run %s of DAG %s to be %s.", run_id, dag_id, _listed(wanted.allowed_states))
        time.sleep(wanted.poke_interval)
        found = runtime.dag_runs(dag_id=dag_id, logical_dates=None, run_ids=[run_id], states=None)
        if not found:
            raise AirflowException(f"Run {run_id} of DAG {dag_id} is gone.")
        state = found[0]["state"]
        if state in wanted.failed_states:
            raise AirflowException(f"{dag_id} failed with failed state {state}")
        if state in wanted.allowed_states:
            log.info("Run %s of DAG %s is %s.", run_id, dag_id, state)
            return


def _listed(states: Iterable[str]) -> str:
    return " or ".join(map(str, states))


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)
