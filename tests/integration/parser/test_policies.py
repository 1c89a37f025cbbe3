"""Cluster policies of ``airflow_local_settings`` alter, refuse and leave out DAGs."""

from __future__ import annotations

from pathlib import Path

import pytest

from queuack.engine.spec import decode
from queuack.home import Home
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
"""
DAGS = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator
for name in ("good", "refused", "left_out"):
    with DAG(name):
        EmptyOperator(task_id="t")
"""


@pytest.mark.parametrize("folder", ["config", "plugins"])
def test_policies(folder: str, tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    (home.root / folder).mkdir(exist_ok=True)
    (home.root / folder / "airflow_local_settings.py").write_text(SETTINGS)
    (home.dags / "some.py").write_text(DAGS)
    (parsed,) = scan(home)
    (document,) = [decode(each) for each in parsed.documents]
    assert (document.dag_id, document.tags, document.tasks[0].queue) == ("good", ("by policy",), "ours")
    (failure,) = parsed.failures
    assert "'refused'" in failure.message
    assert "AirflowClusterPolicyViolation: no tags, no DAG" in failure.message
