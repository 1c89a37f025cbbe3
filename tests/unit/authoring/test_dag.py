"""DAG: arguments, dates, tasks, graph."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pendulum
import pytest

from queuack.authoring.dag import DAG
from queuack.authoring.decorators import dag, task
from queuack.authoring.exceptions import (
    AirflowDagCycleException,
    DuplicateTaskIdFound,
    FailFastDagInvalidTriggerRule,
    RemovedInAirflow3Warning,
    TaskNotFound,
)
from queuack.authoring.params import Param
from queuack.operators.empty import EmptyOperator


def test_defaults_are_airflows():
    d = DAG("d")
    assert (d.schedule, d.catchup, d.max_active_runs, d.max_active_tasks) == (None, False, 16, 16)
    assert (d.fail_fast, d.auto_register, d.tags, d.owner_links) == (False, True, set(), {})
    assert d.start_date is None
    assert d.timezone.name == "UTC"


def test_naive_start_is_utc_and_aware_start_gives_the_timezone():
    assert DAG("a", start_date=datetime(2024, 1, 1)).start_date == datetime(2024, 1, 1, tzinfo=UTC)
    berlin = DAG("b", start_date=pendulum.datetime(2024, 1, 1, tz="Europe/Berlin"))
    assert berlin.timezone.name == "Europe/Berlin"
    assert berlin.start_date == datetime(2023, 12, 31, 23, tzinfo=UTC)
    text = DAG("c", default_args={"start_date": "2024-01-01T00:00:00+01:00"})
    assert text.default_args["start_date"] == datetime(2023, 12, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize("dag_id", ["a b", "a/b", "", "x" * 251])
def test_bad_dag_ids_are_refused(dag_id):
    with pytest.raises(ValueError, match="key"):
        DAG(dag_id)


def test_old_arguments_work_with_a_warning():
    with pytest.warns(RemovedInAirflow3Warning):
        d = DAG("d", schedule_interval="@daily", concurrency=3, fail_stop=True)
    assert (d.schedule, d.max_active_tasks, d.fail_fast) == ("@daily", 3, True)
    with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
        DAG("d", nonsense=1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_only_one_schedule():
    with pytest.raises(ValueError, match="At most one schedule"):
        DAG("d", schedule="@daily", schedule_interval="@hourly")


def test_a_schedule_needs_valid_params_and_catchup_a_start():
    with pytest.raises(ValueError, match="not allowed to define a Schedule"):
        DAG("d", schedule="@daily", params={"x": Param(type="integer")})
    assert DAG("d", params={"x": Param(type="integer")}).params
    with pytest.raises(ValueError, match="start_date is required"):
        DAG("d", schedule="@daily", catchup=True)


def test_tasks_find_their_dag_and_its_defaults():
    with DAG("d", start_date=datetime(2024, 1, 1), default_args={"retries": 4, "owner": "me"}) as d:
        a = EmptyOperator(task_id="a")
        b = EmptyOperator(task_id="b", retries=1)
    assert (a.retries, a.owner, b.retries) == (4, "me", 1)
    assert a.start_date == d.start_date
    assert d.get_task("a") is a
    with pytest.raises(TaskNotFound):
        d.get_task("zzz")


def test_ids_are_unique():
    with DAG("d") as d:
        EmptyOperator(task_id="a")
        with pytest.raises(DuplicateTaskIdFound):
            EmptyOperator(task_id="a")
    assert d.task_ids == ["a"]


def test_cycles_are_named():
    with DAG("d") as d:
        a, b, c = (EmptyOperator(task_id=name) for name in "abc")
        a >> b >> c >> b
    with pytest.raises(AirflowDagCycleException, match="b >> c >> b"):
        d.check_cycle()


def test_order_roots_and_leaves():
    with DAG("d") as d:
        c, b, a = (EmptyOperator(task_id=name) for name in "cba")
        a >> [b, c]
    assert [one.task_id for one in d.topological_sort()] == ["a", "c", "b"]
    assert (d.roots, d.leaves) == ([a], [c, b])


def test_fail_fast_takes_only_all_success():
    with DAG("d", fail_fast=True), pytest.raises(FailFastDagInvalidTriggerRule):
        EmptyOperator(task_id="a", trigger_rule="all_done")


def test_dag_decorator_turns_parameters_into_params(desk):
    @dag(schedule=None, tags=["t"])
    def etl(email: str = "a@b.c", count: int = 2):
        """What it does."""

        @task
        def show(address, n):
            return address, n

        show(email, count)

    d = etl(count=5)
    assert (d.dag_id, d.doc_md, d.params["email"], d.params["count"]) == ("etl", "What it does.", "a@b.c", 5)
    assert desk.execute(d.get_task("show")) == ("a@b.c", 5)
    desk.run.conf = {"email": "x@y"}
    assert desk.execute(d.get_task("show")) == ("x@y", 5)


def test_limits_and_types_are_checked():
    with pytest.raises(TypeError):
        DAG("d", max_active_runs="3")
    with pytest.raises(TypeError):
        DAG("d", dagrun_timeout=30)
    with pytest.raises(ValueError, match="tag cannot be longer"):
        DAG("d", tags=["x" * 101])
    with pytest.raises(ValueError, match="Wrong link"):
        DAG("d", owner_links={"me": "nothing"})
    assert DAG("d", dagrun_timeout=timedelta(hours=1)).dagrun_timeout == timedelta(hours=1)
