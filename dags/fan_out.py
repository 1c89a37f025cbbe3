"""A fan-out: 200 small tasks side by side between one that plans and one that sums up.

Runs every ten minutes. Good for watching the workers: `queuack tasks states-for-dag-run fan_out RUN_ID`.
The tasks are made in a loop, so the graph is fixed when this file is read.
"""

from __future__ import annotations

from datetime import datetime

from airflow.sdk import DAG, task

WIDTH = 200

with DAG(
    dag_id="fan_out",
    schedule="*/10 * * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=WIDTH,
    tags=["example"],
    doc_md=__doc__,
):

    @task
    def plan() -> int:
        """What the others work on."""
        return 7

    @task
    def work(number: int, factor: int) -> int:
        """One piece of the work."""
        return number * factor

    @task
    def sum_up(pieces: list[int]) -> int:
        """All results together."""
        return sum(pieces)

    factor = plan()
    sum_up([work.override(task_id=f"work_{number:03d}")(number, factor) for number in range(WIDTH)])
