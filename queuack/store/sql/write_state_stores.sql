-- name: delete_task_states
-- Single keys of task instances, replaced or deleted; without key, all of an instance.
DELETE FROM task_state_store USING (
    SELECT
        unnest($dag_run_id::BIGINT[]) AS dag_run_id, unnest($task_id::VARCHAR[]) AS task_id,
        unnest($map_index::INTEGER[]) AS map_index, unnest($key::VARCHAR[]) AS key
) u
WHERE task_state_store.dag_run_id = u.dag_run_id AND task_state_store.task_id = u.task_id
    AND task_state_store.map_index = u.map_index AND (u.key IS NULL OR task_state_store.key = u.key);

-- name: insert_task_states
-- What task instances keep.
INSERT INTO task_state_store (
    dag_run_id, dag_id, run_id, task_id, map_index, key, value, updated_at, expires_at
)
SELECT
    unnest($dag_run_id::BIGINT[]), unnest($dag_id::VARCHAR[]), unnest($run_id::VARCHAR[]),
    unnest($task_id::VARCHAR[]), unnest($map_index::INTEGER[]), unnest($key::VARCHAR[]), unnest($value::VARCHAR[]),
    make_timestamptz(unnest($updated_at::BIGINT[])), make_timestamptz(unnest($expires_at::BIGINT[]));

-- name: delete_expired_task_states
-- What has outlived its retention.
DELETE FROM task_state_store WHERE expires_at < make_timestamptz($at::BIGINT);

-- name: delete_asset_states
-- Single keys of assets, replaced or deleted; without key, all of an asset.
DELETE FROM asset_state_store USING (SELECT unnest($asset_id::BIGINT[]) AS asset_id, unnest($key::VARCHAR[]) AS key) u
WHERE asset_state_store.asset_id = u.asset_id AND (u.key IS NULL OR asset_state_store.key = u.key);

-- name: insert_asset_states
-- What is kept for assets.
INSERT INTO asset_state_store (
    asset_id, key, value, updated_at, last_updated_by_kind, last_updated_by_dag_id, last_updated_by_run_id,
    last_updated_by_task_id, last_updated_by_map_index
)
SELECT
    unnest($asset_id::BIGINT[]), unnest($key::VARCHAR[]), unnest($value::VARCHAR[]),
    make_timestamptz(unnest($updated_at::BIGINT[])), unnest($kind::VARCHAR[]), unnest($dag_id::VARCHAR[]),
    unnest($run_id::VARCHAR[]), unnest($task_id::VARCHAR[]), unnest($map_index::INTEGER[]);

-- name: delete_orphaned_asset_states
-- What is kept for assets that are no longer active: no task can reach it any more.
DELETE FROM asset_state_store WHERE asset_id NOT IN (
    SELECT a.id FROM asset a JOIN asset_active c ON c.name = a.name AND c.uri = a.uri
);
