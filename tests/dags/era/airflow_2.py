"""Written as for Airflow 2: TaskFlow from airflow.decorators, task groups, chain, Label, timezone-aware dates."""

from __future__ import annotations

import json
from datetime import timedelta

import pendulum

from airflow import DAG
from airflow.datasets import Dataset
from airflow.decorators import dag, task, task_group
from airflow.exceptions import AirflowSkipException
from airflow.models import Variable
from airflow.models.baseoperator import chain
from airflow.models.param import Param
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator, ShortCircuitOperator, get_current_context
from airflow.sensors.date_time import DateTimeSensorAsync
from airflow.timetables.trigger import CronTriggerTimetable
from airflow.utils.edgemodifier import Label
from airflow.utils.task_group import TaskGroup
from airflow.utils.trigger_rule import TriggerRule


@dag(
    dag_id="era_2_taskflow",
    schedule="@daily",
    start_date=pendulum.datetime(2023, 1, 1, tz="UTC"),
    catchup=False,
    params={"size": Param(3, type="integer", minimum=1)},
    tags=["era"],
)
def taskflow():
    @task(multiple_outputs=True)
    def extract(params=None):
        size = params["size"]
        return {"numbers": list(range(size)), "size": size}

    @task_group
    def transform(numbers):
        @task
        def double(values):
            return [value * 2 for value in values]

        @task
        def total(values):
            return sum(values)

        return total(double(numbers))

    @task
    def skipped():
        raise AirflowSkipException("not today")

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def load(value):
        context = get_current_context()
        return {"value": value, "day": context["ds"]}

    extracted = extract()
    loaded = load(transform(extracted["numbers"]))
    skipped() >> loaded


taskflow()

with DAG(
    "era_2_operators",
    schedule_interval=timedelta(days=1),
    start_date=pendulum.datetime(2023, 1, 1, tz="Europe/Berlin"),
    catchup=False,
) as operators:
    start = EmptyOperator(task_id="start")
    with TaskGroup("middle", tooltip="in the middle") as middle:
        first = BashOperator(task_id="first", bash_command="echo {{ ds }}")
        second = PythonOperator(task_id="second", python_callable=lambda ti: ti.xcom_pull(task_ids="middle.first"))
        first >> second
    go = ShortCircuitOperator(task_id="go", python_callable=lambda: False)
    never = EmptyOperator(task_id="never")
    chain(start, middle, go)
    go >> Label("on") >> never

orders = Dataset("s3://shop/orders.csv")

with DAG(
    "era_2_producer",
    timetable=CronTriggerTimetable("0 3 * * *", timezone="UTC"),
    start_date=pendulum.datetime(2023, 1, 1, tz="UTC"),
    catchup=False,
    default_args={"retries": 2, "retry_exponential_backoff": True, "max_retry_delay": timedelta(minutes=5)},
) as producer:
    shops = Variable.get("era_shops", default_var='["north", "south"]', deserialize_json=False)

    @task(outlets=[orders])
    def collect(names, **context):
        context["outlet_events"][orders].extra = {"shops": len(names)}
        return names

    @task
    def length(name, suffix):
        return len(name + suffix)

    @task
    def total(lengths):
        return sum(lengths)

    total(length.partial(suffix="!").expand(name=collect(json.loads(shops))))

with DAG(
    "era_2_consumer", schedule=[orders], start_date=pendulum.datetime(2023, 1, 1, tz="UTC"), catchup=False
) as consumer:

    @task
    def triggered_by(triggering_dataset_events=None, **context):
        events = context["triggering_asset_events"]
        return {asset.uri: [event.extra for event in found] for asset, found in events.items()}

    with TaskGroup("waiting"):
        wait = DateTimeSensorAsync(task_id="wait", target_time="{{ macros.datetime(2023, 1, 1) }}")
    wait >> triggered_by()
