-- fragment: dag_columns
    dag.dag_id, dag.is_paused, dag.is_stale, epoch_us(dag.last_parsed_time) AS last_parsed_time, dag.fileloc,
    dag.relative_fileloc, dag.bundle_name, dag.owners, coalesce(dag.dag_display_name, dag.dag_id) AS dag_display_name,
    dag.description, dag.timetable_type, dag.timetable_summary, dag.timetable_description, dag.max_active_tasks,
    dag.max_active_runs, dag.max_consecutive_failed_dag_runs, dag.has_import_errors,
    epoch_us(dag.next_dagrun) AS next_dagrun,
    epoch_us(dag.next_dagrun_data_interval_start) AS next_dagrun_data_interval_start,
    epoch_us(dag.next_dagrun_data_interval_end) AS next_dagrun_data_interval_end,
    epoch_us(dag.next_dagrun_create_after) AS next_dagrun_create_after,
    coalesce((SELECT list(t.name ORDER BY t.name) FROM dag_tag t WHERE t.dag_id = dag.dag_id), []) AS tags

-- name: list_dags
-- The list of DAGs with their tags. A filter that is NULL does not filter.
SELECT {dag_columns}
FROM dag
WHERE ($include_stale::BOOLEAN OR NOT dag.is_stale)
    AND ($paused::BOOLEAN IS NULL OR dag.is_paused = $paused)
    AND ($pattern::VARCHAR IS NULL OR dag.dag_id ILIKE $pattern)
    AND ($tag::VARCHAR IS NULL OR EXISTS (SELECT 1 FROM dag_tag f WHERE f.dag_id = dag.dag_id AND f.name = $tag))
ORDER BY dag.dag_id
LIMIT $limit::BIGINT OFFSET $offset::BIGINT;

-- name: get_dag
-- One DAG, stale or not.
SELECT {dag_columns} FROM dag WHERE dag.dag_id = $dag_id;

-- name: list_versions
-- The versions of a DAG, newest first.
SELECT
    v.id, v.version_number, v.dag_id, v.bundle_name, epoch_us(v.created_at) AS created_at,
    epoch_us(v.last_updated) AS last_updated, s.dag_hash
FROM dag_version v
JOIN serialized_dag s ON s.dag_version_id = v.id
WHERE v.dag_id = $dag_id
ORDER BY v.id DESC;

-- name: document_of_version
-- The serialized form of one version.
SELECT data::VARCHAR FROM serialized_dag WHERE dag_version_id = $version_id;

-- name: document_of_dag
-- The serialized form of a DAG: the newest version, or the one with a number.
SELECT s.data::VARCHAR
FROM dag_version v
JOIN serialized_dag s ON s.dag_version_id = v.id
WHERE v.dag_id = $dag_id AND ($version_number::INTEGER IS NULL OR v.version_number = $version_number)
ORDER BY v.id DESC
LIMIT 1;

-- name: source_of_version
-- The text of the file as one version knows it.
SELECT source_code, source_code_hash, fileloc, dag_id FROM dag_code WHERE dag_version_id = $version_id;

-- name: source_of_dag
-- The text of the file as the newest version of a DAG, or the one with a number, knows it.
SELECT c.source_code, c.source_code_hash, c.fileloc, c.dag_id
FROM dag_version v
JOIN dag_code c ON c.dag_version_id = v.id
WHERE v.dag_id = $dag_id AND ($version_number::INTEGER IS NULL OR v.version_number = $version_number)
ORDER BY v.id DESC
LIMIT 1;

-- name: source_by_hash
-- The text of a file by its hash, for a worker whose file on disk has moved on.
SELECT source_code FROM dag_code WHERE source_code_hash = $file_hash LIMIT 1;
