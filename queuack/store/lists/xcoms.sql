-- list: xcoms
-- XComs without their values.
-- base: xcom x
-- key: x.dag_run_id
-- column: key x.key
-- column: dag_id x.dag_id
-- column: run_id x.run_id
-- column: task_id x.task_id
-- column: map_index x.map_index
-- column: timestamp x.timestamp
-- column: dag_display_name (SELECT coalesce(d.dag_display_name, d.dag_id) FROM dag d WHERE d.dag_id = x.dag_id)
-- column: logical_date (SELECT r.logical_date FROM dag_run r WHERE r.id = x.dag_run_id)
-- column: run_after (SELECT r.run_after FROM dag_run r WHERE r.id = x.dag_run_id)
-- condition: run_key x.dag_run_id = $value::BIGINT
SELECT
    x.key, epoch_us(x.timestamp) AS timestamp, x.dag_id, x.run_id, x.task_id, x.map_index, x.encoding,
    epoch_us(r.logical_date) AS logical_date, epoch_us(r.run_after) AS run_after,
    coalesce(d.dag_display_name, x.dag_id) AS dag_display_name
FROM {page} x
LEFT JOIN dag_run r ON r.id = x.dag_run_id
LEFT JOIN dag d ON d.dag_id = x.dag_id;
