-- name: update_dags
-- DAGs that exist: every column but those of the next run.
UPDATE dag SET
    is_paused = u.is_paused, is_stale = u.is_stale, last_parsed_time = make_timestamptz(u.last_parsed_time),
    fileloc = u.fileloc, relative_fileloc = u.relative_fileloc, owners = u.owners,
    dag_display_name = u.dag_display_name, description = u.description, timetable_type = u.timetable_type,
    timetable_summary = u.timetable_summary, timetable_description = u.timetable_description,
    max_active_tasks = u.max_active_tasks, max_active_runs = u.max_active_runs,
    max_consecutive_failed_dag_runs = u.max_consecutive_failed_dag_runs, has_import_errors = u.has_import_errors,
    is_subdag = u.is_subdag, root_dag_id = u.root_dag_id
FROM (
    SELECT
        unnest($dag_id::VARCHAR[]) AS dag_id, unnest($is_paused::BOOLEAN[]) AS is_paused,
        unnest($is_stale::BOOLEAN[]) AS is_stale, unnest($last_parsed_time::BIGINT[]) AS last_parsed_time,
        unnest($fileloc::VARCHAR[]) AS fileloc, unnest($relative_fileloc::VARCHAR[]) AS relative_fileloc,
        unnest($owners::VARCHAR[]) AS owners, unnest($dag_display_name::VARCHAR[]) AS dag_display_name,
        unnest($description::VARCHAR[]) AS description, unnest($timetable_type::VARCHAR[]) AS timetable_type,
        unnest($timetable_summary::VARCHAR[]) AS timetable_summary,
        unnest($timetable_description::VARCHAR[]) AS timetable_description,
        unnest($max_active_tasks::INTEGER[]) AS max_active_tasks,
        unnest($max_active_runs::INTEGER[]) AS max_active_runs,
        unnest($max_consecutive_failed_dag_runs::INTEGER[]) AS max_consecutive_failed_dag_runs,
        unnest($has_import_errors::BOOLEAN[]) AS has_import_errors,
        unnest($is_subdag::BOOLEAN[]) AS is_subdag, unnest($root_dag_id::VARCHAR[]) AS root_dag_id
) u
WHERE dag.dag_id = u.dag_id;

-- name: insert_dags
-- DAGs that do not exist yet; run after update_dags with the same lists.
INSERT INTO dag (
    dag_id, is_paused, is_stale, last_parsed_time, fileloc, relative_fileloc, owners, dag_display_name, description,
    timetable_type, timetable_summary, timetable_description, max_active_tasks, max_active_runs,
    max_consecutive_failed_dag_runs, has_import_errors, is_subdag, root_dag_id
)
SELECT u.* REPLACE (make_timestamptz(u.last_parsed_time) AS last_parsed_time)
FROM (
    SELECT
        unnest($dag_id::VARCHAR[]) AS dag_id, unnest($is_paused::BOOLEAN[]) AS is_paused,
        unnest($is_stale::BOOLEAN[]) AS is_stale, unnest($last_parsed_time::BIGINT[]) AS last_parsed_time,
        unnest($fileloc::VARCHAR[]) AS fileloc, unnest($relative_fileloc::VARCHAR[]) AS relative_fileloc,
        unnest($owners::VARCHAR[]) AS owners, unnest($dag_display_name::VARCHAR[]) AS dag_display_name,
        unnest($description::VARCHAR[]) AS description, unnest($timetable_type::VARCHAR[]) AS timetable_type,
        unnest($timetable_summary::VARCHAR[]) AS timetable_summary,
        unnest($timetable_description::VARCHAR[]) AS timetable_description,
        unnest($max_active_tasks::INTEGER[]) AS max_active_tasks,
        unnest($max_active_runs::INTEGER[]) AS max_active_runs,
        unnest($max_consecutive_failed_dag_runs::INTEGER[]) AS max_consecutive_failed_dag_runs,
        unnest($has_import_errors::BOOLEAN[]) AS has_import_errors,
        unnest($is_subdag::BOOLEAN[]) AS is_subdag, unnest($root_dag_id::VARCHAR[]) AS root_dag_id
) u
WHERE u.dag_id NOT IN (SELECT dag_id FROM dag);

