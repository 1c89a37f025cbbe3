"""What cannot be mapped is refused when the file is read, with Airflow's errors; what can is in the DAG afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from queuack import DAG, TaskGroup, setup, task, task_group, teardown
from queuack.authoring.dag_stack import DagContext
from queuack.authoring.exceptions import DuplicateTaskIdFound, FailFastDagInvalidTriggerRule
from queuack.operators.bash import BashOperator
from queuack.operators.empty import EmptyOperator


@task
def src() -> list[int]:
    return [1, 2]


@task
def add(x: Any, y: int = 0) -> Any:
    return x + y


@task
def aware(ti: Any, ds: Any, x: Any) -> None: ...


@task(multiple_outputs=True)
def multi() -> dict[str, int]:
    return {"a": 1}


@task_group
def grp(v: Any, w: int = 1) -> None:
    add.override(task_id="inner")(v, w)


@task_group
def star(**arguments: Any) -> None:
    EmptyOperator(task_id="e")


@task_group
def maps_an_operator(v: Any) -> None:
    BashOperator.partial(task_id="b").expand(bash_command=["x"])


@task_group
def maps_its_argument(v: Any) -> None:
    grp.expand(v=v)


@task_group
def always_runs(v: Any) -> None:
    add.override(trigger_rule="always")(v)


def bash(**arguments: Any) -> Any:
    return BashOperator.partial(task_id="b", **arguments)


CUSTOM_KEY = "cannot map over XCom with custom key 'a' from <Task(_PythonDecoratedOperator): multi>"

REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "nothing": (lambda: add.expand(), TypeError, "no arguments to expand against"),
    "unknown": (lambda: add.expand(z=[1]), TypeError, "expand() got an unexpected keyword argument 'z'"),
    "unknowns": (
        lambda: add.expand(z=[1], q=[2]),
        TypeError,
        "expand() got unexpected keyword arguments 'z', 'q'",
    ),
    "text": (lambda: add.expand(x="a"), ValueError, "expand() got an unexpected type 'str' for keyword argument 'x'"),
    "set": (lambda: add.expand(x={1}), ValueError, "expand() got an unexpected type 'set' for keyword argument 'x'"),
    "context": (lambda: aware.expand(ti=[1]), ValueError, "cannot call expand() on task context variable 'ti'"),
    "partial unknown": (lambda: add.partial(z=1), TypeError, "partial() got an unexpected keyword argument 'z'"),
    "partial twice": (lambda: add.partial(x=1).partial(x=2), TypeError, "duplicate partial argument: x"),
    "custom key": (lambda: add.expand(x=multi()["a"]), ValueError, CUSTOM_KEY),
    "map a key": (lambda: multi()["a"].map(len), ValueError, "cannot map against non-return XCom"),
    "zip a key": (lambda: multi()["a"].zip(src()), ValueError, "cannot map against non-return XCom"),
    "concat a key": (lambda: multi()["a"].concat(src()), ValueError, "cannot concatenate non-return XCom"),
    "map a task": (lambda: src().map(add), ValueError, "map() argument must be a plain function, not a @task operator"),
    "kwargs text": (lambda: add.expand_kwargs("x"), TypeError, "expected XComArg or list[dict], not str"),
    "kwargs ints": (lambda: add.expand_kwargs([1]), TypeError, "expected XComArg or list[dict], not list"),
    "kwargs int": (lambda: add.expand_kwargs(1), TypeError, "expected XComArg or list[dict], not int"),
    "always": (
        lambda: add.override(trigger_rule="always").expand(x=src()),
        ValueError,
        "Task-generated mapping within a task using 'expand' is not allowed with trigger rule 'always'.",
    ),
    "operator: nothing": (lambda: bash().expand(), TypeError, "no arguments to expand against"),
    "operator: unknown": (
        lambda: bash(foo=1, bar=2),
        TypeError,
        "BashOperator.partial() got unexpected keyword arguments 'foo', 'bar'",
    ),
    "operator: text": (
        lambda: bash().expand(bash_command="x"),
        ValueError,
        "BashOperator.expand() got an unexpected type 'str' for keyword argument bash_command",
    ),
    "operator: given twice": (
        lambda: bash(bash_command="x", env={}).expand(bash_command=["x"], env=[{}]),
        TypeError,
        "unmappable or already specified arguments: bash_command, env",
    ),
    "operator: task_id": (
        lambda: bash().expand(bash_command=["x"], task_id=["a"]),
        TypeError,
        "unmappable or already specified argument: task_id",
    ),
    "operator: slots": (
        lambda: bash(pool_slots=0).expand(bash_command=["x"]),
        ValueError,
        "pool slots for b in dag d cannot be less than 1",
    ),
    "operator: a task's partial": (
        lambda: BashOperator(task_id="b", bash_command="x").partial(task_id="c"),
        TypeError,
        "partial can only be called on Operator classes, not Tasks themselves",
    ),
    "operator: the class": (
        lambda: BashOperator.expand(bash_command=["x"]),  # type: ignore[attr-defined]
        AttributeError,
        "type object 'BashOperator' has no attribute 'expand'",
    ),
    "operator: same id": (
        lambda: [bash().expand(bash_command=["x"]), bash().expand(bash_command=["x"])],
        DuplicateTaskIdFound,
        "Task id 'b' has already been added to the DAG",
    ),
    "group: nothing": (lambda: grp.expand(), TypeError, "no arguments to expand against"),
    "group: unknown": (lambda: grp.expand(z=[1]), TypeError, "expand() got an unexpected keyword argument 'z'"),
    "group: given twice": (lambda: grp.partial(v=1).expand(v=[1]), TypeError, "mapping already partial argument: v"),
    "group: custom key": (lambda: grp.expand(v=multi()["a"]), ValueError, CUSTOM_KEY),
    "group: kwargs": (lambda: grp.expand_kwargs([1]), TypeError, "expected XComArg or list[dict], not list"),
    "group: stars": (
        lambda: star.expand_kwargs([{"a": 1}]),
        TypeError,
        "calling expand_kwargs() on task group function with * or ** is not supported",
    ),
    "group: maps inside": (
        lambda: maps_an_operator.expand(v=[1]),
        NotImplementedError,
        "operator expansion in an expanded task group is not yet supported",
    ),
    "group: maps its argument": (
        lambda: maps_its_argument.expand(v=[1]),
        ValueError,
        "Nested Mapped TaskGroups are not yet supported",
    ),
    "group: always": (
        lambda: always_runs.expand(v=src()),
        ValueError,
        "Task-generated mapping within a mapped task group is not allowed with trigger rule 'always'",
    ),
}


@pytest.fixture
def dag() -> Iterator[DAG]:
    with DAG("d", schedule=None, default_args={"retries": 4, "queue": "q"}) as dag:
        yield dag
        DagContext.reset()
        DagContext.push(dag)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore:.*was never mapped")
def test_refused(dag: DAG, name: str) -> None:
    act, error, message = REFUSED[name]
    with pytest.raises(error) as raised:
        act()
    assert str(raised.value) == message


def test_a_partial_nobody_maps_is_warned_of(dag: DAG) -> None:
    for partial in (bash(), grp.partial(w=2)):
        with pytest.warns(UserWarning, match="was never mapped"):
            partial.__del__()
        partial._expand_called = partial._created = True


def test_a_mapped_operator_has_what_an_operator_has(dag: DAG) -> None:
    given = {"max_active_tis_per_dagrun": 2, "map_index_template": "{{ x }}", "task_display_name": "B!"}
    mapped = bash(retry_delay=5, on_failure_callback=print, **given).expand(bash_command=["x"])
    assert dag.task_dict["b"] is mapped
    assert (mapped.retries, mapped.queue, mapped.pool, mapped.owner) == (4, "q", "default_pool", "airflow")
    assert {name: getattr(mapped, name) for name in given} == given
    assert (str(mapped.retry_delay), mapped.on_failure_callback) == ("0:00:05", [print])
    assert (mapped.trigger_rule, mapped.weight_rule) == ("all_success", "downstream")
    assert (mapped.operator_name, mapped.task_type, repr(mapped)) == (
        "BashOperator",
        "BashOperator",
        "<Mapped(BashOperator): b>",
    )
    assert mapped.template_fields == BashOperator.template_fields
    assert (mapped.is_mapped, mapped.is_setup, mapped.outlets) == (True, False, [])
    mapped.pool = "mine"
    assert mapped.pool == "mine"


def test_dependencies_come_from_what_is_mapped_over_and_from_partial(dag: DAG) -> None:
    source = src()
    shell = bash().expand(bash_command=["x"])
    add.partial(y=shell.output).expand(x=source.map(str).zip(source.concat(shell.output)))
    mapped = dag.task_dict["add"]
    assert mapped.upstream_task_ids == {"src", "b"}
    assert [one.task_id for one in mapped.iter_mapped_dependencies()] == ["src", "src", "b"]  # type: ignore[attr-defined]
    assert [one.node_id for one in dag.task_dict["src"].iter_mapped_dependants()] == ["add"]
    assert mapped.get_needs_expansion()
    assert not dag.task_dict["src"].get_needs_expansion()


def test_a_mapped_group(dag: DAG) -> None:
    group = grp.partial(w=3).expand(v=src())
    after = EmptyOperator(task_id="after")
    group >> after
    inner = dag.task_dict["grp.inner"]
    assert (inner.upstream_task_ids, after.upstream_task_ids) == ({"src"}, {"grp.inner"})
    assert inner.get_closest_mapped_task_group() is group
    assert (inner.is_mapped, inner.get_needs_expansion()) == (False, True)
    assert [one.node_id for one in dag.task_dict["src"].iter_mapped_dependants()] == ["grp"]


def test_ids_in_groups_and_the_second_call(dag: DAG) -> None:
    with TaskGroup("p"):
        mapped = bash().expand(bash_command=["x"])
        add.expand(x=[1])
        add.expand(x=[1])
    assert sorted(dag.task_dict) == ["p.add", "p.add__1", "p.b"]
    assert mapped.label == "b"
    assert mapped.unmap({"bash_command": "x"}).task_id == "p.b"
    assert dag.task_dict["p.b"] is mapped


def test_one_instance_takes_the_place_of_the_task(dag: DAG) -> None:
    add.partial(y=2).expand(x=[5])
    mapped: Any = dag.task_dict["add"]
    one = mapped.unmap({"op_kwargs": {"x": 5}})
    assert (one.task_id, dict(one.op_kwargs), one.retries) == ("add", {"y": 2, "x": 5}, 4)
    assert dag.task_dict == {"add": mapped}
    shell = bash(params={"a": 1}).expand(bash_command=["x"])
    assert sorted(shell.unmap({"bash_command": "x", "params": {"b": 2}}).params) == ["a", "b"]


def test_setup_and_teardown(dag: DAG) -> None:
    @setup
    def make(x: int) -> None: ...

    @teardown
    def clean(x: int) -> None: ...

    make.expand(x=[1])
    clean.expand(x=[1])
    first, last = dag.task_dict["make"], dag.task_dict["clean"]
    assert (first.is_setup, last.is_teardown, last.trigger_rule) == (True, True, "all_done_setup_success")
    one = add.override(task_id="one").expand(x=[1])
    add.override(task_id="two").expand(x=[1]).as_teardown(setups=one)
    assert (dag.task_dict["one"].is_setup, dag.task_dict["two"].upstream_task_ids) == (True, {"one"})


def test_fail_fast_holds_for_mapped_tasks() -> None:
    with DAG("d", schedule=None, fail_fast=True), pytest.raises(FailFastDagInvalidTriggerRule):
        add.override(trigger_rule="all_done").expand(x=[1])
    DagContext.reset()


def test_references_say_what_they_are(dag: DAG) -> None:
    source = src()
    name = "XComArg(<Task(_PythonDecoratedOperator): src>)"
    assert repr(source.map(len).map(str)) == f"{name}.map(len).map(str)"
    assert repr(source.zip(source, fillvalue=3)) == f"{name}.zip({name}, fillvalue=3)"
    assert repr(source.concat(source).concat(source)) == f"{name}.concat({name}, {name})"
