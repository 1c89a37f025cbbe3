-- What tasks ask people and what they answer. Beyond Airflow: the try that asked, for a task instance keeps its id.

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
