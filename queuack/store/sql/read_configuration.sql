-- name: list_pools
-- Pools with the slots that task instances of unfinished runs hold, by state.
SELECT
    p.pool AS name, p.slots, p.description, p.include_deferred,
    coalesce(o.running, 0) AS running_slots, coalesce(o.queued, 0) AS queued_slots,
    coalesce(o.scheduled, 0) AS scheduled_slots, coalesce(o.deferred, 0) AS deferred_slots,
    coalesce(o.running, 0) + coalesce(o.queued, 0)
        + CASE WHEN p.include_deferred THEN coalesce(o.deferred, 0) ELSE 0 END AS occupied_slots
FROM slot_pool p
LEFT JOIN (
    SELECT
        pool,
        CAST(sum(pool_slots) FILTER (state IN ('running', 'restarting')) AS BIGINT) AS running,
        CAST(sum(pool_slots) FILTER (state = 'queued') AS BIGINT) AS queued,
        CAST(sum(pool_slots) FILTER (state = 'scheduled') AS BIGINT) AS scheduled,
        CAST(sum(pool_slots) FILTER (state = 'deferred') AS BIGINT) AS deferred
    FROM task_instance
    WHERE dag_run_id IN (SELECT id FROM dag_run WHERE state IN ('queued', 'running'))
    GROUP BY pool
) o ON o.pool = p.pool
WHERE $pool::VARCHAR IS NULL OR p.pool = $pool
ORDER BY p.pool;

-- name: list_variables
-- Every variable, values as they are stored.
SELECT key, val, description, coalesce(is_encrypted, false) AS is_encrypted FROM variable ORDER BY key;

-- name: get_variable
-- One variable, its value as it is stored.
SELECT key, val, description, coalesce(is_encrypted, false) AS is_encrypted FROM variable WHERE key = $key;

-- name: variable_keys
-- The keys of variables that begin with a text.
SELECT key FROM variable WHERE starts_with(key, $prefix) ORDER BY key;

-- name: list_connections
-- Every connection, password and extra as they are stored.
SELECT
    conn_id, conn_type, description, host, login, password, schema, port, extra,
    coalesce(is_encrypted, false) AS is_encrypted, coalesce(is_extra_encrypted, false) AS is_extra_encrypted
FROM connection
ORDER BY conn_id;

-- name: get_connection
-- One connection, password and extra as they are stored.
SELECT
    conn_id, conn_type, description, host, login, password, schema, port, extra,
    coalesce(is_encrypted, false) AS is_encrypted, coalesce(is_extra_encrypted, false) AS is_extra_encrypted
FROM connection
WHERE conn_id = $conn_id;

-- name: count_encrypted
-- How many values are encrypted: without its key nothing may be added to them.
SELECT
    (SELECT count(*) FROM variable WHERE is_encrypted)
    + (SELECT count(*) FROM connection WHERE is_encrypted OR is_extra_encrypted);

-- name: list_import_errors
-- What is wrong with DAG files now.
SELECT id AS import_error_id, epoch_us(timestamp) AS timestamp, filename, bundle_name, message, line, stacktrace
FROM import_error
ORDER BY filename, id;

-- name: list_migrations
-- The migrations that this database went through.
SELECT version, name, epoch_us(applied_at) AS applied_at FROM schema_migration ORDER BY version;

-- name: list_users
-- Everybody who may use the API and the pages, with the password as it is kept.
SELECT
    id, username, password, role, first_name, last_name, email, active, epoch_us(created_on) AS created_on,
    epoch_us(changed_on) AS changed_on
FROM ab_user
ORDER BY username;

-- name: favorites_of
-- The DAGs that somebody marked.
SELECT dag_id FROM dag_favorite WHERE username = $username ORDER BY dag_id;
