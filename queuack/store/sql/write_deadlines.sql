-- name: insert_deadline_alerts
-- Alerts of new versions of DAGs.
INSERT INTO deadline_alert (id, created_at, serialized_dag_id, name, reference, interval, callback_def)
SELECT
    unnest($id::BIGINT[]), make_timestamptz(unnest($created_at::BIGINT[])), unnest($dag_version_id::BIGINT[]),
    unnest($name::VARCHAR[]), unnest($reference::VARCHAR[])::JSON, unnest($interval::VARCHAR[])::JSON,
    unnest($callback_def::VARCHAR[])::JSON;

-- name: delete_deadlines
-- Deadlines that were kept, and those that are written anew.
DELETE FROM deadline WHERE id IN (SELECT unnest($id::BIGINT[]));

-- name: insert_deadlines
-- Deadlines as they are now.
INSERT INTO deadline (
    id, created_at, last_updated_at, dagrun_id, deadline_time, missed, callback_id, deadline_alert_id
)
SELECT
    unnest($id::BIGINT[]), make_timestamptz(unnest($created_at::BIGINT[])),
    make_timestamptz(unnest($last_updated_at::BIGINT[])), unnest($dagrun_id::BIGINT[]),
    make_timestamptz(unnest($deadline_time::BIGINT[])), unnest($missed::BOOLEAN[]), unnest($callback_id::BIGINT[]),
    unnest($deadline_alert_id::BIGINT[]);

-- name: delete_dag_deadlines
-- All that a DAG left in deadline, found by its runs: before they go.
DELETE FROM deadline WHERE dagrun_id IN (SELECT id FROM dag_run WHERE dag_id = $dag_id);

-- name: delete_dag_alerts
-- All that a DAG left in deadline_alert, found by its versions: before they go.
DELETE FROM deadline_alert WHERE serialized_dag_id IN (SELECT id FROM dag_version WHERE dag_id = $dag_id);
