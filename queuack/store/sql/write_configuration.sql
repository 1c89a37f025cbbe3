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
