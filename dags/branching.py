"""A branch: every minute, take one of two ways and come together again.

`choose` returns the task id of the way to take; the other way is skipped. `join` waits for both and runs when at
least one succeeded and none failed: that is its trigger rule. With the default rule, `all_success`, it would be
skipped too.
"""

from __future__ import annotations

from datetime import datetime

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Label, task

with DAG(
    dag_id="branching",
    schedule="* * * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["example"],
    doc_md=__doc__,
):

    @task.branch
    def choose(logical_date: datetime | None = None) -> str:
        """By the minute: even or odd."""
        minute = logical_date.minute if logical_date else 0
        return "even_minute" if minute % 2 == 0 else "odd_minute"

    @task
    def even_minute() -> str:
        return "even"

    @task
    def odd_minute() -> str:
        return "odd"

    join = EmptyOperator(task_id="join", trigger_rule="none_failed_min_one_success")

    way = choose()
    way >> Label("even") >> even_minute() >> join
    way >> Label("odd") >> odd_minute() >> join
