-- list: hitl_details
-- What tasks have asked people, with the place of the task instance. There are few, and their task instances are found by id.
-- base: (SELECT q.*, t.dag_run_id, t.dag_id, t.run_id, t.task_id, t.map_index, t.state, t.operator, t.rendered_map_index, t.run_after FROM hitl_detail q JOIN task_instance t ON t.id = q.ti_id) h
-- key: h.ti_id
-- column: ti_id h.ti_id
-- column: subject h.subject
-- column: body h.body
-- column: created_at h.created_at
-- column: responded_at h.responded_at
-- column: responded_by_user_id json_extract_string(h.responded_by, '$.id')
-- column: responded_by_user_name json_extract_string(h.responded_by, '$.name')
-- column: dag_id h.dag_id
-- column: run_id h.run_id
-- column: task_id h.task_id
-- column: task_display_name h.task_id
-- column: map_index h.map_index
-- column: rendered_map_index coalesce(h.rendered_map_index, h.map_index::VARCHAR)
-- column: state coalesce(h.state, 'none')
-- column: task_instance_state coalesce(h.state, 'none')
-- column: task_instance_operator h.operator
-- column: run_after coalesce(h.run_after, (SELECT r.run_after FROM dag_run r WHERE r.id = h.dag_run_id))
-- condition: response_received (h.responded_at IS NOT NULL) = $value
SELECT
    h.ti_id, h.dag_id, h.run_id, h.options::VARCHAR AS options, h.subject, h.body,
    h.defaults::VARCHAR AS defaults, h.multiple, h.params::VARCHAR AS params, h.assignees::VARCHAR AS assigned_users,
    epoch_us(h.created_at) AS created_at, epoch_us(h.responded_at) AS responded_at,
    h.responded_by::VARCHAR AS responded_by_user, h.chosen_options::VARCHAR AS chosen_options,
    h.params_input::VARCHAR AS params_input, h.responded_at IS NOT NULL AS response_received
FROM {page} h;
