-- fragment: instance_columns
    ti.id, ti.dag_run_id, ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.dag_version_id, ti.state, ti.try_number,
    ti.max_tries, epoch_us(ti.start_date) AS start_date, epoch_us(ti.end_date) AS end_date, ti.duration,
    epoch_us(ti.scheduled_dttm) AS scheduled_dttm, epoch_us(ti.queued_dttm) AS queued_dttm,
    epoch_us(ti.next_try_at) AS next_try_at, ti.pool, ti.pool_slots, ti.queue, ti.priority_weight, ti.operator,
    ti.custom_operator_name AS operator_name, ti.hostname, ti.unixname, ti.pid, ti.external_executor_id,
    ti.rendered_map_index, ti.note, epoch_us(ti.updated_at) AS updated_at

-- name: list_instances
-- The task instances of one run, found by the run's id through zone maps.
SELECT {instance_columns}
FROM task_instance ti
WHERE ti.dag_run_id = $run_key::BIGINT
    AND ($states::VARCHAR[] IS NULL OR list_contains($states::VARCHAR[], ti.state))
ORDER BY ti.task_id, ti.map_index;

-- name: get_instance
-- One task instance.
SELECT {instance_columns}
FROM task_instance ti
WHERE ti.dag_run_id = $run_key::BIGINT AND ti.task_id = $task_id AND ti.map_index = $map_index;

-- name: last_map_index
-- The highest map index of a task in a run.
SELECT max(ti.map_index) AS map_index
FROM task_instance ti
WHERE ti.dag_run_id = $run_key::BIGINT AND ti.task_id = $task_id
HAVING count(*) > 0;

-- name: get_instance_by_id
-- One task instance by the id that the daemon and the workers use.
SELECT {instance_columns} FROM task_instance ti WHERE ti.id = $id::BIGINT;

-- name: task_states
-- What became of tasks in some runs of a DAG, for sensors and templates. A filter that is NULL does not filter.
SELECT
    ti.run_id, epoch_us(r.logical_date) AS logical_date, ti.task_id, ti.map_index, ti.state, ti.try_number
FROM task_instance ti
JOIN dag_run r ON r.id = ti.dag_run_id
WHERE r.dag_id = $dag_id
    AND ($run_ids::VARCHAR[] IS NULL OR list_contains($run_ids::VARCHAR[], r.run_id))
    AND ($logical_dates::BIGINT[] IS NULL OR list_contains($logical_dates::BIGINT[], epoch_us(r.logical_date)))
    AND ($task_ids::VARCHAR[] IS NULL OR list_contains($task_ids::VARCHAR[], ti.task_id))
    AND ($states::VARCHAR[] IS NULL OR list_contains($states::VARCHAR[], ti.state))
ORDER BY ti.id;

-- name: previous_instance
-- A task in the run before: that of the latest logical date before one. A filter that is NULL does not filter.
SELECT
    ti.task_id, ti.dag_id, ti.run_id, epoch_us(r.logical_date) AS logical_date, epoch_us(ti.start_date) AS start_date,
    epoch_us(ti.end_date) AS end_date, ti.state, ti.try_number, ti.map_index, ti.duration
FROM task_instance ti
JOIN dag_run r ON r.id = ti.dag_run_id
WHERE r.dag_id = $dag_id
    AND ti.task_id = $task_id
    AND ti.map_index = $map_index
    AND ($before::BIGINT IS NULL OR r.logical_date < make_timestamptz($before::BIGINT))
    AND ($state::VARCHAR IS NULL OR ti.state = $state)
ORDER BY r.logical_date DESC NULLS LAST, r.id DESC
LIMIT 1;

-- name: list_history
-- Earlier attempts of a task instance (or of a whole run), oldest first.
SELECT
    h.task_instance_id, h.dag_run_id, h.dag_id, h.run_id, h.task_id, h.map_index, h.dag_version_id, h.state,
    h.try_number, h.max_tries, epoch_us(h.start_date) AS start_date, epoch_us(h.end_date) AS end_date, h.duration,
    epoch_us(h.scheduled_dttm) AS scheduled_dttm, epoch_us(h.queued_dttm) AS queued_dttm, h.pool, h.pool_slots,
    h.queue, h.priority_weight, h.operator, h.custom_operator_name AS operator_name, h.hostname, h.unixname, h.pid,
    h.external_executor_id, h.rendered_map_index, epoch_us(h.updated_at) AS updated_at
FROM task_instance_history h
WHERE h.dag_run_id = $run_key::BIGINT
    AND ($task_id::VARCHAR IS NULL OR h.task_id = $task_id)
    AND ($map_index::INTEGER IS NULL OR h.map_index = $map_index)
ORDER BY h.task_instance_id, h.try_number;

-- name: rendered_fields
-- What the templates of one task instance became.
SELECT rendered_fields FROM rendered_task_instance_fields
WHERE dag_run_id = $run_key::BIGINT AND task_id = $task_id AND map_index = $map_index;

-- name: rendered_fields_of
-- What the templates of some task instances became.
SELECT f.dag_run_id, f.task_id, f.map_index, f.rendered_fields
FROM (
    SELECT
        unnest($run_key::BIGINT[]) AS run_key, unnest($task_id::VARCHAR[]) AS task_id,
        unnest($map_index::INTEGER[]) AS map_index
) u
JOIN rendered_task_instance_fields f
    ON f.dag_run_id = u.run_key AND f.task_id = u.task_id AND f.map_index = u.map_index;

-- name: count_instances
-- How many task instances of one run are in each state.
SELECT state, count(*) AS count FROM task_instance WHERE dag_run_id = $run_key::BIGINT GROUP BY state ORDER BY state;

-- name: recent_durations
-- Mean seconds of successful attempts by task, over the newest rows only: ids grow, so zone maps skip the rest.
SELECT dag_id, task_id, avg(duration) AS mean_duration
FROM task_instance
WHERE id > $from_id::BIGINT AND state = 'success' AND duration IS NOT NULL
GROUP BY dag_id, task_id;

-- name: last_instance_id
-- The highest id there is.
SELECT coalesce(max(id), 0) FROM task_instance;

-- name: list_instances_of_runs
-- The task instances of some runs, found by the runs' ids through zone maps.
SELECT {instance_columns}
FROM task_instance ti
WHERE ti.dag_run_id IN (SELECT unnest($run_keys::BIGINT[]))
ORDER BY ti.dag_run_id, ti.task_id, ti.map_index;
