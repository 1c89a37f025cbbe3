-- name: begin_map_indexes
-- The one instance of a task that is expanded becomes the first of the mapped ones.
UPDATE task_instance SET map_index = 0
FROM (SELECT unnest($ti_id::BIGINT[]) AS id) u
WHERE task_instance.id = u.id AND task_instance.map_index = -1;

-- name: insert_mapped_instances
-- The other instances of expanded tasks, made from the first: ten thousand of them pass six values.
INSERT INTO task_instance (
    id, dag_run_id, dag_id, run_id, task_id, map_index, dag_version_id, try_number, max_tries, pool, pool_slots, queue,
    priority_weight, operator, custom_operator_name, hostname, unixname, external_executor_id, run_after, updated_at
)
SELECT
    u.first_id + n.n, ti.dag_run_id, ti.dag_id, ti.run_id, ti.task_id, u.first_index + n.n, ti.dag_version_id, 0,
    u.max_tries, ti.pool, ti.pool_slots, ti.queue, ti.priority_weight, ti.operator, ti.custom_operator_name, '', '', '',
    ti.run_after, make_timestamptz(u.at)
FROM (
    SELECT
        unnest($ti_id::BIGINT[]) AS ti_id, unnest($first_id::BIGINT[]) AS first_id,
        unnest($first_index::INTEGER[]) AS first_index, unnest($count::INTEGER[]) AS count,
        unnest($max_tries::INTEGER[]) AS max_tries, unnest($at::BIGINT[]) AS at
) u
JOIN task_instance ti ON ti.id = u.ti_id
CROSS JOIN LATERAL unnest(range(u.count)) AS n(n)
ORDER BY 1;

-- name: delete_lengths
-- Lengths that are replaced or no longer hold.
DELETE FROM task_map USING (
    SELECT
        unnest($run_key::BIGINT[]) AS dag_run_id, unnest($task_id::VARCHAR[]) AS task_id,
        unnest($map_index::INTEGER[]) AS map_index
) u
WHERE task_map.dag_run_id = u.dag_run_id AND task_map.task_id = u.task_id AND task_map.map_index = u.map_index;

-- name: insert_lengths
-- How long things are that others are mapped over.
INSERT INTO task_map (dag_run_id, dag_id, run_id, task_id, map_index, length)
SELECT
    unnest($run_key::BIGINT[]), unnest($dag_id::VARCHAR[]), unnest($run_id::VARCHAR[]), unnest($task_id::VARCHAR[]),
    unnest($map_index::INTEGER[]), unnest($length::INTEGER[]);

-- name: update_rendered_map_indexes
-- What map_index_template gave.
UPDATE task_instance SET rendered_map_index = u.rendered_map_index
FROM (
    SELECT unnest($id::BIGINT[]) AS id, unnest($rendered_map_index::VARCHAR[]) AS rendered_map_index
) u
WHERE task_instance.id = u.id;

-- name: delete_dag_lengths
-- All that a DAG left in task_map.
DELETE FROM task_map WHERE dag_id = $dag_id;

-- name: revise_instances
-- Instances that run again in another version of their DAG: what the version says of their tasks.
UPDATE task_instance SET
    dag_version_id = $dag_version_id::BIGINT, operator = u.operator, custom_operator_name = u.operator_name,
    pool = u.pool, pool_slots = u.pool_slots, queue = u.queue, priority_weight = u.priority_weight
FROM (
    SELECT
        unnest($ids::BIGINT[]) AS id, unnest($operators::VARCHAR[]) AS operator,
        unnest($operator_names::VARCHAR[]) AS operator_name, unnest($pools::VARCHAR[]) AS pool,
        unnest($pool_slots::INTEGER[]) AS pool_slots, unnest($queues::VARCHAR[]) AS queue,
        unnest($priority_weights::INTEGER[]) AS priority_weight
) u
WHERE task_instance.id = u.id;
