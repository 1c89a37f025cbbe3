-- The full current schema as one file: what all migrations together build (a test compares both).
-- schema_migration itself is made by store/migration.py before the first migration.

CREATE TABLE id_floor (
    name VARCHAR NOT NULL,
    value BIGINT NOT NULL
);

CREATE TABLE dag (
    dag_id VARCHAR NOT NULL,
    is_paused BOOLEAN NOT NULL,
    is_stale BOOLEAN NOT NULL,
    last_parsed_time TIMESTAMPTZ,
    fileloc VARCHAR,
    relative_fileloc VARCHAR,
    bundle_name VARCHAR NOT NULL DEFAULT 'dags-folder',
    owners VARCHAR,
    dag_display_name VARCHAR,
    description VARCHAR,
    timetable_type VARCHAR NOT NULL,
    timetable_summary VARCHAR,
    timetable_description VARCHAR,
    max_active_tasks INTEGER NOT NULL,
    max_active_runs INTEGER NOT NULL,
    max_consecutive_failed_dag_runs INTEGER NOT NULL,
    has_import_errors BOOLEAN NOT NULL DEFAULT false,
    next_dagrun TIMESTAMPTZ,
    next_dagrun_data_interval_start TIMESTAMPTZ,
    next_dagrun_data_interval_end TIMESTAMPTZ,
    next_dagrun_create_after TIMESTAMPTZ,
    timetable_partitioned BOOLEAN DEFAULT false,
    asset_expression JSON,
    last_asset_event_id BIGINT,
    next_dagrun_partition_key VARCHAR,
    next_dagrun_partition_date TIMESTAMPTZ,
    is_subdag BOOLEAN DEFAULT false,
    root_dag_id VARCHAR
);

CREATE TABLE dag_tag (
    name VARCHAR NOT NULL,
    dag_id VARCHAR NOT NULL
);

CREATE TABLE dag_version (
    id BIGINT NOT NULL,
    version_number INTEGER NOT NULL,
    dag_id VARCHAR NOT NULL,
    bundle_name VARCHAR NOT NULL DEFAULT 'dags-folder',
    created_at TIMESTAMPTZ NOT NULL,
    last_updated TIMESTAMPTZ NOT NULL
);

CREATE TABLE serialized_dag (
    dag_version_id BIGINT NOT NULL,
    dag_id VARCHAR NOT NULL,
    data JSON NOT NULL,
    dag_hash VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_updated TIMESTAMPTZ NOT NULL
);

CREATE TABLE dag_code (
    dag_version_id BIGINT NOT NULL,
    dag_id VARCHAR NOT NULL,
    fileloc VARCHAR NOT NULL,
    source_code VARCHAR NOT NULL,
    source_code_hash VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_updated TIMESTAMPTZ NOT NULL
);

CREATE TABLE dag_run (
    id BIGINT NOT NULL,
    dag_id VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    run_type VARCHAR NOT NULL,
    state VARCHAR,
    logical_date TIMESTAMPTZ,
    data_interval_start TIMESTAMPTZ,
    data_interval_end TIMESTAMPTZ,
    run_after TIMESTAMPTZ NOT NULL,
    queued_at TIMESTAMPTZ,
    start_date TIMESTAMPTZ,
    end_date TIMESTAMPTZ,
    conf JSON,
    triggered_by VARCHAR,
    triggering_user_name VARCHAR,
    note VARCHAR,
    created_dag_version_id BIGINT,
    clear_number INTEGER NOT NULL DEFAULT 0,
    updated_at TIMESTAMPTZ,
    partition_key VARCHAR,
    partition_date TIMESTAMPTZ,
    backfill_id BIGINT,
    parent_dag_id VARCHAR,
    parent_run_id VARCHAR,
    parent_task_id VARCHAR,
    parent_map_index INTEGER
);

CREATE TABLE task_instance (
    id BIGINT NOT NULL,
    dag_run_id BIGINT NOT NULL,
    dag_id VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    map_index INTEGER NOT NULL DEFAULT -1,
    dag_version_id BIGINT,
    state VARCHAR,
    try_number INTEGER NOT NULL,
    max_tries INTEGER NOT NULL,
    start_date TIMESTAMPTZ,
    end_date TIMESTAMPTZ,
    duration DOUBLE,
    scheduled_dttm TIMESTAMPTZ,
    queued_dttm TIMESTAMPTZ,
    next_try_at TIMESTAMPTZ,
    pool VARCHAR NOT NULL,
    pool_slots INTEGER NOT NULL,
    queue VARCHAR,
    priority_weight INTEGER,
    operator VARCHAR,
    custom_operator_name VARCHAR,
    hostname VARCHAR,
    unixname VARCHAR,
    pid INTEGER,
    external_executor_id VARCHAR,
    run_after TIMESTAMPTZ,
    rendered_map_index VARCHAR,
    note VARCHAR,
    updated_at TIMESTAMPTZ,
    trigger_id BIGINT,
    trigger_timeout TIMESTAMPTZ,
    next_method VARCHAR,
    next_kwargs JSON,
    retry_delay_override DOUBLE,
    retry_reason VARCHAR
);

