"""DAGs that map, in every way there is. Airflow ran them (``record_mapping.py``), Queuack has to end as it did.

Loaded by both: ``airflow`` is whichever of them serves the name.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import (
    DAG,
    BaseOperator,
    PokeReturnValue,
    TaskGroup,
    get_current_context,
    setup,
    task,
    task_group,
    teardown,
)
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

S = {"schedule": None, "start_date": datetime(2024, 1, 1)}


@task
def add(x, y=10):
    return x + y


@task
def lst(n):
    return list(range(n))


@task
def tot(v):
    return sum(v)


@task
def ident(x):
    return x


with DAG("m_basic", **S):
    tot(add.expand(x=[1, 2, 3]))
with DAG("m_product", **S):
    add.expand(x=[1, 2], y=lst(3))
with DAG("m_empty", **S):
    a = add.expand(x=lst(0))
    b = tot(a)
    ident.override(task_id="always", trigger_rule="all_done")(1) << b
with DAG("m_empty_lit", **S):
    a = add.expand(x=[])
    ident.override(task_id="after")(1) << a
    ident.override(task_id="nf", trigger_rule="none_failed")(1) << a
with DAG("m_none", **S):

    @task
    def nothing():
        pass

    add.expand(x=nothing())
with DAG("m_bad_type", **S):

    @task
    def text():
        return "abc"

    add.expand(x=text())
with DAG("m_too_long", **S):
    add.expand(x=lst(1025))
with DAG("m_one_fails", **S):

    @task
    def maybe(x):
        if x == 2:
            raise ValueError("two")
        return x

    m = maybe.expand(x=[1, 2, 3])
    tot(m)
    ident.override(task_id="one_success", trigger_rule="one_success")(1) << m
    ident.override(task_id="all_done", trigger_rule="all_done")(1) << m
    ident.override(task_id="one_failed", trigger_rule="one_failed")(1) << m
    ident.override(task_id="none_failed", trigger_rule="none_failed")(1) << m
    ident.override(task_id="all_failed", trigger_rule="all_failed")(1) << m
    ident.override(task_id="done_two", trigger_rule="all_done").expand(x=m)
with DAG("m_skips", **S):

    def odd(x):
        if x % 2 == 0:
            raise AirflowSkipException("even")
        return x * 100

    m = ident.expand(x=lst(4).map(odd))
    tot(m)
    ident.override(task_id="nfmos", trigger_rule="none_failed_min_one_success")([1]) << m
    tot.override(task_id="nf", trigger_rule="none_failed")(m)
with DAG("m_chain", **S):
    a = ident.expand(x=lst(3))
    b = add.expand(x=a)
    c = add.partial(y=1).expand(x=b.map(lambda v: v * 2))
    tot(c)
with DAG("m_zip", **S):
    a = lst(3)
    b = ident.expand(x=["a", "b"])
    ident.override(task_id="z").expand(x=a.zip(b))
    ident.override(task_id="zf").expand(x=a.zip(b, fillvalue="?"))
    ident.override(task_id="c").expand(x=a.concat(b))
with DAG("m_kwargs", **S):

    @task
    def dicts():
        return [{"x": 1, "y": 2}, {"x": 3}]

    add.expand_kwargs(dicts())
    add.override(task_id="lit").expand_kwargs([{"x": 5}, {"x": 6, "y": 7}])
    BashOperator.partial(task_id="bash", append_env=True).expand_kwargs(
        [
            {"bash_command": "echo $A {{ ti.map_index }}", "env": {"A": "{{ ti.task_id }}"}},
            {"bash_command": "exit 99"},
            {"bash_command": "exit 1"},
        ]
    )
with DAG("m_dict", **S):

    @task
    def d():
        return {"a": 1, "b": 2}

    ident.expand(x=d())
    ident.override(task_id="lit").expand(x={"q": 1})
with DAG("m_template", **S):

    @task
    def raw():
        return ["{{ ds }}", "x"]

    BashOperator.partial(task_id="bash", cwd="/tmp").expand(
        bash_command=["echo {{ ti.map_index }}", "echo {{ task.task_id }}"]
    )
    ident.expand(x=raw())
    add.override(task_id="lit").partial(y="{{ ti.map_index }}").expand(x=["{{ params.p }}", "b"])
with DAG("m_index_template", **S):

    @task(map_index_template="{{ my }}")
    def named(x):
        get_current_context()["my"] = f"name-{x}"
        if x == 3:
            raise AirflowFailException("no")
        return x

    named.expand(x=[1, 2, 3])
    BashOperator.partial(task_id="bash", map_index_template="{{ task.bash_command }}").expand(
        bash_command=["echo 1", "echo 2"]
    )
    ident.override(task_id="broken", map_index_template="{{ nope }}").expand(x=[1])
with DAG("m_group", **S):

    @task_group
    def g(v, w):
        a = add(v, w)
        return add.override(task_id="b")(a, 1)

    tot(g.partial(w=100).expand(v=[1, 2, 3]))
with DAG("m_group_up", **S):

    @task
    def fails_on(x):
        if x == 1:
            raise ValueError(x)
        return x

    @task_group
    def g(v):
        a = fails_on(v)
        b = ident.override(task_id="b")(a)
        c = ident.override(task_id="c", trigger_rule="all_done")(a)
        b >> c

    x = g.expand(v=lst(3))
    x >> ident.override(task_id="end", trigger_rule="all_done")(7)
with DAG("m_group_empty", **S):

    @task_group
    def g(v):
        a = ident(v)
        return ident.override(task_id="b")(a)

    x = g.expand(v=lst(0))
    tot(x)
with DAG("m_group_kwargs", **S):

    @task_group
    def g(v, w=5):
        ident(v)
        ident.override(task_id="w")(w)

    g.expand_kwargs([{"v": 1, "w": 2}, {"v": 3, "w": 4}])
with DAG("m_group_nested", **S):

    @task_group
    def g(v):
        with TaskGroup("inner"):
            a = ident(v)
        ident.override(task_id="o")(a)

    with TaskGroup("outer"):
        g.expand(v=lst(2))
with DAG("m_two_groups", **S):

    @task_group
    def g1(v):
        return add(v)

    @task_group
    def g2(w, whole):
        tot(whole)
        ident(w)

    g2.partial(whole=g1.expand(v=[1, 2, 3])).expand(w=["a", "b"])
with DAG("m_upstream_skipped", **S):

    @task
    def skip():
        raise AirflowSkipException

    @task
    def fail():
        raise ValueError

    ident.override(task_id="after_skip").expand(x=skip())
    ident.override(task_id="after_fail").expand(x=fail())
    ident.override(task_id="done_fail", trigger_rule="all_done").expand(x=fail.override(task_id="f2")())
with DAG("m_upstream_plain", **S):

    @task
    def fail():
        raise ValueError

    @task
    def skip():
        raise AirflowSkipException

    f = fail()
    s = skip()
    f >> ident.override(task_id="lit").expand(x=[1, 2])
    s >> ident.override(task_id="lits").expand(x=[1, 2])
    s >> ident.override(task_id="litn", trigger_rule="none_failed").expand(x=[1, 2])
    s >> BashOperator.partial(task_id="always", trigger_rule="always").expand(bash_command=["true"])
with DAG("m_branch", **S):

    @task.branch
    def choose():
        return ["lit"]

    c = choose()
    c >> [
        ident.override(task_id="lit").expand(x=[1, 2]),
        ident.override(task_id="other").expand(x=[1, 2]),
        ident.override(task_id="dyn").expand(x=lst(2)),
    ]
with DAG("m_mapped_branch", **S):

    @task.branch
    def choose(x):
        return "l" if x else "r"

    choose.expand(x=[0, 1]) >> [EmptyOperator(task_id="l"), EmptyOperator(task_id="r")]
with DAG("m_mapped_short", **S):

    @task.short_circuit
    def ok(x):
        return x

    ok.expand(x=[0, 1]) >> EmptyOperator(task_id="l")
with DAG("m_short_up", **S):

    @task.short_circuit
    def ok():
        return False

    ok() >> ident.expand(x=lst(2))
with DAG("m_sensor", **S):

    @task.sensor(poke_interval=0.05, timeout=5, mode="reschedule")
    def wait(x):
        return PokeReturnValue(is_done=True, xcom_value=x * 2)

    tot(wait.expand(x=[1, 2]))
with DAG("m_bash", **S):

    @task.bash
    def b(x):
        return f"echo {x}"

    b.expand(x=[1, 2])
with DAG("m_multi", **S):

    @task(multiple_outputs=True)
    def mo(x):
        return {"a": x, "b": [x]}

    m = mo.expand(x=[1, 2])

    @task
    def look(a):
        return list(a)

    look(m["a"])
with DAG("m_setup", **S):

    @setup
    def make(x):
        return x

    @teardown
    def clean(x):
        return x

    s = make.expand(x=[1, 2])
    w = ident.override(task_id="w")(1)
    t = clean.expand(x=[1, 2])
    s >> w >> t
    s >> t
with DAG("m_params", params={"p": 1}, **S):
    BashOperator.partial(task_id="b", bash_command="echo {{ params.p }} {{ params.q }}", params={"q": 0}).expand(
        params=[{"q": 1}, {"p": 5, "q": 2}]
    )
with DAG("m_retry", **S):

    @task(retries=1, retry_delay=timedelta(seconds=0))
    def flaky(x, ti):
        if ti.try_number == 1 and x == 2:
            raise ValueError
        return [x, ti.try_number]

    @task
    def look(a):
        return list(a)

    look(flaky.expand(x=[1, 2]))
with DAG("m_op_output", **S):
    b = BashOperator.partial(task_id="b").expand(bash_command=["echo 1", "echo 2"])
    PythonOperator(task_id="p", python_callable=lambda v: list(v), op_args=[b.output])
    b >> BashOperator(task_id="s", bash_command="echo {{ ti.xcom_pull('b') }} {{ ti.xcom_pull('b', map_indexes=1) }}")
with DAG("m_pyop", **S):
    PythonOperator.partial(task_id="p", python_callable=lambda a, b=2: [a, b]).expand(
        op_kwargs=[{"a": 1}, {"a": 3, "b": 4}]
    )
    PythonOperator.partial(task_id="q", python_callable=lambda a: a).expand(op_args=[[1], ["x"]])
with DAG("m_dup_kwargs", **S):

    @task
    def dicts():
        return [{"x": 1, "y": 2}]

    add.partial(y=1).expand_kwargs(dicts())
with DAG("m_missing", **S):

    @task
    def need(x, y):
        return x

    need.expand(x=[1])
with DAG("m_empty_op", **S):

    class Mine(BaseOperator):
        template_fields = ("a",)

        def __init__(self, *, a, b=None, **kw):
            super().__init__(**kw)
            self.a = a
            self.b = b

        def execute(self, context):
            return [self.a, self.b, self.task_id, context["ti"].map_index, context["task"] is self]

    Mine.partial(task_id="m", b="{{ ds }}").expand(a=["{{ ti.map_index }}", {"k": "{{ ti.map_index }}"}])


with DAG("branch_in_group", **S):

    @task.branch
    def choose(v):
        return "g.left" if v % 2 else "g.right"

    @task_group
    def g(v):
        c = choose(v)
        left = EmptyOperator(task_id="left")
        right = EmptyOperator(task_id="right")
        j = EmptyOperator(task_id="join", trigger_rule="none_failed_min_one_success")
        c >> [left, right] >> j

    g.expand(v=[1, 2, 3])

with DAG("short_in_group", **S):

    @task.short_circuit
    def ok(v):
        return v % 2

    @task
    def work(v):
        return v * 10

    @task_group
    def g(v):
        w = work(v)
        ok(v) >> w
        return w

    @task
    def total(vs):
        return list(vs) if vs is not None else None

    total(g.expand(v=[1, 2, 3]))

with DAG("over_group_scalar", **S):

    @task
    def dbl(v):
        return v * 2

    @task
    def after(x):
        return x

    @task_group
    def g(v):
        return dbl(v)

    after.expand(x=g.expand(v=[1, 2, 3]))

with DAG("nested_groups", **S):

    @task
    def leaf(a, b):
        return [a, b]

    @task
    def outer_task(a):
        return a

    @task
    def collect(x):
        return list(x) if not isinstance(x, int) else x

    @task_group
    def inner(a, b):
        return leaf(a, b)

    @task_group
    def outer(a):
        o = outer_task(a)
        i = inner.partial(a=a).expand(b=["x", "y"])
        c = collect(i)
        leaf.override(task_id="l2")(o, 0)
        return c

    outer.expand(a=[1, 2])

with DAG("pulls", **S):

    @task
    def one(v):
        return v

    @task
    def look(ti=None, x=None):
        a = ti.xcom_pull(task_ids="one")
        b = ti.xcom_pull(task_ids="one", map_indexes=[0, 2])
        c = ti.xcom_pull(task_ids="one", map_indexes=1)
        d = ti.xcom_pull(task_ids=["one"])
        e = ti.xcom_pull(task_ids="one", map_indexes=None)
        g = ti.xcom_pull(task_ids="one", map_indexes=9, default=5)
        h = ti.xcom_pull(task_ids=["one", "only"])
        i = ti.xcom_pull(task_ids="only")
        return repr([a, b, c, d, e, g, h, i, x, len(x), x[-1], x[0:2], x == [1, 2, 3], list(x), x == (1, 2, 3), str(x)])

    only = one.override(task_id="only").expand(v=[7])
    o = one.expand(v=[1, 2, 3])
    only >> look(x=o)
