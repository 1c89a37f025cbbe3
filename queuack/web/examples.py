"""Queries that the SQL page offers to begin with. They are text for people; the store runs what people send."""

from __future__ import annotations

EXAMPLES: tuple[tuple[str, str], ...] = (
    (
        "Runs of the last day by state",
        """SELECT dag_id, state, count(*) AS runs
FROM dag_run
WHERE run_after > now() - INTERVAL 1 DAY
GROUP BY ALL
ORDER BY runs DESC""",
    ),
    (
        "Slowest tasks of the last 100 runs",
        """SELECT dag_id, task_id, median(duration) AS p50, max(duration) AS longest
FROM task_instance
WHERE dag_run_id > (SELECT max(id) - 100 FROM dag_run)
GROUP BY ALL
ORDER BY longest DESC
LIMIT 20""",
    ),
    (
        "Length of each run of a DAG",
        """SELECT start_date, epoch(end_date - start_date) AS seconds
FROM dag_run
WHERE dag_id = 'NAME' AND end_date IS NOT NULL
ORDER BY start_date DESC
LIMIT 200""",
    ),
    (
        "Who did what",
        """SELECT dttm, owner, event, dag_id, extra
FROM log
WHERE owner IS NOT NULL
ORDER BY id DESC
LIMIT 100""",
    ),
)
"""(what it answers, SQL)."""
