-- Triggers, and what deferred task instances wait for. Beyond Airflow, a trigger that fires again and again keeps the
-- number of the last event that was taken, and of the triggerer that counted it.

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

ALTER TABLE task_instance ADD COLUMN trigger_id BIGINT;
ALTER TABLE task_instance ADD COLUMN trigger_timeout TIMESTAMPTZ;
ALTER TABLE task_instance ADD COLUMN next_method VARCHAR;
ALTER TABLE task_instance ADD COLUMN next_kwargs JSON;
