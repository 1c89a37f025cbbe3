"""``python -m tests.bench.big_store HOME [--instances N]``: a home folder whose store has millions of task instances.

Two hundred DAGs of twenty tasks, an hourly schedule, as if they had run for months: finished runs of which one in fifty
failed, one XCom in five tasks. The DAGs are registered from a real file; the runs are written in bulk by SQL.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import duckdb

from queuack import app, config
from queuack.home import Home

DAGS = 200
TASKS = 20

DAG_FILE = f"""
from datetime import datetime

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

for number in range({DAGS}):
    with DAG(f"dag_{{number:03d}}", schedule="@hourly", start_date=datetime(2020, 1, 1), catchup=False,
             is_paused_upon_creation=True, tags=[f"team{{number % 10}}"]) as dag:
        last = None
        for step in range({TASKS}):
            task = EmptyOperator(task_id=f"task_{{step:02d}}")
            if last is not None:
                last >> task
            last = task
    globals()[dag.dag_id] = dag
"""

RUNS = """
INSERT INTO dag_run (
    id, dag_id, run_id, run_type, state, logical_date, data_interval_start, data_interval_end, run_after, queued_at,
    start_date, end_date, conf, triggered_by, created_dag_version_id, clear_number, updated_at
)
SELECT
    i + 1, v.dag_id, 'scheduled__' || strftime(date, '%Y-%m-%dT%H:%M:%S+00:00'), 'scheduled',
    CASE WHEN hash(i) % 50 = 0 THEN 'failed' ELSE 'success' END, date, date, date + INTERVAL 1 HOUR, date + INTERVAL 1 HOUR,
    date + INTERVAL 3601 SECOND, date + INTERVAL 3602 SECOND, date + INTERVAL 3602 SECOND + to_seconds((hash(i) % 600)::INT),
    '{}', 'timetable', v.id, 0, date + INTERVAL 2 HOUR
FROM (SELECT i, make_timestamptz($start + (i // $dags) * 3600000000) AS date FROM range($runs) r(i)) r
JOIN (SELECT dag_id, id, row_number() OVER (ORDER BY dag_id) - 1 AS n FROM dag_version) v ON v.n = i % $dags
ORDER BY i
"""

INSTANCES = """
INSERT INTO task_instance (
    id, dag_run_id, dag_id, run_id, task_id, map_index, dag_version_id, state, try_number, max_tries, start_date,
    end_date, duration, scheduled_dttm, queued_dttm, pool, pool_slots, queue, priority_weight, operator,
    custom_operator_name, hostname, unixname, pid, external_executor_id, run_after, updated_at
)
SELECT
    (r.id - 1) * $tasks + t.n + 1, r.id, r.dag_id, r.run_id, 'task_' || lpad(t.n::VARCHAR, 2, '0'), -1,
    r.created_dag_version_id,
    CASE WHEN r.state = 'success' OR t.n < 10 THEN 'success' WHEN t.n = 10 THEN 'failed' ELSE 'upstream_failed' END,
    1, 0, r.start_date + to_seconds(t.n), r.start_date + to_seconds(t.n) + INTERVAL 500 MILLISECOND, 0.5,
    r.start_date, r.start_date, 'default_pool', 1, 'default', $tasks - t.n, 'EmptyOperator', NULL, 'host', 'me',
    1000 + (r.id % 4)::INT, 'w' || (r.id % 4), r.run_after, r.end_date
FROM dag_run r CROSS JOIN range($tasks) t(n)
WHERE r.id > $from AND r.id <= $to
ORDER BY r.id, t.n
"""

XCOMS = """
INSERT INTO xcom
SELECT dag_run_id, dag_id, run_id, task_id, map_index, 'return_value', 'json', id::VARCHAR, NULL, end_date
FROM task_instance WHERE id % 5 = 0 ORDER BY id
"""

PORTION = 50_000
"""Runs a statement."""


def build(root: Path, instances: int) -> None:
    """Make the home folder at ``root``. The last run ends about now, so that listing by date finds what it would."""
    home = Home(root)
    home.prepare()
    (home.dags / "many.py").write_text(DAG_FILE)
    config.configure(config.load(home, {}))
    service = app.offline_service(home)
    service.sync()
    service.close()
    runs = instances // TASKS
    start = (int(time.time()) // 3600 - 2 - runs // DAGS) * 3600 * 1_000_000
    connection = duckdb.connect(home.database, config={"memory_limit": "4GB", "checkpoint_threshold": "1GB"})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(RUNS, {"start": start, "dags": DAGS, "runs": runs})
    for first in range(0, runs, PORTION):
        connection.execute(INSTANCES, {"tasks": TASKS, "from": first, "to": first + PORTION})
        print(f"{min(first + PORTION, runs) * TASKS:,} task instances", file=sys.stderr)
    connection.execute(XCOMS)
    connection.execute("CHECKPOINT")
    connection.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.big_store", description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--instances", type=int, default=10_000_000)
    given = parser.parse_args()
    build(given.home.resolve(), given.instances)
