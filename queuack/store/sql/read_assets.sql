-- fragment: asset_columns
    a.id, a.name, a.uri, a."group", a.extra::VARCHAR AS asset_extra, epoch_us(a.created_at) AS created_at,
    epoch_us(a.updated_at) AS updated_at, c.name IS NOT NULL AS is_active

-- fragment: event_columns
    e.id, e.asset_id, a.name, a.uri, a."group", a.extra::VARCHAR AS asset_extra, e.extra::VARCHAR AS event_extra,
    e.source_task_id, e.source_dag_id, e.source_run_id, e.source_map_index, epoch_us(e.timestamp) AS timestamp,
    e.partition_key

-- name: list_assets
-- Assets by name. A filter that is NULL does not filter.
SELECT {asset_columns}
FROM asset a
LEFT JOIN asset_active c ON c.name = a.name AND c.uri = a.uri
WHERE ($name::VARCHAR IS NULL OR a.name = $name) AND ($uri::VARCHAR IS NULL OR a.uri = $uri)
    AND (NOT $only_active OR c.name IS NOT NULL)
ORDER BY a.name, a.uri;

-- name: list_asset_aliases
-- Aliases by name. A filter that is NULL does not filter.
SELECT id, name, "group" FROM asset_alias WHERE $name::VARCHAR IS NULL OR name = $name ORDER BY name;

-- name: assets_of_alias
-- The active assets that go by an alias.
SELECT {asset_columns}
FROM asset_alias l
JOIN asset_alias_asset t ON t.alias_id = l.id
JOIN asset a ON a.id = t.asset_id
JOIN asset_active c ON c.name = a.name AND c.uri = a.uri
WHERE l.name = $name
ORDER BY a.name, a.uri;

-- name: asset_scheduled_dags
-- DAGs that wait for assets.
SELECT asset_id, dag_id, epoch_us(created_at) AS created_at, epoch_us(updated_at) AS updated_at
FROM dag_schedule_asset_reference
WHERE asset_id IN (SELECT unnest($asset_id::BIGINT[]))
ORDER BY dag_id;

-- name: asset_producing_tasks
-- Tasks that have assets as outlets.
SELECT asset_id, dag_id, task_id, epoch_us(created_at) AS created_at, epoch_us(updated_at) AS updated_at
FROM task_outlet_asset_reference
WHERE asset_id IN (SELECT unnest($asset_id::BIGINT[]))
ORDER BY dag_id, task_id;

-- name: asset_consuming_tasks
-- Tasks that have assets as inlets.
SELECT asset_id, dag_id, task_id, epoch_us(created_at) AS created_at, epoch_us(updated_at) AS updated_at
FROM task_inlet_asset_reference
WHERE asset_id IN (SELECT unnest($asset_id::BIGINT[]))
ORDER BY dag_id, task_id;

-- name: aliases_of_assets
-- The aliases that assets go by.
SELECT t.asset_id, l.id, l.name, l."group"
FROM asset_alias_asset t
JOIN asset_alias l ON l.id = t.alias_id
WHERE t.asset_id IN (SELECT unnest($asset_id::BIGINT[]))
ORDER BY l.name;

-- name: watchers_of_assets
-- Triggers that watch for assets.
SELECT asset_id, name, trigger_id FROM asset_watcher
WHERE asset_id IN (SELECT unnest($asset_id::BIGINT[]))
ORDER BY name;

-- name: alias_scheduled_dags
-- DAGs that wait for an alias.
SELECT alias_id, dag_id, epoch_us(created_at) AS created_at, epoch_us(updated_at) AS updated_at
FROM dag_schedule_asset_alias_reference
WHERE alias_id IN (SELECT unnest($alias_id::BIGINT[]))
ORDER BY dag_id;

-- name: last_asset_events
-- The last event of assets.
SELECT asset_id, max(id) AS id, epoch_us(max(timestamp)) AS timestamp
FROM asset_event
WHERE asset_id IN (SELECT unnest($asset_id::BIGINT[]))
GROUP BY asset_id;

