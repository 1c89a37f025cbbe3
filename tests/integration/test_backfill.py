"""A backfill in a real daemon: made in portions, through a SIGKILL, with a custom timetable asked, and cancelled."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from queuack.errors import AlreadyRunningBackfill, DaemonUnreachable
from tests.live.daemon import LiveDaemon, until

DAGS = """
from datetime import datetime, timedelta
from airflow.sdk import DAG, task
from two_hours import TwoHours

with DAG("long", schedule="0 * * * *", start_date=datetime(2020, 1, 1), is_paused_upon_creation=True):
    @task
    def work():
        pass
    work()
with DAG("short", schedule="@daily", start_date=datetime(2030, 1, 1), params={"n": 1}):
    @task
    def work(ds=None, params=None):
        if ds == "2025-03-02" and params["n"] == 1:
            raise ValueError("no")
    work()
with DAG("custom", schedule=TwoHours(), start_date=datetime(2030, 1, 1)):
    @task
    def work():
        pass
    work()
"""
PLUGIN = """
from datetime import timedelta
from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, DataInterval, Timetable

class TwoHours(Timetable):
    def infer_manual_data_interval(self, *, run_after):
        return DataInterval(run_after, run_after)
    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        start = restriction.earliest if last_automated_data_interval is None else last_automated_data_interval.end
        if start is None or (restriction.latest is not None and start > restriction.latest):
            return None
        return DagRunInfo.interval(start, start + timedelta(hours=2))

class Mine(AirflowPlugin):
    name = "mine"
    timetables = [TwoHours]
"""
DATES = 3_000


def outcomes(daemon: LiveDaemon, backfill_id: int) -> dict[str, int]:
    counts: dict[str, int] = daemon.call("get_backfill", backfill_id=backfill_id)["dates"]
    return counts


def ended(daemon: LiveDaemon, backfill_id: int) -> dict[str, int]:
    until(
        lambda: daemon.value(f"select completed_at is not null from backfill where id = {backfill_id}"), 60, "its end"
    )
    return outcomes(daemon, backfill_id)


def test_backfills(tmp_path: Path) -> None:
    daemon = LiveDaemon(tmp_path / "home")
    (daemon.home.plugins / "two_hours.py").write_text(PLUGIN)
    daemon.dag("all", DAGS)
    with daemon:
        for dag_id in ("long", "short", "custom"):
            daemon.wait_dag(dag_id)
        survives_a_kill(daemon)
        reprocesses(daemon)
        asks_a_custom_timetable(daemon)
        events = [row[0] for row in daemon.rows("select event from log where event like '%backfill%' order by id")]
        assert events.count("create_backfill") == 5
        assert events.count("cancel_backfill") == 1


def survives_a_kill(daemon: LiveDaemon) -> None:
    refused: list[Exception] = []

    def create() -> None:
        try:
            daemon.call("create_backfill", dag_id="long", from_date="2025-01-01", to_date="2025-05-05T23:00:00")
        except DaemonUnreachable as error:
            refused.append(error)

    thread = threading.Thread(target=create)
    thread.start()
    until(lambda: daemon.value("select count(*) from dag_run where run_type = 'backfill'"), 30, "a run", every=0.001)
    daemon.kill()
    thread.join()
    assert refused  # it waited for the rest
    daemon.start()
    until(lambda: outcomes(daemon, 1) == {"queued": DATES}, 60, "all runs")
    kept = daemon.rows(
        "select count(*), count(distinct logical_date), count(distinct dag_run.id), count(distinct dag_run.run_id),"
        " count(ti.id) from dag_run join task_instance ti on ti.dag_run_id = dag_run.id where dag_run.dag_id = 'long'"
    )
    assert kept == [[DATES] * 5]
    try:
        daemon.call("create_backfill", dag_id="long", from_date="2025-01-01", to_date="2025-01-02")
    except AlreadyRunningBackfill:
        row = daemon.call("cancel_backfill", backfill_id=1)
    assert (row["dates"], row["is_paused"]) == ({"failed": DATES}, True)
    assert row["completed_at"] is not None


def reprocesses(daemon: LiveDaemon) -> None:
    asked = {"dag_id": "short", "from_date": "2025-03-01", "to_date": "2025-03-03"}

    def create(**more: Any) -> dict[str, int]:
        return ended(daemon, daemon.call("create_backfill", **asked, **more)["id"])

    assert create() == {"success": 2, "failed": 1}
    assert create() == {"already exists": 3}
    again = {"reprocess_behavior": "failed", "dag_run_conf": {"n": 2}}
    dry = daemon.call("create_backfill_dry_run", **asked, **again)
    assert [row["logical_date"] for row in dry] == ["2025-03-02T00:00:00+00:00"]
    assert create(**again) == {"already exists": 2, "success": 1}
    assert daemon.rows(
        "select try_number, r.run_type, r.conf::varchar from task_instance join dag_run r on r.id = dag_run_id"
        " where r.dag_id = 'short' and r.run_id like '%03-02%'"
    ) == [[2, "backfill", json.dumps({"n": 2}, separators=(",", ":"))]]


def asks_a_custom_timetable(daemon: LiveDaemon) -> None:
    row = daemon.call("create_backfill", dag_id="custom", from_date="2025-03-01", to_date="2025-03-01T05:00:00")
    assert ended(daemon, row["id"]) == {"success": 3}
    dates = daemon.call("list_backfill_dag_runs", backfill_id=row["id"])
    assert [date["run_id"][-14:-6] for date in dates] == ["02:00:00", "04:00:00", "06:00:00"]
