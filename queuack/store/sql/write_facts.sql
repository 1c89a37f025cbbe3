-- name: delete_xcoms
-- Single XComs that are replaced or deleted. Rows of a run lie together, so the run's id finds them by zone map.
DELETE FROM xcom USING (
    SELECT
        unnest($dag_run_id::BIGINT[]) AS dag_run_id, unnest($dag_id::VARCHAR[]) AS dag_id,
        unnest($run_id::VARCHAR[]) AS run_id, unnest($task_id::VARCHAR[]) AS task_id,
        unnest($map_index::INTEGER[]) AS map_index, unnest($key::VARCHAR[]) AS key
) u
WHERE xcom.dag_run_id = u.dag_run_id AND xcom.dag_id = u.dag_id AND xcom.run_id = u.run_id
    AND xcom.task_id = u.task_id AND xcom.map_index = u.map_index AND xcom.key = u.key;

-- name: delete_xcoms_of_instances
-- Every XCom of some task instances.
DELETE FROM xcom USING (
    SELECT
        unnest($dag_run_id::BIGINT[]) AS dag_run_id, unnest($dag_id::VARCHAR[]) AS dag_id,
        unnest($run_id::VARCHAR[]) AS run_id, unnest($task_id::VARCHAR[]) AS task_id,
        unnest($map_index::INTEGER[]) AS map_index
) u
WHERE xcom.dag_run_id = u.dag_run_id AND xcom.dag_id = u.dag_id AND xcom.run_id = u.run_id
    AND xcom.task_id = u.task_id AND xcom.map_index = u.map_index;

-- name: insert_xcoms
-- XComs that are not there (replaced ones were deleted before).
INSERT INTO xcom (
    dag_run_id, dag_id, run_id, task_id, map_index, key, encoding, value, value_bytes, timestamp
)
SELECT
    unnest($dag_run_id::BIGINT[]), unnest($dag_id::VARCHAR[]), unnest($run_id::VARCHAR[]),
    unnest($task_id::VARCHAR[]), unnest($map_index::INTEGER[]), unnest($key::VARCHAR[]),
    unnest($encoding::VARCHAR[]), unnest($value::VARCHAR[]), unnest($value_bytes::BLOB[]),
    make_timestamptz(unnest($at::BIGINT[]));

-- name: delete_rendered_fields
-- Rendered fields that are replaced.
DELETE FROM rendered_task_instance_fields r USING (
    SELECT
        unnest($dag_run_id::BIGINT[]) AS dag_run_id, unnest($dag_id::VARCHAR[]) AS dag_id,
        unnest($run_id::VARCHAR[]) AS run_id, unnest($task_id::VARCHAR[]) AS task_id,
        unnest($map_index::INTEGER[]) AS map_index
) u
WHERE r.dag_run_id = u.dag_run_id AND r.dag_id = u.dag_id AND r.run_id = u.run_id AND r.task_id = u.task_id
    AND r.map_index = u.map_index;

-- name: insert_rendered_fields
-- What templates became, as text of a JSON object.
INSERT INTO rendered_task_instance_fields (dag_run_id, dag_id, run_id, task_id, map_index, rendered_fields)
SELECT
    unnest($dag_run_id::BIGINT[]), unnest($dag_id::VARCHAR[]), unnest($run_id::VARCHAR[]),
    unnest($task_id::VARCHAR[]), unnest($map_index::INTEGER[]), unnest($rendered::VARCHAR[]);

-- name: insert_log
-- The audit log.
INSERT INTO log (
    id, dttm, event, dag_id, run_id, task_id, map_index, try_number, logical_date, owner, extra
)
SELECT
    unnest($id::BIGINT[]), make_timestamptz(unnest($at::BIGINT[])), unnest($event::VARCHAR[]),
    unnest($dag_id::VARCHAR[]), unnest($run_id::VARCHAR[]), unnest($task_id::VARCHAR[]),
    unnest($map_index::INTEGER[]), unnest($try_number::INTEGER[]), make_timestamptz(unnest($logical_date::BIGINT[])),
    unnest($owner::VARCHAR[]), unnest($extra::VARCHAR[]);

-- name: last_log_id
-- Where the numbering of the audit log goes on.
SELECT coalesce(max(id), 0) FROM log;

-- name: insert_callbacks
-- Callbacks to run, pending (queued in the triggerer) until somebody says that it ran them.
INSERT INTO callback (
    id, state, dag_id, run_id, task_id, map_index, kind, reason, created_at, type, data, trigger_id
)
SELECT
    unnest($id::BIGINT[]), unnest($state::VARCHAR[]), unnest($dag_id::VARCHAR[]), unnest($run_id::VARCHAR[]),
    unnest($task_id::VARCHAR[]), unnest($map_index::INTEGER[]), unnest($kind::VARCHAR[]), unnest($reason::VARCHAR[]),
    make_timestamptz(unnest($created_at::BIGINT[])), unnest($runner::VARCHAR[]), unnest($data::VARCHAR[])::JSON,
    unnest($trigger_id::BIGINT[]);

-- name: finish_callbacks
-- Callbacks that ran. Their rows stay, so that their ids are never used again.
UPDATE callback SET state = u.state, output = u.output, trigger_id = NULL
FROM (
    SELECT
        unnest($id::BIGINT[]) AS id, unnest($state::VARCHAR[]) AS state, unnest($output::VARCHAR[]) AS output
) u
WHERE callback.id = u.id;
