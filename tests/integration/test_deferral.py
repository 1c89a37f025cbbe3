"""Deferral in a real daemon: tasks wait in the triggerer, whatever dies meanwhile, and go on exactly once."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.daemon import LiveDaemon, until

TRIGGERS = """
import asyncio, os, time
from airflow.triggers.base import BaseTrigger, TaskSuccessEvent, TriggerEvent

def note(folder, word):
    with open(os.path.join(folder, "record"), "a") as file:
        file.write(word + "\\n")

class Gate(BaseTrigger):
    def __init__(self, folder, gate="open", how="event"):
        super().__init__()
        self.folder, self.gate, self.how = folder, gate, how

    def serialize(self):
        return "gates.Gate", {"folder": self.folder, "gate": self.gate, "how": self.how}

    async def run(self):
        note(self.folder, "begun")
        print("looking for", self.gate)
        while not os.path.exists(os.path.join(self.folder, self.gate)):
            await asyncio.sleep(0.02)
        if self.how == "raise":
            raise ValueError("the gate is broken")
        if self.how == "block":
            time.sleep(0.5)
        note(self.folder, "fired")
        yield TaskSuccessEvent(xcoms={"return_value": self.gate}) if self.how == "end" else TriggerEvent(self.gate)

    async def cleanup(self):
        note(self.folder, "cleaned")

    async def on_kill(self):
        note(self.folder, "killed")
"""

DAG = """
from datetime import timedelta
from airflow.sdk import DAG, BaseOperator
from airflow.triggers.base import StartTriggerArgs
from gates import Gate, note

FOLDER = {folder!r}

class Wait(BaseOperator):
    def __init__(self, how="event", patience=None, **kwargs):
        super().__init__(**kwargs)
        self.how, self.patience = how, patience

    def execute(self, context):
        note(FOLDER, "executed")
        context["ti"].xcom_push(key="mine", value=[1])
        self.defer(trigger=Gate(FOLDER, how=self.how), method_name="go_on", kwargs={{"days": timedelta(2)}},
                   timeout=self.patience)

    def go_on(self, context, event, days):
        note(FOLDER, "resumed")
        mine = context["ti"].xcom_pull(task_ids=self.task_id, key="mine")
        return [event, days.days, mine, context["ti"].try_number]

class Numbered(Wait):
    def __init__(self, number, **kwargs):
        super().__init__(**kwargs)
        self.number = number

    def go_on(self, context, event, days):
        note(FOLDER, "resumed")
        return [event, self.number, context["ti"].map_index]

class Direct(BaseOperator):
    template_fields = ("gate",)
    start_from_trigger = True

    def __init__(self, gate, **kwargs):
        super().__init__(**kwargs)
        self.gate = gate
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls="gates.Gate", trigger_kwargs={{"folder": FOLDER, "gate": gate}}, next_method="go_on")

    def go_on(self, context, event):
        return event

with DAG("waiting", schedule=None, max_active_tasks=1000):
    {tasks}
