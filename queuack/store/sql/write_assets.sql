-- name: delete_assets
-- Assets that are replaced.
DELETE FROM asset WHERE id IN (SELECT unnest($id::BIGINT[]));

-- name: insert_assets
-- Assets as they are now.
INSERT INTO asset (id, name, uri, "group", extra, created_at, updated_at)
SELECT
    unnest($id::BIGINT[]), unnest($name::VARCHAR[]), unnest($uri::VARCHAR[]), unnest($group::VARCHAR[]),
    unnest($extra::VARCHAR[])::JSON, make_timestamptz(unnest($created_at::BIGINT[])),
    make_timestamptz(unnest($updated_at::BIGINT[]));

-- name: delete_active_assets
-- Assets whose being active may have changed.
DELETE FROM asset_active USING (SELECT unnest($name::VARCHAR[]) AS name, unnest($uri::VARCHAR[]) AS uri) u
WHERE asset_active.name = u.name AND asset_active.uri = u.uri;

-- name: insert_active_assets
-- Those that are active.
INSERT INTO asset_active (name, uri) SELECT unnest($name::VARCHAR[]), unnest($uri::VARCHAR[]);

-- name: delete_asset_aliases
-- Aliases that are replaced.
DELETE FROM asset_alias WHERE id IN (SELECT unnest($id::BIGINT[]));

-- name: insert_asset_aliases
-- Aliases as they are now.
INSERT INTO asset_alias (id, name, "group")
SELECT unnest($id::BIGINT[]), unnest($name::VARCHAR[]), unnest($group::VARCHAR[]);

-- name: insert_alias_assets
-- Assets that go by an alias from now on.
INSERT INTO asset_alias_asset (alias_id, asset_id) SELECT unnest($alias_id::BIGINT[]), unnest($asset_id::BIGINT[]);

-- name: insert_asset_events
-- Updates of assets. Ids grow, so runs find theirs by zone map.
INSERT INTO asset_event (
    id, asset_id, extra, source_task_id, source_dag_id, source_run_id, source_map_index, timestamp, partition_key
)
SELECT
    unnest($id::BIGINT[]), unnest($asset_id::BIGINT[]), unnest($extra::VARCHAR[])::JSON,
    unnest($source_task_id::VARCHAR[]), unnest($source_dag_id::VARCHAR[]), unnest($source_run_id::VARCHAR[]),
    unnest($source_map_index::INTEGER[]), make_timestamptz(unnest($timestamp::BIGINT[])),
    unnest($partition_key::VARCHAR[]);

-- name: insert_alias_events
-- By which aliases events came.
INSERT INTO asset_alias_asset_event (alias_id, event_id)
SELECT unnest($alias_id::BIGINT[]), unnest($event_id::BIGINT[]);

-- name: insert_asset_queue
-- Updates that DAGs have to run for.
INSERT INTO asset_dag_run_queue (asset_id, target_dag_id, created_at)
SELECT unnest($asset_id::BIGINT[]), unnest($dag_id::VARCHAR[]), make_timestamptz(unnest($created_at::BIGINT[]));

-- name: delete_asset_queue
-- A run took them.
DELETE FROM asset_dag_run_queue WHERE target_dag_id IN (SELECT unnest($dag_id::VARCHAR[]));

-- name: delete_queued_assets
-- Somebody decided that DAGs need not run for them.
DELETE FROM asset_dag_run_queue USING (
    SELECT unnest($dag_id::VARCHAR[]) AS dag_id, unnest($asset_id::BIGINT[]) AS asset_id
) u
WHERE asset_dag_run_queue.target_dag_id = u.dag_id AND asset_dag_run_queue.asset_id = u.asset_id;

-- name: update_event_floors
-- From where the next run of a DAG consumes events.
UPDATE dag SET last_asset_event_id = u.event_id
FROM (SELECT unnest($dag_id::VARCHAR[]) AS dag_id, unnest($event_id::BIGINT[]) AS event_id) u
WHERE dag.dag_id = u.dag_id;

-- name: consume_event_range
-- The events of a run: those of its assets or by its aliases since the last. Ids of events grow.
INSERT INTO dagrun_asset_event (dag_run_id, event_id)
SELECT $run_key, e.id
FROM asset_event e
WHERE e.id > $after_id AND e.id <= $until_id
    AND (
        e.asset_id IN (SELECT unnest($asset_id::BIGINT[]))
        OR e.id IN (
            SELECT a.event_id FROM asset_alias_asset_event a
            WHERE a.event_id > $after_id AND a.event_id <= $until_id
                AND a.alias_id IN (SELECT unnest($alias_id::BIGINT[]))
        )
    )
