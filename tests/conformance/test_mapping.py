"""DAGs that map, in every way there is, end here as in Airflow: in this process and in a real daemon."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from queuack.serialization.typed_json import wrap
from tests.live.daemon import LiveDaemon

HERE = Path(__file__).parent
FILE = HERE / "mapping_dags.py"
RECORDED: dict[str, Any] = json.loads((HERE / "recordings" / "mapping.json").read_text())

BETTER: dict[str, str] = {
    "branch_in_group": "Airflow 3.3.2 runs what a branch in a mapped group passes over; its documentation says skip",
    "short_in_group": "the same of a short circuit",
    "nested_groups": "Airflow 3.3.2 gives the instances of groups mapped inside mapped groups each other's arguments",
    "m_params": "in Airflow's dag.test() an instance changes the params of those that run after it",
    "over_group_scalar": "Airflow 3.3.2 cannot map over what a mapped group returns",
}
"""DAG → what differs, and ends here as ``test_where_airflow_is_not_followed`` says."""


def test_every_dag_is_compared() -> None:
    assert RECORDED.keys() == _loaded().keys()


@pytest.fixture(autouse=True)
def names(airflow_names: None) -> None: ...


def _loaded() -> dict[str, Any]:
    from queuack.authoring.dagfile import load_dag_file

    return {dag.dag_id: dag for dag in load_dag_file(FILE).dags}


@pytest.mark.parametrize("dag_id", sorted(RECORDED.keys() - BETTER.keys()))
def test_in_this_process(dag_id: str) -> None:
    from queuack.testing import test_dag as run_dag

    run = run_dag(_loaded()[dag_id])
    expected = RECORDED[dag_id]
    states = {f"{task_id}[{index}]": state for (task_id, index), state in run.task_states.items()}
    assert states == {place: task["state"] for place, task in expected["tasks"].items()}
    assert run.state == expected["state"]
    xcoms = {f"{task_id}[{index}] {key}": wrap(value) for (task_id, index, key), value in run.xcoms.items()}
    assert xcoms == {
        f"{place} {key}": value for place, task in expected["tasks"].items() for key, value in task["xcoms"].items()
    }


def test_where_airflow_is_not_followed() -> None:
    from queuack.testing import test_dag as run_dag

    dags = _loaded()
    branch = run_dag(dags["branch_in_group"]).task_states
    followed = [(branch["g.left", i], branch["g.right", i], branch["g.join", i]) for i in range(3)]
    left, right = ("success", "skipped", "success"), ("skipped", "success", "success")
    assert followed == [left, right, left]
    short = run_dag(dags["short_in_group"]).task_states
    assert [short["g.work", i] for i in range(3)] == ["success", "skipped", "success"]
    params = run_dag(dags["m_params"]).xcoms
    assert [params["b", i, "return_value"] for i in range(2)] == ["1 1", "5 2"]
    nested = run_dag(dags["nested_groups"]).xcoms
    leaves = [nested["outer.inner.leaf", i, "return_value"] for i in range(4)]
    assert leaves == [[1, "x"], [1, "y"], [2, "x"], [2, "y"]]
    assert [nested["outer.collect", i, "return_value"] for i in range(2)] == [leaves[:2], leaves[2:]]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveDaemon]:
    daemon = LiveDaemon(tmp_path_factory.mktemp("home"))
    shutil.copy(FILE, daemon.home.dags)
    with daemon:
        yield daemon


@pytest.mark.slow
@pytest.mark.parametrize("dag_id", sorted(RECORDED.keys() - BETTER.keys()))
def test_in_a_daemon(dag_id: str, daemon: LiveDaemon) -> None:
    daemon.wait_dag(dag_id)
    daemon.call("trigger_run", dag_id=dag_id, run_id="compared")
    state = daemon.wait_run(dag_id, "compared", 120)
    rows = daemon.rows(
        f"select task_id, map_index, state, rendered_map_index from task_instance where dag_id = '{dag_id}'"
    )
    expected = RECORDED[dag_id]
    found = {f"{task_id}[{index}]": (state, name) for task_id, index, state, name in rows}
    assert found == {place: (task["state"], task.get("name")) for place, task in expected["tasks"].items()}
    assert state == expected["state"]
