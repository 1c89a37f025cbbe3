"""Written as for Airflow 3: everything from airflow.sdk and the standard provider."""

from __future__ import annotations

import pendulum

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Label, TaskGroup, TriggerRule, Variable, chain, get_current_context, task

with DAG(
    dag_id="era_3",
    schedule="0 6 * * *",
    start_date=pendulum.datetime(2025, 1, 1, tz="UTC"),
    tags=["era"],
    params={"greeting": "hello"},
):

    @task
    def greet(ds=None, params=None):
        return f"{params['greeting']} on {ds}"

    @task.branch
    def choose():
        return "ways.one"

    @task(trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
    def finish(text):
        return [text, get_current_context()["run_id"]]

    greeting = greet()
    with TaskGroup("ways") as ways:
        one = BashOperator(task_id="one", bash_command="echo one")
        two = BashOperator(task_id="two", bash_command="echo two")
    way = choose()
    greeting >> way >> Label("either") >> ways
    chain([one, two], finish(greeting))
