-- name: delete_import_errors
-- The import errors of files, before those they have now are written.
DELETE FROM import_error WHERE filename IN (SELECT unnest($filename::VARCHAR[]));

-- name: insert_import_errors
-- One row an error.
INSERT INTO import_error (id, timestamp, filename, message, line, stacktrace)
SELECT
    unnest($id::BIGINT[]), make_timestamptz(unnest($at::BIGINT[])), unnest($filename::VARCHAR[]),
    unnest($message::VARCHAR[]), unnest($line::INTEGER[]), unnest($stacktrace::VARCHAR[]);

-- name: last_import_error_id
-- Where the numbering of import errors goes on.
SELECT coalesce(max(id), 0) FROM import_error;

-- name: delete_pools
-- Pools that are deleted or replaced.
DELETE FROM slot_pool WHERE pool IN (SELECT unnest($pool::VARCHAR[]));

-- name: insert_pools
-- Pools as they are now.
INSERT INTO slot_pool (pool, slots, description, include_deferred)
SELECT
    unnest($pool::VARCHAR[]), unnest($slots::INTEGER[]), unnest($description::VARCHAR[]),
    unnest($include_deferred::BOOLEAN[]);

-- name: delete_variables
-- Variables that are deleted or replaced.
DELETE FROM variable WHERE key IN (SELECT unnest($key::VARCHAR[]));

-- name: insert_variables
-- Variables as they are now.
INSERT INTO variable (key, val, description, is_encrypted)
SELECT
    unnest($key::VARCHAR[]), unnest($val::VARCHAR[]), unnest($description::VARCHAR[]),
    unnest($is_encrypted::BOOLEAN[]);

-- name: delete_connections
-- Connections that are deleted or replaced.
DELETE FROM connection WHERE conn_id IN (SELECT unnest($conn_id::VARCHAR[]));

-- name: insert_connections
-- Connections as they are now.
INSERT INTO connection (
    conn_id, conn_type, description, host, schema, login, password, port, extra, is_encrypted, is_extra_encrypted
)
SELECT
    unnest($conn_id::VARCHAR[]), unnest($conn_type::VARCHAR[]), unnest($description::VARCHAR[]),
    unnest($host::VARCHAR[]), unnest($schema::VARCHAR[]), unnest($login::VARCHAR[]), unnest($password::VARCHAR[]),
    unnest($port::INTEGER[]), unnest($extra::VARCHAR[]), unnest($is_encrypted::BOOLEAN[]),
    unnest($is_extra_encrypted::BOOLEAN[]);

-- name: delete_users
-- Users that are deleted or replaced.
DELETE FROM ab_user WHERE username IN (SELECT unnest($username::VARCHAR[]));

-- name: insert_users
-- Users as they are now.
INSERT INTO ab_user (
    id, username, password, role, first_name, last_name, email, active, created_on, changed_on
)
SELECT
    unnest($id::BIGINT[]), unnest($username::VARCHAR[]), unnest($password::VARCHAR[]), unnest($role::VARCHAR[]),
    unnest($first_name::VARCHAR[]), unnest($last_name::VARCHAR[]), unnest($email::VARCHAR[]),
    unnest($active::BOOLEAN[]), make_timestamptz(unnest($created_on::BIGINT[])),
    make_timestamptz(unnest($changed_on::BIGINT[]));

-- name: delete_favorites
-- Marks that are set anew or taken away.
DELETE FROM dag_favorite f
USING (SELECT unnest($username::VARCHAR[]) AS username, unnest($dag_id::VARCHAR[]) AS dag_id) w
WHERE f.username = w.username AND f.dag_id = w.dag_id;

-- name: insert_favorites
-- Marks that are set.
INSERT INTO dag_favorite (username, dag_id)
SELECT w.username, w.dag_id
FROM (
    SELECT
        unnest($username::VARCHAR[]) AS username, unnest($dag_id::VARCHAR[]) AS dag_id,
        unnest($marked::BOOLEAN[]) AS marked
) w
WHERE w.marked;
