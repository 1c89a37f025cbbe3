"""What a task asks of other DAGs' runs, on the real engine and store: runs by an operator, and clearing over markers."""

from __future__ import annotations

from typing import Any

import pytest

from queuack import DAG, ExternalTaskSensor, TriggerDagRunOperator, clock
from queuack.daemon import runtime_service
from queuack.engine.effects import XComsCleared
from queuack.engine.events import AttemptFinished
from queuack.engine.spec import Marker
from queuack.errors import DagNotFound, DagRunAlreadyExists, InvalidRequest, NotFound
from queuack.testing import test_dag as run_dag
from tests.engine.driver import dag, task
from tests.integration.test_services import DATE, Deployment, deployment  # noqa: F401 (a fixture)

DATE_US = 1767225600_000000
PARENT = {"dag_id": "parent", "run_id": "p", "task_id": "t", "map_index": -1}


def named(dag_id: str, *tasks: Any, **fields: Any) -> Any:
    return dag(*tasks, dag_id=dag_id, file=f"{dag_id}.py", **fields)


@pytest.fixture
def parent(deployment: Deployment) -> Deployment:  # noqa: F811
    deployment.parse(named("parent", task("t")))
    deployment.call("trigger_run", dag_id="parent", run_id="p", user="somebody")
    return deployment


def ask(deployment: Deployment, **params: Any) -> str:  # noqa: F811
    wanted: dict[str, Any] = {
        "dag_id": "d",
        "run_id": "mine",
        "logical_date": DATE_US,
        "run_after": None,
        "conf": None,
        "note": None,
        "reset": False,
        "asked_by": PARENT,
    }
    return str(runtime_service.call(deployment.port, "trigger_run", wanted | params))


def test_a_run_by_an_operator(parent: Deployment) -> None:
    assert ask(parent, note="hello", conf={"a": 1}) == "mine"
    row = parent.call("get_run", dag_id="d", run="mine")
    said = [row[name] for name in ("run_type", "triggered_by", "triggering_user_name", "note", "conf", "state")]
    assert said == ["operator_triggered", "operator", "somebody", "hello", {"a": 1}, "running"]
    found = runtime_service.call(parent.port, "xcom_get", {**PARENT, "key": "trigger_run_id"})
    assert found["value"] in (b'"mine"', '"mine"')


@pytest.mark.parametrize("restart", [False, True])
def test_asking_twice_is_asking_once(parent: Deployment, restart: bool) -> None:
    """The answer got lost, with the daemon or without; the next attempt, which begins without XComs, is told."""
    ask(parent)
    if restart:
        parent.restart()
    assert ask(parent) == "mine"
    with pytest.raises(DagRunAlreadyExists):
        ask(parent, asked_by=PARENT | {"task_id": "another"})
    parent.port.write(XComsCleared(**PARENT, key=None))
    with pytest.raises(DagRunAlreadyExists):
        ask(parent)
    assert len(parent.call("list_runs", dag_id="d")) == 1


def test_a_run_of_the_id_or_date_is_reset(parent: Deployment) -> None:
    parent.call("trigger_run", dag_id="d", run_id="one", logical_date=DATE)
    parent.finish("one", {"a": "success", "b": "success"})
    with pytest.raises(DagRunAlreadyExists):
        ask(parent)
    assert ask(parent, reset=True) == "one"
    assert (parent.run_state("one"), parent.states("one")) == ("running", {"a": "queued", "b": None})
    before = parent.call("get_run", dag_id="d", run="one")["clear_number"]
    parent.restart()
    assert ask(parent, run_id="one", reset=True) == "one"
    assert parent.call("get_run", dag_id="d", run="one")["clear_number"] == before  # asked twice, cleared once


def test_what_is_refused(parent: Deployment) -> None:
    with pytest.raises(DagNotFound):
        ask(parent, dag_id="ghost")
    parent.parse(named("checked", task("a"), params={"n": {"value": 1, "schema": {"type": "integer"}}}))
    with pytest.raises(InvalidRequest, match="Param 'n'"):
        ask(parent, dag_id="checked", conf={"n": "x"})
    with pytest.raises(NotFound, match="no task group 'g'"):
        runtime_service.call(parent.port, "task_states", {"dag_id": "d", "group_id": "g"})


def test_not_before_run_after(parent: Deployment) -> None:
    ask(parent, logical_date=None, run_after=clock.now_us() + 3600 * clock.SECOND)
    assert (parent.run_state("mine"), parent.states("mine")) == ("queued", {"a": None, "b": None})
    parent.ahead = 3601 * clock.SECOND
    parent.round()
    parent.port.loop.fold()
    assert parent.run_state("mine") == "running"