-- name: delete_tags
-- The tags of DAGs, before they are written anew.
DELETE FROM dag_tag WHERE dag_id IN (SELECT unnest($dag_id::VARCHAR[]));

-- name: insert_tags
-- One row a tag.
INSERT INTO dag_tag (name, dag_id) SELECT unnest($name::VARCHAR[]), unnest($dag_id::VARCHAR[]);

-- name: update_next_runs
-- When each DAG's next run comes; all NULL = never.
UPDATE dag SET
    next_dagrun = make_timestamptz(u.next_dagrun),
    next_dagrun_data_interval_start = make_timestamptz(u.next_dagrun_data_interval_start),
    next_dagrun_data_interval_end = make_timestamptz(u.next_dagrun_data_interval_end),
    next_dagrun_create_after = make_timestamptz(u.next_dagrun_create_after),
    next_dagrun_partition_key = u.next_dagrun_partition_key,
    next_dagrun_partition_date = make_timestamptz(u.next_dagrun_partition_date)
FROM (
    SELECT
        unnest($dag_id::VARCHAR[]) AS dag_id, unnest($next_dagrun::BIGINT[]) AS next_dagrun,
        unnest($next_dagrun_data_interval_start::BIGINT[]) AS next_dagrun_data_interval_start,
        unnest($next_dagrun_data_interval_end::BIGINT[]) AS next_dagrun_data_interval_end,
        unnest($next_dagrun_create_after::BIGINT[]) AS next_dagrun_create_after,
        unnest($next_dagrun_partition_key::VARCHAR[]) AS next_dagrun_partition_key,
        unnest($next_dagrun_partition_date::BIGINT[]) AS next_dagrun_partition_date
) u
WHERE dag.dag_id = u.dag_id;

-- name: insert_versions
-- New versions of DAGs; their document and source follow in tables of their own, as in Airflow.
INSERT INTO dag_version (id, version_number, dag_id, created_at, last_updated)
SELECT
    unnest($id::BIGINT[]), unnest($version_number::INTEGER[]), unnest($dag_id::VARCHAR[]),
    make_timestamptz(unnest($created_at::BIGINT[])), make_timestamptz(unnest($created_at::BIGINT[]));

-- name: insert_documents
-- The serialized form of new versions, kept byte for byte (its hash names it).
INSERT INTO serialized_dag (dag_version_id, dag_id, data, dag_hash, created_at, last_updated)
SELECT
    unnest($id::BIGINT[]), unnest($dag_id::VARCHAR[]), unnest($document::VARCHAR[])::JSON,
    unnest($document_hash::VARCHAR[]), make_timestamptz(unnest($created_at::BIGINT[])),
    make_timestamptz(unnest($created_at::BIGINT[]));

-- name: insert_code
-- The text of the file that defined new versions; fileloc is read from the document.
INSERT INTO dag_code (dag_version_id, dag_id, fileloc, source_code, source_code_hash, created_at, last_updated)
SELECT
    u.id, u.dag_id, coalesce(u.document::JSON->>'$.fileloc', ''), u.source, u.file_hash,
    make_timestamptz(u.created_at), make_timestamptz(u.created_at)
FROM (
    SELECT
        unnest($id::BIGINT[]) AS id, unnest($dag_id::VARCHAR[]) AS dag_id, unnest($document::VARCHAR[]) AS document,
        unnest($source::VARCHAR[]) AS source, unnest($file_hash::VARCHAR[]) AS file_hash,
        unnest($created_at::BIGINT[]) AS created_at
) u;

-- name: update_code
-- The file's text changed and what it defines did not.
UPDATE dag_code SET
    source_code = u.source, source_code_hash = u.file_hash, last_updated = make_timestamptz(u.updated_at)
FROM (
    SELECT
        unnest($version_id::BIGINT[]) AS version_id, unnest($source::VARCHAR[]) AS source,
        unnest($file_hash::VARCHAR[]) AS file_hash, unnest($updated_at::BIGINT[]) AS updated_at
) u
WHERE dag_code.dag_version_id = u.version_id;

