"""DAG files written for Airflow 1.10, 2.x and 3.x parse here to the graph that they describe, and run."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

ERAS = Path(__file__).parent.parent / "dags" / "era"

GRAPHS: dict[str, dict[str, list[str]]] = {
    "era_1_10": {
        "start": ["push"],
        "push": ["pull"],
        "pull": ["greet"],
        "greet": ["branch"],
        "branch": ["left", "right"],
        "left": ["end"],
        "right": ["end"],
        "end": [],
    },
    "era_2_taskflow": {
        "extract": ["transform.double"],
        "transform.double": ["transform.total"],
        "transform.total": ["load"],
        "skipped": ["load"],
        "load": [],
    },
    "era_2_operators": {
        "start": ["middle.first"],
        "middle.first": ["middle.second"],
        "middle.second": ["go"],
        "go": ["never"],
        "never": [],
    },
    "era_3": {
        "greet": ["choose", "finish"],
        "choose": ["ways.one", "ways.two"],
        "ways.one": ["finish"],
        "ways.two": ["finish"],
        "finish": [],
    },
}

STATES: dict[str, dict[str, str]] = {
    "era_1_10": {"right": "skipped"},
    "era_2_taskflow": {"skipped": "skipped"},
    "era_2_operators": {"never": "skipped"},
    "era_3": {"ways.two": "skipped"},
}
"""Tasks that do not end in success."""

YESTERDAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
"""The logical date: the DAG of 1.10 starts two days ago, whenever that is."""

DS = YESTERDAY.date().isoformat()

RESULTS: dict[str, dict[str, Any]] = {
    "era_1_10": {"push": DS, "pull": 42, "greet": f"hello {DS.replace('-', '')}", "left": f"left {DS}"},
    "era_2_taskflow": {"transform.total": 6, "load": {"value": 6, "day": DS}},
    "era_2_operators": {"middle.second": DS},
    "era_3": {"greet": f"hello on {DS}"},
}
"""Return values, by task."""


def _load() -> dict[str, Any]:
    from queuack.authoring.dagfile import load_dag_file

    dags: dict[str, Any] = {}
    for path in sorted(ERAS.glob("*.py")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dags.update({dag.dag_id: dag for dag in load_dag_file(path).dags})
    return dags


@pytest.mark.parametrize("dag_id", sorted(GRAPHS))
def test_graph(dag_id: str, airflow_names: None) -> None:
    dag = _load()[dag_id]
    assert {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks} == GRAPHS[dag_id]


@pytest.mark.parametrize("dag_id", sorted(GRAPHS))
def test_run(dag_id: str, airflow_names: None) -> None:
    from queuack.testing import test_dag as run_dag

    run = run_dag(_load()[dag_id], logical_date=YESTERDAY)
    wanted = {task_id: STATES[dag_id].get(task_id, "success") for task_id in GRAPHS[dag_id]}
    assert {task_id: str(state) for (task_id, _), state in run.task_states.items()} == wanted
    for task_id, value in RESULTS[dag_id].items():
        assert run.xcoms[(task_id, -1, "return_value")] == value
    assert str(run.state) == "success"


def test_old_names_warn_with_advice(airflow_names: None) -> None:
    from queuack.authoring.dagfile import load_dag_file

    loaded = load_dag_file(ERAS / "airflow_1_10.py")
    said = "\n".join(loaded.warnings)
    for name in ("DummyOperator", "PythonOperator", "days_ago", "apply_defaults"):
        assert name in said
    assert load_dag_file(ERAS / "airflow_3.py").warnings == []
