-- name: delete_backfills
-- Backfills by id, which are written anew.
DELETE FROM backfill WHERE id IN (SELECT unnest($id::BIGINT[]));

-- name: insert_backfills
-- Backfills, new or changed.
INSERT INTO backfill (
    id, dag_id, from_date, to_date, dag_run_conf, is_paused, reprocess_behavior, max_active_runs, created_at,
    completed_at, updated_at, triggering_user_name, run_on_latest_version
)
SELECT
    unnest($id::BIGINT[]), unnest($dag_id::VARCHAR[]), make_timestamptz(unnest($from_date::BIGINT[])),
    make_timestamptz(unnest($to_date::BIGINT[])), unnest($dag_run_conf::VARCHAR[])::JSON,
    unnest($is_paused::BOOLEAN[]), unnest($reprocess_behavior::VARCHAR[]), unnest($max_active_runs::INTEGER[]),
    make_timestamptz(unnest($created_at::BIGINT[])), make_timestamptz(unnest($completed_at::BIGINT[])),
    make_timestamptz(unnest($updated_at::BIGINT[])), unnest($triggering_user_name::VARCHAR[]),
    unnest($run_on_latest_version::BOOLEAN[]);

-- name: insert_backfill_dates
-- What a backfill is to have, nothing made yet.
INSERT INTO backfill_dag_run (
    id, backfill_id, logical_date, partition_key, sort_ordinal, data_interval_start, data_interval_end, run_after,
    partition_date
)
SELECT
    $first_id::BIGINT + u.ordinal, $backfill_id::BIGINT, make_timestamptz(u.logical_date), u.partition_key,
    u.ordinal + 1, make_timestamptz(u.starts), make_timestamptz(u.ends), make_timestamptz(u.run_after),
    make_timestamptz(u.partition_date)
FROM (
    SELECT
        unnest(range(len($run_after::BIGINT[]))) AS ordinal, unnest($logical_date::BIGINT[]) AS logical_date,
        unnest($start::BIGINT[]) AS starts, unnest($end::BIGINT[]) AS ends, unnest($run_after::BIGINT[]) AS run_after,
        unnest($partition_key::VARCHAR[]) AS partition_key, unnest($partition_date::BIGINT[]) AS partition_date
) u;

-- name: update_backfill_dates
-- What has become of dates of a backfill.
UPDATE backfill_dag_run SET dag_run_id = u.dag_run_id, exception_reason = u.exception_reason
FROM (
    SELECT
        unnest($id::BIGINT[]) AS id, unnest($dag_run_id::BIGINT[]) AS dag_run_id,
        unnest($exception_reason::VARCHAR[]) AS exception_reason
) u
WHERE backfill_dag_run.id = u.id;