-- name: asset_events
-- Events of assets by time. A filter that is NULL does not filter; the bounds are inclusive.
SELECT {event_columns}
FROM asset_event e
JOIN asset a ON a.id = e.asset_id
LEFT JOIN asset_active c ON c.name = a.name AND c.uri = a.uri
WHERE ($name::VARCHAR IS NULL OR a.name = $name) AND ($uri::VARCHAR IS NULL OR a.uri = $uri)
    AND (NOT $only_active OR c.name IS NOT NULL)
    AND ($alias::VARCHAR IS NULL OR e.id IN (
        SELECT t.event_id FROM asset_alias_asset_event t JOIN asset_alias l ON l.id = t.alias_id WHERE l.name = $alias
    ))
    AND ($after::BIGINT IS NULL OR e.timestamp >= make_timestamptz($after::BIGINT))
    AND ($before::BIGINT IS NULL OR e.timestamp <= make_timestamptz($before::BIGINT))
    AND ($source_dag_id::VARCHAR IS NULL OR e.source_dag_id = $source_dag_id)
    AND ($event_id::BIGINT IS NULL OR e.id = $event_id)
ORDER BY CASE WHEN $ascending THEN e.id ELSE -e.id END
LIMIT $limit::BIGINT;

-- name: consumed_events
-- The events a run consumed.
SELECT {event_columns}
FROM dagrun_asset_event d
JOIN asset_event e ON e.id = d.event_id
JOIN asset a ON a.id = e.asset_id
WHERE d.dag_run_id = $run_key
ORDER BY e.id;

-- name: event_aliases
-- By which aliases events came.
SELECT t.event_id, l.name
FROM asset_alias_asset_event t
JOIN asset_alias l ON l.id = t.alias_id
WHERE t.event_id IN (SELECT unnest($event_id::BIGINT[]))
ORDER BY l.name;

-- name: event_runs
-- The runs that consumed events.
SELECT
    d.event_id, r.run_id, r.dag_id, epoch_us(r.logical_date) AS logical_date, epoch_us(r.start_date) AS start_date,
    epoch_us(r.end_date) AS end_date, r.state, epoch_us(r.data_interval_start) AS data_interval_start,
    epoch_us(r.data_interval_end) AS data_interval_end, r.partition_key
FROM dagrun_asset_event d
JOIN dag_run r ON r.id = d.dag_run_id
WHERE d.event_id IN (SELECT unnest($event_id::BIGINT[]))
ORDER BY r.id;

-- name: triggered_runs
-- Of the runs that consumed some events: the last event that each consumed.
SELECT arg_max(e.id, (e.timestamp, e.id)), r.dag_id, r.run_id
FROM dagrun_asset_event d
JOIN asset_event e ON e.id = d.event_id
JOIN dag_run r ON r.id = d.dag_run_id
WHERE d.dag_run_id IN (
    SELECT c.dag_run_id FROM dagrun_asset_event c WHERE c.event_id IN (SELECT unnest($event_id::BIGINT[]))
)
GROUP BY r.dag_id, r.run_id;

-- name: materializing_dags
-- DAGs with a task that has an asset as outlet.
SELECT DISTINCT t.dag_id
FROM task_outlet_asset_reference t
JOIN asset a ON a.id = t.asset_id
WHERE ($name::VARCHAR IS NULL OR a.name = $name) AND ($uri::VARCHAR IS NULL OR a.uri = $uri)
ORDER BY t.dag_id;

-- name: queued_asset_events
-- What waits for a run of a DAG.
SELECT q.asset_id, q.target_dag_id AS dag_id, a.name, a.uri, epoch_us(q.created_at) AS created_at
FROM asset_dag_run_queue q
JOIN asset a ON a.id = q.asset_id
WHERE $dag_id::VARCHAR IS NULL OR q.target_dag_id = $dag_id
ORDER BY q.target_dag_id, q.created_at, q.asset_id;

-- name: task_state
-- One key that a task instance keeps, unless it has expired.
SELECT value FROM task_state_store
WHERE dag_run_id = $run_key AND task_id = $task_id AND map_index = $map_index AND key = $key
    AND (expires_at IS NULL OR expires_at > make_timestamptz($now::BIGINT));

-- name: asset_state
-- One key that is kept for an asset.
SELECT value FROM asset_state_store WHERE asset_id = $asset_id AND key = $key;

-- name: expired_task_states
-- Keys of task instances that have outlived their retention at an instant, the oldest first; total: how many in all.
SELECT dag_id, run_id, task_id, map_index, key, epoch_us(expires_at) AS expires_at, count(*) OVER () AS total
FROM task_state_store
WHERE expires_at < make_timestamptz($at::BIGINT)
ORDER BY task_state_store.expires_at
LIMIT $most::BIGINT;
