"""ExternalTaskSensor and its trigger: what it looks for, what it makes of what it sees. ExternalTaskMarker in a document."""

from __future__ import annotations

import asyncio
import datetime as dt
from types import SimpleNamespace
from typing import Any

import pendulum
import pytest

from queuack import DAG, ExternalTaskMarker, ExternalTaskSensor
from queuack.authoring.exceptions import AirflowProviderDeprecationWarning, AirflowSkipException, TaskDeferred
from queuack.authoring.trigger import TriggerEvent
from queuack.clock import to_us
from queuack.document.build import document_of
from queuack.engine.spec import Marker
from queuack.errors import NotFound
from queuack.sensors.external_task import (
    DuplicateStateError,
    ExternalDagDeletedError,
    ExternalDagFailedError,
    ExternalDagNotFoundError,
    ExternalTaskFailedError,
    ExternalTaskGroupFailedError,
    ExternalTaskGroupNotFoundError,
    ExternalTaskNotFoundError,
)
from queuack.triggers import external_task
from queuack.triggers.external_task import DagStateTrigger, WorkflowTrigger

TODAY = pendulum.datetime(2024, 1, 2, tz="UTC")
YESTERDAY = TODAY.subtract(days=1)


class Others:
    """The other DAG, for the runtime: state by (date, task, map index)."""

    def __init__(self) -> None:
        self.states: dict[tuple[Any, str, int], str | None] = {}
        self.runs: dict[Any, str] = {}
        self.asked: list[dict[str, Any]] = []
        self.outline: dict[str, Any] | None = None

    def task_states(self, *, logical_dates, task_ids, group_id, **which):
        self.asked.append(which)
        if group_id == "ghosts":
            raise NotFound("no such group")
        return [
            {"run_id": str(date), "task_id": task_id, "map_index": index, "state": state}
            for (date, task_id, index), state in self.states.items()
            if to_us(date) in logical_dates and (task_ids is None or task_id in task_ids)
        ]

    def dag_runs(self, *, logical_dates, run_ids, states, **which):
        return [
            {"run_id": str(date), "state": state}
            for date, state in self.runs.items()
            if (logical_dates is None or to_us(date) in logical_dates)
            and (run_ids is None or str(date) in run_ids)
            and (states is None or state in states)
        ]

    def dag_outline(self, dag_id):
        return self.outline


@pytest.fixture
def others(desk, monkeypatch):
    found = Others()
    for name in ("task_states", "dag_runs", "dag_outline"):
        monkeypatch.setattr(desk.runtime, name, getattr(found, name), raising=False)
    return found


def make(**arguments):
    with DAG("d", schedule=None):
        return ExternalTaskSensor(**{"task_id": "t", "external_dag_id": "o", "poke_interval": 1, **arguments})


def poke(desk, sensor):
    sensor.render_template_fields(context := desk.context_of(sensor))
    return sensor.poke(context)


def test_a_task_of_the_same_date(desk, others):
    sensor = make(external_task_id="a")
    assert poke(desk, sensor) is False
    others.states[TODAY, "a", -1] = "running"
    assert poke(desk, sensor) is False
    others.states[TODAY, "a", -1] = "failed"
    assert poke(desk, sensor) is False
    others.states[TODAY, "a", -1] = "success"
    assert poke(desk, sensor) is True
    assert sensor.external_dates_filter == TODAY.isoformat()


def test_all_tasks_and_all_instances(desk, others):
    sensor = make(external_task_ids=["a", "b"])
    others.states |= {(TODAY, "a", 0): "success", (TODAY, "a", 1): None, (TODAY, "b", -1): "success"}
    assert poke(desk, sensor) is False
    others.states[TODAY, "a", 1] = "success"
    assert poke(desk, sensor) is True
    del others.states[TODAY, "b", -1]
    assert poke(desk, sensor) is False
    others.states[TODAY, "a", 2] = "removed"
    assert poke(desk, make(external_task_id="a")) is True


def test_a_group_and_a_dag(desk, others):
    group, whole = make(external_task_group_id="g"), make()
    assert [poke(desk, group), poke(desk, whole)] == [False, False]
    others.states |= {(TODAY, "g.a", -1): "success", (TODAY, "g.b", -1): "success"}
    others.runs[TODAY] = "success"
    assert [poke(desk, group), poke(desk, whole)] == [True, True]
    with pytest.raises(ExternalTaskGroupNotFoundError):
        poke(desk, make(external_task_group_id="ghosts"))


def test_dates(desk, others):
    others.states[YESTERDAY, "a", -1] = "success"
    assert poke(desk, make(external_task_id="a", execution_delta=dt.timedelta(days=1)))
    seen = []

    def both(date, context, ds):
        seen.append((date, context["ds"], ds))
        return [date, date - dt.timedelta(days=1)]

    sensor = make(external_task_id="a", execution_date_fn=both)
    assert not poke(desk, sensor)
    others.states[TODAY, "a", -1] = "success"
    assert poke(desk, sensor)
    assert seen[0] == (TODAY, "2024-01-02", "2024-01-02")
    assert poke(desk, make(external_task_id="a", execution_date_fn=lambda date: date))


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ({"external_task_id": "a"}, ExternalTaskFailedError),
        ({"external_task_group_id": "g"}, ExternalTaskGroupFailedError),
        ({}, ExternalDagFailedError),
    ],
)
def test_failed_and_skipped(desk, others, what, error):
    others.states |= {(TODAY, "a", -1): "failed", (TODAY, "b", -1): "success"}
    others.runs[TODAY] = "failed"
    with pytest.raises(error):
        poke(desk, make(**what, failed_states=["failed"]))
    with pytest.raises(AirflowSkipException, match="soft_fail"):
        poke(desk, make(**what, failed_states=["failed"], soft_fail=True))
    with pytest.raises(AirflowSkipException, match="skipped_states"):
        poke(desk, make(**what, skipped_states=["failed"]))


