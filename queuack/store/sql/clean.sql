-- name: runs_to_clean
-- Finished runs that ended before an instant, less those that a restart would miss: of each DAG the latest scheduled run
-- (the next follows from it), the latest finished run and any right before an unfinished one (for tasks that depend on
-- the past), runs by hand ahead of the schedule (their dates are taken), failures since the last success where a DAG
-- pauses itself after so many, runs of which a callback has still to run or a deadline to miss, runs of backfills that are not complete, and
-- those of a SubDAG whose parent is there.
WITH placed AS (
    SELECT
        id, dag_id, run_id, state, run_type, logical_date, run_after, end_date, start_date, partition_key, backfill_id,
        parent_dag_id, parent_run_id,
        coalesce(state IN ('success', 'failed'), false) AS finished,
        lead(coalesce(state IN ('success', 'failed'), false)) OVER later AS next_finished,
        max(CASE WHEN state = 'success' THEN run_after END) OVER (PARTITION BY dag_id) AS last_success,
        max(CASE WHEN run_type = 'scheduled' THEN logical_date END) OVER (PARTITION BY dag_id) AS last_scheduled
    FROM dag_run
    WHERE ($dag_ids::VARCHAR[] IS NULL OR list_contains($dag_ids::VARCHAR[], dag_id))
        AND NOT list_contains($exclude_dag_ids::VARCHAR[], dag_id)
    WINDOW later AS (PARTITION BY dag_id ORDER BY coalesce(logical_date, run_after), id)
),
kept AS (
    SELECT arg_max(id, coalesce(logical_date, run_after)) AS id FROM placed
    WHERE run_type = 'scheduled' AND (logical_date IS NOT NULL OR partition_key IS NOT NULL) GROUP BY dag_id
    UNION ALL SELECT max(id) FROM placed WHERE run_type <> 'manual' GROUP BY dag_id
    UNION ALL SELECT arg_max(id, (coalesce(logical_date, run_after), id)) FROM placed WHERE finished GROUP BY dag_id
)
SELECT p.id
FROM placed p
LEFT JOIN dag d ON d.dag_id = p.dag_id
WHERE p.finished AND p.id > $after::BIGINT
    AND coalesce(p.end_date, p.start_date, p.run_after) < make_timestamptz($before::BIGINT)
    AND coalesce(p.next_finished, true)
    AND NOT (p.run_type <> 'scheduled' AND p.logical_date IS NOT NULL
        AND (p.last_scheduled IS NULL OR p.logical_date > p.last_scheduled)
        AND d.timetable_type IS DISTINCT FROM 'NullTimetable')
    AND NOT (p.state = 'failed' AND coalesce(d.max_consecutive_failed_dag_runs, 0) > 0
        AND (p.last_success IS NULL OR p.run_after > p.last_success))
    AND NOT (coalesce(d.max_consecutive_failed_dag_runs, 0) > 0 AND p.run_after = p.last_success)
    AND p.id NOT IN (SELECT id FROM kept WHERE id IS NOT NULL)
    AND (p.dag_id, p.run_id) NOT IN (SELECT dag_id, run_id FROM callback WHERE state NOT IN ('success', 'failed', 'done'))
    AND (p.backfill_id IS NULL OR p.backfill_id NOT IN (SELECT id FROM backfill WHERE completed_at IS NULL))
    AND (p.parent_run_id IS NULL
        OR (p.parent_dag_id, p.parent_run_id) NOT IN (SELECT dag_id, run_id FROM dag_run))
    AND p.id NOT IN (SELECT dagrun_id FROM deadline WHERE NOT missed AND dagrun_id IS NOT NULL)
ORDER BY p.id
LIMIT $limit::BIGINT;

-- name: instances_of_runs
-- How many task instances hang on each of some runs.
SELECT dag_run_id, count(*)
FROM task_instance
WHERE dag_run_id BETWEEN list_min($run_key::BIGINT[]) AND list_max($run_key::BIGINT[])
    AND dag_run_id IN (SELECT unnest($run_key::BIGINT[]))
GROUP BY dag_run_id;

-- name: was_cleaned
-- Whether the deletion of a portion has been committed.
SELECT count(*) > 0 FROM log WHERE event = 'db clean' AND json_extract_string(extra, '$.portion') = $portion;

-- name: keep_id_floor_of_all
-- Before rows are deleted: the highest ids used, so that no id is ever handed out twice.
INSERT INTO id_floor
SELECT 'dag_run', coalesce(max(id), 0) FROM dag_run
UNION ALL SELECT 'task_instance', coalesce(max(id), 0) FROM task_instance
UNION ALL SELECT 'callback', coalesce(max(id), 0) FROM callback;

-- name: large_xcoms_of_runs
-- The names of the files in which large XComs of some runs are.
SELECT value_bytes FROM xcom
WHERE dag_run_id BETWEEN list_min($run_key::BIGINT[]) AND list_max($run_key::BIGINT[])
    AND dag_run_id IN (SELECT unnest($run_key::BIGINT[])) AND starts_with(encoding, 'file:');
