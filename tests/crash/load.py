"""The DAGs that crash campaigns run: retries, mapping, deferral, async, sub-processes, rescheduling, a narrow pool.

Every body appends one line to a record outside the deployment before it does anything: what was really executed.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.live.daemon import LiveDaemon

INSTANCES = 13
"""Task instances of one run of ``ticks``."""

TICKS = """
import asyncio, os
from datetime import datetime, timedelta, timezone
from airflow.sdk import DAG, BaseOperator, get_current_context, task
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger

def note(word="body"):
    ti = get_current_context()["ti"]
    line = f"{ti.run_id} {ti.task_id} {ti.map_index} {ti.try_number} {word}\\n"
    descriptor = os.open(RECORD, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, line.encode())
    os.close(descriptor)

class Wait(BaseOperator):
    def execute(self, context):
        note()
        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=0.3)), method_name="resume")

    def resume(self, context, event=None):
        note("resumed")

with DAG(
    "ticks",
    description=REMARK,
    schedule=timedelta(seconds=1),
    start_date=datetime.fromtimestamp(START, timezone.utc),
    end_date=None if END is None else datetime.fromtimestamp(END, timezone.utc),
    catchup=True,
    max_active_runs=6,
    default_args={"retries": 200, "retry_delay": timedelta(seconds=0.05)},
):
    @task
    def flaky():
        note()
        if get_current_context()["ti"].try_number == 1:
            raise ValueError("as planned")

    @task
    def numbers():
        note()
        return [1, 2, 3]

    @task
    def square(number):
        note()
        return number * number

    @task
    def total(squares):
        note()
        assert sorted(squares) == [1, 4, 9], squares

    @task
    async def asynchronous(number):
        note()
        await asyncio.sleep(0.05)

    @task(pool="narrow")
    def pooled(number):
        note()

    @task.sensor(mode="reschedule", poke_interval=0.1, timeout=600)
    def looked_twice():
        path = f"{RECORD}.{get_current_context()['run_id'].replace('/', '_')}"
        if os.path.exists(path):
            return True
        open(path, "w").close()
        return False

    shell = BashOperator(task_id="shell", bash_command="sleep 0.1")
    last = total(square.expand(number=numbers()))
    flaky() >> [Wait(task_id="wait"), shell] >> last
    last >> [asynchronous.override(task_id=f"asynchronous{n}")(n) for n in range(2)]
    last >> [pooled.override(task_id=f"pooled{n}")(n) for n in range(2)]
    looked_twice()

with DAG("canary", schedule=None):
    # Needs every slot of the pool at once: it cannot run when one has leaked.
    @task(pool="narrow", pool_slots=2)
    def all_slots():
        pass

    all_slots()
"""


def deploy(root: Path, command: str = "scheduler", **settings: object) -> tuple[LiveDaemon, Path]:
    """A deployment with the DAGs, not started, and the path of the record."""
    record = root / "record"
    daemon = LiveDaemon(
        root / "home",
        command,
        **{
            "core__killed_task_cleanup_time": 3,
            "dag_processor__min_file_process_interval": 1,
            "workers__heartbeat_timeout": 3,
            "workers__max_workers": 3,
            **settings,
        },
    )
    write(daemon, record)
    daemon.offline("pools", "set", "narrow", "2", "for the campaign")
    return daemon, record


def write(daemon: LiveDaemon, record: Path, remark: str = "", end: int | None = None) -> None:
    """Write the DAG file; another ``remark`` makes another version. ``end``: the last scheduled date."""
    start = record.with_suffix(".start")
    if not start.exists():
        record.parent.mkdir(parents=True, exist_ok=True)
        start.write_text(str(int(time.time()) - 5))
    head = f"RECORD, START, END, REMARK = {str(record)!r}, {start.read_text()}, {end}, {remark!r}\n"
    path = daemon.home.dags / "load.py"
    draft = path.with_suffix(".new")
    draft.write_text(head + TICKS)
    os.replace(draft, path)
