"""SubDagOperator: what it takes, what it refuses, and the order in which a file's DAGs are handed on."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from queuack.authoring.dag import DAG
from queuack.authoring.dagfile import collect_dags
from queuack.authoring.exceptions import AirflowException
from queuack.authoring.taskgroup import TaskGroup
from queuack.document.build import document_of
from queuack.engine.spec import SubDagDocument
from queuack.operators.empty import EmptyOperator
from queuack.operators.subdag import SkippedStatePropagationOptions, SubDagOperator
from queuack.schedule.timetables import NullTimetable

START = datetime(2026, 1, 1)


def tree() -> tuple[DAG, DAG, DAG]:
    """p, p.s and p.s.t."""
    with DAG("p.s.t", schedule="@hourly", start_date=START, params={"own": 1, "both": 1}) as low:
        EmptyOperator(task_id="x")
    with DAG("p.s", schedule="@daily", start_date=START) as middle:
        SubDagOperator(task_id="t", subdag=low)
    with DAG("p", schedule="@daily", start_date=START, params={"both": 2, "given": 3}) as top:
        SubDagOperator(
            task_id="s", subdag=middle, conf={"a": 1}, propagate_skipped_state="any_leaf", timeout=60, mode="reschedule",
            poke_interval=5, executor=object(),
        )  # fmt: skip
    return top, middle, low


def test_a_parent_comes_before_its_children_wherever_they_are_defined() -> None:
    top, middle, low = tree()
    other = DAG("other", schedule=None)
    assert collect_dags({"low": low, "other": other, "top": top}) == [other, top, middle, low]
    assert (low.parent_dag, low.root_dag, low.is_subdag, top.is_subdag) == (middle, top, True, False)
    assert top.subdags == [middle, low]
    assert top.get_task("x", include_subdags=True) is low.task_dict["x"]


def test_documents_name_parent_and_child() -> None:
    documents = [document_of(dag, relative_fileloc="p.py", fileloc="/p.py") for dag in collect_dags({"top": tree()[0]})]
    assert [(each.dag_id, each.parent_dag_id, each.root_dag_id) for each in documents] == [
        ("p", None, None),
        ("p.s", "p", "p"),
        ("p.s.t", "p.s", "p"),
    ]
    assert [each.timetable for each in documents[1:]] == [NullTimetable(), NullTimetable()]
    assert documents[0].tasks[0].subdag == SubDagDocument(
        dag_id="p.s", conf={"a": 1}, propagate_skipped_state="any_leaf", timeout=60.0
    )
    assert {name: param["value"] for name, param in documents[2].params.items()} == {"own": 1, "both": 1, "given": 3}


def test_in_a_task_group_the_id_is_with_or_without_the_prefix() -> None:
    with DAG("p", schedule=None), TaskGroup("g"):
        first = SubDagOperator(task_id="a", subdag=DAG("p.a"), timeout=timedelta(minutes=1))
        second = SubDagOperator(
            task_id="b", subdag=DAG("p.g.b"), propagate_skipped_state=SkippedStatePropagationOptions.ALL_LEAVES
        )
    assert (first.task_id, second.task_id) == ("g.a", "g.b")


def test_mistakes() -> None:
    with pytest.raises(AirflowException, match="is in no DAG"):
        SubDagOperator(task_id="s", subdag=DAG("p.s"))
    with DAG("p", schedule=None):
        with pytest.raises(AirflowException, match=r"needs 'p\.s', its subdag is 's'"):
            SubDagOperator(task_id="s", subdag=DAG("s"))
        with pytest.raises(TypeError, match="must be a DAG, got str"):
            SubDagOperator(task_id="s", subdag="p.s")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="some_leaves"):
            SubDagOperator(task_id="u", subdag=DAG("p.u"), propagate_skipped_state="some_leaves")


def test_a_mapped_one_is_refused_when_the_file_is_parsed() -> None:
    with DAG("p", schedule=None) as dag:
        SubDagOperator.partial(task_id="s", subdag=DAG("p.s")).expand(conf=[{}, {}])
    with pytest.raises(AirflowException, match="put it into a task group"):
        collect_dags({"dag": dag})
