"""The main job on real input: Airflow's example DAGs, copied unmodified into an empty ``dags/`` of a real daemon, are
picked up, run in its workers and end in the states that Airflow gave them."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from examples import COMPARED, CORE_FOLDER, LOGICAL_DATE, Example, StandInHost, install_plugins, matching

from queuack.errors import DagRunAlreadyExists
from tests.live.daemon import LiveDaemon

RECORDINGS = Path(__file__).parent / "recordings"

pytestmark = [pytest.mark.oracle, pytest.mark.slow]


@pytest.fixture(scope="module")
def daemon(example_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    daemon = LiveDaemon(tmp_path_factory.mktemp("home"))
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(tmp_path_factory.mktemp("temporary"))  # where some examples keep environments
    for path in sorted({example.path for example in COMPARED}):
        shutil.copy(example_source / path, daemon.home.dags)
    shutil.copytree(example_source / CORE_FOLDER / "sql", daemon.home.dags / "sql")  # templates that they name
    install_plugins(example_source, daemon.home.plugins)
    with daemon:
        yield daemon
    if before is None:
        del os.environ["TMPDIR"]
    else:
        os.environ["TMPDIR"] = before


IN_PROCESS_ONLY = {"read_asset_event", "example_retry_policy"}
"""Compared in ``test_examples.py``: the one reads the events of a DAG that may not have run yet here, the other waits
five minutes for its retries."""


@pytest.mark.parametrize(
    "example", [e for e in COMPARED if e.dag_id not in IN_PROCESS_ONLY], ids=lambda example: example.dag_id
)
def test_the_run_ends_as_in_airflow(example: Example, daemon: LiveDaemon) -> None:
    outcomes = json.loads((RECORDINGS / f"{example.dag_id}.json").read_text())["outcomes"]
    daemon.wait_dag(example.dag_id)
    for name in [other.dag_id for other in COMPARED if other.path in example.beside]:
        daemon.wait_dag(name)
    for name in example.before:
        with suppress(DagRunAlreadyExists):
            daemon.call("trigger_run", dag_id=name, run_id="compared", logical_date=LOGICAL_DATE)
        daemon.wait_run(name, "compared", 120)
    with StandInHost() as host:
        daemon.call(
            "trigger_run",
            dag_id=example.dag_id,
            run_id="compared",
            logical_date=LOGICAL_DATE,
            conf=host.fill(example.conf),
        )
        state = daemon.wait_run(example.dag_id, "compared", 120)
    rows = daemon.rows(
        f"select task_id, map_index, state from task_instance where dag_id = '{example.dag_id}' and run_id = 'compared'"
    )
    states = {f"{task_id}[{map_index}]": found for task_id, map_index, found in rows}
    tasks = matching(example, outcomes, states)
    assert tasks is not None, states
    assert state in {outcome["state"] for outcome in outcomes if example.parts or outcome["tasks"] == tasks}
