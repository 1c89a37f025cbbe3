"""TriggerDagRunOperator: which run it asks for; and what the worker makes of the daemon's answers."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pendulum
import pytest

from queuack import DAG, TriggerDagRunOperator
from queuack.authoring.exceptions import AirflowException, AirflowSkipException, DagRunTriggerException, TaskDeferred
from queuack.errors import DagRunAlreadyExists
from queuack.operators.trigger_dagrun import DagIsPaused
from queuack.worker import run_triggering
from queuack.worker.verdict import verdict_of

TODAY = pendulum.datetime(2024, 1, 2, tz="UTC")
PLACE = {"dag_id": "d", "run_id": "r", "task_id": "t", "map_index": -1}


def make(**arguments: Any) -> Any:
    with DAG("d", schedule=None):
        return TriggerDagRunOperator(**{"task_id": "t", "trigger_dag_id": "o", **arguments})


def asked(desk, **arguments):
    with pytest.raises(DagRunTriggerException) as found:
        desk.execute(make(**arguments))
    return found.value


def test_what_it_asks_for(desk):
    found = asked(desk, trigger_dag_id="o_{{ ds_nodash }}", conf={"day": "{{ ds }}"}, note="n", poke_interval=3)
    assert (found.trigger_dag_id, found.conf, found.note) == ("o_20240102", {"day": "2024-01-02"}, "n")
    assert found.dag_run_id == f"manual__{found.logical_date.isoformat()}"
    assert abs(found.logical_date - pendulum.now("UTC")) < dt.timedelta(minutes=1)
    assert (found.allowed_states, found.failed_states, found.poke_interval) == (["success"], ["failed"], 3)
    dated = asked(desk, logical_date="{{ logical_date }}", trigger_run_id="run_{{ ds }}", failed_states=[])
    assert (dated.logical_date, dated.dag_run_id, dated.failed_states) == (TODAY, "run_2024-01-02", [])
    assert asked(desk, conf='{"a": 1}').conf == {"a": 1}


def test_without_logical_date(desk):
    later = TODAY.add(days=1)
    for arguments in ({"run_after": later}, {"run_after": later.isoformat(), "logical_date": None}):
        found = asked(desk, **arguments)
        assert (found.logical_date, found.run_after) == (None, later)
        assert re.fullmatch(r"manual__2024-01-03T00:00:00\+00:00_[A-Za-z]{8}", found.dag_run_id)
    assert asked(desk, logical_date=None).logical_date is None


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"conf": {"a": object()}}, ValueError, "JSON"),
        ({"conf": "{"}, ValueError, "JSON"),
        ({"logical_date": 5}, TypeError, "logical_date"),
    ],
)
def test_bad_arguments(desk, arguments, error, words):
    with pytest.raises(error, match=words):
        desk.execute(make(**arguments))


def test_bad_arguments_of_the_class():
    with pytest.raises(TypeError, match="run_after"):
        make(run_after=5)
    with pytest.raises(ValueError, match="broken"):
        make(allowed_states=["broken"])


def test_a_paused_dag(desk, monkeypatch):
    outline = dict.fromkeys(("dag_id", "relative_fileloc", "owners", "tags")) | {"is_paused": True}
    monkeypatch.setattr(desk.runtime, "dag_outline", lambda dag_id: outline, raising=False)
    with pytest.raises(DagIsPaused, match="Dag o is paused"):
        desk.execute(make(fail_when_dag_is_paused=True))
    outline["is_paused"] = False
    asked(desk, fail_when_dag_is_paused=True)


class Daemon:
    """Answers what it is given; the states of the run one after the other."""

    def __init__(self, answer: Any = "made", states: tuple[str, ...] = ()) -> None:
        self.answer, self.states, self.asked = answer, list(states), {}

    def trigger_run(self, **params: Any) -> str:
        self.asked = params
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def dag_runs(self, *, run_ids, **_):
        assert run_ids == [self.answer]
        return [{"state": self.states.pop(0)}] if self.states else []


def carry_out(daemon: Daemon, **arguments: Any) -> None:
    wanted = DagRunTriggerException(
        trigger_dag_id="o", dag_run_id="made", conf={"a": 1}, logical_date=TODAY, poke_interval=2, **arguments
    )
    run_triggering.trigger_run(wanted, PLACE, daemon)


def test_the_request():
    carry_out(daemon := Daemon(), note="n", reset_dag_run=True)
    assert daemon.asked == {
        "dag_id": "o",
        "run_id": "made",
        "logical_date": 1704153600_000000,
        "run_after": None,
        "conf": {"a": 1},
        "note": "n",
        "reset": True,
        "asked_by": PLACE,
    }


def test_a_run_that_exists():
    """Fails for good, as in Airflow; or skips."""
    exists = Daemon(DagRunAlreadyExists("there is one"))
    with pytest.raises(DagRunAlreadyExists) as found:
        carry_out(exists)
    assert verdict_of(found.value).fail_without_retry
    with pytest.raises(AirflowSkipException, match="there is one"):
        carry_out(exists, skip_when_already_exists=True)


def test_waiting(monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr(run_triggering.time, "sleep", slept.append)
    carry_out(Daemon(states=("queued", "running", "success")), wait_for_completion=True)
    assert slept == [2, 2, 2]
    with pytest.raises(AirflowException, match="o failed with failed state failed"):
        carry_out(Daemon(states=("failed",)), wait_for_completion=True)
    carry_out(Daemon(states=("failed",)), wait_for_completion=True, allowed_states=["failed"], failed_states=[])
    with pytest.raises(AirflowException, match="gone"):
        carry_out(Daemon(), wait_for_completion=True)


def test_waiting_deferred(desk):
    with pytest.raises(TaskDeferred) as waits:
        carry_out(Daemon("other"), wait_for_completion=True, deferrable=True)
    _, arguments = waits.value.trigger.serialize()
    assert arguments == {
        "dag_id": "o",
        "states": ["success", "failed"],
        "run_ids": ["other"],
        "execution_dates": None,
        "poll_interval": 2,
    }
    task = make()
    task.execute_complete({}, ("path", {**arguments, "other": "success"}))
    assert task.trigger_run_id == "other"
    with pytest.raises(AirflowException, match="failed states"):
        task.execute_complete({}, ("path", {**arguments, "other": "failed"}))
