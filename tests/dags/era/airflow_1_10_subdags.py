"""Written as for Airflow 1.10 with SubDAGs: a function that makes the child, nested, with a pool, in the parent's file."""

from airflow.models import DAG
from airflow.operators.dummy_operator import DummyOperator
from airflow.operators.python_operator import PythonOperator
from airflow.operators.subdag_operator import SubDagOperator
from airflow.utils.dates import days_ago

DAG_NAME = "era_1_10_subdags"

args = {"owner": "airflow", "start_date": days_ago(2)}


def report(part, **context):
    return "%s %s %s" % (part, context["ds"], context["dag"].dag_id)


def section(parent_dag_name, child_dag_name, args, inner=True):
    dag = DAG(
        dag_id="%s.%s" % (parent_dag_name, child_dag_name),
        default_args=args,
        schedule_interval="@daily",
    )
    tasks = []
    for i in range(2):
        tasks.append(
            PythonOperator(
                task_id="task_%s" % (i + 1),
                python_callable=report,
                op_args=[i],
                provide_context=True,
                pool="default_pool",
                dag=dag,
            )
        )
    if inner:
        SubDagOperator(
            task_id="inner",
            subdag=section(dag.dag_id, "inner", args, inner=False),
            default_args=args,
            dag=dag,
        ).set_upstream(tasks)
    return dag


dag = DAG(dag_id=DAG_NAME, default_args=args, schedule_interval="@once", catchup=False)

start = DummyOperator(task_id="start", default_args=args, dag=dag)
section_1 = SubDagOperator(task_id="section-1", subdag=section(DAG_NAME, "section-1", args), default_args=args, dag=dag)
between = DummyOperator(task_id="between", default_args=args, dag=dag)
section_2 = SubDagOperator(
    task_id="section-2", subdag=section(DAG_NAME, "section-2", args, inner=False), default_args=args, dag=dag
)
end = DummyOperator(task_id="end", default_args=args, dag=dag)

start.set_downstream(section_1)
section_1.set_downstream(between)
between.set_downstream(section_2)
section_2.set_downstream(end)