CREATE TABLE task_instance_history (
    task_instance_id BIGINT NOT NULL,
    dag_run_id BIGINT NOT NULL,
    dag_id VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    map_index INTEGER NOT NULL,
    dag_version_id BIGINT,
    state VARCHAR,
    try_number INTEGER NOT NULL,
    max_tries INTEGER NOT NULL,
    start_date TIMESTAMPTZ,
    end_date TIMESTAMPTZ,
    duration DOUBLE,
    scheduled_dttm TIMESTAMPTZ,
    queued_dttm TIMESTAMPTZ,
    pool VARCHAR NOT NULL,
    pool_slots INTEGER NOT NULL,
    queue VARCHAR,
    priority_weight INTEGER,
    operator VARCHAR,
    custom_operator_name VARCHAR,
    hostname VARCHAR,
    unixname VARCHAR,
    pid INTEGER,
    external_executor_id VARCHAR,
    rendered_map_index VARCHAR,
    updated_at TIMESTAMPTZ,
    retry_delay_override DOUBLE,
    retry_reason VARCHAR
);

CREATE TABLE task_reschedule (
    ti_id BIGINT NOT NULL,
    dag_run_id BIGINT NOT NULL,
    try_number INTEGER NOT NULL,
    start_date TIMESTAMPTZ NOT NULL,
    end_date TIMESTAMPTZ NOT NULL,
    duration DOUBLE NOT NULL,
    reschedule_date TIMESTAMPTZ NOT NULL
);

-- kwargs: a JSON object, or encrypted. fired_by and fired_seq: the last event taken of one that fires again and again.
CREATE TABLE trigger (
    id BIGINT NOT NULL,
    classpath VARCHAR NOT NULL,
    kwargs VARCHAR NOT NULL,
    created_date TIMESTAMPTZ NOT NULL,
    triggerer_id BIGINT,
    queue VARCHAR,
    fired_by VARCHAR,
    fired_seq BIGINT NOT NULL DEFAULT 0
);

INSERT INTO id_floor VALUES ('trigger', 0);

-- What tasks ask people and what they answer; in the history, what earlier tries asked.
CREATE TABLE hitl_detail (
    ti_id BIGINT NOT NULL,
    options JSON NOT NULL,
    subject VARCHAR NOT NULL,
    body VARCHAR,
    defaults JSON,
    multiple BOOLEAN DEFAULT false,
    params JSON NOT NULL,
    assignees JSON,
    created_at TIMESTAMPTZ NOT NULL,
    responded_at TIMESTAMPTZ,
    responded_by JSON,
    chosen_options JSON,
    params_input JSON NOT NULL,
    try_number INTEGER NOT NULL
);

CREATE TABLE hitl_detail_history (
    ti_history_id BIGINT NOT NULL,
    options JSON NOT NULL,
    subject VARCHAR NOT NULL,
    body VARCHAR,
    defaults JSON,
    multiple BOOLEAN DEFAULT false,
    params JSON NOT NULL,
    assignees JSON,
    created_at TIMESTAMPTZ NOT NULL,
    responded_at TIMESTAMPTZ,
    responded_by JSON,
    chosen_options JSON,
    params_input JSON NOT NULL,
    try_number INTEGER NOT NULL
);

CREATE TABLE rendered_task_instance_fields (
    dag_run_id BIGINT NOT NULL,
    dag_id VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    map_index INTEGER NOT NULL,
    rendered_fields VARCHAR NOT NULL
);

-- value holds the text of a JSON value; every other encoding is in value_bytes.
CREATE TABLE xcom (
    dag_run_id BIGINT NOT NULL,
    dag_id VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    map_index INTEGER NOT NULL,
    key VARCHAR NOT NULL,
    encoding VARCHAR NOT NULL,
    value VARCHAR,
    value_bytes BLOB,
    timestamp TIMESTAMPTZ NOT NULL
);

CREATE TABLE log (
    id BIGINT NOT NULL,
    dttm TIMESTAMPTZ NOT NULL,
    event VARCHAR NOT NULL,
    dag_id VARCHAR,
    run_id VARCHAR,
    task_id VARCHAR,
    map_index INTEGER,
    try_number INTEGER,
    logical_date TIMESTAMPTZ,
    owner VARCHAR,
    extra VARCHAR
);

CREATE TABLE variable (
    key VARCHAR NOT NULL,
    val VARCHAR NOT NULL,
    description VARCHAR,
    is_encrypted BOOLEAN DEFAULT false
);

