-- Backfills, and what became of each of their dates. Columns as Airflow's, and beyond them what a run is made of: a date
-- with neither run nor reason has not been looked at yet.

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

ALTER TABLE dag_run ADD COLUMN backfill_id BIGINT;
