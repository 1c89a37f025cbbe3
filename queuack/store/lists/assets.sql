-- list: assets
-- Assets, those that no DAG names any more as well.
-- base: asset a
-- key: a.id
-- column: id a.id
-- column: name a.name
-- column: uri a.uri
-- column: group a."group"
-- column: created_at a.created_at
-- column: updated_at a.updated_at
-- condition: is_active $value = EXISTS (SELECT 1 FROM asset_active c WHERE c.name = a.name AND c.uri = a.uri)
-- condition: dag_ids a.id IN (SELECT s.asset_id FROM dag_schedule_asset_reference s WHERE list_contains($value, s.dag_id) UNION ALL SELECT o.asset_id FROM task_outlet_asset_reference o WHERE list_contains($value, o.dag_id) UNION ALL SELECT i.asset_id FROM task_inlet_asset_reference i WHERE list_contains($value, i.dag_id))
SELECT
    a.id, a.name, a.uri, a."group", a.extra::VARCHAR AS asset_extra, epoch_us(a.created_at) AS created_at,
    epoch_us(a.updated_at) AS updated_at
FROM {page} a;

-- list: asset_aliases
-- Names under which tasks update assets.
-- base: asset_alias l
-- key: l.id
-- column: id l.id
-- column: name l.name
-- column: group l."group"
SELECT l.id, l.name, l."group" FROM {page} l;

-- list: asset_events
-- Updates of assets: which they are, the rest is read by id.
-- base: asset_event e
-- key: e.id
-- column: id e.id
-- column: asset_id e.asset_id
-- column: timestamp e.timestamp
-- column: source_dag_id e.source_dag_id
-- column: source_task_id e.source_task_id
-- column: source_run_id e.source_run_id
-- column: source_map_index coalesce(e.source_map_index, -1)
-- column: name (SELECT a.name FROM asset a WHERE a.id = e.asset_id)
SELECT e.id FROM {page} e;

-- list: asset_states
-- What is kept for assets.
-- base: asset_state_store s
-- key: s.key
-- column: asset_id s.asset_id
-- column: key s.key
SELECT
    s.key, s.value, epoch_us(s.updated_at) AS updated_at, s.last_updated_by_kind, s.last_updated_by_dag_id,
    s.last_updated_by_run_id, s.last_updated_by_task_id, s.last_updated_by_map_index
FROM {page} s;

-- list: task_states
-- What task instances keep over their tries.
-- base: task_state_store s
-- key: s.key
-- column: dag_id s.dag_id
-- column: run_id s.run_id
-- column: task_id s.task_id
-- column: map_index s.map_index
-- column: key s.key
-- condition: kept_at s.expires_at IS NULL OR s.expires_at > make_timestamptz($value::BIGINT)
SELECT s.key, s.value, epoch_us(s.updated_at) AS updated_at, epoch_us(s.expires_at) AS expires_at FROM {page} s;
