"""Airflow's example DAGs, unmodified: the same graph, states and XComs here as recorded from Airflow 3.3.2.

``recordings/*.json`` come from ``record_examples.py``. Where a DAG chooses at random, any outcome that Airflow had
is right.
"""

from __future__ import annotations

import json
import tempfile
import time
import warnings
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from examples import COMPARED, LOGICAL_DATE, NOT_YET, Example, StandInHost, matching
from record_examples import VARIES

from queuack import config

RECORDINGS = Path(__file__).parent / "recordings"

SET_DURING_EXECUTION = "DYNAMIC (set during execution)"
"""How a rendered field shows what only the task itself makes (``@task.bash``); Airflow shows it after the task."""

PLUGINS = """
from airflow.example_dags.plugins.decreasing_priority_weight_strategy import DecreasingPriorityWeightStrategyPlugin
from airflow.example_dags.plugins.workday import WorkdayTimetablePlugin
"""
"""What registers the classes that the examples use; a plugin may lie elsewhere and be imported."""

pytestmark = pytest.mark.oracle


def _recording(example: Example) -> dict[str, Any]:
    return json.loads((RECORDINGS / f"{example.dag_id}.json").read_text())


def _load(source: Path, example: Example) -> Any:
    from queuack.authoring.dagfile import load_dag_file

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = load_dag_file(source / example.path)
    return next(dag for dag in loaded.dags if dag.dag_id == example.dag_id)


@pytest.mark.parametrize("example", COMPARED, ids=lambda example: example.dag_id)
def test_the_file_gives_the_same_graph(example: Example, example_source: Path, airflow_names: None) -> None:
    expected = _recording(example)["dag"]
    dag = _load(example_source, example)
    assert {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks} == {
        name: task["downstream"] for name, task in expected["tasks"].items()
    }
    for task in dag.tasks:
        recorded = expected["tasks"][task.task_id]
        assert (str(task.trigger_rule), task.retries, task.owner) == (
            recorded["trigger_rule"],
            recorded["retries"],
            recorded["owner"],
        )
    assert sorted(dag.tags) == expected["tags"]
    assert sorted(dag.params) == expected["params"]


@pytest.fixture
def short_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sensors wait a twentieth of a second for what they take for their interval, retries not at all; kept environments
    are the test's."""
    from queuack import clock
    from queuack.sensors import base
    from queuack.testing import run

    gone = [0.0]

    def sleep(seconds: float) -> None:
        time.sleep(min(seconds, 0.05))
        gone[0] += seconds

    monkeypatch.setattr(base, "time", SimpleNamespace(sleep=sleep, monotonic=lambda: time.monotonic() + gone[0]))
    now_us, waited = clock.now_us, [0]

    def pass_over(seconds: float) -> None:
        waited[0] += round(seconds * clock.SECOND)

    monkeypatch.setattr(run, "time", SimpleNamespace(sleep=pass_over, monotonic=time.monotonic))
    monkeypatch.setattr(clock, "now_us", lambda: now_us() + waited[0])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(one, id=one.dag_id, marks=[pytest.mark.slow] if one.slow else [])
        for one in COMPARED
        if one.in_process
    ],
)
def test_the_run_ends_as_in_airflow(
    example: Example, example_source: Path, airflow_names: None, short_waits: None
) -> None:
    from queuack.testing import test_dag as run_dag

    outcomes = _recording(example)["outcomes"]
    config.current().home.plugins.mkdir(exist_ok=True)
    (config.current().home.plugins / "examples.py").write_text(PLUGINS)
    dag = _load(example_source, example)
    with StandInHost() as host:
        conf = host.fill(example.conf)
        run = run_dag(dag, logical_date=datetime.fromisoformat(LOGICAL_DATE), conf=conf)
        url = host.url
    states = {f"{task_id}[{map_index}]": str(state) for (task_id, map_index), state in run.task_states.items()}
    tasks = matching(example, outcomes, states)
    assert tasks is not None, f"{states}, Airflow: {_states_of(outcomes)}"
    assert str(run.state) in {outcome["state"] for outcome in outcomes if example.parts or outcome["tasks"] == tasks}
    for place, task in tasks.items():
        found = {
            key: json.loads(json.dumps(value, default=str).replace(url, "http://stand-in"))
            for (task_id, map_index, key), value in run.xcoms.items()
            if f"{task_id}[{map_index}]" == place
        }
        assert agrees(found, task["xcoms"]), f"{place}: {found!r}, Airflow: {task['xcoms']!r}"
        task_id, _, map_index = place.rstrip("]").rpartition("[")
        rendered = json.loads(json.dumps(run.rendered.get((task_id, int(map_index)), {}), default=str))
        for name, value in rendered.items():  # kept only for a task in which something was rendered
            if value != SET_DURING_EXECUTION:
                shown = json.loads(json.dumps(value).replace(url, "http://stand-in"))
                assert agrees(shown, task["rendered"][name]), f"{place} {name}: {shown!r}"


def _states_of(outcomes: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{place: task["state"] for place, task in outcome["tasks"].items()} for outcome in outcomes]


def agrees(found: Any, recorded: Any) -> bool:
    """Whether a value is the recorded one, but for what varied between Airflow's own runs."""
    if recorded == VARIES:
        return True
    if isinstance(recorded, dict) and recorded.keys() <= {"skipped", "followed"}:  # Airflow keeps no order there
        return found.keys() == recorded.keys() and all(sorted(found[key]) == sorted(recorded[key]) for key in recorded)
    if isinstance(recorded, dict) and isinstance(found, dict):
        return found.keys() == recorded.keys() and all(agrees(found[key], recorded[key]) for key in recorded)
    return bool(found == recorded)


def test_every_example_is_compared_or_has_its_reason(example_source: Path) -> None:
    files = {path.stem for path in example_source.glob("airflow/**/example_dags/*.py")} - {"__init__"}
    assert files == {example.file for example in COMPARED} | set(NOT_YET)


@pytest.mark.parametrize("file", sorted(NOT_YET))
def test_what_does_not_run_yet_parses_or_says_why(file: str, example_source: Path, airflow_names: None) -> None:
    """The other files end in a clear error about what is not built, not in a puzzle."""
    from queuack.authoring.dagfile import load_dag_file

    path = next(example_source.glob(f"airflow/**/example_dags/{file}.py"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            load_dag_file(path)
        except Exception as error:
            said = str(error)
        else:
            return
    assert any(words in said for words in ("not built", "No module named", "kubernetes")), said
