"""Plugins in a real daemon: custom timetables, weights, listeners and links work, and a bad plugin harms nobody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from queuack.plugins import last_verdict
from tests.live.daemon import LiveDaemon, until

HEAD = """
import pendulum
from airflow.sdk import DAG, Asset, task
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
"""
TIMETABLE = """
import os, time
from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, DataInterval, Timetable

class Daily(Timetable):
    def __init__(self, how="works"):
        self.how = how
    def serialize(self):
        return {"how": self.how}
    @classmethod
    def deserialize(cls, data):
        return cls(data["how"])
    def infer_manual_data_interval(self, *, run_after):
        return DataInterval(run_after.subtract(days=7), run_after)
    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        if self.how == "raises":
            raise KeyError("broken")
        start = last_automated_data_interval.end if last_automated_data_interval else restriction.earliest
        return DagRunInfo.interval(start, start.add(days=1)) if start < restriction.latest else None

class Mine(AirflowPlugin):
    name = "timetable_of_mine"
    timetables = [Daily]
"""
TIMETABLE_DAGS = (
    HEAD
    + """
from mine import Daily
for how in ("works", "raises"):
    with DAG(how, schedule=Daily(how), start_date=pendulum.datetime(2026, 1, 1), end_date=pendulum.datetime(2026, 1, 6),
             catchup=True):
        EmptyOperator(task_id="one")
"""
)
LISTENER = """
from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import BaseOperatorLink
from airflow.task.priority_strategy import PriorityWeightStrategy

class Listener:
    @hookimpl
    def on_task_instance_running(self, task_instance): note("running", task_instance.task_id)
    @hookimpl
    def on_task_instance_success(self, task_instance, previous_state):
        note("success", task_instance.task_id, str(previous_state.value))
    @hookimpl
    def on_task_instance_failed(self, task_instance, error): note("failed", task_instance.task_id, repr(error))
    @hookimpl
    def on_task_instance_skipped(self, task_instance): note("skipped", task_instance.task_id)
    @hookimpl
    def on_dag_run_running(self, dag_run, msg): note("run running", dag_run.dag_id, msg)
    @hookimpl
    def on_dag_run_success(self, dag_run, msg): note("run success", dag_run.dag_id, msg)
    @hookimpl
    def on_dag_run_failed(self, dag_run, msg): note("run failed", dag_run.dag_id, msg)
    @hookimpl
    def on_asset_changed(self, asset): note("changed", asset.name)
    @hookimpl
    def on_asset_event_emitted(self, asset_event):
        note("event", asset_event.asset.name, str(asset_event.extra), asset_event.source_task_id)
    @hookimpl
    def on_new_dag_import_error(self, filename): note("import error", filename)
    @hookimpl
    def on_starting(self, component): raise RuntimeError("a listener that fails")

def note(*words):
    with open(NOTES, "a") as file:
        file.write(" ".join(words) + "\\n")

class Everywhere(BaseOperatorLink):
    name = "Everywhere"
    def get_link(self, operator, *, ti_key):
        return f"https://here/{ti_key.dag_id}/{ti_key.task_id}"

class OnBash(BaseOperatorLink):
    name = "Bash"
    operators = [BashOperator]
    def get_link(self, operator, *, ti_key):
        return f"https://bash/{operator.bash_command}"

class Fails(BaseOperatorLink):
    name = "Fails"
    def get_link(self, operator, *, ti_key):
        raise ValueError("no link")

class Heavy(PriorityWeightStrategy):
    def get_weight(self, ti):
        return 40 + ti.task.priority_weight

class Listening(AirflowPlugin):
    name = "listening"
    listeners = [Listener()]
    operator_extra_links = [OnBash()]
    global_operator_extra_links = [Everywhere(), Fails()]
    priority_weight_strategies = [Heavy]
"""
LISTENED = (
    HEAD
    + """
from airflow.exceptions import AirflowFailException, AirflowSkipException
from listening import Heavy
with DAG("listened"):
    @task
    def skips():
        raise AirflowSkipException()
    @task
    def fails():
        raise AirflowFailException("boom")
    BashOperator(task_id="says", bash_command="echo {{ 1 }}", weight_rule=Heavy(), priority_weight=2,
                 outlets=[Asset("orders")])
    skips()
    fails()