"""


class House:
    """A daemon whose DAG waits for a gate that the test opens."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.daemon = LiveDaemon(folder / "home", **settings)
        (self.daemon.home.plugins / "gates.py").write_text(TRIGGERS)

    def begin(self, tasks: str) -> None:
        self.daemon.dag("waiting", DAG.format(folder=str(self.folder), tasks=tasks))
        self.daemon.wait_dag("waiting")
        self.daemon.call("trigger_run", dag_id="waiting", run_id="r")

    def open(self, gate: str = "open") -> None:
        (self.folder / gate).touch()

    def record(self) -> Counter[str]:
        path = self.folder / "record"
        return Counter(path.read_text().split()) if path.exists() else Counter()

    def noted(self, word: str, count: int = 1) -> None:
        until(lambda: self.record()[word] >= count, 60, f"{count} × {word}")

    def states(self) -> dict[str, str]:
        return dict(self.daemon.rows("select task_id, state from task_instance"))

    def ended(self) -> str:
        return self.daemon.wait_run("waiting", "r")

    def value(self, task_id: str) -> object:
        text = self.daemon.value(f"select value from xcom where task_id = '{task_id}' and key = 'return_value'")
        return json.loads(text)

    def triggerer(self) -> int:
        return int(json.loads(self.daemon.home.triggerer_file.read_text())["pid"])

    def trigger_log(self, task_id: str) -> str:
        (path,) = self.daemon.home.logs.glob(f"dag_id=waiting/run_id=r/task_id={task_id}/attempt=1.log.trigger.*.log")
        return path.read_text()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_task_waits_without_a_worker_and_goes_on(house: House) -> None:
    with house.daemon as daemon:
        assert not daemon.home.triggerer_file.exists(), "none is there before it is needed"
        house.begin(
            'Wait(task_id="a"); Wait(task_id="b", how="end"); Wait(task_id="c", how="raise"); '
            'Wait(task_id="d", executor_config={"isolation": "fork"})'
        )
        house.noted("begun", 4)
        until(lambda: set(house.states().values()) == {"deferred"}, 20, "all deferred")
        assert daemon.value("select count(*) from trigger") == 4
        assert daemon.value("select count(*) from trigger where kwargs like '%gate%'") == 0, "encrypted"
        assert daemon.call("failed_deps", dag_id="waiting", run="r", task_id="a")[0]["dep"] == "deferred"
        house.open()
        assert house.ended() == "failed"
        assert house.states() == {"a": "success", "b": "success", "c": "failed", "d": "success"}
        assert house.value("a") == ["open", 2, [1], 1]
        assert house.value("b") == "open"
        assert house.value("d") == ["open", 2, [1], 1]
        assert house.record() == {"executed": 4, "begun": 4, "fired": 3, "resumed": 2, "cleaned": 4}
        assert daemon.value("select count(*) from trigger") == 0
        left = "trigger_id is not null or next_method is not null or next_kwargs is not null"
        assert daemon.value(f"select count(*) from task_instance where {left}") == 0
        assert "looking for open" in house.trigger_log("a")
        assert "the gate is broken" in house.trigger_log("c")
        log = (daemon.home.logs / "dag_id=waiting/run_id=r/task_id=c/attempt=1.log").read_text()
        assert "the gate is broken" in log
        assert "TaskDeferralError" in log


def test_a_trigger_that_takes_too_long(house: House) -> None:
    with house.daemon:
        house.begin('Wait(task_id="a", patience=0.3)')
        assert house.ended() == "failed"
        log = (house.daemon.home.logs / "dag_id=waiting/run_id=r/task_id=a/attempt=1.log").read_text()
        assert "TaskDeferralTimeout" in log
        house.noted("cleaned")
        assert not house.record()["killed"]


def test_the_triggerer_dies(house: House) -> None:
    with house.daemon:
        house.begin('for n in range(5): Wait(task_id=f"t{n}")')
        house.noted("begun", 5)
        before = house.triggerer()
        os.kill(before, signal.SIGKILL)
        house.noted("begun", 10)
        assert house.triggerer() != before
        house.open()
        assert house.ended() == "success"
        record = house.record()
        assert (record["executed"], record["resumed"]) == (5, 5)
        assert set(dict(house.daemon.rows("select task_id, try_number from task_instance")).values()) == {1}
        assert "its 5 triggers are run again" in house.daemon.output.read_text()


@pytest.mark.parametrize("moment", ["before", "while away"])
def test_the_daemon_dies(house: House, moment: str) -> None:
    with house.daemon as daemon:
        house.begin('for n in range(5): Wait(task_id=f"t{n}")')
        house.noted("begun", 5)
        triggerer = house.triggerer()
        daemon.kill()
        if moment == "while away":
            house.open()
            house.noted("fired", 5)
        daemon.start()
        house.open()
        assert house.ended() == "success"
        assert house.record() == {"executed": 5, "begun": 5, "fired": 5, "cleaned": 5, "resumed": 5}
        assert house.triggerer() == triggerer, "it outlives the daemon"


def test_both_die(house: House) -> None:
    with house.daemon as daemon:
        house.begin('Wait(task_id="a")')
        house.noted("begun")
        daemon.kill()
        os.kill(house.triggerer(), signal.SIGKILL)
        daemon.start()
        house.noted("begun", 2)
        house.open()
        assert house.ended() == "success"
        assert house.record()["resumed"] == 1


def test_a_stop_cleans_up_and_the_next_daemon_goes_on(house: House) -> None:
    with house.daemon as daemon:
        house.begin('Wait(task_id="a")')
        house.noted("begun")
        assert daemon.stop() == 0
        assert not daemon.leftovers()
        assert house.record() == {"executed": 1, "begun": 1, "cleaned": 1}
        daemon.start()
        house.noted("begun", 2)
        house.open()
        assert house.ended() == "success"
        assert (house.record()["executed"], house.record()["resumed"]) == (1, 1)


