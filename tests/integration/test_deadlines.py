"""Deadlines in a real daemon: every kind of reference, callbacks in a worker and in the triggerer, a kill in between."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.live.daemon import LiveDaemon, until

PLUGIN = """
import json
from pathlib import Path

from airflow.sdk import BaseNotifier

async def tell(folder, context):
    deadline, run = context["deadline"], context["dag_run"]
    said = {"state": run["state"], "run_id": run["dag_run_id"], "time": deadline["deadline_time"].isoformat()}
    Path(folder, "async").write_text(json.dumps(said))
    return "told"

class Pager(BaseNotifier):
    template_fields = ("text",)

    def __init__(self, folder, text, **kwargs):
        super().__init__(**kwargs)
        self.folder, self.text = folder, text

    def notify(self, context):
        Path(self.folder, self.text).touch()

    async def async_notify(self, context):
        self.notify(context)

async def fail():
    raise RuntimeError("nobody there")
"""

DAG_FILE = """
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pager
from airflow.sdk import (
    DAG, AsyncCallback, BaseDeadlineReference, DeadlineAlert, DeadlineReference, SyncCallback, deadline_reference, task,
)
from airflow.sdk.definitions.deadline import VariableInterval

HERE = Path({here!r})

def note(name, context):
    (HERE / name).write_text(context["dag_run"]["dag_run_id"])
    return name

def wait_for_word(context):
    raise OSError("no line")

@deadline_reference
class LongAgo(BaseDeadlineReference):
    required_kwargs = {{"run_id"}}

    def _evaluate_with(self, *, session, run_id):
        from airflow.models import DagRun
        run = session.query(DagRun).filter(DagRun.run_id == run_id).one()
        return run.run_after - timedelta(days=1)

def alert(reference, callback, interval=timedelta(0), name=None):
    return DeadlineAlert(reference=reference, interval=interval, callback=callback, name=name)

QUEUED, SECOND = DeadlineReference.DAGRUN_QUEUED_AT, timedelta(seconds=1)
with DAG("short", schedule=None, deadline=[
    alert(DeadlineReference.AVERAGE_RUNTIME(2, min_runs=1), SyncCallback(note, {{"name": "average"}}), timedelta(hours=1)),
    alert(QUEUED, SyncCallback(note, {{"name": "never"}}), timedelta(hours=1)),
]):
    task(lambda: 1, task_id="quick")()

with DAG("long", schedule=None, deadline=[
    alert(DeadlineReference.LongAgo, SyncCallback(note, {{"name": "custom"}}), name="custom"),
    alert(QUEUED, AsyncCallback("pager.tell", {{"folder": str(HERE)}}), SECOND),
    alert(QUEUED, AsyncCallback(pager.fail), SECOND),
    alert(QUEUED, SyncCallback(wait_for_word), SECOND),
    alert(QUEUED, SyncCallback(pager.Pager, {{"folder": str(HERE), "text": "sync-{{{{ dag_run.state }}}}"}}), SECOND),
    alert(QUEUED, AsyncCallback(pager.Pager, {{"folder": str(HERE), "text": "async-{{{{ dag_run.state }}}}"}}), SECOND),
    alert(QUEUED, SyncCallback(note, {{"name": "variable"}}), VariableInterval("patience")),
    alert(QUEUED, SyncCallback(note, {{"name": "hour"}}), timedelta(hours=1)),
]):

    @task
    def slow():
        import time
        while not (HERE / "go").exists():
            time.sleep(0.02)

    slow()
"""


def _states(daemon: LiveDaemon) -> dict[str, Any]:
    rows = daemon.rows(
        "select data->>'path', data->'kwargs'->>'name', type, state, output from callback where kind = 'deadline'"
    )
    return {(row[1] or row[0].rpartition(".")[2], row[2]): tuple(row[3:]) for row in rows}


def test_deadlines(tmp_path: Path) -> None:
    here = tmp_path / "told"
    here.mkdir()
    daemon = LiveDaemon(tmp_path / "home")
    (daemon.home.plugins / "pager.py").write_text(PLUGIN)
    daemon.dag("d", DAG_FILE.format(here=str(here)))
    with daemon:
        daemon.wait_dag("long")
        daemon.call("set_variable", key="patience", value="1")
        for run_id in ("one", "two"):
            daemon.call("trigger_run", dag_id="short", run_id=run_id)
            assert daemon.wait_run("short", run_id) == "success"
        asked = (
            "select run_id, output::bigint - epoch_us(created_at) - 3600000000 from callback where state = 'success'"
        )
        answers = dict(until(lambda: len(found := daemon.rows(asked)) == 2 and found, what="two answers"))
        took = daemon.value("select epoch_us(end_date) - epoch_us(start_date) from dag_run where run_id = 'one'")
        assert answers == {"one": None, "two": took}  # there was nothing to average before the first
        assert not daemon.rows("select * from deadline")  # in time
        daemon.call("trigger_run", dag_id="long", run_id="r")
        until(lambda: (here / "custom").exists(), what="the callback of the custom reference")
        daemon.kill()  # the rest is missed while no daemon runs, or by the next
        daemon.start()
        until(
            lambda: len(_states(daemon)) == 7 and all(s[0] in ("success", "failed") for s in _states(daemon).values())
        )
        states = _states(daemon)
        assert states.pop(("fail", "triggerer"))[0] == "failed"
        assert states == {
            ("custom", "executor"): ("success", "custom"),
            ("variable", "executor"): ("success", "variable"),
            ("tell", "triggerer"): ("success", "told"),
            ("wait_for_word", "executor"): ("failed", "OSError: no line"),
            ("Pager", "executor"): ("success", None),
            ("Pager", "triggerer"): ("success", None),
        }
        said = json.loads((here / "async").read_text())
        assert (said["run_id"], said["state"]) == ("r", "running")
        assert (here / "variable").read_text() == "r"
        (here / "go").touch()
        assert daemon.wait_run("long", "r") == "success"
        rows = daemon.rows("select missed, count(*), count(callback_id) from deadline group by all")
        assert rows == [[True, 7, 7]]  # the hour was kept
        named = "select name from deadline join deadline_alert a on a.id = deadline_alert_id where name is not null"
        assert daemon.value(named) == "custom"
        assert not daemon.rows("select * from trigger")
        assert sorted(path.name for path in here.iterdir()) == [
            "async", "async-running", "custom", "go", "sync-running", "variable",
        ]  # fmt: skip
