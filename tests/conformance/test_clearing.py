"""What a clear takes along, beside Airflow's answer for random DAGs (``record_clearing.py``)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from queuack.engine.choosing import to_clear
from queuack.engine.events import ClearTasks
from tests.engine.driver import Driver, dag, task

RECORDED = Path(__file__).parent / "recordings" / "clearing.json.gz"


def test_setups_and_teardowns_come_along_as_in_airflow() -> None:
    dags = json.loads(gzip.decompress(RECORDED.read_bytes()))
    compared = 0
    for recorded in dags:
        tasks = [
            task(name, *after, is_setup=is_setup, is_teardown=is_teardown)
            for name, after, is_setup, is_teardown in recorded["tasks"]
        ]
        driver = Driver(dag(*tasks))
        run = driver.engine.runs[driver.trigger(run_id="one")]
        for named, upstream, downstream, expected in recorded["cases"]:
            asked = ClearTasks(
                dag_id="d", run_id="one", task_ids=tuple(named), upstream=upstream, downstream=downstream
            )
            assert [run.plan.task_ids[i] for i in to_clear(run, asked)] == expected, (recorded["tasks"], asked)
            compared += 1
    assert compared == 1_200
