-- list: task_instances
-- Task instances of one run or of many.
-- base: task_instance ti
-- key: ti.id
-- column: id ti.id
-- column: dag_run_id ti.dag_run_id
-- column: dag_id ti.dag_id
-- column: run_id ti.run_id
-- column: task_id ti.task_id
-- column: task_display_name ti.task_id
-- column: map_index ti.map_index
-- column: rendered_map_index coalesce(ti.rendered_map_index, ti.map_index::VARCHAR)
-- column: label ti.rendered_map_index
-- column: state coalesce(ti.state, 'none')
-- column: try_number ti.try_number
-- column: max_tries ti.max_tries
-- column: start_date ti.start_date
-- column: end_date ti.end_date
-- column: duration ti.duration
-- column: scheduled_dttm ti.scheduled_dttm
-- column: queued_dttm ti.queued_dttm
-- column: run_after ti.run_after
-- column: updated_at ti.updated_at
-- column: pool ti.pool
-- column: pool_slots ti.pool_slots
-- column: queue ti.queue
-- column: priority_weight ti.priority_weight
-- column: operator ti.operator
-- column: operator_name coalesce(ti.custom_operator_name, ti.operator)
-- column: hostname ti.hostname
-- column: pid ti.pid
-- column: logical_date (SELECT r.logical_date FROM dag_run r WHERE r.id = ti.dag_run_id)
-- column: data_interval_start (SELECT r.data_interval_start FROM dag_run r WHERE r.id = ti.dag_run_id)
-- column: data_interval_end (SELECT r.data_interval_end FROM dag_run r WHERE r.id = ti.dag_run_id)
-- condition: executor list_contains($value, 'none')
-- condition: run_key ti.dag_run_id = $value::BIGINT
-- condition: logical_date_gte ti.dag_run_id IN (SELECT r.id FROM dag_run r WHERE r.logical_date >= make_timestamptz($value::BIGINT))
-- condition: logical_date_gt ti.dag_run_id IN (SELECT r.id FROM dag_run r WHERE r.logical_date > make_timestamptz($value::BIGINT))
-- condition: logical_date_lte ti.dag_run_id IN (SELECT r.id FROM dag_run r WHERE r.logical_date <= make_timestamptz($value::BIGINT))
-- condition: logical_date_lt ti.dag_run_id IN (SELECT r.id FROM dag_run r WHERE r.logical_date < make_timestamptz($value::BIGINT))
-- condition: version_number ti.dag_version_id IN (SELECT v.id FROM dag_version v WHERE list_contains($value, v.version_number))
SELECT
    ti.id, ti.dag_run_id AS run_key, ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.dag_version_id, ti.state,
    ti.try_number, ti.max_tries, epoch_us(ti.start_date) AS start_date, epoch_us(ti.end_date) AS end_date, ti.duration,
    epoch_us(ti.scheduled_dttm) AS scheduled_dttm, epoch_us(ti.queued_dttm) AS queued_dttm,
    epoch_us(ti.next_try_at) AS next_try_at, ti.pool, ti.pool_slots, ti.queue, ti.priority_weight, ti.operator,
    coalesce(ti.custom_operator_name, ti.operator) AS operator_name, ti.hostname, ti.unixname, ti.pid,
    ti.external_executor_id, ti.rendered_map_index, ti.note, epoch_us(ti.updated_at) AS updated_at,
    epoch_us(r.logical_date) AS logical_date, epoch_us(coalesce(ti.run_after, r.run_after)) AS run_after,
    coalesce(d.dag_display_name, ti.dag_id) AS dag_display_name,
    v.version_number, epoch_us(v.created_at) AS version_created_at, v.bundle_name,
    g.id AS trigger_id, g.classpath AS trigger_classpath, epoch_us(g.created_date) AS trigger_created_date
FROM {page} ti
LEFT JOIN dag_run r ON r.id = ti.dag_run_id
LEFT JOIN dag d ON d.dag_id = ti.dag_id
LEFT JOIN dag_version v ON v.id = ti.dag_version_id
LEFT JOIN trigger g ON g.id = ti.trigger_id;

-- list: task_tries
-- Earlier tries of task instances.
-- base: task_instance_history h
-- key: h.task_instance_id
-- column: try_number h.try_number
-- column: task_id h.task_id
-- column: map_index h.map_index
-- condition: run_key h.dag_run_id = $value::BIGINT
SELECT
    h.task_instance_id AS id, h.dag_id, h.run_id, h.task_id, h.map_index, h.dag_version_id, h.state, h.try_number,
    h.max_tries, epoch_us(h.start_date) AS start_date, epoch_us(h.end_date) AS end_date, h.duration,
    epoch_us(h.scheduled_dttm) AS scheduled_dttm, epoch_us(h.queued_dttm) AS queued_dttm, h.pool, h.pool_slots, h.queue,
    h.priority_weight, h.operator, coalesce(h.custom_operator_name, h.operator) AS operator_name, h.hostname,
    h.unixname, h.pid, coalesce(d.dag_display_name, h.dag_id) AS dag_display_name,
    v.version_number, epoch_us(v.created_at) AS version_created_at, v.bundle_name
FROM {page} h
LEFT JOIN dag d ON d.dag_id = h.dag_id
LEFT JOIN dag_version v ON v.id = h.dag_version_id;