ORDER BY e.id;

-- name: consume_events
-- The events of runs for partitions.
INSERT INTO dagrun_asset_event (dag_run_id, event_id)
SELECT unnest($run_key::BIGINT[]), unnest($event_id::BIGINT[]);

-- name: delete_asset_references
-- What DAGs referred to in their schedules, before what they refer to now is written.
DELETE FROM dag_schedule_asset_reference WHERE dag_id IN (SELECT unnest($dag_id::VARCHAR[]));

-- name: delete_alias_references
-- The same, of aliases.
DELETE FROM dag_schedule_asset_alias_reference WHERE dag_id IN (SELECT unnest($dag_id::VARCHAR[]));

-- name: delete_name_references
-- The same, by name.
DELETE FROM dag_schedule_asset_name_reference WHERE dag_id IN (SELECT unnest($dag_id::VARCHAR[]));

-- name: delete_uri_references
-- The same, by URI.
DELETE FROM dag_schedule_asset_uri_reference WHERE dag_id IN (SELECT unnest($dag_id::VARCHAR[]));

-- name: delete_inlet_references
-- The same, of inlets.
DELETE FROM task_inlet_asset_reference WHERE dag_id IN (SELECT unnest($dag_id::VARCHAR[]));

-- name: delete_outlet_references
-- The same, of outlets.
DELETE FROM task_outlet_asset_reference WHERE dag_id IN (SELECT unnest($dag_id::VARCHAR[]));

-- name: insert_asset_references
-- Assets in schedules.
INSERT INTO dag_schedule_asset_reference (asset_id, dag_id, created_at, updated_at)
SELECT
    unnest($subject::BIGINT[]), unnest($dag_id::VARCHAR[]), make_timestamptz(unnest($created_at::BIGINT[])),
    make_timestamptz(unnest($at::BIGINT[]));

-- name: insert_alias_references
-- Aliases in schedules.
INSERT INTO dag_schedule_asset_alias_reference (alias_id, dag_id, created_at, updated_at)
SELECT
    unnest($subject::BIGINT[]), unnest($dag_id::VARCHAR[]), make_timestamptz(unnest($at::BIGINT[])),
    make_timestamptz(unnest($at::BIGINT[]));

-- name: insert_name_references
-- References by name in schedules.
INSERT INTO dag_schedule_asset_name_reference (name, dag_id, created_at)
SELECT unnest($subject::VARCHAR[]), unnest($dag_id::VARCHAR[]), make_timestamptz(unnest($at::BIGINT[]));

-- name: insert_uri_references
-- References by URI in schedules.
INSERT INTO dag_schedule_asset_uri_reference (uri, dag_id, created_at)
SELECT unnest($subject::VARCHAR[]), unnest($dag_id::VARCHAR[]), make_timestamptz(unnest($at::BIGINT[]));

-- name: insert_inlet_references
-- Inlets of tasks.
INSERT INTO task_inlet_asset_reference (asset_id, dag_id, task_id, created_at, updated_at)
SELECT
    unnest($asset_id::BIGINT[]), unnest($dag_id::VARCHAR[]), unnest($task_id::VARCHAR[]),
    make_timestamptz(unnest($at::BIGINT[])), make_timestamptz(unnest($at::BIGINT[]));

-- name: insert_outlet_references
-- Outlets of tasks.
INSERT INTO task_outlet_asset_reference (asset_id, dag_id, task_id, created_at, updated_at)
SELECT
    unnest($asset_id::BIGINT[]), unnest($dag_id::VARCHAR[]), unnest($task_id::VARCHAR[]),
    make_timestamptz(unnest($at::BIGINT[])), make_timestamptz(unnest($at::BIGINT[]));

-- name: update_asset_expressions
-- What DAGs wait for, for people.
UPDATE dag SET asset_expression = u.expression::JSON, timetable_partitioned = u.partitioned
FROM (
    SELECT
        unnest($dag_id::VARCHAR[]) AS dag_id, unnest($expression::VARCHAR[]) AS expression,
        unnest($partitioned::BOOLEAN[]) AS partitioned
) u
WHERE dag.dag_id = u.dag_id;

