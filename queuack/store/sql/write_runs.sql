-- name: insert_runs
-- New DAG runs. The writer knows which ids are new (they only grow), so nothing is looked up.
INSERT INTO dag_run (
    id, dag_id, run_id, run_type, state, logical_date, data_interval_start, data_interval_end, run_after, queued_at,
    start_date, end_date, conf, triggered_by, triggering_user_name, note, created_dag_version_id, clear_number,
    updated_at, partition_key, partition_date, backfill_id, parent_dag_id, parent_run_id, parent_task_id,
    parent_map_index
)
SELECT
    unnest($id::BIGINT[]), unnest($dag_id::VARCHAR[]), unnest($run_id::VARCHAR[]), unnest($run_type::VARCHAR[]),
    unnest($state::VARCHAR[]), make_timestamptz(unnest($logical_date::BIGINT[])),
    make_timestamptz(unnest($data_interval_start::BIGINT[])), make_timestamptz(unnest($data_interval_end::BIGINT[])),
    make_timestamptz(unnest($run_after::BIGINT[])), make_timestamptz(unnest($queued_at::BIGINT[])),
    make_timestamptz(unnest($start_date::BIGINT[])), make_timestamptz(unnest($end_date::BIGINT[])),
    unnest($conf::VARCHAR[])::JSON, unnest($triggered_by::VARCHAR[]), unnest($triggering_user_name::VARCHAR[]),
    unnest($note::VARCHAR[]), unnest($dag_version_id::BIGINT[]), unnest($clear_number::INTEGER[]),
    make_timestamptz(unnest($updated_at::BIGINT[])), unnest($partition_key::VARCHAR[]),
    make_timestamptz(unnest($partition_date::BIGINT[])), unnest($backfill_id::BIGINT[]),
    unnest($parent_dag_id::VARCHAR[]), unnest($parent_run_id::VARCHAR[]), unnest($parent_task_id::VARCHAR[]),
    unnest($parent_map_index::INTEGER[]);

-- name: update_runs
-- What changes in the life of a DAG run.
UPDATE dag_run SET
    state = u.state, queued_at = make_timestamptz(u.queued_at), start_date = make_timestamptz(u.start_date),
    end_date = make_timestamptz(u.end_date), conf = u.conf::JSON, note = u.note,
    created_dag_version_id = u.dag_version_id, clear_number = u.clear_number,
    updated_at = make_timestamptz(u.updated_at), run_type = u.run_type, triggered_by = u.triggered_by,
    backfill_id = u.backfill_id
FROM (
    SELECT
        unnest($id::BIGINT[]) AS id, unnest($state::VARCHAR[]) AS state, unnest($queued_at::BIGINT[]) AS queued_at,
        unnest($start_date::BIGINT[]) AS start_date, unnest($end_date::BIGINT[]) AS end_date,
        unnest($conf::VARCHAR[]) AS conf, unnest($note::VARCHAR[]) AS note,
        unnest($dag_version_id::BIGINT[]) AS dag_version_id, unnest($clear_number::INTEGER[]) AS clear_number,
        unnest($run_type::VARCHAR[]) AS run_type, unnest($triggered_by::VARCHAR[]) AS triggered_by,
        unnest($backfill_id::BIGINT[]) AS backfill_id, unnest($updated_at::BIGINT[]) AS updated_at
) u
WHERE dag_run.id = u.id;

-- name: run_keys
-- The ids of DAG runs known by name, for rows that come from workers.
SELECT dag_id, run_id, id FROM dag_run
WHERE (dag_id, run_id) IN (SELECT unnest($dag_id::VARCHAR[]), unnest($run_id::VARCHAR[]));

-- name: last_run_key
-- The highest id of a DAG run ever handed out: every higher one is new.
SELECT greatest(
    (SELECT coalesce(max(id), 0) FROM dag_run),
    (SELECT coalesce(max(value), 0) FROM id_floor WHERE name = 'dag_run')
);

-- name: delete_instances_of_runs
-- The task instances of runs that have not begun and move to a newer version, before theirs are written. None of them
-- ever ran, so nothing else hangs on them.
DELETE FROM task_instance WHERE dag_run_id IN (SELECT unnest($run_key::BIGINT[]));

-- name: insert_reschedules
-- Looks of sensors that asked to be run again later. Duration is computed here, in seconds.
INSERT INTO task_reschedule (ti_id, dag_run_id, try_number, start_date, end_date, duration, reschedule_date)
SELECT
    u.ti_id, u.run_key, u.try_number, make_timestamptz(u.start_date), make_timestamptz(u.end_date),
    (u.end_date - u.start_date) / 1e6, make_timestamptz(u.reschedule_date)
FROM (
    SELECT
        unnest($ti_id::BIGINT[]) AS ti_id, unnest($run_key::BIGINT[]) AS run_key,
        unnest($try_number::INTEGER[]) AS try_number, unnest($start_date::BIGINT[]) AS start_date,
        unnest($end_date::BIGINT[]) AS end_date, unnest($reschedule_date::BIGINT[]) AS reschedule_date
) u;
