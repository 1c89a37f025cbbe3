-- list: dag_runs
-- Runs of one DAG or of all, with the version that each was made of.
-- base: dag_run r
-- key: r.id
-- column: id r.id
-- column: dag_id r.dag_id
-- column: run_id r.run_id
-- column: dag_run_id r.run_id
-- column: state coalesce(r.state, 'none')
-- column: run_type r.run_type
-- column: logical_date r.logical_date
-- column: data_interval_start r.data_interval_start
-- column: data_interval_end r.data_interval_end
-- column: run_after r.run_after
-- column: queued_at r.queued_at
-- column: start_date r.start_date
-- column: end_date r.end_date
-- column: updated_at r.updated_at
-- column: duration (epoch_us(r.end_date) - epoch_us(r.start_date)) / 1e6
-- column: conf r.conf::VARCHAR
-- column: note r.note
-- column: triggered_by r.triggered_by
-- column: triggering_user_name r.triggering_user_name
-- column: partition_key r.partition_key
-- column: partition_date r.partition_date
-- condition: dag_version r.created_dag_version_id IN (SELECT v.id FROM dag_version v WHERE list_contains($value, v.version_number))
-- condition: conf_contains contains(lower(r.conf::VARCHAR), lower($value))
-- condition: bundle_version $value IS NULL
-- condition: consuming_asset r.id IN (SELECT c.dag_run_id FROM dagrun_asset_event c JOIN asset_event e ON e.id = c.event_id JOIN asset a ON a.id = e.asset_id WHERE contains(lower(a.name), lower($value)) OR contains(lower(a.uri), lower($value)))
SELECT
    r.id, r.dag_id, r.run_id, r.run_type, r.state, epoch_us(r.logical_date) AS logical_date,
    epoch_us(r.data_interval_start) AS data_interval_start, epoch_us(r.data_interval_end) AS data_interval_end,
    epoch_us(r.run_after) AS run_after, epoch_us(r.queued_at) AS queued_at, epoch_us(r.start_date) AS start_date,
    epoch_us(r.end_date) AS end_date, (epoch_us(r.end_date) - epoch_us(r.start_date)) / 1e6 AS duration,
    r.conf::VARCHAR AS conf, r.triggered_by, r.triggering_user_name, r.note, r.created_dag_version_id, r.clear_number,
    epoch_us(r.updated_at) AS updated_at, r.partition_key, epoch_us(r.partition_date) AS partition_date,
    coalesce(d.dag_display_name, r.dag_id) AS dag_display_name,
    v.version_number, epoch_us(v.created_at) AS version_created_at, v.bundle_name
FROM {page} r
LEFT JOIN dag d ON d.dag_id = r.dag_id
LEFT JOIN dag_version v ON v.id = r.created_dag_version_id;
