-- name: snapshot_assets
-- Every asset, and whether it is active.
SELECT
    a.id, a.name, a.uri, a."group", a.extra::VARCHAR, epoch_us(a.created_at), epoch_us(a.updated_at),
    c.name IS NOT NULL
FROM asset a
LEFT JOIN asset_active c ON c.name = a.name AND c.uri = a.uri
ORDER BY a.id;

-- name: snapshot_asset_aliases
-- Every alias with the assets that go by it.
SELECT l.id, l.name, l."group", list(t.asset_id ORDER BY t.asset_id) FILTER (t.asset_id IS NOT NULL)
FROM asset_alias l
LEFT JOIN asset_alias_asset t ON t.alias_id = l.id
GROUP BY l.id, l.name, l."group"
ORDER BY l.id;

-- name: snapshot_asset_queue
-- What waits for a run.
SELECT target_dag_id, asset_id, epoch_us(created_at) FROM asset_dag_run_queue;

-- name: snapshot_asset_references
-- Since when DAGs have waited for assets.
SELECT dag_id, asset_id, epoch_us(created_at) FROM dag_schedule_asset_reference;

-- name: snapshot_event_floors
-- From where the next run of a DAG consumes events.
SELECT dag_id, last_asset_event_id FROM dag WHERE last_asset_event_id IS NOT NULL;

-- name: snapshot_partitions
-- Partitions that wait for their run, with the events that count for them.
SELECT
    p.id, p.target_dag_id, p.partition_key, epoch_us(p.partition_date), p.rollup_fingerprint::VARCHAR,
    epoch_us(p.created_at), k.asset_id, k.asset_event_id, k.source_partition_key
FROM asset_partition_dag_run p
JOIN partitioned_asset_key_log k ON k.asset_partition_dag_run_id = p.id
WHERE p.created_dag_run_id IS NULL
ORDER BY p.id, k.id;

-- name: snapshot_watchers
-- Triggers that watch for assets.
SELECT asset_id, name, trigger_id, trigger_hash FROM asset_watcher;

-- name: snapshot_asset_ids
-- The next free ids.
SELECT
    1 + (SELECT coalesce(max(id), 0) FROM asset), 1 + (SELECT coalesce(max(id), 0) FROM asset_alias),
    1 + (SELECT coalesce(max(id), 0) FROM asset_event), 1 + (SELECT coalesce(max(id), 0) FROM asset_partition_dag_run),
    1 + (SELECT coalesce(max(id), 0) FROM partitioned_asset_key_log);
