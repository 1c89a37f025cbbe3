"""DAG files written for Airflow 1.10, 2.x and 3.x parse here to the graph that they describe, and run."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from queuack import config
from queuack.home import Home

ERAS = Path(__file__).parent.parent / "dags" / "era"

GRAPHS: dict[str, dict[str, list[str]]] = {
    "era_1_10": {
        "start": ["arrived", "ready"],
        "arrived": ["push"],
        "ready": ["push"],
        "push": ["dates", "pull", "runs"],
        "dates": ["end"],
        "runs": ["end"],
        "pull": ["greet"],
        "greet": ["branch"],
        "branch": ["left", "right"],
        "left": ["end"],
        "right": ["end"],
        "end": [],
    },
    "era_1_10_subdags": {
        "start": ["section-1"],
        "section-1": ["between"],
        "between": ["section-2"],
        "section-2": ["end"],
        "end": [],
    },
    "era_1_10_subdags.section-1": {"task_1": ["inner"], "task_2": ["inner"], "inner": []},
    "era_1_10_subdags.section-1.inner": {"task_1": [], "task_2": []},
    "era_1_10_subdags.section-2": {"task_1": [], "task_2": []},
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
    "era_2_producer": {"collect": ["length"], "length": ["total"], "total": []},
    "era_2_consumer": {"waiting.wait": ["triggered_by"], "triggered_by": []},
    "era_3_cluster": {
        "create": ["delete", "work"],
        "wait": ["work"],
        "work": ["ask"],
        "ask": ["delete"],
        "delete": [],
    },
    "raw_numbers": {"raw_numbers": []},
    "summary": {"summary": []},
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
BEFORE, AFTER = (YESTERDAY + timedelta(days=days) for days in (-1, 1))
DATES = f"{DS} {BEFORE:%Y-%m-%d} {AFTER:%Y%m%d} Rome 41"

RESULTS: dict[str, dict[str, Any]] = {
    "era_1_10": {
        "push": DS,
        "pull": 42,
        "greet": f"hello {DS.replace('-', '')}",
        "left": f"left {DS}",
        "runs": 1,
        "dates": DATES,
    },
    "era_1_10_subdags.section-1.inner": {"task_2": f"1 {DS} era_1_10_subdags.section-1.inner"},
    "era_2_taskflow": {"transform.total": 6, "load": {"value": 6, "day": DS}},
    "era_2_operators": {"middle.second": DS},
    "era_2_producer": {"collect": ["north", "south"], "total": 12},
    "era_3": {"greet": f"hello on {DS}"},
    "era_3_cluster": {"ask": "42", "delete": "cluster deleted"},
    "raw_numbers": {"raw_numbers": [1, 2, 3]},
}
"""Return values, by task."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty one: the files ask for variables."""
    monkeypatch.setenv("QUEUACK_HOME", str(tmp_path))
    before = config.configure(config.load(Home(tmp_path), environ={}))
    yield
    config.configure(before)


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
    wanted = {task_id: STATES.get(dag_id, {}).get(task_id, "success") for task_id in GRAPHS[dag_id]}
    assert {task_id: str(state) for (task_id, _), state in run.task_states.items()} == wanted
    for task_id, value in RESULTS.get(dag_id, {}).items():
        assert run.xcoms[(task_id, -1, "return_value")] == value
    assert str(run.state) == "success"


def test_old_names_warn_with_advice(airflow_names: None) -> None:
    from queuack.authoring.dagfile import load_dag_file

    loaded = load_dag_file(ERAS / "airflow_1_10.py")
    said = "\n".join(loaded.warnings)
    for name in ("DummyOperator", "PythonOperator", "days_ago", "apply_defaults"):
        assert name in said
    assert load_dag_file(ERAS / "airflow_3.py").warnings == []
