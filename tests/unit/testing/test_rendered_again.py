"""The rendered fields of tasks that set some of them themselves are those at the task's end."""

from __future__ import annotations

from typing import Any

from queuack.authoring.dag import DAG
from queuack.authoring.decorators import task
from queuack.testing import test_dag as run_dag


def test_the_command_of_a_bash_task(home: Any) -> None:
    with DAG("d", schedule=None) as dag:

        @task.bash
        def good() -> str:
            return "echo {{ run_id }}"

        @task.bash
        def bad() -> str:
            return "exit 1"

        good()
        bad()
    run = run_dag(dag)
    assert run.rendered["good", -1]["bash_command"] == f"echo {run.run_id}"
    assert run.rendered["bad", -1]["bash_command"] == "exit 1"
    assert run.task_states["bad", -1] == "failed"


def test_the_sql_of_a_duckdb_task(home: Any) -> None:
    with DAG("d", schedule=None) as dag:

        @task.duckdb
        def q() -> str:
            return "select '{{ ti.task_id }}'"

        q()
    run = run_dag(dag)
    assert run.rendered["q", -1]["sql"] == "select 'q'"
    assert run.xcoms["q", -1, "return_value"] == [("q",)]