-- name: delete_watchers
-- The watchers of assets, before those they have now are written.
DELETE FROM asset_watcher WHERE asset_id IN (SELECT unnest($asset_id::BIGINT[]));

-- name: insert_watchers
-- The watchers of assets.
INSERT INTO asset_watcher (name, asset_id, trigger_id, trigger_hash)
SELECT
    unnest($name::VARCHAR[]), unnest($asset_id::BIGINT[]), unnest($trigger_id::BIGINT[]),
    unnest($trigger_hash::BIGINT[]);

-- name: delete_partitions
-- Partitions that are replaced or dropped.
DELETE FROM asset_partition_dag_run WHERE id IN (SELECT unnest($id::BIGINT[]));

-- name: insert_partitions
-- Partitions as they are now.
INSERT INTO asset_partition_dag_run (
    id, target_dag_id, created_dag_run_id, partition_key, partition_date, rollup_fingerprint, created_at, updated_at
)
SELECT
    unnest($id::BIGINT[]), unnest($target_dag_id::VARCHAR[]), unnest($created_dag_run_id::BIGINT[]),
    unnest($partition_key::VARCHAR[]), make_timestamptz(unnest($partition_date::BIGINT[])),
    unnest($fingerprint::VARCHAR[])::JSON, make_timestamptz(unnest($created_at::BIGINT[])),
    make_timestamptz(unnest($updated_at::BIGINT[]));

-- name: delete_partition_keys
-- The keys of partitions that are dropped.
DELETE FROM partitioned_asset_key_log WHERE asset_partition_dag_run_id IN (SELECT unnest($id::BIGINT[]));

-- name: insert_partition_keys
-- Events that count for partitions.
INSERT INTO partitioned_asset_key_log (
    id, asset_id, asset_event_id, asset_partition_dag_run_id, source_partition_key, target_dag_id,
    target_partition_key, created_at
)
SELECT
    unnest($id::BIGINT[]), unnest($asset_id::BIGINT[]), unnest($asset_event_id::BIGINT[]),
    unnest($asset_partition_dag_run_id::BIGINT[]), unnest($source_partition_key::VARCHAR[]),
    unnest($target_dag_id::VARCHAR[]), unnest($target_partition_key::VARCHAR[]),
    make_timestamptz(unnest($created_at::BIGINT[]));

-- name: delete_dag_consumed_events
-- What the runs of a DAG consumed: before the runs go.
DELETE FROM dagrun_asset_event WHERE dag_run_id IN (SELECT id FROM dag_run WHERE dag_id = $dag_id);

-- name: delete_dag_asset_queue
-- All that a DAG left in asset_dag_run_queue.
DELETE FROM asset_dag_run_queue WHERE target_dag_id = $dag_id;

-- name: delete_dag_asset_references
-- All that a DAG left in dag_schedule_asset_reference.
DELETE FROM dag_schedule_asset_reference WHERE dag_id = $dag_id;

-- name: delete_dag_alias_references
-- All that a DAG left in dag_schedule_asset_alias_reference.
DELETE FROM dag_schedule_asset_alias_reference WHERE dag_id = $dag_id;

-- name: delete_dag_name_references
-- All that a DAG left in dag_schedule_asset_name_reference.
DELETE FROM dag_schedule_asset_name_reference WHERE dag_id = $dag_id;

-- name: delete_dag_uri_references
-- All that a DAG left in dag_schedule_asset_uri_reference.
DELETE FROM dag_schedule_asset_uri_reference WHERE dag_id = $dag_id;

-- name: delete_dag_inlet_references
-- All that a DAG left in task_inlet_asset_reference.
DELETE FROM task_inlet_asset_reference WHERE dag_id = $dag_id;

-- name: delete_dag_outlet_references
-- All that a DAG left in task_outlet_asset_reference.
DELETE FROM task_outlet_asset_reference WHERE dag_id = $dag_id;

-- name: delete_dag_partitions
-- All that a DAG left in asset_partition_dag_run.
DELETE FROM asset_partition_dag_run WHERE target_dag_id = $dag_id;

-- name: delete_dag_partition_keys
-- All that a DAG left in partitioned_asset_key_log.
DELETE FROM partitioned_asset_key_log WHERE target_dag_id = $dag_id;

-- name: delete_dag_task_states
-- All that a DAG left in task_state_store.
DELETE FROM task_state_store WHERE dag_id = $dag_id;
