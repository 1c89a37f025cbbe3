-- People who may use the REST API and the web pages. password: scrypt, with its parameters and salt, never the text.

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
