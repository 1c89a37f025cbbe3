-- Deadline alerts of DAG versions, deadlines of runs, and what their callbacks are called with and said.

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

ALTER TABLE callback ADD COLUMN type VARCHAR DEFAULT 'executor';
ALTER TABLE callback ADD COLUMN data JSON;
ALTER TABLE callback ADD COLUMN output VARCHAR;
ALTER TABLE callback ADD COLUMN trigger_id BIGINT;
