"""Records what Airflow's scheduler decides in the cases of ``scheduling_cases.py``, step by step.

Run it with the interpreter of an environment that has Airflow; it makes a database of its own in a temporary folder::

    pip install apache-airflow==3.3.2          # in an environment of its own
    /path/to/that/environment/bin/python tests/conformance/record_scheduling.py

It writes ``recordings/scheduling.json.gz`` beside itself: for each case what changed at the start and after each ended
instance (``task_id[map_index]`` → state), and the state of the run. No task is executed: the recorder says how each
ends, and Airflow says what follows. Nothing of Queuack is imported.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from scheduling_cases import Case, build, cases, choose, outcome, returned

OUTPUT = Path(__file__).parent / "recordings" / "scheduling.json.gz"
START = datetime(2026, 1, 1, tzinfo=UTC)


def main(only: str = "", output: str = str(OUTPUT)) -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(
            AIRFLOW_HOME=home,
            AIRFLOW__CORE__LOAD_EXAMPLES="False",
            AIRFLOW__LOGGING__LOGGING_LEVEL="ERROR",
            AIRFLOW__LOGGING__BASE_LOG_FOLDER=home,
        )
        from airflow.utils.db import initdb

        initdb()
        found = {}
        for number, case in enumerate(cases()):
            if only and not case["dag_id"].startswith(only):
                continue
            found[case["dag_id"]] = record(case)
            if number % 50 == 0:
                print(number, case["dag_id"], file=sys.stderr, flush=True)
        text = json.dumps(found, separators=(",", ":"), sort_keys=True)
        Path(output).write_bytes(gzip.compress(text.encode(), mtime=0))


def api() -> SimpleNamespace:
    from airflow.sdk import DAG, BaseOperator, TaskGroup, task_group

    class Step(BaseOperator):
        def __init__(self, *, x: Any = None, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.x = x

    return SimpleNamespace(DAG=DAG, TaskGroup=TaskGroup, task_group=task_group, Step=Step, start_date=START)


def record(case: Case) -> dict[str, Any]:
    from airflow.utils.session import create_session

    try:
        dag = build(case, api())
    except Exception as error:
        return {"refused": type(error).__name__}
    with create_session() as session:
        try:
            run = start(dag, session)
            return follow(case, run, session)
        except Exception as error:
            session.rollback()
            return {"refused": f"{type(error).__name__}: {error}"[:200]}


def start(dag: Any, session: Any) -> Any:
    from airflow.dag_processing.collection import update_dag_parsing_results_in_db
    from airflow.models.dagbag import DBDagBag
    from airflow.models.dagbundle import DagBundleModel
    from airflow.serialization.serialized_objects import LazyDeserializedDAG
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    if session.get(DagBundleModel, "cases") is None:
        session.add(DagBundleModel(name="cases"))
        session.commit()
    dag.relative_fileloc = "cases.py"
    update_dag_parsing_results_in_db(
        "cases", None, [LazyDeserializedDAG.from_dag(dag)], {}, None, set(), session=session
    )
    session.commit()
    stored = DBDagBag().get_latest_version_of_dag(dag.dag_id, session=session)
    run = stored.create_dagrun(
        run_id="r", logical_date=START, data_interval=(START, START), run_after=START, run_type=DagRunType.MANUAL,
        triggered_by=DagRunTriggeredByType.TEST, state=DagRunState.RUNNING, start_date=START, session=session,
    )  # fmt: skip
    run.dag = stored
    session.commit()
    return run


def follow(case: Case, run: Any, session: Any) -> dict[str, Any]:
    """The story: decide, end one instance, decide, …"""
    seen: dict[str, str | None] = {}
    story, step = [], 0
    while True:
        settle(run, session)
        now = snapshot(run, session)
        changed = {key: state for key, state in now.items() if seen.get(key, "-") != state}
        changed |= {key: "gone" for key in seen if key not in now}
        story.append(changed)
        seen = now
        ready = [place(key) for key, state in now.items() if state == "scheduled"]
        if str(run.state.value if hasattr(run.state, "value") else run.state) != "running" or not ready:
            return {"story": story, "state": str(getattr(run.state, "value", run.state))}
        end(case, run, *choose(case, step, ready), session)
        step += 1


def settle(run: Any, session: Any) -> None:
    """Let the scheduler decide until nothing changes any more."""
    from airflow.utils.state import DagRunState, TaskInstanceState

    before = None
    while run.state == DagRunState.RUNNING:
        schedulable, _ = run.update_state(session=session, execute_callbacks=False)
        for ti in schedulable:
            ti.state = TaskInstanceState.SCHEDULED
        session.flush()
        session.expire_all()
        now = snapshot(run, session)
        if now == before and not schedulable:
            return
        before = now


def snapshot(run: Any, session: Any) -> dict[str, str | None]:
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    query = select(TaskInstance.task_id, TaskInstance.map_index, TaskInstance.state).where(
        TaskInstance.dag_id == run.dag_id, TaskInstance.run_id == run.run_id
    )
    return {f"{task}[{index}]": None if state is None else str(state) for task, index, state in session.execute(query)}


def place(key: str) -> tuple[str, int]:
    task_id, _, index = key[:-1].partition("[")
    return task_id, int(index)


def end(case: Case, run: Any, task_id: str, map_index: int, session: Any) -> None:
    """What a worker would report."""
    from airflow.models.taskmap import TaskMap
    from airflow.models.xcom import XComModel

    ti = run.get_task_instance(task_id, map_index=map_index, session=session)
    ti.state = outcome(case, task_id, map_index)
    length = returned(case, task_id, map_index)
    if ti.state == "success" and length >= 0:
        value = list(range(length))
        XComModel.set(
            "return_value", value, dag_id=ti.dag_id, task_id=task_id, run_id=ti.run_id, map_index=map_index,
            session=session,
        )  # fmt: skip
        if map_index < 0:
            session.add(TaskMap.from_task_instance_xcom(ti, value))
    session.commit()


if __name__ == "__main__":
    main(*sys.argv[1:])
