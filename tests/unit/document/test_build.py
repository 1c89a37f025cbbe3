"""From DAG objects to documents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from queuack.authoring.assets import Asset, AssetAlias, AssetWatcher
from queuack.authoring.dag import DAG
from queuack.authoring.decorators import task
from queuack.authoring.edges import Label
from queuack.authoring.exceptions import AirflowDagCycleException
from queuack.authoring.params import Param
from queuack.authoring.registered import registered
from queuack.authoring.taskgroup import TaskGroup
from queuack.authoring.trigger import BaseEventTrigger, TriggerEvent
from queuack.authoring.weight import PriorityWeightStrategy, PriorityWeightStrategyNotRegistered
from queuack.clock import to_us
from queuack.document.build import document_of
from queuack.engine.plan import compile_plan
from queuack.engine.spec import decode, encode
from queuack.operators.bash import BashOperator
from queuack.operators.empty import EmptyOperator
from queuack.schedule.conditions import AliasRef, AllOf, AssetKey, NameRef


def build(dag: DAG):
    return document_of(dag, relative_fileloc="f.py", fileloc="/dags/f.py")


def test_a_whole_dag():
    with DAG(
        "d",
        schedule="0 3 * * *",
        start_date=datetime(2024, 1, 1),
        tags=["b", "a"],
        params={"n": Param(3, "How many.", type="integer"), "free": Param(type=["null", "string"], default=None)},
        default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
        on_failure_callback=print,
        dagrun_timeout=timedelta(hours=1),
        doc_md="# Help",
    ) as d:
        a = BashOperator(
            task_id="a", bash_command="true", on_success_callback=print, execution_timeout=timedelta(seconds=9)
        )
        with TaskGroup("g", tooltip="tip"):
            b = EmptyOperator(task_id="b", trigger_rule="all_done", retry_exponential_backoff=True)
        a >> Label("yes") >> b
    doc = build(d)
    assert decode(encode(doc)) == doc
    assert encode(build(d)) == encode(doc)
    assert (doc.dag_id, doc.timetable_summary, doc.timezone) == ("d", "0 3 * * *", "UTC")
    assert doc.start_date == to_us(datetime(2024, 1, 1, tzinfo=UTC))
    assert (doc.tags, doc.dagrun_timeout, doc.has_on_failure_callback) == (("a", "b"), 3600.0, True)
    assert doc.params["n"] == {"value": 3, "schema": {"type": "integer"}, "description": "How many."}
    assert doc.default_args == {"retries": 2, "retry_delay": 60.0}
    assert ("a", "g.b", "yes") in doc.edge_labels
    first, second = doc.tasks
    assert (first.task_id, first.task_type, first.downstream_task_ids) == ("a", "BashOperator", ("g.b",))
    assert (first.retries, first.retry_delay, first.execution_timeout, first.callbacks.success) == (2, 60.0, 9.0, True)
    assert (second.task_group, second.trigger_rule, second.is_empty) == ("g", "all_done", True)
    assert second.retry_exponential_backoff == 2.0
    (group,) = doc.task_groups
    assert (group.group_id, group.parent, group.children, group.tooltip) == ("g", None, ("g.b",), "tip")


def test_an_empty_task_that_somebody_listens_to_needs_a_worker():
    with DAG("d") as d:
        EmptyOperator(task_id="a", on_success_callback=print)
        EmptyOperator(task_id="b", outlets=[Asset("x")])
        EmptyOperator(task_id="c")
    assert [t.is_empty for t in build(d).tasks] == [False, False, True]


def test_unfit_dags_are_refused():
    with DAG("d") as d:
        a, b = EmptyOperator(task_id="a"), EmptyOperator(task_id="b")
        a >> b >> a
    with pytest.raises(AirflowDagCycleException):
        build(d)
    with pytest.raises(Exception, match="99 99"):
        build(DAG("d", schedule="99 99 * * *"))
    with DAG("d") as d:
        EmptyOperator(task_id="a", executor_config={"isolation": "jail"})
    with pytest.raises(ValueError, match="isolation"):
        build(d)


def test_start_date_is_the_tasks_when_the_dag_has_none():
    with DAG("d", default_args={"start_date": datetime(2024, 5, 1)}) as d:
        EmptyOperator(task_id="a", start_date=datetime(2024, 3, 1))
    assert build(d).start_date == to_us(datetime(2024, 3, 1, tzinfo=UTC))


def test_continuous_runs_one_at_a_time():
    assert build(DAG("d", schedule="@continuous", max_active_runs=1)).max_active_runs == 1
    with pytest.raises(ValueError, match="max_active_runs"):
        DAG("e", schedule="@continuous")


def test_taskflow_names():
    @task.branch
    def pick():
        return "x"

    with DAG("d", schedule=None) as d:
        pick()
    (only,) = build(d).tasks
    assert (only.task_type, only.operator_name) == ("_BranchPythonDecoratedOperator", "@task.branch")
    assert only.template_fields == ("templates_dict", "op_args", "op_kwargs")


class Decreasing(PriorityWeightStrategy):
    def get_weight(self, ti):
        return 10 + ti.max_tries + ti.try_number


@pytest.mark.parametrize("rule", [Decreasing(), Decreasing, f"{__name__}.Decreasing"])
def test_a_weight_rule_of_ones_own(rule, monkeypatch):
    with DAG("d") as d:
        EmptyOperator(task_id="s", priority_weight=3) >> EmptyOperator(task_id="t", weight_rule=rule, retries=2)
    with pytest.raises(PriorityWeightStrategyNotRegistered, match="priority_weight_strategies"):
        build(d)
    monkeypatch.setattr(registered, "_classes", {"priority_weight_strategies": {f"{__name__}.Decreasing": Decreasing}})
    s, t = build(d).tasks
    assert (t.custom_weight, t.weight_rule, t.priority_weight) == (12, "absolute", 1)
    assert (s.custom_weight, s.weight_rule, s.priority_weight) == (None, "downstream", 3)
    plan = compile_plan(build(d))
    assert [plan.weights[plan.index[name]] for name in ("s", "t")] == [4, 12]
    with pytest.raises(ValueError, match="must be one of"):
        EmptyOperator(task_id="u", weight_rule="sideways")


def test_assets_of_a_dag():
    used, made, alias = Asset("used", extra={"k": 1}), Asset("s3://made"), AssetAlias("alias")
    with DAG("d", schedule=Asset("a") & alias) as d:
        EmptyOperator(task_id="t", inlets=[used, "lineage of another kind"], outlets=[made, alias, Asset.ref(name="r")])
    doc = build(d)
    assert [(asset.name, asset.extra) for asset in doc.assets] == [("a", {}), ("s3://made", {}), ("used", {"k": 1})]
    assert [alias.name for alias in doc.asset_aliases] == ["alias"]
    (task,) = doc.tasks
    assert task.inlets == (AssetKey("used", "used"),)
    assert task.outlets == (AssetKey("s3://made", "s3://made/"), AliasRef("alias"), NameRef("r"))
    assert doc.timetable.condition == AllOf((AssetKey("a", "a"), AliasRef("alias")))
    assert decode(encode(doc)) == doc


def test_watchers_are_data():
    trigger = Watching(path="/x")
    with DAG("d", schedule=Asset("a", watchers=[AssetWatcher("w", trigger)])) as d:
        EmptyOperator(task_id="t")
    (asset,) = build(d).assets
    (watcher,) = asset.watchers
    assert (watcher.name, watcher.classpath, watcher.kwargs) == ("w", "somewhere.Watching", '{"path": "/x"}')
    assert watcher.trigger_hash == BaseEventTrigger.hash("somewhere.Watching", {"path": "/x"})


class Watching(BaseEventTrigger):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def serialize(self):
        return "somewhere.Watching", {"path": self.path}

    async def run(self):
        yield TriggerEvent(self.path)
