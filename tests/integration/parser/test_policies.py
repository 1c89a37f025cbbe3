"""Cluster policies of ``airflow_local_settings`` alter, refuse and leave out DAGs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from queuack import DAG
from queuack.authoring.policies import forget_policies
from queuack.engine.spec import decode
from queuack.home import Home
from queuack.operators.python import PythonOperator
from queuack.parser.scan import scan

SETTINGS = """
from airflow.exceptions import AirflowClusterPolicySkipDag, AirflowClusterPolicyViolation
def dag_policy(a_dag):
    if a_dag.dag_id == "refused":
        raise AirflowClusterPolicyViolation("no tags, no DAG")
    if a_dag.dag_id == "left_out":
        raise AirflowClusterPolicySkipDag("not here")
    a_dag.tags.add("by policy")
def task_policy(task):
    task.queue = "ours"
def task_instance_mutation_hook(ti, run=None):
    assert (ti.dag_id, ti.map_index, ti.try_number, run) == ("good", -1, 0, None)
    if ti.operator == "EmptyOperator" and ti.queue == "ours":
        ti.pool = "small"
        ti.priority_weight += ti.pool_slots
"""
DAGS = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator
for name in ("good", "refused", "left_out"):
    with DAG(name):
        EmptyOperator(task_id="t")
        EmptyOperator.partial(task_id="u").expand_kwargs([{"pool_slots": 2}])
"""


@pytest.mark.parametrize("folder", ["config", "plugins"])
def test_policies(folder: str, tmp_path: Path) -> None:
    forget_policies()  # this process may have looked for them
    home = Home(tmp_path)
    home.prepare()
    (home.root / folder).mkdir(exist_ok=True)
    (home.root / folder / "airflow_local_settings.py").write_text(SETTINGS)
    (home.dags / "some.py").write_text(DAGS)
    (parsed,) = scan(home)
    (document,) = [decode(each) for each in parsed.documents]
    assert (document.dag_id, document.tags, document.tasks[0].queue) == ("good", ("by policy",), "ours")
    assert [(task.pool, task.priority_weight) for task in document.tasks] == [("small", 2), ("small", 2)]
    (failure,) = parsed.failures
    assert "'refused'" in failure.message
    assert "AirflowClusterPolicyViolation: no tags, no DAG" in failure.message


def test_environment_of_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = 'def get_airflow_context_vars(context): return {"site": context["task"].task_id}'
    (tmp_path / "airflow_local_settings.py").write_text(given)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "airflow_local_settings", raising=False)
    forget_policies()
    try:
        with DAG("good") as dag:
            PythonOperator(task_id="t", python_callable=lambda: os.environ["AIRFLOW_CTX_SITE"])
        assert dag.test().xcoms["t", -1, "return_value"] == "t"
    finally:
        sys.modules.pop("airflow_local_settings", None)
        forget_policies()
