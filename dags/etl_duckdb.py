"""An ETL into a DuckDB file: make up an hour's orders, sum them by product, load them, report.

Runs every hour. Shows the usual shape of a pipeline in Airflow's language:

* values travel between tasks as XComs: what a `@task` function returns, the next one receives;
* the run is idempotent: a rerun of an hour replaces that hour's rows instead of adding them twice;
* a run that is triggered without a logical date works, too: its hour is the one it was asked for in;
* `max_active_runs=1`, because DuckDB lets one process write a file at a time;
* a template uses a macro from `plugins/business_day.py`.

The database is `data/orders.duckdb` beside the `dags/` folder; look at it with
`duckdb data/orders.duckdb "select * from sales"` when no run is writing.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import dag, task

DATABASE = Path(__file__).resolve().parent.parent / "data" / "orders.duckdb"


def hour_of(dag_run) -> str:
    """The hour that a run is about. `ds`, `ts` and `logical_date` exist only in runs with a logical date."""
    moment = dag_run.logical_date or dag_run.run_after
    return moment.strftime("%Y-%m-%dT%H:00")


@dag(
    schedule="@hourly",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
    tags=["example", "duckdb"],
    doc_md=__doc__,
)
def etl_duckdb():
    @task
    def extract(dag_run=None) -> list[dict]:
        """Orders of one hour; a real DAG would read an API or a folder. The same hour gives the same orders."""
        hour = hour_of(dag_run)
        chance = random.Random(hour)
        products = ["bread", "rusks", "corn", "oats"]
        return [
            {"hour": hour, "product": chance.choice(products), "amount": chance.randint(1, 20)}
            for _ in range(chance.randint(20, 60))
        ]

    @task
    def transform(orders: list[dict]) -> dict[str, int]:
        """Amount by product."""
        totals: dict[str, int] = {}
        for order in orders:
            totals[order["product"]] = totals.get(order["product"], 0) + order["amount"]
        return totals

    @task
    def load(totals: dict[str, int], dag_run=None) -> int:
        """Replace this hour's rows; gives the number of rows written."""
        import duckdb  # here, so that reading this file stays fast

        hour = hour_of(dag_run)
        DATABASE.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(DATABASE)) as connection:
            connection.execute("create table if not exists sales (hour text, product text, amount bigint)")
            connection.execute("begin")
            connection.execute("delete from sales where hour = ?", [hour])
            for product, amount in sorted(totals.items()):
                connection.execute("insert into sales values (?, ?, ?)", [hour, product, amount])
            connection.execute("commit")
        return len(totals)

    report = BashOperator(
        task_id="report",
        bash_command=(
            "{% set day = (dag_run.logical_date or dag_run.run_after) | ds %}"
            'echo \'{{ ti.xcom_pull(task_ids="load") }} products loaded for {{ day }},'
            " the business day before is {{ macros.business_day.previous_business_day(day) }}'"
        ),
    )

    load(transform(extract())) >> report


etl_duckdb()
