"""Reading Airflow's database models inside a task, as DAG files of 2.x do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from queuack.errors import InvalidRequest, NotBuilt

LOGICAL_DATE = datetime(2026, 1, 5, tzinfo=UTC)
Look = Callable[[Any], Any]


@pytest.fixture
def look(airflow_names: None) -> Callable[[Look], Any]:
    """Call a function in a task of a run of the DAG ``models``, after a task ``first`` that succeeded; what it gave."""
    from airflow.sdk import DAG, task

    from queuack.testing import test_dag as run_dag

    def run(function: Look) -> Any:
        given: list[Any] = []
        with DAG("models", schedule="@daily", start_date=datetime(2026, 1, 1, tzinfo=UTC), tags=["x"]) as dag:

            @task
            def first() -> None: ...

            @task
            def second(**context: Any) -> None:
                given.append(function(context))

            first() >> second()
        state = run_dag(dag, logical_date=LOGICAL_DATE, conf={"a": 1}).state
        assert state == "success"
        return given[0]

    return run


def test_runs_are_found(look: Callable[[Look], Any]) -> None:
    from airflow.models import DagRun

    def function(context: Any) -> Any:
        (run,) = DagRun.find(dag_id="models", state="running", execution_date=LOGICAL_DATE)
        assert DagRun.find(dag_id=["other"], no_backfills=True, external_trigger=True) == []
        return run.run_id == context["run_id"], run.execution_date, run.conf, run.get_state()

    assert look(function) == (True, LOGICAL_DATE, {"a": 1}, "running")


def test_queries_filter_order_and_count(look: Callable[[Look], Any]) -> None:
    from airflow.models import DagRun, TaskInstance
    from airflow.utils.session import create_session

    def function(context: Any) -> Any:
        with create_session() as session:
            instances = session.query(TaskInstance).filter(
                TaskInstance.dag_id == "models", TaskInstance.execution_date == LOGICAL_DATE
            )
            ordered = instances.order_by(TaskInstance.task_id.desc())
            return (
                [instance.task_id for instance in ordered],
                ordered.first().task_id,
                ordered.offset(1).limit(1).one().task_id,
                instances.filter(TaskInstance.state.in_(["success", None])).count(),
                instances.filter(TaskInstance.state.notin_(["success"])).one().task_id,
                instances.filter((TaskInstance.task_id == "first") | TaskInstance.task_id.like("sec%")).count(),
                instances.filter(~(TaskInstance.task_id == "first")).one().task_id,
                session.query(DagRun.dag_id).filter(DagRun.logical_date < LOGICAL_DATE).all(),
                session.query(DagRun.dag_id, DagRun.run_type).filter_by(dag_id="models").all(),
                session.query(DagRun).filter(DagRun.end_date.is_(None)).scalar().dag_id,
            )

    names = ["second", "first"]
    expected = (names, "second", "first", 1, "second", 2, "second", [], [("models", "manual")], "models")
    assert look(function) == expected


def test_a_run_knows_its_tasks(look: Callable[[Look], Any]) -> None:
    from airflow.models import DagModel, DagRun, TaskInstance

    def function(context: Any) -> Any:
        assert isinstance(context["dag_run"], DagRun)
        assert isinstance(context["ti"], TaskInstance)
        (run,) = DagRun.find(run_id=context["run_id"])
        model = DagModel.get_dagmodel("models")
        assert DagModel.get_paused_dag_ids(["models"]) == set()
        done = [instance.task_id for instance in run.get_task_instances(state="success")]
        return done, run.get_task_instance("first").current_state(), model.is_active, model.is_paused

    assert look(function) == (["first"], "success", True, False)


def test_a_session_is_given_to_functions_that_want_one(airflow_names: None) -> None:
    from airflow.utils.session import provide_session

    @provide_session
    def count(number: int, session: Any = None) -> tuple[int, bool]:
        return number, session is not None

    assert count(3) == (3, True)
    assert count(3, session=None) == (3, False)
    with pytest.raises(ValueError, match="session"):
        provide_session(lambda: None)


def test_what_writes_is_refused_and_names_the_way_out(airflow_names: None) -> None:
    from airflow.models import DagRun, SlaMiss
    from airflow.settings import Session

    session = Session()
    session.commit()
    for wrong in (
        lambda: session.merge(1),
        lambda: session.query(DagRun).delete(),
        lambda: session.query(DagRun, SlaMiss),
        lambda: DagRun.nothing,
        lambda: DagRun(dag_id="x"),
    ):
        with pytest.raises(NotBuilt, match=r"queuack|query"):
            wrong()
    with pytest.raises(TypeError, match="& and"):
        bool(DagRun.dag_id == "x")


def test_only_what_the_table_has_is_read(look: Callable[[Look], Any]) -> None:
    from queuack.authoring.runtime import current_runtime

    def function(context: Any) -> Any:
        ask = current_runtime().model_rows  # type: ignore[attr-defined]
        for query in (
            {"table": "connection"},
            {"table": "dag", "where": [{"column": "x; drop", "op": "=", "value": 1}]},
            {"table": "dag", "where": [{"column": "dag_id", "op": "or 1=1 --", "value": 1}]},
        ):
            with pytest.raises(InvalidRequest):
                ask(**query)
        return True

    assert look(function)
