"""What a document says of mapped tasks and groups: from whom the number of instances comes."""

from __future__ import annotations

from typing import Any

from queuack import DAG, TaskGroup, task, task_group
from queuack.document.build import document_of
from queuack.engine.spec import DagDocument, Expansion, MapInput, decode, encode
from queuack.operators.bash import BashOperator
from queuack.operators.empty import EmptyOperator
from queuack.sensors.python import PythonSensor


@task
def source() -> Any: ...


@task
def use(x: Any = None, y: Any = None) -> Any: ...


def build(dag: DAG) -> DagDocument:
    document = document_of(dag, relative_fileloc="f.py", fileloc="/dags/f.py")
    assert decode(encode(document)) == document
    return document


def literal(length: int) -> MapInput:
    return MapInput(kind="literal", length=length)


def xcom(task_id: str) -> MapInput:
    return MapInput(kind="xcom", task_id=task_id)


def test_inputs() -> None:
    with DAG("d", schedule=None) as dag:
        found = source()
        other = source()
        use.override(task_id="product").expand(x=[1, 2], y={"a": 1})
        use.override(task_id="one").expand(x=found.map(str).map(int))
        use.override(task_id="zip").expand(x=found.zip(other.map(str), fillvalue=0), y=found.zip(other))
        use.override(task_id="concat").expand(x=found.concat(other.zip(found)))
        use.override(task_id="kwargs").expand_kwargs([{"x": 1}, {"x": 2}, found])
        use.override(task_id="over").expand_kwargs(found)
    tasks = {one.task_id: one.expansion for one in build(dag).tasks}
    both = (xcom("source"), xcom("source__1"))
    assert tasks == {
        "source": None,
        "source__1": None,
        "product": Expansion((literal(2), literal(1))),
        "one": Expansion((xcom("source"),)),
        "zip": Expansion((MapInput(kind="zip", parts=both, fill=True), MapInput(kind="zip", parts=both))),
        "concat": Expansion(
            (
                MapInput(
                    kind="concat",
                    parts=(xcom("source"), MapInput(kind="zip", parts=(xcom("source__1"), xcom("source")))),
                ),
            )
        ),
        "kwargs": Expansion((literal(3),)),
        "over": Expansion((xcom("source"),)),
    }


def test_groups() -> None:
    with DAG("d", schedule=None) as dag:

        @task_group
        def mapped(v: Any) -> None:
            with TaskGroup("inside"):
                use(v)

        mapped.expand(v=source())
    document = build(dag)
    assert {one.group_id: one.expansion for one in document.task_groups} == {
        "mapped": Expansion((xcom("source"),)),
        "mapped.inside": None,
    }
    assert [one.expansion for one in document.tasks] == [None, None]


def test_what_partial_says_is_in_the_document() -> None:
    with DAG("d", schedule=None, default_args={"retries": 2, "owner": "me"}) as dag:
        BashOperator.partial(
            task_id="b", pool="p", pool_slots=2, weight_rule="absolute", trigger_rule="all_done", retry_delay=7,
            max_active_tis_per_dagrun=3, on_failure_callback=print, doc_md="# Help", executor_config={"isolation": "fork"},
        ).expand(bash_command=["a"])  # fmt: skip
        EmptyOperator.partial(task_id="e").expand(doc=["a"])
        PythonSensor.partial(task_id="s", poke_interval=1).expand(python_callable=[print])
        use.override(task_display_name="Use!").expand(x=[1])
    tasks = {one.task_id: one for one in build(dag).tasks}
    shell = tasks["b"]
    assert (shell.task_type, shell.task_module, shell.operator_name) == (
        "BashOperator",
        "queuack.operators.bash",
        "BashOperator",
    )
    assert (shell.retries, shell.owner, shell.retry_delay, shell.pool, shell.pool_slots) == (2, "me", 7.0, "p", 2)
    assert (shell.weight_rule, shell.trigger_rule, shell.max_active_tis_per_dagrun) == ("absolute", "all_done", 3)
    assert (shell.callbacks.failure, shell.doc_md, shell.isolation) == (True, "# Help", "fork")
    assert (shell.template_fields, shell.ui_color) == (tuple(BashOperator.template_fields), BashOperator.ui_color)
    assert (tasks["e"].is_empty, tasks["use"].operator_name, tasks["use"].task_display_name) == (True, "@task", "Use!")
