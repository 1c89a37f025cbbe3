-- list: dag_versions
-- Versions of DAGs; the key is the order in which they came.
-- base: dag_version v
-- key: v.id
-- column: id v.id
-- column: dag_id v.dag_id
-- column: version_number v.version_number
-- column: bundle_name v.bundle_name
-- column: bundle_version v.bundle_name
-- column: created_at v.created_at
-- condition: bundle_version $value IS NULL
SELECT
    v.id, v.version_number, v.dag_id, v.bundle_name, epoch_us(v.created_at) AS created_at,
    coalesce(d.dag_display_name, v.dag_id) AS dag_display_name
FROM {page} v
LEFT JOIN dag d ON d.dag_id = v.dag_id;

-- list: dag_tags
-- Each tag that a DAG has whose file is there.
-- base: (SELECT DISTINCT t.name FROM dag_tag t JOIN dag d ON d.dag_id = t.dag_id WHERE NOT d.is_stale) t
-- key: t.name
-- column: name t.name
SELECT t.name FROM {page} t;

-- list: dag_warnings
-- What is questionable about DAGs and no error: tasks in a pool that there is not. Only documents that name a pool at all are looked into.
-- base: (SELECT u.dag_id, u.timestamp, 'non-existent pool' AS warning_type, list_sort(list(DISTINCT u.pool)) AS missing FROM (SELECT v.dag_id, v.created_at AS timestamp, unnest(json_extract_string(s.data, '$.tasks[*].pool')) AS pool FROM dag d JOIN (SELECT l.dag_id, max(l.id) AS id FROM dag_version l GROUP BY l.dag_id) n ON n.dag_id = d.dag_id JOIN dag_version v ON v.id = n.id JOIN serialized_dag s ON s.dag_version_id = v.id WHERE NOT d.is_stale AND contains(s.data::VARCHAR, '"pool":')) u WHERE u.pool NOT IN (SELECT p.pool FROM slot_pool p) GROUP BY u.dag_id, u.timestamp) w
-- key: w.dag_id
-- column: dag_id w.dag_id
-- column: warning_type w.warning_type
-- column: timestamp w.timestamp
SELECT
    w.dag_id, w.warning_type, epoch_us(w.timestamp) AS timestamp,
    'Its tasks name pools that do not exist: ' || array_to_string(w.missing, ', ') || '.' AS message,
    coalesce(d.dag_display_name, w.dag_id) AS dag_display_name
FROM {page} w
LEFT JOIN dag d ON d.dag_id = w.dag_id;

-- list: import_errors
-- What is wrong with DAG files now.
-- base: import_error e
-- key: e.id
-- column: id e.id
-- column: import_error_id e.id
-- column: timestamp e.timestamp
-- column: filename e.filename
-- column: bundle_name e.bundle_name
-- column: stacktrace e.stacktrace
SELECT e.id AS import_error_id, epoch_us(e.timestamp) AS timestamp, e.filename, e.bundle_name, e.message, e.line, e.stacktrace
FROM {page} e;

-- list: event_logs
-- The audit log.
-- base: log l
-- key: l.id
-- column: id l.id
-- column: event_log_id l.id
-- column: dttm l.dttm
-- column: when l.dttm
-- column: dag_id l.dag_id
-- column: task_id l.task_id
-- column: run_id l.run_id
-- column: map_index l.map_index
-- column: try_number l.try_number
-- column: event l.event
-- column: logical_date l.logical_date
-- column: owner l.owner
-- column: extra l.extra
-- condition: excluded_events NOT list_contains($value, l.event)
SELECT
    l.id AS event_log_id, epoch_us(l.dttm) AS dttm, l.event, l.dag_id, l.run_id, l.task_id, l.map_index, l.try_number,
    epoch_us(l.logical_date) AS logical_date, l.owner, l.extra, coalesce(d.dag_display_name, l.dag_id) AS dag_display_name
FROM {page} l
LEFT JOIN dag d ON d.dag_id = l.dag_id;
