-- list: backfills
-- Backfills of a DAG or of all.
-- base: backfill b
-- key: b.id
-- column: id b.id
-- column: dag_id b.dag_id
SELECT
    b.id, b.dag_id, epoch_us(b.from_date) AS from_date, epoch_us(b.to_date) AS to_date,
    b.dag_run_conf::VARCHAR AS conf, b.is_paused, b.reprocess_behavior, b.max_active_runs,
    epoch_us(b.created_at) AS created_at, epoch_us(b.completed_at) AS completed_at,
    epoch_us(b.updated_at) AS updated_at, coalesce(d.dag_display_name, b.dag_id) AS dag_display_name
FROM {page} b
LEFT JOIN dag d ON d.dag_id = b.dag_id;
