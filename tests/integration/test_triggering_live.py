"""A DAG that triggers and waits for another one, and one that watches, in a real daemon that dies meanwhile."""

from __future__ import annotations

from pathlib import Path

from tests.live.daemon import LiveDaemon, until

FILE = """
import os, time
from airflow.sdk import DAG, task
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor

with DAG("child", schedule=None):
    @task
    def work():
        while not os.path.exists({gate!r}):
            time.sleep(0.02)
    work()

with DAG("parent", schedule=None):
    for deferrable in (True, False):
        TriggerDagRunOperator(
            task_id=f"trigger_{{deferrable}}", trigger_dag_id="child", trigger_run_id=f"of_{{deferrable}}",
            logical_date="{{{{ logical_date }}}}" if deferrable else None, wait_for_completion=True,
            poke_interval=0.05, deferrable=deferrable,
        )

with DAG("watcher", schedule=None):
    options = dict(external_dag_id="child", poke_interval=0.05, timeout=60)
    ExternalTaskSensor(task_id="poke", external_task_id="work", **options)
    ExternalTaskSensor(task_id="reschedule", external_task_id="work", mode="reschedule", **options)
    ExternalTaskSensor(task_id="deferred", deferrable=True, **options)
"""

DATE = "2026-01-05T00:00:00+00:00"


def test_runs_are_triggered_once_and_waited_for(tmp_path: Path) -> None:
    gate = tmp_path / "open"
    daemon = LiveDaemon(tmp_path, core__parallelism=6)
    (daemon.home.dags / "runs.py").write_text(FILE.format(gate=str(gate)))
    with daemon:
        for name in ("child", "parent", "watcher"):
            daemon.wait_dag(name)
        for name in ("parent", "watcher"):
            daemon.call("trigger_run", dag_id=name, run_id="r", logical_date=DATE)
        waiting = "select count(*) from task_instance where state in ('running', 'deferred') and dag_id <> 'child'"
        until(lambda: daemon.rows(waiting)[0][0] >= 4, what="tasks that wait")
        until(lambda: daemon.rows("select count(*) from dag_run where dag_id = 'child'")[0][0] == 2, what="two runs")
        daemon.kill()
        daemon.start()
        gate.touch()
        assert [daemon.wait_run(name, "r", 60) for name in ("parent", "watcher")] == ["success", "success"]
        found = daemon.rows("select run_id, run_type, state from dag_run where dag_id = 'child' order by run_id")
        assert [tuple(row) for row in found] == [
            ("of_False", "operator_triggered", "success"),
            ("of_True", "operator_triggered", "success"),
        ]
        tries = daemon.rows("select max(try_number) from task_instance where dag_id <> 'child'")
        assert tries[0][0] == 1
        daemon.stop()
