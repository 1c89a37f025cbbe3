"""Names of ``airflow.sdk`` that belong to no other subject."""

from __future__ import annotations

import pytest


def test_result_marks_the_task() -> None:
    from airflow.sdk import DAG, result, task

    with DAG("d", schedule=None):

        @result
        @task
        def last() -> int:
            return 1

        @task
        def other() -> int:
            return 1

        assert last().operator.returns_dag_result
        assert not other().operator.returns_dag_result
        assert last.override(task_id="again")().operator.returns_dag_result
    with pytest.raises(TypeError, match="on top of a @task"):
        result(len)


def test_lineage_is_a_module() -> None:
    import airflow.lineage.hook
    from airflow.sdk import lineage

    with pytest.warns(DeprecationWarning, match=r"airflow\.sdk\.lineage"):
        assert airflow.lineage.hook.get_hook_lineage_collector is lineage.get_hook_lineage_collector
