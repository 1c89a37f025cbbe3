"""An ETL into a DuckDB file: make up a day's orders, sum them by product, load them, check the result.

Runs every hour. Shows the usual shape of a pipeline in Airflow's language:

* values travel between tasks as XComs: what a `@task` function returns, the next one receives;
* the run is idempotent: a rerun of an hour replaces that hour's rows instead of adding them twice;
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
    def extract(ds: str | None = None, ts: str | None = None) -> list[dict]:
        """Orders of one hour; a real DAG would read an API or a folder. The same hour gives the same orders."""
        chance = random.Random(ts)
        products = ["bread", "rusks", "corn", "oats"]
        return [
            {"day": ds, "product": chance.choice(products), "amount": chance.randint(1, 20)}
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
    def load(totals: dict[str, int], ts: str | None = None) -> int:
        """Replace this hour's rows; gives the number of rows written."""
        import duckdb  # here, so that reading this file stays fast

        DATABASE.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(DATABASE)) as connection:
            connection.execute("create table if not exists sales (hour text, product text, amount bigint)")
            connection.execute("begin")
            connection.execute("delete from sales where hour = ?", [ts])
            for product, amount in sorted(totals.items()):
                connection.execute("insert into sales values (?, ?, ?)", [ts, product, amount])
            connection.execute("commit")
        return len(totals)

    report = BashOperator(
        task_id="report",
        bash_command=(
            'echo \'{{ ti.xcom_pull(task_ids="load") }} products loaded for {{ ds }},'
            " the business day before is {{ macros.business_day.previous_business_day(ds) }}'"
        ),
    )

    load(transform(extract())) >> report


etl_duckdb()
