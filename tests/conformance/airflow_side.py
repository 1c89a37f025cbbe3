"""Runs in a real Airflow's interpreter: ``dag.test()`` on one DAG, several times; writes what came of it as JSON.

Usage: ``python airflow_side.py DAG_FILE DAG_ID LOGICAL_DATE CONF_JSON RUNS MOMENTS_JSON OUT_FILE OTHERS_JSON``;
``AIRFLOW_HOME`` holds a migrated database, OTHERS_JSON files and DAGs (``Example.beside``, ``before``). Must not import
Queuack.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import datetime
from pathlib import Path
from typing import Any


def main(
    dag_file: str, dag_id: str, logical_date: str, conf: str, runs: str, moments: str, out: str, others: str
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=dag_file, bundle_path=Path(dag_file).parent, load_op_links=False)
    if bag.import_errors:
        raise SystemExit("\n".join(bag.import_errors.values()))
    dag = bag.dags[dag_id]
    found = []
    beside, before = json.loads(others)
    known = {name: other for path in beside for name, other in registered(path).items()}
    for name in before:
        known[name].test(logical_date=datetime.fromisoformat(logical_date))
    for seed in range(int(runs)):
        random.seed(seed)
        if times := json.loads(moments):
            pretend(datetime.fromisoformat(times[seed % len(times)]))
        run = dag.test(logical_date=datetime.fromisoformat(logical_date), run_conf=json.loads(conf) or None)
        found.append(outcome(run))
    Path(out).write_text(json.dumps({"dag": document(dag), "outcomes": found}, default=str))


def registered(path: str) -> dict[str, Any]:
    """The DAGs of a file, put into the database, where the DAG that is recorded looks for them."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    DagBundlesManager().sync_bundles_to_db()
    bag = DagBag(dag_folder=path, bundle_path=Path(path).parent, bundle_name="dags-folder", load_op_links=False)
    sync_bag_to_db(bag, "dags-folder", None)
    return dict(bag.dags)


def pretend(now: datetime) -> None:
    """Let the operators that branch by the clock take ``now`` for now."""
    from types import SimpleNamespace

    from airflow.providers.standard.operators import datetime as by_date
    from airflow.providers.standard.operators import weekday as by_day
    from airflow.sdk import timezone

    told = SimpleNamespace(**vars(timezone))
    told.utcnow = lambda: timezone.convert_to_utc(now)
    by_date.timezone = by_day.timezone = told


def document(dag: Any) -> dict[str, Any]:
    """What the file says, before anything runs: the graph and its rules."""
    return {
        "dag_id": dag.dag_id,
        "tags": sorted(dag.tags),
        "params": sorted(dag.params),
        "tasks": {
            task.task_id: {
                "downstream": sorted(task.downstream_task_ids),
                "trigger_rule": str(getattr(task.trigger_rule, "value", task.trigger_rule)),
                "retries": task.retries,
                "owner": task.owner,
                "operator": getattr(task, "operator_name", task.task_type),
            }
            for task in dag.tasks
        },
    }


def outcome(run: Any) -> dict[str, Any]:
    """States, XComs and rendered fields of one run, from the database."""
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    keys = {"dag_id": run.dag_id, "run_id": run.run_id}
    with create_session() as session:
        tasks = {
            f"{ti.task_id}[{ti.map_index}]": {"state": ti.state, "xcoms": {}, "rendered": {}}
            for ti in session.scalars(select(TaskInstance).filter_by(**keys))
        }
        for xcom in session.scalars(select(XComModel).filter_by(**keys)):
            place = f"{xcom.task_id}[{xcom.map_index}]"
            if place in tasks:
                tasks[place]["xcoms"][xcom.key] = xcom.value
        for fields in session.scalars(select(RenderedTaskInstanceFields).filter_by(**keys)):
            tasks[f"{fields.task_id}[{fields.map_index}]"]["rendered"] = fields.rendered_fields
    return {"state": str(getattr(run.state, "value", run.state)), "tasks": tasks}


if __name__ == "__main__":
    main(*sys.argv[1:])
