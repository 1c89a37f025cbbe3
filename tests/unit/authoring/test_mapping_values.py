"""What one instance of a mapped task gets, and what a mapped task's results look like to others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from queuack import DAG, task, task_group
from queuack.authoring.context import make_context
from queuack.authoring.exceptions import AirflowSkipException
from queuack.authoring.execution import execute_task
from queuack.authoring.runtime import NO_XCOM, set_runtime
from queuack.operators.bash import BashOperator
from queuack.protocol import RunInfo


class Runtime:
    """XComs by (task_id, map_index, key), and how often they were asked for."""

    def __init__(self) -> None:
        self.xcoms: dict[tuple[str, int, str], Any] = {}
        self.asked: list[str] = []
        self.instances: dict[str, int] = {}

    def leave(self, task_id: str, *values: Any, key: str = "return_value") -> None:
        """Results of the instances of a mapped task; None leaves nothing."""
        self.xcoms.update({(task_id, i, key): value for i, value in enumerate(values) if value is not None})

    def xcom_get(self, *, task_id: str, map_index: int, key: str, **_: Any) -> Any:
        self.asked.append("get")
        return self.xcoms.get((task_id, map_index, key), NO_XCOM)

    def xcom_set(self, *, task_id: str, map_index: int, key: str, value: Any, **_: Any) -> None:
        self.xcoms[task_id, map_index, key] = value

    def _all(self, task_id: str, key: str) -> list[Any]:
        return [value for (one, _, name), value in sorted(self.xcoms.items()) if (one, name) == (task_id, key)]

    def xcom_count(self, *, task_id: str, key: str, **_: Any) -> int:
        self.asked.append("count")
        return len(self._all(task_id, key))

    def xcom_slice(
        self, *, task_id: str, key: str, start: int, stop: int | None, max_bytes: int | None = None, **_: Any
    ) -> list[Any]:
        self.asked.append("slice")
        return self._all(task_id, key)[start:stop]

    def task_states(self, *, task_ids: list[str], **_: Any) -> list[dict[str, Any]]:
        return [{"map_index": i} for i in range(self.instances.get(task_ids[0], 1))]


RUN = RunInfo(
    dag_id="d",
    run_id="r",
    run_type="manual",
    logical_date=None,
    data_interval_start=None,
    data_interval_end=None,
    run_after=0,
)


@pytest.fixture
def runtime() -> Iterator[Runtime]:
    runtime = Runtime()
    before = set_runtime(runtime)  # type: ignore[arg-type]
    yield runtime
    set_runtime(before)


@pytest.fixture
def dag() -> Iterator[DAG]:
    with DAG("d", schedule=None) as dag:
        yield dag


def run(dag: DAG, task_id: str, map_index: int = -1) -> Any:
    """What an attempt of the instance returns."""
    context = context_of(dag, task_id, map_index)
    context["task"].render_template_fields(context)
    return execute_task(context["task"], context)


def context_of(dag: DAG, task_id: str, map_index: int = -1) -> Any:
    ready = dag.task_dict[task_id].prepare_for_execution()
    return make_context(task=ready, run=RUN, ti_id=1, map_index=map_index)


@task
def source() -> Any: ...


@task
def both(x: Any, y: Any = None) -> Any:
    return x, y


def test_the_last_argument_changes_fastest(dag: DAG, runtime: Runtime) -> None:
    both.expand(x=[1, 2], y=["a", "b", "c"])
    assert [run(dag, "both", i) for i in range(6)] == [(1, "a"), (1, "b"), (1, "c"), (2, "a"), (2, "b"), (2, "c")]
    both.expand(x={"k": 1, "l": 2})
    assert run(dag, "both__1", 1) == (("l", 2), None)


def test_literals_are_templates_and_xcoms_are_not(dag: DAG, runtime: Runtime) -> None:
    runtime.xcoms["source", -1, "return_value"] = ["{{ run_id }}", {"deep": "{{ run_id }}"}]
    both.partial(y="{{ ti.map_index }}").expand(x=source())
    assert run(dag, "both", 0) == ("{{ run_id }}", "0")
    assert run(dag, "both", 1) == ({"deep": "{{ run_id }}"}, "1")
    both.expand(x=["{{ run_id }} {{ ti.map_index }}", ["{{ run_id }}"]])
    assert [run(dag, "both__1", i)[0] for i in range(2)] == ["r 0", ["r"]]


def test_expand_kwargs(dag: DAG, runtime: Runtime) -> None:
    runtime.xcoms["source", -1, "return_value"] = {"x": 7}
    both.expand_kwargs([{"x": 1, "y": 2}, source()])
    assert (run(dag, "both", 0), run(dag, "both", 1)) == ((1, 2), (7, None))
    both.expand_kwargs(source())
    for bad, message in (
        (3, r"expects a list\[dict\], not int"),
        ([3], r"list\[int\]"),
        ([{1: 2}], "keys must all be str"),
    ):
        dag.task_dict.pop("both__1", None)
        runtime.xcoms["source", -1, "return_value"] = bad
        fresh = Runtime()
        fresh.xcoms = runtime.xcoms
        set_runtime(fresh)  # type: ignore[arg-type]
        with DAG("e", schedule=None) as other:
            both.expand_kwargs(source())
        with pytest.raises(ValueError, match=message):
            run(other, "both", 0)


def test_an_argument_given_twice_fails_the_instance_unless_told(dag: DAG, runtime: Runtime) -> None:
    both.partial(y=1).expand_kwargs([{"x": 1, "y": 2}])
    with pytest.raises(TypeError, match="mapping already partial argument: y"):
        run(dag, "both", 0)
    both.partial(y=1).expand_kwargs([{"x": 1, "y": 2}], strict=False)
    assert run(dag, "both__1", 0) == (1, 2)
    BashOperator.partial(task_id="shell", env={}).expand_kwargs([{"bash_command": "true", "env": {}}])
    with pytest.raises(TypeError, match="unmappable or already specified argument: env"):
        run(dag, "shell", 0)


def test_map_zip_concat(dag: DAG, runtime: Runtime) -> None:
    runtime.xcoms["source", -1, "return_value"] = [1, 2, 3]
    runtime.leave("both", "a", None, "b")
    numbers, letters = source(), both.expand(x=[0, 0, 0])

    def even(number: int) -> int:
        if number % 2:
            raise AirflowSkipException("odd")
        return number

    both.override(task_id="mapped").expand(x=numbers.map(even).map(str))
    assert run(dag, "mapped", 1) == ("2", None)
    with pytest.raises(AirflowSkipException):
        run(dag, "mapped", 0)
    both.override(task_id="zipped").expand(x=numbers.zip(letters, fillvalue="?"))
    assert [run(dag, "zipped", i)[0] for i in range(3)] == [(1, "a"), (2, "b"), (3, "?")]
    both.override(task_id="joined").expand(x=letters.concat(numbers))
    assert [run(dag, "joined", i)[0] for i in range(5)] == ["a", "b", 1, 2, 3]
    both(numbers.zip(letters), numbers.concat(letters))
    zipped, joined = run(dag, "both__1")
    assert ([*zipped], len(zipped), zipped[-1], [*joined], joined[-4]) == (
        [(1, "a"), (2, "b")],
        2,
        (2, "b"),
        [1, 2, 3, "a", "b"],
        2,
    )


def test_what_is_mapped_over_is_pulled_once_and_nobody_spoils_it(dag: DAG, runtime: Runtime) -> None:
    runtime.xcoms["source", -1, "return_value"] = [{"n": i} for i in range(100)]

    @task
    def spoil(x: dict[str, Any]) -> int:
        n = x.pop("n")
        return int(n)

    spoil.expand(x=source())
    assert [run(dag, "spoil", i) for i in range(100)] == list(range(100))
    assert run(dag, "spoil", 5) == 5
    assert runtime.asked == ["get"]


def test_results_of_a_mapped_task_are_fetched_many_at_once(dag: DAG, runtime: Runtime) -> None:
    runtime.leave("both", *range(1500))
    both.override(task_id="next").expand(x=both.expand(x=range(1500)))
    assert [run(dag, "next", i)[0] for i in range(0, 1500, 7)] == list(range(0, 1500, 7))
    assert runtime.asked == ["slice"] * 2


def test_results_of_a_mapped_task_as_a_whole(dag: DAG, runtime: Runtime) -> None:
    runtime.leave("both", 1, None, 3, 4)
    found: list[Any] = []

    @task
    def look(values: Any) -> None:
        found.append(values)

    look(both.expand(x=[1, 2, 3, 4]))
    run(dag, "look")
    values = found[0]
    assert str(values) == "LazyXComSequence(<unevaluated length>)"
    assert (len(values), values[0], values[-1], values[1:], values[::-1], list(values)) == (
        3,
        1,
        4,
        [3, 4],
        [4, 3, 1],
        [1, 3, 4],
    )
    assert values == [1, 3, 4] == values
    assert values != [1, 3]
    assert (3 in values, str(values)) == (True, "LazyXComSequence([3 items])")
    for wrong, error in ((3, IndexError), (-4, IndexError), ("x", TypeError)):
        with pytest.raises(error):
            values[wrong]


def test_xcom_pull(dag: DAG, runtime: Runtime) -> None:
    runtime.leave("both", 1, 2, 3)
    runtime.leave("single", 7)
    runtime.xcoms["source", -1, "return_value"] = "s"
    both.expand(x=[1, 2, 3])
    both.override(task_id="single").expand(x=[1])
    source()
    pull = context_of(dag, "source")["ti"].xcom_pull
    assert pull("both") == [1, 2, 3]
    assert (pull("both", map_indexes=1), pull("both", map_indexes=[0, 2])) == (2, [1, 3])
    assert (pull("both", map_indexes=None), pull("both", map_indexes=9, default=5)) == (None, 5)
    assert (pull("single"), pull("source"), pull(["both", "single", "source"])) == (7, "s", [1, 2, 3, 7, "s"])
    assert (pull("nothing", default=5), pull("elsewhere", dag_id="other")) == (5, None)
    with pytest.raises(TypeError, match="map_indexes"):
        pull("both", map_indexes=1.5)


def test_tasks_of_a_mapped_group_look_at_their_own_index(dag: DAG, runtime: Runtime) -> None:
    @task_group
    def group(v: Any, w: Any) -> Any:
        first = both.override(task_id="first")(v, w)
        both.override(task_id="second")(first)
        return first

    runtime.leave("group.first", "a", "b")
    whole = group.partial(w="{{ ti.map_index }}").expand(v=[10, 20])
    both.override(task_id="outside")(whole)
    assert run(dag, "group.first", 1) == (20, "1")
    assert run(dag, "group.second", 1) == ("b", None)
    assert run(dag, "outside") == (["a", "b"], None)
    both.override(task_id="over").expand(x=whole)
    assert run(dag, "over", 1) == ("b", None)


def test_a_mapped_group_in_a_mapped_group(dag: DAG, runtime: Runtime) -> None:
    @task_group
    def inner(a: Any, b: Any) -> Any:
        return both.override(task_id="leaf")(a, b)

    @task_group
    def outer(a: Any) -> None:
        one = both.override(task_id="one")(a)
        leaf = inner.partial(a=a).expand(b=["x", "y", "z"])
        both.override(task_id="all")(leaf, one)

    outer.expand(a=[1, 2])
    assert [run(dag, "outer.inner.leaf", i) for i in range(6)] == [(a, b) for a in (1, 2) for b in "xyz"]
    runtime.leave("outer.one", "first", "second")
    runtime.leave("outer.inner.leaf", *"abcdef")
    runtime.instances = {"outer.one": 2, "outer.all": 2, "outer.inner.leaf": 6}
    assert run(dag, "outer.all", 1) == (["d", "e", "f"], "second")


def test_the_context_of_an_instance(dag: DAG, runtime: Runtime) -> None:
    runtime.instances = {"tell": 3}

    @task(params={"p": 1})
    def tell(x: Any, ti: Any, params: Any, expanded_ti_count: Any = None) -> Any:
        return x, ti.map_index, ti.task.task_id, ti.is_mapped, params["p"], expanded_ti_count

    tell.expand(x=[1, 2, 3])
    assert run(dag, "tell", 2) == (3, 2, "tell", True, 1, 3)


def test_upstream_results_of_mapped_tasks(dag: DAG, runtime: Runtime) -> None:
    @task
    def look(ctx: Any) -> Any:
        return ctx.upstream_results(), ctx.upstream("both"), ctx.has_upstream("empty")

    @task_group
    def group(v: Any) -> None:
        both.override(task_id="first")(v) >> look()

    runtime.leave("both", 1, 2)
    runtime.leave("group.first", "a", "b")
    [both.expand(x=[1, 2]), both.override(task_id="empty").expand(x=[])] >> look()
    group.expand(v=[1, 2])
    assert run(dag, "look") == ({"both": [1, 2]}, [1, 2], False)
    assert run(dag, "group.look", 1)[0] == {"group.first": "b"}


def test_too_few_arguments_are_found_when_the_instance_runs(dag: DAG, runtime: Runtime) -> None:
    @task
    def needs(x: Any, y: Any) -> None: ...

    needs.expand(x=[1])
    with pytest.raises(TypeError, match="missing a required argument: 'y'"):
        run(dag, "needs", 0)


def test_params_of_an_instance(dag: DAG, runtime: Runtime) -> None:
    shell = BashOperator.partial(task_id="shell", bash_command="echo {{ params.a }} {{ params.b }}", params={"a": 1})
    shell.expand(params=[{"b": 2}, {"a": 3, "b": 4}])
    assert [run(dag, "shell", i) for i in (1, 0)] == ["3 4", "1 2"]
