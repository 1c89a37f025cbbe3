"""BaseOperator: arguments, defaults, dependencies, copies."""

from __future__ import annotations

from datetime import timedelta

import pytest

from queuack.authoring.dag import DAG
from queuack.authoring.edges import Label
from queuack.authoring.exceptions import AirflowException, RemovedInAirflow3Warning
from queuack.authoring.operator import BaseOperator
from queuack.authoring.relationships import chain, chain_linear, cross_downstream
from queuack.authoring.setup_teardown import ContextWrapper
from queuack.authoring.taskgroup import TaskGroup
from queuack.authoring.trigger_rule import TriggerRule
from queuack.operators.empty import EmptyOperator


class Echo(BaseOperator):
    template_fields = ("text", "more")

    def __init__(self, text, more=None, **kwargs):
        super().__init__(**kwargs)
        self.text = text
        self.more = more

    def execute(self, context):
        return self.text


def test_defaults_are_airflows():
    op = EmptyOperator(task_id="a")
    assert (op.owner, op.queue, op.pool, op.pool_slots) == ("airflow", "default", "default_pool", 1)
    assert (op.retries, op.retry_delay, op.retry_exponential_backoff) == (0, timedelta(seconds=300), 0)
    assert (op.trigger_rule, op.weight_rule, op.priority_weight) == ("all_success", "downstream", 1)
    assert (op.depends_on_past, op.wait_for_downstream, op.do_xcom_push, op.execution_timeout) == (
        False,
        False,
        True,
        None,
    )


def test_arguments_are_checked():
    with pytest.raises(TypeError, match="Invalid arguments were passed to Echo"):
        Echo(task_id="a", text="x", nonsense=1)
    with pytest.raises(TypeError, match="missing keyword argument 'text'"):
        Echo(task_id="a")
    with pytest.raises(TypeError, match="Use keyword arguments"):
        EmptyOperator("a")
    with pytest.raises(ValueError, match="trigger_rule must be one of"):
        EmptyOperator(task_id="a", trigger_rule="sometimes")
    with pytest.raises(ValueError, match="cannot be less than 1"):
        EmptyOperator(task_id="a", pool_slots=0)
    with pytest.raises(TypeError, match="retries"):
        EmptyOperator(task_id="a", retries="many")
    with pytest.raises(ValueError, match="execution_timeout"):
        EmptyOperator(task_id="a", execution_timeout=5)
    with pytest.raises(TypeError, match="depends_on_past"):
        EmptyOperator(task_id="a", depends_on_past="yes")


def test_old_arguments_work_with_a_warning():
    with pytest.warns(RemovedInAirflow3Warning, match="provide_context"):
        op = EmptyOperator(task_id="a", provide_context=True)
    assert op.task_id == "a"
    assert EmptyOperator(task_id="b", trigger_rule="none_failed_or_skipped").trigger_rule == (
        TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS
    )


def test_conversions():
    op = EmptyOperator(
        task_id="a", retries="3", retry_delay=5, retry_exponential_backoff=True, wait_for_downstream=True
    )
    assert (op.retries, op.retry_delay, op.retry_exponential_backoff, op.depends_on_past) == (
        3,
        timedelta(seconds=5),
        2.0,
        True,
    )


def test_default_args_reach_subclass_arguments_and_groups_win():
    with DAG("d", default_args={"text": "dag", "retries": 1}), TaskGroup("g", default_args={"text": "group"}):
        op = Echo(task_id="a")
    assert (op.task_id, op.text, op.retries) == ("g.a", "group", 1)
    assert Echo(task_id="b", default_args={"text": "own"}).text == "own"


def test_shifts_lists_and_functions():
    with DAG("d"):
        a, b, c, e, f = (EmptyOperator(task_id=name) for name in "abcef")
        a >> [b, c] >> e
        chain([b, c], [e, f])
        cross_downstream([a], [f])
    assert a.downstream_task_ids == {"b", "c", "f"}
    assert e.upstream_task_ids == {"b", "c"}
    assert f.upstream_task_ids == {"a", "c"}
    with pytest.raises(AirflowException, match="different length"):
        chain([a, b], [c])
    with pytest.raises(TypeError, match="Relationships can only be set between Operators"):
        a >> "text"


