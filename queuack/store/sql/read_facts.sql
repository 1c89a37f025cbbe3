-- name: get_xcom
-- One XCom of one task instance.
SELECT key, encoding, value, value_bytes, epoch_us(timestamp) AS timestamp, run_id, map_index
FROM xcom
WHERE dag_run_id = $run_key::BIGINT AND dag_id = $dag_id AND run_id = $run_id AND task_id = $task_id
    AND map_index = $map_index AND key = $key
LIMIT 1;

-- name: get_xcom_of_prior_dates
-- The XCom of this run or of the latest run before it that has one.
SELECT x.key, x.encoding, x.value, x.value_bytes, epoch_us(x.timestamp) AS timestamp, x.run_id, x.map_index
FROM xcom x
JOIN dag_run r ON r.id = x.dag_run_id
WHERE r.dag_id = $dag_id AND x.dag_id = $dag_id AND x.task_id = $task_id AND x.map_index = $map_index AND x.key = $key
    AND coalesce(r.logical_date, r.run_after) <= (
        SELECT coalesce(logical_date, run_after) FROM dag_run WHERE id = $run_key::BIGINT
    )
ORDER BY coalesce(r.logical_date, r.run_after) DESC, x.timestamp DESC
LIMIT 1;

-- name: slice_xcoms
-- XComs of a task's instances under one key, by map index. A limit that is NULL does not limit.
SELECT map_index, encoding, value, value_bytes
FROM xcom
WHERE dag_run_id = $run_key::BIGINT AND dag_id = $dag_id AND run_id = $run_id AND task_id = $task_id AND key = $key
ORDER BY map_index
LIMIT $limit::BIGINT OFFSET $offset::BIGINT;

-- name: xcoms_of_prior_dates
-- The XComs of a task's instances in this run and in every run before it, by map index, then from the earliest run on.
SELECT x.run_id, x.map_index, x.encoding, x.value, x.value_bytes
FROM xcom x
JOIN dag_run r ON r.id = x.dag_run_id
WHERE r.dag_id = $dag_id AND x.dag_id = $dag_id AND x.task_id = $task_id AND x.key = $key
    AND coalesce(r.logical_date, r.run_after) <= (
        SELECT coalesce(logical_date, run_after) FROM dag_run WHERE id = $run_key::BIGINT
    )
ORDER BY x.map_index, coalesce(r.logical_date, r.run_after);

-- name: count_xcoms
-- How many of a task's instances have an XCom under one key.
SELECT count(*) AS found
FROM xcom
WHERE dag_run_id = $run_key::BIGINT AND dag_id = $dag_id AND run_id = $run_id AND task_id = $task_id AND key = $key;

-- name: list_xcoms
-- XComs of one run. A filter that is NULL does not filter.
SELECT
    dag_id, run_id, task_id, map_index, key, encoding, value, value_bytes, epoch_us(timestamp) AS timestamp
FROM xcom
WHERE dag_run_id = $run_key::BIGINT AND dag_id = $dag_id AND run_id = $run_id
    AND ($task_id::VARCHAR IS NULL OR task_id = $task_id)
    AND ($map_index::INTEGER IS NULL OR map_index = $map_index)
    AND ($key::VARCHAR IS NULL OR key = $key)
ORDER BY task_id, map_index, key;

-- name: list_log
-- The audit log, newest first. A filter that is NULL does not filter.
SELECT
    id, epoch_us(dttm) AS dttm, event, dag_id, run_id, task_id, map_index, try_number,
    epoch_us(logical_date) AS logical_date, owner, extra
FROM log
WHERE ($dag_id::VARCHAR IS NULL OR dag_id = $dag_id)
    AND ($run_id::VARCHAR IS NULL OR run_id = $run_id)
    AND ($task_id::VARCHAR IS NULL OR task_id = $task_id)
    AND ($event::VARCHAR IS NULL OR event = $event)
ORDER BY id DESC
LIMIT $limit::BIGINT OFFSET $offset::BIGINT;

-- name: list_callbacks
-- Callbacks in the order of their creation. A filter that is NULL does not filter.
SELECT id, state, dag_id, run_id, task_id, map_index, kind, reason, epoch_us(created_at) AS created_at
FROM callback
WHERE ($dag_id::VARCHAR IS NULL OR dag_id = $dag_id) AND ($run_id::VARCHAR IS NULL OR run_id = $run_id)
ORDER BY id;

-- name: count_all_runs
-- How many runs there are.
SELECT count(*) FROM dag_run;

-- name: count_all_instances
-- How many task instances there are.
SELECT count(*) FROM task_instance;

-- name: count_large_xcoms
-- XComs whose value is in a file of its own.
SELECT count(*) FROM xcom WHERE starts_with(encoding, 'file:');
