-- name: ended_since
-- How many runs ended since an instant, and how many of them well. Runs end in about the order of their ids.
SELECT count(*), count(*) FILTER (WHERE state = 'success')
FROM dag_run
WHERE end_date >= make_timestamptz($since::BIGINT);

-- name: active_runs
-- Runs that are not over, newest first.
SELECT id, dag_id, run_id, state, epoch_us(start_date) AS start_date, epoch_us(queued_at) AS queued_at
FROM dag_run
WHERE state IN ('running', 'queued')
ORDER BY dag_run.id DESC
LIMIT $shown::BIGINT;

-- name: failed_last_runs
-- DAGs whose last run failed, the latest first.
SELECT l.dag_id, l.run_id, epoch_us(l.end_date) AS end_date
FROM (
    SELECT dag_id, max_by(run_id, id) AS run_id, max_by(state, id) AS state, max_by(end_date, id) AS end_date
    FROM dag_run
    GROUP BY dag_id
) l
JOIN dag d ON d.dag_id = l.dag_id AND NOT d.is_stale
WHERE l.state = 'failed'
ORDER BY l.end_date DESC
LIMIT $shown::BIGINT;

-- name: next_dags
-- DAGs whose next run comes soonest.
SELECT dag_id, timetable_summary, epoch_us(next_dagrun_create_after) AS next_dagrun_create_after
FROM dag
WHERE NOT is_paused AND NOT is_stale AND next_dagrun_create_after IS NOT NULL
ORDER BY dag.next_dagrun_create_after
LIMIT $shown::BIGINT;

-- name: all_tags
-- For the filter of lists.
SELECT DISTINCT t.name FROM dag_tag t JOIN dag d ON d.dag_id = t.dag_id AND NOT d.is_stale ORDER BY t.name;
