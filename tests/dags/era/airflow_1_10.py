"""Written as for Airflow 1.10: flat imports, provide_context, default_args with a moving start date, set_downstream."""

import airflow
from airflow import DAG
from airflow.contrib.sensors.file_sensor import FileSensor
from airflow.contrib.sensors.python_sensor import PythonSensor
from airflow.models import DagRun, Variable
from airflow.operators.bash_operator import BashOperator
from airflow.operators.dummy_operator import DummyOperator
from airflow.operators.python_operator import BranchPythonOperator, PythonOperator
from airflow.utils.decorators import apply_defaults
from airflow.models import BaseOperator
from airflow.utils.dates import days_ago
from airflow.utils.db import provide_session
from airflow.utils.trigger_rule import TriggerRule
from datetime import timedelta

default_args = {
    "owner": "data-team",
    "depends_on_past": False,
    "start_date": days_ago(2),
    "email": ["data@example.com"],
    "email_on_failure": False,
    "retries": 1,
    "retry_delay": timedelta(minutes=5),
}

dag = DAG(
    "era_1_10",
    default_args=default_args,
    description="A DAG of 1.10",
    schedule_interval="0 3 * * *",
    catchup=False,
    concurrency=4,
    max_active_runs=1,
)


class GreetOperator(BaseOperator):
    template_fields = ("name",)
    ui_color = "#e8f7e4"

    @apply_defaults
    def __init__(self, name, *args, **kwargs):
        super(GreetOperator, self).__init__(*args, **kwargs)
        self.name = name

    def execute(self, context):
        return "hello " + self.name


def push(**context):
    context["ti"].xcom_push(key="number", value=41)
    return context["ds"]


def pull(**context):
    number = context["task_instance"].xcom_pull(task_ids="push", key="number")
    return number + 1


@provide_session
def count_runs(session=None, **context):
    return (
        session.query(DagRun)
        .filter(DagRun.dag_id == "era_1_10", DagRun.execution_date == context["execution_date"])
        .count()
    )


city = Variable.get("era_city", default_var="Rome")

start = DummyOperator(task_id="start", dag=dag)
arrived = FileSensor(task_id="arrived", filepath=__file__, poke_interval=1, timeout=60, dag=dag)
ready = PythonSensor(task_id="ready", python_callable=lambda: True, poke_interval=1, dag=dag)
runs = PythonOperator(task_id="runs", python_callable=count_runs, provide_context=True, dag=dag)
dates = BashOperator(
    task_id="dates",
    bash_command="echo {{ execution_date.strftime('%Y-%m-%d') }} {{ yesterday_ds }} {{ tomorrow_ds_nodash }} {{ params.city }} "
    "{{ ti.xcom_pull(task_ids='push', key='number') }}",
    params={"city": city},
    xcom_push=True,
    dag=dag,
)
push_task = PythonOperator(task_id="push", python_callable=push, provide_context=True, dag=dag)
pull_task = PythonOperator(task_id="pull", python_callable=pull, provide_context=True, dag=dag)
greet = GreetOperator(task_id="greet", name="{{ ds_nodash }}", dag=dag)
branch = BranchPythonOperator(task_id="branch", python_callable=lambda: "left", dag=dag)
left = BashOperator(task_id="left", bash_command="echo left {{ ds }}", dag=dag)
right = BashOperator(task_id="right", bash_command="echo right", dag=dag)
end = DummyOperator(task_id="end", trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS, dag=dag)

start.set_downstream([arrived, ready])
push_task.set_upstream([arrived, ready])
push_task >> [runs, dates] >> end
push_task >> pull_task >> greet >> branch
branch >> [left, right] >> end
moment = airflow.utils.dates.days_ago(1)
