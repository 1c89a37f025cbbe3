"""TaskGroup: ids, nesting, dependencies."""

from __future__ import annotations

import pytest

from queuack.authoring.dag import DAG
from queuack.authoring.decorators import task, task_group
from queuack.authoring.exceptions import DuplicateTaskIdFound, NodeNotFound
from queuack.authoring.taskgroup import TaskGroup
from queuack.operators.empty import EmptyOperator


def test_prefixes_and_nesting():
    with DAG("d") as d, TaskGroup("outer") as outer:
        EmptyOperator(task_id="a")
        with TaskGroup("inner") as inner:
            EmptyOperator(task_id="b")
        with TaskGroup("plain", prefix_group_id=False):
            EmptyOperator(task_id="c")
    assert d.task_ids == ["outer.a", "outer.inner.b", "c"]
    assert set(d.task_group_dict) == {"outer", "outer.inner", "outer.plain"}
    assert outer["a"] is d.get_task("outer.a")
    assert inner.label == "inner"
    with pytest.raises(NodeNotFound):
        outer["nothing"]


def test_groups_link_their_ends():
    with DAG("d") as d:
        start, end = EmptyOperator(task_id="start"), EmptyOperator(task_id="end")
        with TaskGroup("g") as g:
            EmptyOperator(task_id="a") >> EmptyOperator(task_id="b")
            EmptyOperator(task_id="c")
        with TaskGroup("h") as h:
            EmptyOperator(task_id="x")
        start >> g >> h >> end
    assert start.downstream_task_ids == {"g.a", "g.c"}
    assert d.get_task("h.x").upstream_task_ids == {"g.b", "g.c"}
    assert end.upstream_task_ids == {"h.x"}
    assert h.upstream_group_ids == {"g"}


def test_ids_are_unique_or_get_a_suffix():
    with DAG("d"):
        TaskGroup("g")
        with pytest.raises(DuplicateTaskIdFound):
            TaskGroup("g")
        with pytest.raises(DuplicateTaskIdFound):
            EmptyOperator(task_id="g")
        assert TaskGroup("g", add_suffix_on_collision=True).group_id == "g__1"
    with pytest.raises(RuntimeError, match="inside a dag"):
        TaskGroup("x")
    with DAG("e"), pytest.raises(ValueError, match="dashes"):
        TaskGroup("a.b")


def test_decorator_returns_the_functions_result_or_the_group():
    @task
    def one(x=0):
        return x

    @task_group
    def whole():
        """Help."""
        one()

    @task_group(group_id="named")
    def part(value):
        return one(value)

    with DAG("d") as d:
        group = whole()
        whole()
        result = part(one())
    assert isinstance(group, TaskGroup)
    assert group.tooltip == "Help."
    assert d.task_ids == ["whole.one", "whole__1.one", "one", "named.one"]
    assert result.operator.upstream_task_ids == {"one"}
