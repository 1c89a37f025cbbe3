-- Notes with their author and time, in Airflow's tables. The text stands in dag_run.note and task_instance.note as well,
-- where lists read it.

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

INSERT INTO dag_run_note (user_id, dag_run_id, content, created_at, updated_at)
SELECT triggering_user_name, id, note, coalesce(queued_at, run_after), coalesce(queued_at, run_after)
FROM dag_run
WHERE note IS NOT NULL;
