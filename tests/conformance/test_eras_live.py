"""DAG files of every era, dropped as they are into the ``dags/`` of a real daemon: they load and run to a good end."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from test_eras import ERAS, GRAPHS, RESULTS, STATES, YESTERDAY

from tests.live.daemon import LiveDaemon, until

pytestmark = pytest.mark.slow

SUBDAGS = sorted(dag_id for dag_id in GRAPHS if dag_id.startswith("era_1_10_subdags."))
BY_HAND = sorted(GRAPHS.keys() - {"era_2_consumer", "summary"} - {*SUBDAGS})
"""The others wait for an asset, or are run by their parent."""
TRIGGERED = {"era_2_consumer": "era_2_producer", "summary": "raw_numbers"}
"""DAG → the one whose asset it waits for."""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveDaemon]:
    daemon = LiveDaemon(tmp_path_factory.mktemp("eras"))
    for path in ERAS.glob("*.py"):
        shutil.copy(path, daemon.home.dags)
    with daemon:
        for dag_id in GRAPHS:
            daemon.wait_dag(dag_id)
        yield daemon


def _states(daemon: LiveDaemon, dag_id: str, run_id: str) -> dict[str, str]:
    where = f"dag_id = '{dag_id}' and run_id = '{run_id}'"
    return dict(daemon.rows(f"select task_id, state from task_instance where {where}"))


def _wanted(dag_id: str) -> dict[str, str]:
    return {task_id: STATES.get(dag_id, {}).get(task_id, "success") for task_id in GRAPHS[dag_id]}


@pytest.mark.parametrize("dag_id", BY_HAND)
def test_the_run_ends_well(dag_id: str, daemon: LiveDaemon) -> None:
    daemon.call("trigger_run", dag_id=dag_id, run_id="by_hand", logical_date=YESTERDAY.isoformat())
    state = daemon.wait_run(dag_id, "by_hand")
    assert (state, _states(daemon, dag_id, "by_hand")) == ("success", _wanted(dag_id))
    for task_id, value in RESULTS.get(dag_id, {}).items():
        found = daemon.value(
            f"select value from xcom where dag_id = '{dag_id}' and run_id = 'by_hand' and task_id = '{task_id}' "
            "and key = 'return_value'"
        )
        assert json.loads(found) == value, task_id


@pytest.mark.parametrize("dag_id", SUBDAGS)
def test_a_subdag_runs_with_its_parent(dag_id: str, daemon: LiveDaemon) -> None:
    date = (YESTERDAY + timedelta(hours=1 + SUBDAGS.index(dag_id))).isoformat()
    daemon.call("trigger_run", dag_id="era_1_10_subdags", run_id=f"for_{dag_id}", logical_date=date)
    assert daemon.wait_run("era_1_10_subdags", f"for_{dag_id}") == "success"
    assert _states(daemon, dag_id, f"for_{dag_id}") == _wanted(dag_id)


@pytest.mark.parametrize("dag_id", sorted(TRIGGERED))
def test_an_asset_starts_the_run(dag_id: str, daemon: LiveDaemon) -> None:
    daemon.call("trigger_run", dag_id=TRIGGERED[dag_id], run_id=f"for_{dag_id}")
    assert daemon.wait_run(TRIGGERED[dag_id], f"for_{dag_id}") == "success"
    query = f"select run_id from dag_run where dag_id = '{dag_id}' and run_type = 'asset_triggered' order by id desc"
    run_id = until(lambda: daemon.value(query), 60, f"a run of {dag_id}")
    assert daemon.wait_run(dag_id, run_id) == "success"
    assert _states(daemon, dag_id, run_id) == _wanted(dag_id)


def test_no_file_failed(daemon: LiveDaemon) -> None:
    assert daemon.rows("select filename, message from import_error") == []


def test_the_folder_is_told_to_work(daemon: LiveDaemon, tmp_path: Path) -> None:
    from queuack.migrate.checking import check

    report = check(daemon.home.root)
    assert report.good
    assert {dag_id for file in report.files for dag_id in file.dags or ()} == set(GRAPHS)
