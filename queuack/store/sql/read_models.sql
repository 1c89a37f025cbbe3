-- name: model_dag
-- DAGs, with the columns that Airflow's DagModel has; queries/models.py adds conditions, order and limit.
SELECT
    dag_id, is_paused, is_stale, epoch_us(last_parsed_time) AS last_parsed_time, fileloc, relative_fileloc, bundle_name,
    owners, dag_display_name, description, timetable_summary, timetable_description, max_active_tasks, max_active_runs,
    has_import_errors, epoch_us(next_dagrun) AS next_dagrun,
    epoch_us(next_dagrun_data_interval_start) AS next_dagrun_data_interval_start,
    epoch_us(next_dagrun_data_interval_end) AS next_dagrun_data_interval_end,
    epoch_us(next_dagrun_create_after) AS next_dagrun_create_after
FROM dag;

-- name: model_dag_run
-- Runs, with the columns that Airflow's DagRun has.
SELECT
    id, dag_id, run_id, run_type, state, epoch_us(logical_date) AS logical_date,
    epoch_us(data_interval_start) AS data_interval_start, epoch_us(data_interval_end) AS data_interval_end,
    epoch_us(run_after) AS run_after, epoch_us(queued_at) AS queued_at, epoch_us(start_date) AS start_date,
    epoch_us(end_date) AS end_date, conf::VARCHAR AS conf, triggered_by, triggering_user_name, note, clear_number,
    epoch_us(updated_at) AS updated_at
FROM dag_run;

-- name: model_task_instance
-- Task instances, with the columns that Airflow's TaskInstance has; the logical date is the run's.
SELECT
    ti.id, ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.state, ti.try_number, ti.max_tries,
    epoch_us(ti.start_date) AS start_date, epoch_us(ti.end_date) AS end_date, ti.duration,
    epoch_us(ti.scheduled_dttm) AS scheduled_dttm, epoch_us(ti.queued_dttm) AS queued_dttm, ti.pool, ti.pool_slots,
    ti.queue, ti.priority_weight, ti.operator, ti.custom_operator_name, ti.hostname, ti.unixname, ti.pid,
    ti.rendered_map_index, ti.note, epoch_us(ti.updated_at) AS updated_at, epoch_us(r.logical_date) AS logical_date,
    epoch_us(r.run_after) AS run_after
FROM task_instance ti
JOIN dag_run r ON r.id = ti.dag_run_id;

-- name: model_slot_pool
-- Pools.
SELECT pool, slots, description, include_deferred FROM slot_pool;

-- name: model_log
-- The audit log.
SELECT
    id, epoch_us(dttm) AS dttm, event, dag_id, run_id, task_id, map_index, try_number,
    epoch_us(logical_date) AS logical_date, owner, extra
FROM log;

-- name: model_dag_tag
-- Tags of DAGs.
SELECT name, dag_id FROM dag_tag;

-- name: model_import_error
-- Files that could not be imported.
SELECT id, epoch_us(timestamp) AS timestamp, filename, stacktrace FROM import_error;
