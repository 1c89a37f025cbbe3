"""Written as for Airflow 3: everything from airflow.sdk and the standard provider."""

from __future__ import annotations

from datetime import timedelta

import pendulum

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.time_delta import WaitSensor
from airflow.sdk import (
    DAG,
    Asset,
    AssetAlias,
    Label,
    Metadata,
    TaskGroup,
    TriggerRule,
    Variable,
    asset,
    chain,
    get_current_context,
    setup,
    task,
    teardown,
)

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

report = Asset("report", uri="s3://shop/report.html", group="reports")


@asset(schedule=None)
def raw_numbers():
    return [1, 2, 3]


@asset(schedule=raw_numbers)
def summary(context, raw_numbers):
    values = context["ti"].xcom_pull(dag_id=raw_numbers.name, task_ids=raw_numbers.name, include_prior_dates=True)
    return sum(values or [])


with DAG("era_3_cluster", schedule=None, default_args={"retries": 0}):

    @setup
    def create():
        return "cluster"

    @teardown
    def delete(name):
        return f"{name} deleted"

    @task(outlets=[report, AssetAlias("anything")])
    def work(name):
        yield Metadata(report, {"made_on": name})

    @task
    async def ask():
        return Variable.get("era_answer", default="42")

    wait = WaitSensor(task_id="wait", time_to_wait=timedelta(milliseconds=10), deferrable=True)
    made = create()
    with delete(made):
        wait >> work(made) >> ask()
