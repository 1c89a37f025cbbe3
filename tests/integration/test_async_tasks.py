"""Async tasks in a real daemon: many at once on few workers, over the daemon's death, by the limits that are set."""

from __future__ import annotations

from pathlib import Path

from tests.live.daemon import LiveDaemon, until

MANY = """
import asyncio, os
from airflow.sdk import DAG, Variable, get_current_context, task
from airflow.sdk.bases.operator import BaseAsyncOperator

HERE = os.environ["QUEUACK_HOME"]

class Wait(BaseAsyncOperator):
    async def aexecute(self, context):
        while not os.path.exists(HERE + "/go"):
            await asyncio.sleep(0.02)
        return context["ti"].map_index

with DAG("many", schedule=None, max_active_tasks=300, default_args={"pool": "wide", "retries": 1, "retry_delay": 0}):

    @task
    async def wait(n):
        while not os.path.exists(HERE + "/go"):
            await asyncio.sleep(0.02)
        print("woken", n, get_current_context()["ti"].map_index)
        return n

    @task
    def total(numbers, one):
        return sum(numbers) + one

    total(wait.expand(n=list(range(200))), Wait(task_id="own").output)

with DAG("beside", schedule=None):

    @task
    def quick():
        return 1

    quick()
"""
RUNNING = "select count(*) from task_instance where dag_id = 'many' and state = 'running'"


def test_two_hundred_wait_on_two_workers_through_the_death_of_the_daemon_and_of_a_worker(tmp_path: Path) -> None:
    daemon = LiveDaemon(tmp_path / "home", workers__max_workers=2)
    daemon.dag("many", MANY)
    with daemon:
        daemon.wait_dag("many")
        daemon.call("set_pool", pool="wide", slots=201)
        daemon.call("trigger_run", dag_id="many", run_id="r")
        until(lambda: daemon.value(RUNNING) == 201, what="all of them running")
        pids = [
            row[0] for row in daemon.rows("select distinct pid from task_instance where dag_id = 'many' and pid > 0")
        ]
        assert len(pids) == 2
        daemon.call("trigger_run", dag_id="beside", run_id="r")
        assert daemon.wait_run("beside", "r") == "success"
        daemon.kill()
        daemon.start()
        assert daemon.value(RUNNING) == 201
        worker = next(process for process in daemon.tree() if process.pid == pids[0])
        held = daemon.value(f"select count(*) from task_instance where pid = {pids[0]} and state = 'running'")
        worker.kill()
        again = "select count(*) from task_instance where dag_id = 'many' and state = 'running' and try_number = 2"
        until(lambda: daemon.value(again) == held, what="the second tries")
        (daemon.home.root / "go").touch()
        assert daemon.wait_run("many", "r") == "success"
        total = "select value from xcom where dag_id = 'many' and task_id = 'total' and key = 'return_value'"
        assert daemon.value(total) == str(sum(range(200)) - 1)
        tries = "select sum(try_number) from task_instance where dag_id = 'many' and task_id <> 'total'"
        assert daemon.value(tries) == 201 + held