def test_existence(desk, others):
    with pytest.raises(ExternalDagNotFoundError):
        poke(desk, make(check_existence=True))
    others.outline = {"is_stale": True, "task_ids": ["a"], "group_ids": ["g"]}
    with pytest.raises(ExternalDagDeletedError):
        poke(desk, make(check_existence=True))
    others.outline["is_stale"] = False
    with pytest.raises(ExternalTaskNotFoundError):
        poke(desk, make(check_existence=True, external_task_id="b"))
    with pytest.raises(ExternalTaskGroupNotFoundError):
        poke(desk, make(check_existence=True, external_task_group_id="h"))
    assert poke(desk, make(check_existence=True, external_task_ids=["a"])) is False


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"external_task_id": "a", "external_task_ids": ["b"]}, ValueError, "external_task_ids"),
        ({"external_task_id": "a", "external_task_group_id": "g"}, ValueError, "external_task_group_id"),
        ({"allowed_states": ["success"], "failed_states": ["success"]}, DuplicateStateError, "Duplicate"),
        ({"failed_states": ["skipped"]}, ValueError, "queued, running, success, failed"),
        ({"external_task_id": "a", "failed_states": ["broken"]}, ValueError, "Valid values"),
        ({"execution_delta": dt.timedelta(1), "execution_date_fn": lambda date: date}, ValueError, "execution_delta"),
    ],
)
def test_bad_arguments(arguments, error, words):
    with pytest.raises(error, match=words):
        make(**arguments)


def test_poll_interval_is_deprecated():
    with pytest.warns(AirflowProviderDeprecationWarning, match="poke_interval"):
        sensor = ExternalTaskSensor(task_id="t", external_dag_id="o", poll_interval=7)
    assert sensor.poke_interval == 7


def test_deferred(desk, others, monkeypatch):
    sensor = make(external_task_id="{{ ds }}", deferrable=True, timeout=60, failed_states=["failed"])
    with pytest.raises(TaskDeferred) as waits:
        desk.execute(sensor)
    assert waits.value.timeout == dt.timedelta(seconds=60)
    _, arguments = waits.value.trigger.serialize()
    trigger = WorkflowTrigger(**arguments)
    assert arguments["logical_dates"] == [TODAY]
    others.states[TODAY, "2024-01-02", -1] = "running"

    async def sleep(seconds):
        assert seconds == 1
        others.states[TODAY, "2024-01-02", -1] = "success"

    monkeypatch.setattr(external_task, "asyncio", SimpleNamespace(sleep=sleep, to_thread=asyncio.to_thread))
    assert events(trigger) == [TriggerEvent({"status": "success"})]
    context = desk.context_of(sensor)
    sensor.execute_complete(context, {"status": "success"})
    with pytest.raises(ExternalTaskFailedError):
        sensor.execute_complete(context, {"status": "failed"})
    with pytest.raises(AirflowSkipException):
        sensor.execute_complete(context, {"status": "skipped"})
    with pytest.raises(ExternalTaskNotFoundError):
        sensor.execute_complete(context)


def test_the_trigger_of_a_run(desk, others):
    others.runs[TODAY] = "failed"
    trigger = DagStateTrigger("o", ["success", "failed"], run_ids=[str(TODAY)], poll_interval=1)
    ((path, told),) = [event.payload for event in events(DagStateTrigger(**trigger.serialize()[1]))]
    assert path == "airflow.providers.standard.triggers.external_task.DagStateTrigger"
    assert (told["run_ids"], told[str(TODAY)]) == ([str(TODAY)], "failed")


def events(trigger):
    async def collect():
        return [event async for event in trigger.run()]

    return asyncio.run(collect())


def test_markers_in_the_document():
    with DAG("d", schedule=None) as dag:
        ExternalTaskMarker(task_id="plain", external_dag_id="o", external_task_id="a")
        ExternalTaskMarker(
            task_id="dated", external_dag_id="o", external_task_id="a", logical_date=TODAY, recursion_depth=2
        )
        ExternalTaskMarker(task_id="rendered", external_dag_id="{{ ds }}", external_task_id="a")
    tasks = {task.task_id: task for task in document_of(dag, relative_fileloc="d.py", fileloc="/d.py").tasks}
    assert (tasks["plain"].marker, tasks["plain"].is_empty) == (Marker(dag_id="o", task_id="a"), True)
    assert tasks["dated"].marker == Marker(
        dag_id="o", task_id="a", logical_date="2024-01-02T00:00:00+00:00", recursion_depth=2
    )
    assert not tasks["rendered"].is_empty
    with pytest.raises(ValueError, match="recursion_depth"):
        ExternalTaskMarker(task_id="m", external_dag_id="o", external_task_id="a", recursion_depth=0)
    with pytest.raises(TypeError, match="logical_date"):
        ExternalTaskMarker(task_id="m", external_dag_id="o", external_task_id="a", logical_date=5)