def test_a_person_ends_the_waiting(house: House) -> None:
    with house.daemon as daemon:
        house.begin('Wait(task_id="a"); Wait(task_id="b")')
        house.noted("begun", 2)
        daemon.call("set_task_state", dag_id="waiting", run="r", task_id="a", state="success")
        house.noted("killed")
        until(lambda: house.states() == {"a": "success", "b": "deferred"}, 20, "one success")
        daemon.call("clear_tasks", dag_id="waiting", run="r", task_ids=["b"])
        house.noted("killed", 2)
        house.noted("begun", 3)
        house.open()
        assert house.ended() == "success"
        tries = dict(daemon.rows("select task_id, try_number from task_instance"))
        assert tries == {"a": 1, "b": 2}


def test_two_hundred_at_once(tmp_path: Path) -> None:
    house = House(tmp_path, triggerer__capacity=150, workers__min_workers=1, core__parallelism=2)
    with house.daemon as daemon:
        house.begin('for n in range(200): Wait(task_id=f"t{n}")')
        until(lambda: set(house.states().values()) == {"deferred"}, 60, "all deferred")
        house.noted("begun", 150)
        assert house.record()["begun"] == 150, "no more than the capacity"
        assert daemon.value("select count(*) from trigger") == 200
        house.open()
        assert house.ended() == "success"
        record = house.record()
        assert [record[word] for word in ("executed", "begun", "fired", "resumed")] == [200] * 4


def test_a_task_may_begin_in_the_triggerer(house: House) -> None:
    with house.daemon:
        house.begin('Direct(task_id="a", gate="{{ run_id }}-{{ task.task_id }}")')
        house.noted("begun")
        until(lambda: house.states() == {"a": "deferred"}, 20, "deferred")
        house.open("r-a")
        assert house.ended() == "success"
        assert house.value("a") == "r-a"
        assert not house.record()["executed"]


def test_a_trigger_that_blocks_the_loop_is_named(house: House) -> None:
    with house.daemon as daemon:
        house.begin('Wait(task_id="a", how="block")')
        house.noted("begun")
        house.open()
        assert house.ended() == "success"
        told: Callable[[], bool] = lambda: "blocked the event loop" in daemon.output.read_text()  # noqa: E731
        until(told, 20, "a warning")
        assert "waiting/r/a/1" in daemon.output.read_text()
        assert "time.sleep(0.5)" in daemon.output.read_text()


def test_a_triggerer_without_triggers_leaves(tmp_path: Path) -> None:
    house = House(tmp_path, triggerer__idle_timeout=0)
    with house.daemon as daemon:
        house.begin('Wait(task_id="a")')
        house.noted("begun")
        house.open()
        assert house.ended() == "success"
        until(lambda: not daemon.home.triggerer_file.exists(), 20, "its end")
        daemon.call("trigger_run", dag_id="waiting", run_id="again")
        assert daemon.wait_run("waiting", "again") == "success"
        assert "run again" not in daemon.output.read_text()


def test_mapped_ones_wait_and_one_is_mapped_over_them(house: House) -> None:
    with house.daemon as daemon:
        house.begin(
            'm = Numbered.partial(task_id="m", max_active_tis_per_dag=3, pool="waits").expand(number=[5, 6, 7, 8]); '
            'Numbered.partial(task_id="n").expand(number=m.output)'
        )
        daemon.call("set_pool", pool="waits", slots=3, include_deferred=True)
        house.noted("begun", 3)
        until(
            lambda: daemon.value("select count(*) from task_instance where state = 'deferred'") == 3, 20, "three wait"
        )
        house.open()
        assert house.ended() == "success"
        found = daemon.rows(
            "select task_id, map_index, value from xcom where key = 'return_value' order by task_id, map_index"
        )
        of_m = [["open", number, index] for index, number in enumerate((5, 6, 7, 8))]
        of_n = [["open", value, index] for index, value in enumerate(of_m)]
        assert [json.loads(value) for _, _, value in found] == [*of_m, *of_n]
        assert house.record()["executed"] == house.record()["resumed"] == 8
