-- fragment: backfill_columns
    b.id, b.dag_id, epoch_us(b.from_date) AS from_date, epoch_us(b.to_date) AS to_date,
    b.dag_run_conf::VARCHAR AS dag_run_conf, b.is_paused, b.reprocess_behavior, b.max_active_runs,
    epoch_us(b.created_at) AS created_at, epoch_us(b.completed_at) AS completed_at,
    epoch_us(b.updated_at) AS updated_at, b.triggering_user_name, b.run_on_latest_version

-- name: list_backfills
-- Backfills, newest first. A filter that is NULL does not filter.
SELECT {backfill_columns}, coalesce(d.dag_display_name, b.dag_id) AS dag_display_name
FROM backfill b
LEFT JOIN dag d ON d.dag_id = b.dag_id
WHERE ($dag_id::VARCHAR IS NULL OR b.dag_id = $dag_id) AND ($id::BIGINT IS NULL OR b.id = $id)
    AND ($active::BOOLEAN IS NULL OR $active = (b.completed_at IS NULL))
ORDER BY b.id DESC
LIMIT $limit::BIGINT OFFSET $offset::BIGINT;

-- name: count_backfill_dates
-- How many dates of some backfills have a run in which state, no run for which reason, or have not been looked at.
SELECT b.backfill_id, coalesce(r.state, b.exception_reason, 'pending') AS outcome, count(*) AS count
FROM backfill_dag_run b
LEFT JOIN dag_run r ON r.id = b.dag_run_id
WHERE b.backfill_id IN (SELECT unnest($backfill_id::BIGINT[]))
GROUP BY ALL
ORDER BY ALL;

-- name: list_backfill_dates
-- The dates of a backfill in order, each with its run.
SELECT
    b.id, b.backfill_id, b.dag_run_id, b.exception_reason, epoch_us(b.logical_date) AS logical_date, b.partition_key,
    b.sort_ordinal, r.run_id, r.state
FROM backfill_dag_run b
LEFT JOIN dag_run r ON r.id = b.dag_run_id
WHERE b.backfill_id = $backfill_id
ORDER BY b.sort_ordinal
LIMIT $limit::BIGINT OFFSET $offset::BIGINT;

-- name: runs_at
-- The latest run for each of some dates or partitions of a DAG: by logical date, or by partition date.
SELECT
    id, run_id, state, epoch_us(logical_date) AS logical_date, epoch_us(partition_date) AS partition_date
FROM dag_run
WHERE dag_id = $dag_id AND (
    logical_date IN (SELECT make_timestamptz(unnest($logical_dates::BIGINT[])))
    OR (logical_date IS NULL AND partition_date IN (SELECT make_timestamptz(unnest($partition_dates::BIGINT[]))))
)
QUALIFY row_number() OVER (
    PARTITION BY logical_date, partition_date ORDER BY coalesce(start_date, queued_at) DESC NULLS LAST, id DESC
) = 1;

-- name: taken_run_ids
-- Which of some run ids a DAG has.
SELECT run_id FROM dag_run WHERE dag_id = $dag_id AND run_id IN (SELECT unnest($run_ids::VARCHAR[]));