def test_chain_linear():
    with DAG("d"):
        a, b, c, e = (EmptyOperator(task_id=name) for name in "abce")
        chain_linear(a, [b, c], [], e)
    assert e.upstream_task_ids == {"b", "c"}
    with pytest.raises(ValueError, match="No dependencies"):
        chain_linear([a, b])


def test_relations_need_one_dag():
    with DAG("d"):
        a = EmptyOperator(task_id="a")
    with DAG("other"):
        b = EmptyOperator(task_id="b")
    loose = EmptyOperator(task_id="c")
    with pytest.raises(RuntimeError, match="more than one Dag"):
        a >> b
    a >> loose
    assert loose.dag is a.dag
    with pytest.raises(ValueError, match="don't have Dags"):
        EmptyOperator(task_id="x") >> EmptyOperator(task_id="y")


def test_labels():
    with DAG("d") as d:
        a, b, c = (EmptyOperator(task_id=name) for name in "abc")
        a >> Label("yes") >> [b, c]
    assert d.get_edge_info("a", "b") == d.get_edge_info("a", "c") == {"label": "yes"}
    assert b.upstream_task_ids == {"a"}


def test_xcomargs_make_dependencies_anywhere_in_a_template_field():
    with DAG("d"):
        a, b, c = (EmptyOperator(task_id=name) for name in "abc")
        op = Echo(task_id="e", text=a.output, more=[{"k": (b.output["key"],)}])
        op.text = c.output
    assert op.upstream_task_ids == {"a", "b", "c"}
    assert str(b.output["key"]) == "{{ task_instance.xcom_pull(task_ids='b', dag_id='d', key='key') }}"
    with pytest.raises(TypeError, match="not iterable"):
        list(a.output)


def test_scopes_of_several_setups():
    with DAG("d"):
        one, two = EmptyOperator(task_id="one").as_setup(), EmptyOperator(task_id="two").as_setup()
        drop = EmptyOperator(task_id="drop").as_teardown(setups=[one, two])
        with ContextWrapper([one, two]):
            work = EmptyOperator(task_id="work")
        with pytest.raises(ValueError, match="either setup or teardown"), ContextWrapper([one, drop]):
            pass
        with pytest.raises(RuntimeError, match="Only setup/teardown"), work:
            pass
    assert work.upstream_task_ids == {"one", "two"}
    assert work.downstream_task_ids == {"drop"}


def test_a_scope_inside_a_scope_and_a_group_with_its_own():
    with DAG("d") as d:
        drop = EmptyOperator(task_id="drop").as_teardown(setups=EmptyOperator(task_id="create").as_setup())
        with drop:
            EmptyOperator(task_id="first")
            with EmptyOperator(task_id="close").as_teardown(setups=EmptyOperator(task_id="open").as_setup()):
                EmptyOperator(task_id="work")
            with TaskGroup("g"):
                a, b = EmptyOperator(task_id="a").as_setup(), EmptyOperator(task_id="b")
                a >> b >> EmptyOperator(task_id="c").as_teardown(setups=a)
    assert {task.task_id: sorted(task.downstream_task_ids) for task in d.tasks} == {
        "create": ["drop", "first", "open"],
        "first": ["drop"],
        "open": ["close", "work"],
        "work": ["close"],
        "close": ["drop"],
        "drop": [],
        "g.a": ["g.b", "g.c"],
        "g.b": ["g.c"],
        "g.c": [],
    }


def test_setup_and_teardown():
    with DAG("d"):
        create, drop, work = (EmptyOperator(task_id=name) for name in ("create", "drop", "work"))
        with drop.as_teardown(setups=create):
            inner = EmptyOperator(task_id="inner")
        create >> work
    assert (create.is_setup, drop.is_teardown) == (True, True)
    assert drop.trigger_rule == "all_done_setup_success"
    assert inner.upstream_task_ids == {"create"}
    assert inner.downstream_task_ids == {"drop"}


def test_a_copy_to_run_leaves_the_task_alone(desk):
    with DAG("d"):
        op = Echo(task_id="e", text="{{ ds }}", more=["{{ ds }}"])
    assert desk.execute(op) == "2024-01-02"
    copy = op.prepare_for_execution()
    copy.inlets.append("x")
    assert (op.text, op.more, op.inlets) == ("{{ ds }}", ["{{ ds }}"], [])
