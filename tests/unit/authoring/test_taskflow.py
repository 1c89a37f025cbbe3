"""``@task`` and its kinds: ids, arguments, outputs."""

from __future__ import annotations

from typing import Any

import pytest

from queuack.authoring.dag import DAG
from queuack.authoring.decorators import setup, task, teardown
from queuack.authoring.exceptions import AirflowSkipException, XComNotFound
from queuack.errors import NotBuilt
from queuack.testing import test_dag as run_dag


@task
def plain(x=1):
    return x


def test_ids_count_up_and_override_changes_arguments():
    with DAG("d") as d:
        plain()
        plain()
        plain.override(task_id="other", retries=3)()
        plain.override(task_id="plain__7")()
        plain()
    assert d.task_ids == ["plain", "plain__1", "other", "plain__7", "plain__8"]
    assert d.get_task("other").retries == 3
    assert d.get_task("plain").operator_name == "@task"


def test_context_keys_are_injected_by_name(desk):
    @task
    def f(a, ds, ti=None, *, ctx, conf=None, execution_date=None, **kwargs: Any):
        return a, ds, ti.task_id, ctx["ds"], execution_date.day, "run_id" in kwargs

    with DAG("d") as d:
        f("x")
    assert desk.execute(d.get_task("f")) == ("x", "2024-01-02", "f", "2024-01-02", 2, True)


def test_missing_and_conflicting_arguments():
    @task
    def f(a, b): ...

    @task
    def g(ds=3): ...

    with DAG("d"):
        with pytest.raises(TypeError, match="missing a required argument: 'b'"):
            f(1)
        with pytest.raises(ValueError, match="can't have a default"):
            g()
    with pytest.raises(TypeError, match="does not support methods"):

        @task
        def method(self): ...


def test_values_flow(desk):
    @task
    def numbers() -> dict[str, int]:
        return {"a": 1, "b": 2}

    @task
    def add(values, one):
        return sum(values.values()) + one

    with DAG("d") as d:
        result = numbers()
        add(result, result["a"])
    assert d.get_task("numbers").multiple_outputs
    assert d.get_task("add").upstream_task_ids == {"numbers"}
    desk.execute(d.get_task("numbers"))
    desk.runtime.xcoms["numbers", "a"] = 1
    assert desk.execute(d.get_task("add")) == 4


def test_an_absent_value_is_none_and_an_absent_key_an_error(desk):
    @task
    def show(x):
        return x is None

    with DAG("d") as d:
        show(plain())
        show(plain()["key"])
    assert desk.execute(d.get_task("show")) is True
    with pytest.raises(XComNotFound):
        desk.execute(d.get_task("show__1"))


def test_outputs_must_be_a_dict_of_texts():
    @task(multiple_outputs=True)
    def f(x):
        return x

    with DAG("d") as d:
        f(3)
        f({1: 2})
        f({"a": 2})
    run = run_dag(d)
    assert run.task_states == {("f", -1): "failed", ("f__1", -1): "failed", ("f__2", -1): "success"}
    assert run.xcoms == {("f__2", -1, "a"): 2, ("f__2", -1, "return_value"): {"a": 2}}


def test_async_functions_run(desk):
    @task
    async def f(ds):
        return ds

    with DAG("d") as d:
        f()
    assert d.get_task("f").is_async
    assert desk.execute(d.get_task("f")) == "2024-01-02"


def test_conditions_skip(desk):
    @task.run_if(lambda context: (context["ds"] == "2000-01-01", "not today"))
    @task
    def f(): ...

    with DAG("d") as d:
        f()
    with pytest.raises(AirflowSkipException, match="not today"):
        desk.execute(d.get_task("f"))


def test_setup_and_teardown_decorators():
    @setup
    def create(): ...

    @teardown(on_failure_fail_dagrun=True)
    def drop(): ...

    with DAG("d") as d:
        create() >> plain() >> drop()
    assert d.get_task("create").is_setup
    assert d.get_task("drop").is_teardown
    assert d.get_task("drop").on_failure_fail_dagrun


@pytest.mark.parametrize("kind", ["docker", "kubernetes", "stub"])
def test_other_kinds_parse_and_say_so_when_they_run(desk, kind):
    @getattr(task, kind)(retries=2)
    def f(): ...

    with DAG("d") as d:
        f()
    assert d.get_task("f").retries == 2
    with pytest.raises(NotBuilt):
        desk.execute(d.get_task("f"))


def test_unknown_kinds():
    with pytest.raises(AttributeError, match="not found"):
        _ = task.nonsense
