"""A task that fails at its first attempt and succeeds when it is tried again.

Runs every five minutes. `retries` is how often it may be tried again, `retry_delay` how long to wait before;
`retry_exponential_backoff` doubles the wait each time, up to `max_retry_delay`. The log of every attempt is kept:
`queuack tasks logs flaky_retry RUN_ID fetch`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import DAG, task

with DAG(
    dag_id="flaky_retry",
    schedule="*/5 * * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["example"],
    doc_md=__doc__,
):

    @task(
        retries=3,
        retry_delay=timedelta(seconds=2),
        retry_exponential_backoff=True,
        max_retry_delay=timedelta(seconds=30),
    )
    def fetch(ti=None) -> str:
        """Like a server that is not there at first."""
        if ti.try_number == 1:
            raise ConnectionError("nobody answered; the next attempt will do better")
        return f"answered at attempt {ti.try_number}"

    @task
    def celebrate(answer: str) -> None:
        print(answer)

    celebrate(fetch())
