-- name: old_run_notes
-- When the notes that are about to be replaced were first written.
SELECT dag_run_id, epoch_us(created_at) FROM dag_run_note WHERE dag_run_id IN (SELECT unnest($id::BIGINT[]));

-- name: delete_run_notes
-- Notes that are replaced or taken away.
DELETE FROM dag_run_note WHERE dag_run_id IN (SELECT unnest($id::BIGINT[]));

-- name: insert_run_notes
-- Notes on runs.
INSERT INTO dag_run_note (user_id, dag_run_id, content, created_at, updated_at)
SELECT
    unnest($user::VARCHAR[]), unnest($id::BIGINT[]), unnest($content::VARCHAR[]),
    make_timestamptz(unnest($created_at::BIGINT[])), make_timestamptz(unnest($at::BIGINT[]));

-- name: old_instance_notes
-- The same for task instances.
SELECT ti_id, epoch_us(created_at) FROM task_instance_note WHERE ti_id IN (SELECT unnest($id::BIGINT[]));

-- name: delete_instance_notes
-- Notes that are replaced or taken away.
DELETE FROM task_instance_note WHERE ti_id IN (SELECT unnest($id::BIGINT[]));

-- name: insert_instance_notes
-- Notes on task instances.
INSERT INTO task_instance_note (user_id, ti_id, content, created_at, updated_at)
SELECT
    unnest($user::VARCHAR[]), unnest($id::BIGINT[]), unnest($content::VARCHAR[]),
    make_timestamptz(unnest($created_at::BIGINT[])), make_timestamptz(unnest($at::BIGINT[]));

-- name: update_instance_notes
-- The text where lists read it.
UPDATE task_instance SET note = u.content
FROM (SELECT unnest($id::BIGINT[]) AS id, unnest($content::VARCHAR[]) AS content) u
WHERE task_instance.id = u.id;