CREATE TABLE connection (
    conn_id VARCHAR NOT NULL,
    conn_type VARCHAR NOT NULL,
    description VARCHAR,
    host VARCHAR,
    schema VARCHAR,
    login VARCHAR,
    password VARCHAR,
    port INTEGER,
    extra VARCHAR,
    is_encrypted BOOLEAN DEFAULT false,
    is_extra_encrypted BOOLEAN DEFAULT false
);

-- slots: -1 = unlimited.
CREATE TABLE slot_pool (
    pool VARCHAR NOT NULL,
    slots INTEGER NOT NULL,
    description VARCHAR NOT NULL,
    include_deferred BOOLEAN NOT NULL
);

INSERT INTO slot_pool VALUES ('default_pool', 128, 'Default pool', false);

CREATE TABLE import_error (
    id BIGINT NOT NULL,
    timestamp TIMESTAMPTZ NOT NULL,
    filename VARCHAR NOT NULL,
    bundle_name VARCHAR NOT NULL DEFAULT 'dags-folder',
    message VARCHAR NOT NULL,
    line INTEGER,
    stacktrace VARCHAR NOT NULL
);

CREATE TABLE job (
    id BIGINT NOT NULL,
    job_type VARCHAR,
    state VARCHAR,
    hostname VARCHAR,
    unixname VARCHAR,
    start_date TIMESTAMPTZ,
    end_date TIMESTAMPTZ,
    latest_heartbeat TIMESTAMPTZ
);

-- Callbacks that a worker must run, kept after they ran: their ids must not be used twice.
CREATE TABLE callback (
    id BIGINT NOT NULL,
    state VARCHAR NOT NULL,
    dag_id VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    task_id VARCHAR,
    map_index INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    type VARCHAR DEFAULT 'executor',
    data JSON,
    output VARCHAR,
    trigger_id BIGINT
);

CREATE TABLE deadline_alert (
    id BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    serialized_dag_id BIGINT NOT NULL,
    name VARCHAR,
    description VARCHAR,
    reference JSON NOT NULL,
    interval JSON NOT NULL,
    callback_def JSON NOT NULL
);

-- callback_id: NULL until it is missed.
CREATE TABLE deadline (
    id BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_updated_at TIMESTAMPTZ NOT NULL,
    dagrun_id BIGINT,
    deadline_time TIMESTAMPTZ NOT NULL,
    missed BOOLEAN NOT NULL,
    callback_id BIGINT,
    deadline_alert_id BIGINT
);

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

CREATE TABLE task_map (
    dag_run_id BIGINT NOT NULL,
    dag_id VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    map_index INTEGER NOT NULL,
    length INTEGER NOT NULL,
    keys JSON
);

-- data_interval_start and below: what a run is made of. A date with neither run nor reason has not been looked at yet.
CREATE TABLE backfill (
    id BIGINT NOT NULL,
    dag_id VARCHAR NOT NULL,
    from_date TIMESTAMPTZ NOT NULL,
    to_date TIMESTAMPTZ NOT NULL,
    dag_run_conf JSON,
    is_paused BOOLEAN,
    reprocess_behavior VARCHAR NOT NULL,
    max_active_runs INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    completed_at TIMESTAMPTZ,
    updated_at TIMESTAMPTZ NOT NULL,
    triggering_user_name VARCHAR,
    run_on_latest_version BOOLEAN NOT NULL
);

CREATE TABLE backfill_dag_run (
    id BIGINT NOT NULL,
    backfill_id BIGINT NOT NULL,
    dag_run_id BIGINT,
    exception_reason VARCHAR,
    logical_date TIMESTAMPTZ,
    partition_key VARCHAR,
    sort_ordinal INTEGER NOT NULL,
    data_interval_start TIMESTAMPTZ,
    data_interval_end TIMESTAMPTZ,
    run_after TIMESTAMPTZ NOT NULL,
    partition_date TIMESTAMPTZ
);

-- What is durable and not yet in its tables: MessagePack of writes, folded into the tables some ten times a second.
CREATE TABLE journal (
    seq BIGINT NOT NULL,
    writes BLOB NOT NULL
);

-- password: scrypt, with its parameters and salt, never the text.
CREATE TABLE ab_user (
    id BIGINT NOT NULL,
    username VARCHAR NOT NULL,
    password VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    first_name VARCHAR NOT NULL DEFAULT '',
    last_name VARCHAR NOT NULL DEFAULT '',
    email VARCHAR NOT NULL DEFAULT '',
    active BOOLEAN NOT NULL DEFAULT true,
    created_on TIMESTAMPTZ NOT NULL,
    changed_on TIMESTAMPTZ NOT NULL
);

CREATE TABLE dag_favorite (
    username VARCHAR NOT NULL,
    dag_id VARCHAR NOT NULL
);

CREATE TABLE dag_run_note (
    user_id VARCHAR,
    dag_run_id BIGINT NOT NULL,
    content VARCHAR,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE task_instance_note (
    ti_id BIGINT NOT NULL,
    user_id VARCHAR,
    content VARCHAR,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
