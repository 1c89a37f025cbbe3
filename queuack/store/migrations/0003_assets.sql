-- Assets: what DAGs refer to, what happened to it, what waits for a run, what runs consumed; partitions; stored state.
-- Tables and columns as Airflow's. dag.last_asset_event_id is Queuack's: the DAG's runs consume events above it.

ALTER TABLE dag ADD COLUMN timetable_partitioned BOOLEAN DEFAULT false;
ALTER TABLE dag ADD COLUMN asset_expression JSON;
ALTER TABLE dag ADD COLUMN last_asset_event_id BIGINT;
ALTER TABLE dag ADD COLUMN next_dagrun_partition_key VARCHAR;
ALTER TABLE dag ADD COLUMN next_dagrun_partition_date TIMESTAMPTZ;
ALTER TABLE dag_run ADD COLUMN partition_key VARCHAR;
ALTER TABLE dag_run ADD COLUMN partition_date TIMESTAMPTZ;

CREATE TABLE asset (
    id BIGINT NOT NULL,
    name VARCHAR NOT NULL,
    uri VARCHAR NOT NULL,
    "group" VARCHAR NOT NULL,
    extra JSON NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE asset_active (
    name VARCHAR NOT NULL,
    uri VARCHAR NOT NULL
);

CREATE TABLE asset_alias (
    id BIGINT NOT NULL,
    name VARCHAR NOT NULL,
    "group" VARCHAR NOT NULL
);

CREATE TABLE asset_alias_asset (
    alias_id BIGINT NOT NULL,
    asset_id BIGINT NOT NULL
);

CREATE TABLE asset_event (
    id BIGINT NOT NULL,
    asset_id BIGINT NOT NULL,
    extra JSON NOT NULL,
    source_task_id VARCHAR,
    source_dag_id VARCHAR,
    source_run_id VARCHAR,
    source_map_index INTEGER,
    timestamp TIMESTAMPTZ NOT NULL,
    partition_key VARCHAR
);

CREATE TABLE asset_alias_asset_event (
    alias_id BIGINT NOT NULL,
    event_id BIGINT NOT NULL
);

CREATE TABLE dagrun_asset_event (
    dag_run_id BIGINT NOT NULL,
    event_id BIGINT NOT NULL
);

CREATE TABLE asset_dag_run_queue (
    asset_id BIGINT NOT NULL,
    target_dag_id VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE dag_schedule_asset_reference (
    asset_id BIGINT NOT NULL,
    dag_id VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE dag_schedule_asset_alias_reference (
    alias_id BIGINT NOT NULL,
    dag_id VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE dag_schedule_asset_name_reference (
    name VARCHAR NOT NULL,
    dag_id VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE dag_schedule_asset_uri_reference (
    uri VARCHAR NOT NULL,
    dag_id VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE task_inlet_asset_reference (
    asset_id BIGINT NOT NULL,
    dag_id VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE task_outlet_asset_reference (
    asset_id BIGINT NOT NULL,
    dag_id VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

-- trigger_hash: equal for triggers that watch the same.
CREATE TABLE asset_watcher (
    name VARCHAR NOT NULL,
    asset_id BIGINT NOT NULL,
    trigger_id BIGINT NOT NULL,
    trigger_hash BIGINT NOT NULL
);

CREATE TABLE asset_partition_dag_run (
    id BIGINT NOT NULL,
    target_dag_id VARCHAR NOT NULL,
    created_dag_run_id BIGINT,
    partition_key VARCHAR NOT NULL,
    partition_date TIMESTAMPTZ,
    rollup_fingerprint JSON,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE partitioned_asset_key_log (
    id BIGINT NOT NULL,
    asset_id BIGINT NOT NULL,
    asset_event_id BIGINT NOT NULL,
    asset_partition_dag_run_id BIGINT NOT NULL,
    source_partition_key VARCHAR NOT NULL,
    target_dag_id VARCHAR NOT NULL,
    target_partition_key VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- expires_at: NULL = never.
CREATE TABLE task_state_store (
    dag_run_id BIGINT NOT NULL,
    dag_id VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    map_index INTEGER NOT NULL,
    key VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ
);

CREATE TABLE asset_state_store (
    asset_id BIGINT NOT NULL,
    key VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    last_updated_by_kind VARCHAR,
    last_updated_by_dag_id VARCHAR,
    last_updated_by_run_id VARCHAR,
    last_updated_by_task_id VARCHAR,
    last_updated_by_map_index INTEGER
);