-- name: keep_id_floor
-- Before rows are deleted: the highest ids they used, so that no id is ever handed out twice.
INSERT INTO id_floor
SELECT 'dag_run', coalesce(max(id), 0) FROM dag_run WHERE dag_id = $dag_id
UNION ALL SELECT 'task_instance', coalesce(max(id), 0) FROM task_instance WHERE dag_id = $dag_id
UNION ALL SELECT 'dag_version', coalesce(max(id), 0) FROM dag_version WHERE dag_id = $dag_id
UNION ALL SELECT 'callback', coalesce(max(id), 0) FROM callback WHERE dag_id = $dag_id
UNION ALL SELECT 'backfill', coalesce(max(id), 0) FROM backfill WHERE dag_id = $dag_id
UNION ALL SELECT 'backfill_dag_run', coalesce(max(id), 0) FROM backfill_dag_run
WHERE backfill_id IN (SELECT id FROM backfill WHERE dag_id = $dag_id);

-- name: delete_dag_reschedules
-- All that a DAG left in task_reschedule, found by its runs: before they go.
DELETE FROM task_reschedule WHERE dag_run_id IN (SELECT id FROM dag_run WHERE dag_id = $dag_id);

-- name: delete_dag_questions
-- What tasks of a DAG have asked people: before the task instances go.
DELETE FROM hitl_detail WHERE ti_id IN (SELECT id FROM task_instance WHERE dag_id = $dag_id);

-- name: delete_dag_old_questions
-- What earlier tries have asked: before the task instances go.
DELETE FROM hitl_detail_history WHERE ti_history_id IN (SELECT id FROM task_instance WHERE dag_id = $dag_id);

-- name: delete_dag_run_notes
-- Notes on its runs, before these go.
DELETE FROM dag_run_note WHERE dag_run_id IN (SELECT id FROM dag_run WHERE dag_id = $dag_id);

-- name: delete_dag_instance_notes
-- Notes on its task instances, before these go.
DELETE FROM task_instance_note WHERE ti_id IN (SELECT id FROM task_instance WHERE dag_id = $dag_id);

-- name: delete_dag
-- The DAG itself.
DELETE FROM dag WHERE dag_id = $dag_id;

-- name: delete_dag_tags
-- All that a DAG left in dag_tag.
DELETE FROM dag_tag WHERE dag_id = $dag_id;

-- name: delete_dag_versions
-- All that a DAG left in dag_version.
DELETE FROM dag_version WHERE dag_id = $dag_id;

-- name: delete_dag_documents
-- All that a DAG left in serialized_dag.
DELETE FROM serialized_dag WHERE dag_id = $dag_id;

-- name: delete_dag_code
-- All that a DAG left in dag_code.
DELETE FROM dag_code WHERE dag_id = $dag_id;

-- name: delete_dag_runs
-- All that a DAG left in dag_run.
DELETE FROM dag_run WHERE dag_id = $dag_id;

-- name: delete_dag_instances
-- All that a DAG left in task_instance.
DELETE FROM task_instance WHERE dag_id = $dag_id;

-- name: delete_dag_history
-- All that a DAG left in task_instance_history.
DELETE FROM task_instance_history WHERE dag_id = $dag_id;

-- name: delete_dag_rendered_fields
-- All that a DAG left in rendered_task_instance_fields.
DELETE FROM rendered_task_instance_fields WHERE dag_id = $dag_id;

-- name: delete_dag_xcoms
-- All that a DAG left in xcom.
DELETE FROM xcom WHERE dag_id = $dag_id;

-- name: delete_dag_callbacks
-- All that a DAG left in callback.
DELETE FROM callback WHERE dag_id = $dag_id;

-- name: delete_dag_backfill_dates
-- All that a DAG left in backfill_dag_run, found by its backfills: before they go.
DELETE FROM backfill_dag_run WHERE backfill_id IN (SELECT id FROM backfill WHERE dag_id = $dag_id);

-- name: delete_dag_backfills
-- All that a DAG left in backfill.
DELETE FROM backfill WHERE dag_id = $dag_id;