"""
)


@pytest.fixture
def daemon(tmp_path: Path) -> LiveDaemon:
    return LiveDaemon(tmp_path / "home", core__plugin_timeout="1")


def plugin(daemon: LiveDaemon, name: str, text: str) -> None:
    (daemon.home.plugins / f"{name}.py").write_text(text)


def runs(daemon: LiveDaemon, dag_id: str) -> int:
    return int(daemon.value(f"select count(*) from dag_run where dag_id = '{dag_id}' and state = 'success'"))


def test_a_custom_timetable_schedules_and_one_that_fails_is_mended(daemon: LiveDaemon) -> None:
    plugin(daemon, "mine", TIMETABLE)
    daemon.dag("mine_dags", TIMETABLE_DAGS)
    with daemon:
        until(lambda: runs(daemon, "works") == 5)
        (error,) = until(lambda: daemon.call("list_import_errors"))
        assert "DAG 'raises'" in error["message"]
        assert "KeyError: 'broken'" in error["message"]
        assert runs(daemon, "raises") == 0
        row = daemon.call("trigger_run", dag_id="works", logical_date="2026-05-01T00:00:00+00:00", triggered_by="api")
        assert (row["data_interval_start"], row["data_interval_end"]) == (
            "2026-04-24T00:00:00+00:00",
            "2026-05-01T00:00:00+00:00",
        )
        plugin(daemon, "mine", TIMETABLE.replace('"raises"', '"never"'))
        until(lambda: runs(daemon, "raises") == 5)
        until(lambda: not daemon.call("list_import_errors"))
        daemon.kill()
        daemon.start()
        daemon.wait_dag("works")
        assert daemon.value("select count(*) from dag_run where run_type = 'scheduled'") == 10


def test_the_command_lists_what_works_and_what_does_not(daemon: LiveDaemon) -> None:
    assert daemon.offline("plugins") == ""
    plugin(daemon, "mine", TIMETABLE)
    plugin(daemon, "broken", "1 / 0\n")
    mine, broken = json.loads(daemon.offline("plugins", "-o", "json"))
    assert (mine["name"], mine["source"]) == ("timetable_of_mine", "$PLUGINS_FOLDER/mine.py")
    assert (mine["timetables"], mine["error"]) == (["mine.Daily"], None)
    assert (broken["name"], broken["source"]) == (None, "$PLUGINS_FOLDER/broken.py")
    assert broken["error"] == "ZeroDivisionError: division by zero"
    table = daemon.offline("plugins")
    assert "mine.Daily" in table
    assert "ZeroDivisionError" in table
    assert "listeners" not in table


def test_commands_without_a_daemon_ask_the_timetable_too(daemon: LiveDaemon) -> None:
    plugin(daemon, "mine", TIMETABLE)
    daemon.dag("mine_dags", TIMETABLE_DAGS)
    assert "2026-01-01" in daemon.offline("dags", "next-execution", "works")
    shown = json.loads(
        daemon.offline("dags", "trigger", "works", "--logical-date", "2026-05-01T00:00:00+00:00", "-o", "json")
    )
    row = shown[0] if isinstance(shown, list) else shown
    assert row["data_interval_start"] < row["data_interval_end"]


def test_a_plugin_that_hangs_or_crashes_is_left_out(daemon: LiveDaemon) -> None:
    plugin(daemon, "hangs", "import time\nwhile True: time.sleep(0.01)\n")
    plugin(daemon, "crashes", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    plugin(daemon, "raises", "raise ValueError('no')\n")
    plugin(daemon, "mine", TIMETABLE)
    daemon.dag("mine_dags", TIMETABLE_DAGS)
    daemon.dag("other", HEAD + "with DAG('other'): EmptyOperator(task_id='x')\n")
    with daemon:
        daemon.wait_dag("other")
        until(lambda: runs(daemon, "works") == 5)
        said = daemon.output.read_text()
        for name, words in (("hangs", "longer than 1 s"), ("crashes", "SIGSEGV"), ("raises", "ValueError: no")):
            assert any(f"{name}.py" in line and words in line for line in said.splitlines()), said
        assert not any("hangs" in error["message"] for error in daemon.call("list_import_errors"))


def test_listeners_links_and_weights(daemon: LiveDaemon) -> None:
    notes = daemon.home.root / "notes"
    plugin(daemon, "listening", LISTENER.replace("NOTES", repr(str(notes))))
    daemon.dag("listened", LISTENED)
    daemon.dag("broken", "from airflow.sdk import DAG\n1 / 0\n")
    with daemon:
        daemon.wait_dag("listened")
        daemon.call("trigger_run", dag_id="listened", run_id="r")
        assert daemon.wait_run("listened", "r") == "failed"
        wanted = {
            "run running listened started",
            "run failed listened task_failure",
            "running says",
            "running skips",
            "running fails",
            "success says running",
            "changed orders",
            "event orders {} says",
            "skipped skips",
            "failed fails AirflowFailException('boom')",
            "import error broken.py",
        }
        until(lambda: set(notes.read_text().splitlines()) == wanted, 30, "the notes")
        links = daemon.rows("select task_id, key, value from xcom where key like '%link%' order by task_id, key")
        assert [tuple(row) for row in links] == [
            ("fails", "_link_Everywhere", '"https://here/listened/fails"'),
            ("says", "_link_Everywhere", '"https://here/listened/says"'),
            ("says", "_link_OnBash", '"https://bash/echo 1"'),
            ("skips", "_link_Everywhere", '"https://here/listened/skips"'),
        ]
        weights = dict(daemon.rows("select task_id, priority_weight from task_instance"))
        assert weights == {"says": 42, "skips": 1, "fails": 1}
        document = daemon.call("dag_document", dag_id="listened")
        says = next(task for task in document["tasks"] if task["task_id"] == "says")
        assert ["Bash", "_link_OnBash"] in says["extra_links"]
        # a listener that comes while the workers run is heard in them, too
        before = last_verdict(daemon.home).state
        plugin(daemon, "listening", LISTENER.replace("NOTES", repr(str(notes) + "2")))
        until(lambda: last_verdict(daemon.home).state != before)
        daemon.call("trigger_run", dag_id="listened", run_id="again")
        daemon.wait_run("listened", "again")
        until(lambda: "run failed listened task_failure" in _text(Path(f"{notes}2")))


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
