-- name: parse_of_select
-- DuckDB's parse of one SELECT, to see what it would touch before it runs.
SELECT json_serialize_sql($query::VARCHAR)::VARCHAR;

-- name: table_names
-- The tables of the store.
SELECT table_name FROM duckdb_tables() WHERE NOT internal ORDER BY table_name;

-- name: table_columns
-- The columns of each table of the store, in order.
SELECT table_name, column_name, data_type
FROM duckdb_columns()
WHERE NOT internal
ORDER BY table_name, column_index;
