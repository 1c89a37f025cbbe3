-- name: list_hitl_details
-- What tasks have asked people, oldest first. A filter that is NULL does not filter.
SELECT
    h.ti_id, ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.state, h.try_number, h.options::VARCHAR AS options,
    h.subject, h.body, h.defaults::VARCHAR AS defaults, h.multiple, h.params::VARCHAR AS params,
    h.assignees::VARCHAR AS assigned_users, epoch_us(h.created_at) AS created_at,
    epoch_us(h.responded_at) AS responded_at, h.responded_by::VARCHAR AS responded_by_user,
    h.chosen_options::VARCHAR AS chosen_options, h.params_input::VARCHAR AS params_input,
    h.responded_at IS NOT NULL AS response_received
FROM hitl_detail h
JOIN task_instance ti ON ti.id = h.ti_id
WHERE ($ti_id::BIGINT IS NULL OR h.ti_id = $ti_id)
    AND ($dag_id::VARCHAR IS NULL OR ti.dag_id = $dag_id)
    AND ($run_id::VARCHAR IS NULL OR ti.run_id = $run_id)
    AND ($task_id::VARCHAR IS NULL OR ti.task_id = $task_id)
    AND ($map_index::INTEGER IS NULL OR ti.map_index = $map_index)
    AND ($response_received::BOOLEAN IS NULL OR (h.responded_at IS NOT NULL) = $response_received)
    AND ($state::VARCHAR IS NULL OR ti.state = $state)
ORDER BY h.created_at, h.ti_id
LIMIT $limit::BIGINT OFFSET $offset::BIGINT;

-- name: hitl_detail_of_try
-- What a task instance asked in one of its tries.
SELECT
    h.options::VARCHAR AS options, h.subject, h.body, h.defaults::VARCHAR AS defaults, h.multiple,
    h.params::VARCHAR AS params, h.assignees::VARCHAR AS assigned_users, epoch_us(h.created_at) AS created_at,
    epoch_us(h.responded_at) AS responded_at, h.responded_by::VARCHAR AS responded_by_user,
    h.chosen_options::VARCHAR AS chosen_options, h.params_input::VARCHAR AS params_input,
    h.responded_at IS NOT NULL AS response_received
FROM (
    SELECT * FROM hitl_detail WHERE ti_id = $ti_id AND try_number = $try_number
    UNION ALL BY NAME
    SELECT ti_history_id AS ti_id, * EXCLUDE (ti_history_id) FROM hitl_detail_history
    WHERE ti_history_id = $ti_id AND try_number = $try_number
) h;
