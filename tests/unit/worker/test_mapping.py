"""What a worker tells of mapping: lengths, skipped instances, names; and how a skip is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from queuack import DAG, config, task, task_group
from queuack.authoring.context import make_context
from queuack.authoring.exceptions import (
    DownstreamTasksSkipped,
    UnmappableXComLengthPushed,
    UnmappableXComTypePushed,
    XComForMappingNotPushed,
)
from queuack.home import Home
from queuack.operators.empty import EmptyOperator
from queuack.protocol import RunInfo, Workload
from queuack.worker.mapping import length_of, name_of_instance, skipped_instances
from queuack.worker.verdict import verdict_of

RUN = RunInfo(
    dag_id="d",
    run_id="r",
    run_type="manual",
    logical_date=None,
    data_interval_start=None,
    data_interval_end=None,
    run_after=0,
)


@pytest.fixture(autouse=True)
def settings(tmp_path: Any) -> Iterator[None]:
    before = config.configure(config.load(Home(tmp_path), environ={"AIRFLOW__CORE__MAX_MAP_LENGTH": "3"}))
    yield
    config.configure(before)


def workload(*, map_index: int = -1, is_mapped_over: bool = True) -> Workload:
    return Workload(
        ti_id=1,
        task_id="t",
        map_index=map_index,
        fileloc="",
        relative_fileloc="",
        file_hash="",
        version_id=1,
        run=RUN,
        is_mapped_over=is_mapped_over,
    )


@pytest.mark.parametrize("value", [[], [1, 2, 3], (1,), {"a": 1}, range(2)])
def test_the_length_of_what_is_mapped_over(value: Any) -> None:
    assert length_of(workload(), value) == len(value)
    assert length_of(workload(is_mapped_over=False), value) is None


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (None, XComForMappingNotPushed, "did not push XCom for task mapping"),
        ("abc", UnmappableXComTypePushed, "unmappable return type 'str'"),
        (b"abc", UnmappableXComTypePushed, "unmappable return type 'bytes'"),
        ({1, 2}, UnmappableXComTypePushed, "unmappable return type 'set'"),
        (7, UnmappableXComTypePushed, "unmappable return type 'int'"),
        ([1, 2, 3, 4], UnmappableXComLengthPushed, "unmappable return value length: 4 > 3"),
    ],
)
def test_what_cannot_be_mapped_over_fails_the_task(value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as raised:
        length_of(workload(), value)
    assert str(raised.value) == message
    assert length_of(workload(is_mapped_over=False), value) is None


def test_an_instance_is_one_element_if_it_left_anything() -> None:
    assert [length_of(workload(map_index=2), value) for value in (None, 0, "text", [1, 2])] == [None, 1, 1, 1]


def test_a_choice_in_a_mapped_group_skips_the_instances_of_its_index() -> None:
    with DAG("d", schedule=None) as dag:

        @task.branch
        def choose(v: Any) -> str:
            return "g.left"

        @task_group
        def g(v: Any) -> None:
            choose(v) >> [EmptyOperator(task_id="left"), EmptyOperator(task_id="right")]

        g.expand(v=[1, 2]) >> EmptyOperator(task_id="after")
    ti = make_context(task=dag.task_dict["g.choose"], run=RUN, ti_id=1, map_index=1)["ti"]
    ti.skip_requests = ["g.right", "after", "gone"]
    assert skipped_instances(ti) == (("g.right", 1),)


def test_skips_name_tasks_or_instances() -> None:
    verdict = verdict_of(DownstreamTasksSkipped(tasks=["a", ("b", -1), ("c", 3)]))
    assert (verdict.outcome, verdict.skip_tasks, verdict.skip_instances) == ("success", ("a", "b"), (("c", 3),))


def test_the_name_of_an_instance() -> None:
    with DAG("d", schedule=None) as dag:
        EmptyOperator(task_id="named", map_index_template="{{ run_id }}/{{ ti.map_index }}/{{ mine }}")
        EmptyOperator(task_id="nameless")
    context = make_context(task=dag.task_dict["named"], run=RUN, ti_id=1, map_index=4)
    context["mine"] = "x"
    assert name_of_instance(context) == "r/4/x"
    assert name_of_instance(make_context(task=dag.task_dict["nameless"], run=RUN, ti_id=1)) is None