def test_what_is_told_of_others(parent: Deployment) -> None:
    parent.call("trigger_run", dag_id="d", run_id="one", logical_date=DATE)
    parent.finish("one", {"a": "success", "b": "failed"})

    def told(method: str, **params: Any) -> Any:
        return runtime_service.call(parent.port, method, params)

    outline = told("dag_outline", dag_id="d")
    assert (outline["task_ids"], outline["group_ids"], outline["is_paused"]) == (["a", "b"], [], False)
    assert told("dag_outline", dag_id="ghost") is None
    crumbs = told("task_breadcrumbs", dag_id="d", run_id="one")
    assert [(row["task_id"], row["state"]) for row in crumbs] == [("a", "success"), ("b", "failed")]
    asked: dict[str, Any] = {"dag_id": "d", "task_id": "b", "map_index": -1, "before": DATE_US + 1}
    assert told("previous_task", **asked, state=None)["run_id"] == "one"
    assert told("previous_task", **asked, state="success") is None
    assert told("previous_task", **{**asked, "before": DATE_US}, state=None) is None


def test_a_dag_under_test_sees_the_home_and_starts_nothing(deployment: Deployment) -> None:  # noqa: F811
    deployment.call("trigger_run", dag_id="d", run_id="one", logical_date=DATE)
    deployment.finish("one", {"a": "success", "b": "failed"})
    deployment.service.close()
    told: list[str] = []
    with DAG("tested", schedule=None) as tested:
        TriggerDagRunOperator(task_id="t", trigger_dag_id="d")
        for name in "ab":
            ExternalTaskSensor(task_id=name, external_dag_id="d", external_task_id=name, failed_states=["failed"])
    run = run_dag(tested, logical_date=clock.from_us(DATE_US), on_event=lambda event: told.append(str(event)))
    assert run.task_states == {("t", -1): "failed", ("a", -1): "success", ("b", -1): "failed"}
    assert "starts no run of another: DAG 'd' was not triggered" in "".join(told)
    deployment.open()
    assert len(deployment.call("list_runs", dag_id="d")) == 1


# ── markers ──────────────────────────────────────────────────────────────────────────────────────────
def chain(deployment: Deployment, *links: tuple[str, str], depth: int = 10) -> None:  # noqa: F811
    """DAGs, each with the tasks a >> mark and b, whose marker names task ``a`` of the next; one run each, all done."""
    for dag_id, following in links:
        mark = Marker(dag_id=following, task_id="a", recursion_depth=depth)
        deployment.parse(named(dag_id, task("a", "mark"), task("b"), task("mark", marker=mark)))
        deployment.call("trigger_run", dag_id=dag_id, run_id="r", logical_date=DATE)
        for name in ("a", "b", "mark"):
            finish(deployment, dag_id, name)


def finish(deployment: Deployment, dag_id: str, task_id: str) -> None:  # noqa: F811
    row = deployment.call("get_task_instance", dag_id=dag_id, run="r", task_id=task_id)
    now = clock.now_us()
    deployment.round(
        AttemptFinished(ti_id=row["id"], try_number=row["try_number"], at=now, started_at=now, outcome="success")
    )
    deployment.port.loop.fold()


def test_clearing_follows_markers(deployment: Deployment) -> None:  # noqa: F811
    chain(deployment, ("x", "y"), ("y", "z"), ("z", "nobody"))
    again = {"a": "queued", "b": "success", "mark": None}
    done = {"a": "success", "b": "success", "mark": "success"}
    deployment.call("clear_tasks", dag_id="x", run="r", task_ids=["a"])
    assert deployment.states("r", "y") == done
    finish(deployment, "x", "a")
    deployment.call("clear_tasks", dag_id="x", run="r", task_ids=["b"], include_downstream=True)
    assert deployment.states("r", "y") == done
    cleared = deployment.call("clear_tasks", dag_id="x", run="r", task_ids=["a"], include_downstream=True)
    assert [(row["dag_id"], row["task_id"]) for row in cleared if row["dag_id"] == "x"] == [("x", "a"), ("x", "mark")]
    assert {row["dag_id"] for row in cleared} == {"x", "y", "z"}
    assert [deployment.states("r", name) for name in "yz"] == [again, again]


def test_the_depth_of_markers(deployment: Deployment) -> None:  # noqa: F811
    chain(deployment, ("x", "y"), ("y", "z"), ("z", "x"), depth=1)
    with pytest.raises(InvalidRequest, match="recursion_depth"):
        deployment.call("clear_tasks", dag_id="x", run="r", task_ids=["a"], include_downstream=True)
    assert all(state == "success" for name in "xyz" for state in deployment.states("r", name).values())


def test_markers_in_a_circle(deployment: Deployment) -> None:  # noqa: F811
    chain(deployment, ("x", "y"), ("y", "x"))
    deployment.call("clear_tasks", dag_id="x", run="r", task_ids=["mark"], include_downstream=True)
    assert deployment.states("r", "y") == {"a": "queued", "b": "success", "mark": None}
    assert deployment.states("r", "x")["a"] == "queued"
