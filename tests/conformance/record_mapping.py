"""Records how the DAGs of ``mapping_dags.py`` end in Airflow: states, XComs, names of instances.

Run it with the interpreter of an environment that has Airflow; it makes a database of its own in a temporary folder::

    pip install apache-airflow==3.3.2          # in an environment of its own
    /path/to/that/environment/bin/python tests/conformance/record_mapping.py

It writes ``recordings/mapping.json``. Nothing of Queuack is imported.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OUTPUT = HERE / "recordings" / "mapping.json"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ.update(
            AIRFLOW_HOME=folder, AIRFLOW__CORE__LOAD_EXAMPLES="False", AIRFLOW__CORE__UNIT_TEST_MODE="False"
        )
        (home / "dags").mkdir()
        file = shutil.copy(HERE / "mapping_dags.py", home / "dags")
        from airflow.utils.db import initdb

        initdb()
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag(dag_folder=file, bundle_path=home / "dags", load_op_links=False)
        if bag.import_errors:
            raise SystemExit("\n".join(bag.import_errors.values()))
        found = {dag_id: _outcome(dag.test()) for dag_id, dag in sorted(bag.dags.items())}
        OUTPUT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


def _outcome(run: Any) -> dict[str, Any]:
    """``state``, and ``task[map_index]`` → state and XComs."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    keys = {"dag_id": run.dag_id, "run_id": run.run_id}
    with create_session() as session:
        tasks: dict[str, dict[str, Any]] = {}
        for ti in session.scalars(select(TaskInstance).filter_by(**keys)):
            tasks[f"{ti.task_id}[{ti.map_index}]"] = {"state": ti.state and str(ti.state), "xcoms": {}}
            if ti._rendered_map_index is not None:
                tasks[f"{ti.task_id}[{ti.map_index}]"]["name"] = ti._rendered_map_index
        for xcom in session.scalars(select(XComModel).filter_by(**keys)):
            tasks[f"{xcom.task_id}[{xcom.map_index}]"]["xcoms"][xcom.key] = xcom.value
    return {"state": str(getattr(run.state, "value", run.state)), "tasks": tasks}


if __name__ == "__main__":
    main()
